"""Composing as work that is done to many clips."""

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from video2music.wishes import Wishes


@dataclass(frozen=True)
class Composing:
    """Composes for clips; an item is the name of a result, its clip lies in `clips`.

    Attributes:
        clips: (name, path) of every clip.
        output: folder that receives a folder for each.
        engine: which networks compose.
        device: "cpu" or "cuda"; None takes a GPU if there is one.
        sound_font: None takes the first that is found.
        wishes: what is asked for, the same for every clip.
        stems: whether a sound is written for each part.
        table: whether a table of the seconds is written.
    """

    clips: tuple[tuple[str, str], ...]
    output: str
    engine: str
    device: str | None
    sound_font: str | None
    wishes: Wishes
    stems: bool
    table: bool

    def open(self) -> Callable[[str], dict[str, Any]]:
        """Load the composer; see `Work.open`."""
        from video2music.pipeline import load

        font = None if self.sound_font is None else Path(self.sound_font)
        composer = load(self.engine, sound_font=font, device=self.device)
        asked = {field.name: getattr(self.wishes, field.name) for field in fields(self.wishes)}
        clips = dict(self.clips)

        def compose(name: str) -> dict[str, Any]:
            piece = composer.compose(clips[name], **asked)
            saved = piece.save(Path(self.output) / name, stems=self.stems, table=self.table)
            facts = json.loads(saved.result.read_text(encoding="utf-8"))
            return {key: facts[key] for key in ("seed", "key", "tempo", "duration_s", "match") if key in facts}

        return compose
