"""What a person changes about a piece that exists, and how it is played again."""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

from emotion.errors import RefusalError
from video2music.direction import Section
from video2music.harmony.key import parse_key
from video2music.marks import Marks
from video2music.music.loudness import check_music_level
from video2music.music.tempo import FASTEST_TEMPO, SLOWEST_TEMPO
from video2music.music.transposition import transposition_to
from video2music.piece import Piece
from video2music.progress import Progress, StageTimer
from video2music.web.engine_registry import EngineRegistry
from video2music.web.session_store import Kept
from video2music.web.wishes_form import read_original, read_semitones
from video2music.wishes import Wishes

Change = Callable[[Kept, EngineRegistry, Progress], Kept]
"""Plays a kept piece otherwise: what it returns has the sound of the version that shall be heard. Can be pickled, since
it may be made in another process."""


@dataclass(frozen=True)
class Panel:
    """What the fields of the panel hold, in their order.

    Attributes:
        ensemble: one of `ensemble_names()`, or "auto".
        tempo: beats per minute, a whole number.
        transpose: semitones.
        melody: whether a tune is heard.
        density: how many notes, in doublings: -2 for a quarter, 0 as composed, 2 for four times as many.
        loudness: how hard they are played, in the same way.
        original: what happens to the clip's own sound.
        music_level: of the music beside that sound, in LU.
        lufs: loudness of the music.
        key: in which the music sounds; of the ways to get there, the one nearest to `transpose` is taken.
    """

    ensemble: str
    tempo: float
    transpose: float
    melody: bool
    density: float
    loudness: float
    original: str
    music_level: float
    lufs: float
    key: str

    @classmethod
    def of(cls, piece: Piece) -> "Panel":
        """Return what the fields show for a piece."""
        return cls(
            ensemble=piece.rendition.ensemble,
            tempo=min(FASTEST_TEMPO, max(SLOWEST_TEMPO, round(piece.score.tempo_bpm))),
            transpose=piece.rendition.transpose,
            melody=piece.rendition.melody,
            density=round(math.log2(piece.rendition.density), 2),
            loudness=round(math.log2(piece.rendition.loudness), 2),
            original=piece.original,
            music_level=piece.music_level_lu,
            lufs=piece.lufs,
            key=piece.score.key,
        )

    def render(self, piece: Piece, progress: Progress) -> Piece:
        """Play a piece as the fields say; what they showed already stays exactly as it is.

        Args:
            piece: the version that is heard.
            progress: told stage and fraction.

        Raises:
            RefusalError: nothing was changed, or a field cannot be granted.
        """
        shown = Panel.of(piece)
        asked = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) != getattr(shown, field.name)
        }
        if not asked:
            raise RefusalError("Nothing was changed yet", remedy="Change a field, then listen")
        for name in {"density", "loudness"} & asked.keys():
            asked[name] = 2.0 ** asked[name]
        if "transpose" in asked:
            asked["transpose"] = read_semitones(self.transpose)
        if "key" in asked:
            composed = parse_key((piece.composed or piece.score).key)
            near = read_semitones(self.transpose)
            asked["transpose"] = transposition_to(parse_key(asked.pop("key")), composed, near)
        laid: dict[str, Any] = {}
        if "original" in asked:
            laid["original"] = read_original(asked.pop("original"))
        if "music_level" in asked:
            check_music_level(self.music_level)
            laid["music_level_lu"] = asked.pop("music_level")
        return replace(piece.render(**asked, progress=progress), **laid)


def apply_panel(panel: Panel) -> Change:
    """Return the change that makes a piece sound as the panel says."""
    return partial(_apply_panel, panel)


def _apply_panel(panel: Panel, kept: Kept, _engines: EngineRegistry, progress: Progress) -> Kept:
    return kept.with_version(panel.render(kept.piece, progress))


def replace_chord(second: float, chord: str | None) -> Change:
    """Return the change that replaces one chord.

    Args:
        second: at which the chord sounds.
        chord: what shall sound instead, for example "Am7"; None where nothing was chosen.
    """
    return partial(_replace_chord, second, (chord or "").strip())


def _replace_chord(second: float, chord: str, kept: Kept, _engines: EngineRegistry, progress: Progress) -> Kept:
    if not chord:
        raise RefusalError("No other chord was chosen yet", remedy="Choose one from the list, or type it")
    return kept.with_version(kept.piece.render(chords={second: chord}, progress=progress))


def undo(kept: Kept, _engines: EngineRegistry, progress: Progress) -> Kept:
    """Play the version before the one that is heard."""
    earlier = kept.undone()
    piece = earlier.piece.render(progress=progress)
    return replace(earlier, versions=(*earlier.versions[:-1], piece))


def listen_again(kept: Kept, engines: EngineRegistry, progress: Progress) -> Kept:
    """Only compare the version that is heard with the picture again.

    Any engine listens; what it knows of the picture stands in the piece, with the engine that saw it.
    """
    piece = engines.player(progress).listen(kept.piece.render(progress=progress), progress)
    return replace(kept, versions=(*kept.versions[:-1], piece))


def compose_again(marks: Marks, sections: tuple[Section, ...]) -> Change:
    """Return the change that composes once more, with the same seed, for cuts and moods that a person set.

    The engine that composed the piece composes again. The video is only looked at again where that engine is not
    offered here, as after an example.

    Args:
        marks: cuts.
        sections: with a mood each.
    """
    return partial(_compose_again, marks, sections)


def _compose_again(
    marks: Marks, sections: tuple[Section, ...], kept: Kept, engines: EngineRegistry, progress: Progress
) -> Kept:
    piece = kept.piece
    direction = replace(piece.direction, sections=sections)
    wishes = replace(wishes_now(kept), seed=piece.score.seed, marks=marks, direction=direction)
    composer, features = engines.seen(piece, progress)
    return kept.with_version(composer.compose_seen(piece.source, features, wishes, StageTimer(progress)))


def take_offer(number: int) -> Change:
    """Return the change that goes on with one of the pieces on offer.

    Args:
        number: its place among them, 0 for the first.
    """
    return partial(_take_offer, number)


def _take_offer(number: int, kept: Kept, _engines: EngineRegistry, progress: Progress) -> Kept:
    if not 0 <= number < len(kept.offers):
        raise RefusalError("This variation is not kept here any more", remedy="Make new ones")
    return kept.with_version(kept.offers[number].render(progress=progress))


def wishes_now(kept: Kept) -> Wishes:
    """Return the wishes with which another piece would be composed that is played as the one that is heard."""
    piece = kept.piece
    return replace(
        kept.wishes,
        ensemble=piece.rendition.ensemble,
        melody=piece.rendition.melody,
        transpose=piece.rendition.transpose,
        tempo_bpm=kept.wishes.tempo_bpm if piece.rendition.tempo_bpm is None else piece.rendition.tempo_bpm,
        original=piece.original,
        music_level_lu=piece.music_level_lu,
        lufs=piece.lufs,
        density=piece.rendition.density,
        loudness=piece.rendition.loudness,
        marks=piece.marks,
        direction=piece.direction,
    )
