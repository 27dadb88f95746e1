"""What a stimulus was made from, as one hash: the same inputs need no second preparation."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emotion.hub import file_sha256
from video2music.study.assembling import Scene
from video2music.study.plan import Clip, Condition, Study
from video2music.study.sources import clip_seed, condition_of, find_file

PREPARATION = 1
"""Raised when stimuli are made otherwise than before from the same inputs."""


@dataclass
class Fingerprints:
    """Computes fingerprints; every file is read once.

    Attributes:
        study: as read.
        scenes: of the clips that can be read.
        partners: see `sources.partners`.
        sound_font: finds the font that plays notes.
    """

    study: Study
    scenes: dict[str, Scene]
    partners: dict[str, str]
    sound_font: Callable[[], Path]
    _hashes: dict[Path, str] = field(default_factory=dict)

    def of(self, clip: Clip, condition: Condition) -> str:
        """Return the fingerprint of a stimulus.

        Args:
            clip: one that can be read.
            condition: one of the study's.

        Raises:
            RefusalError: the music, or what it would be made with, is not there.
        """
        return _hash_of(scene=self.scene(clip), lufs=self.study.lufs, music=self._music(clip, condition))

    def scene(self, clip: Clip) -> str:
        """Return the fingerprint of what is shown: the video and the part of it.

        Args:
            clip: one that can be read.
        """
        video = self._hash(self.scenes[clip.id].info.path)
        return _hash_of(preparation=PREPARATION, video=video, range_s=clip.range_s)

    def _music(self, clip: Clip, condition: Condition) -> dict[str, Any]:
        facts: dict[str, Any] = {"source": condition.source}
        if condition.source == "engine":
            facts |= {"seed": clip_seed(self.study, clip), "wishes": dict(condition.wishes)}
            facts |= self._engine(condition.engine)
        if condition.source in ("midi", "files"):
            facts["file"] = self._hash(find_file(self.study, clip, condition))
        if condition.source in ("engine", "midi"):
            facts["sound_font"] = self._hash(self.sound_font())
        if condition.source == "shuffled":
            clips = {other.id: other for other in (*self.study.clips, *self.study.training_clips)}
            other = clips.get(self.partners.get(clip.id, ""))
            facts["of"] = None if other is None else self.of(other, condition_of(self.study, condition))
        return facts

    def _engine(self, name: str) -> dict[str, Any]:
        from emotion.weights import find_weights
        from video2music import __version__
        from video2music.engines import find_engine

        engine = find_engine(name)
        weights = (engine.amt_weights, engine.dynamics_weights, "melody")
        return {"engine": name, "version": __version__, "weights": [self._hash(find_weights(name)) for name in weights]}

    def _hash(self, path: Path) -> str:
        if path not in self._hashes:
            self._hashes[path] = file_sha256(path)
        return self._hashes[path]


def _hash_of(**facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
