"""The last chord: rolled, held or struck, by every part that still plays, and gone before the clip is."""

import math
from collections.abc import Iterator

from video2music.music.ensemble import Part
from video2music.music.midi import PlayedNote
from video2music.music.notation import DRUMS
from video2music.music.performance import FinalChord

_LOUD = 3
_HITS = {"soft": ("kick", "ride"), "loud": ("kick", "crash")}


def play_final(
    part: Part, tones: tuple[int, ...], *, start: float, end: float, velocity: float, level: int, final: FinalChord
) -> Iterator[PlayedNote]:
    """Play the tonic.

    Args:
        part: says how.
        tones: its voices.
        start: beat on which the chord begins.
        end: beat on which the clip ends.
        velocity: of a strong beat there.
        level: density level before it.
        final: how the chord is rolled and let go.

    Yields:
        Notes that end before the clip does.
    """
    time_left = end - start
    until = end - min(final.longest_release_beats, final.release_share * time_left)
    softened = velocity * part.velocity * final.softening[0]
    if part.final == "roll":
        yield from _rolled(tones, (start, end, until), velocity * part.velocity, final)
    elif part.final == "chord":
        for number, pitch in enumerate(tones):
            yield PlayedNote(pitch, min(start + number * part.strum, until - 0.1), until, round(softened))
    elif part.final == "root":
        yield PlayedNote(tones[0], start, until, round(softened))
    elif part.final == "hit":
        for name in _HITS["loud" if level >= _LOUD else "soft"]:
            yield PlayedNote(DRUMS[name], start, until, round(softened))


def _rolled(
    tones: tuple[int, ...], beats: tuple[float, float, float], velocity: float, final: FinalChord
) -> Iterator[PlayedNote]:
    """Roll the chord upwards ever slower and softer, with its root on top."""
    start, end, until = beats
    root_on_top = tones[0] + 12 * math.ceil((tones[-1] - tones[0]) / 12)
    rolled = tones if root_on_top == tones[-1] else (*tones, root_on_top)
    pace = min(1.0, final.last_onset_share * (end - start) / final.beats[len(rolled) - 1])
    for pitch, beat, softening in zip(rolled, final.beats, final.softening, strict=False):
        yield PlayedNote(pitch, start + beat * pace, until, round(velocity * softening))
