"""The published way of playing: figures chosen by loudness, four tones of a chord, two of them wrong, no ending."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from video2music.harmony.key import Key
from video2music.harmony.vocabulary import transpose
from video2music.harmony.voicing import voice_progression
from video2music.music.ensemble import Part
from video2music.music.midi import PlayedNote
from video2music.music.performance import Performance
from video2music.music.score import BEATS_PER_CHORD, Score


def published_notes(
    part: Part, score: Score, chords: Sequence[int], key: Key, performance: Performance
) -> Iterator[PlayedNote]:
    """Play the ten figures as the published code does.

    Args:
        part: its figures; every note lasts for its `ring`.
        score: chords and loudness.
        chords: their numbers, as they sound.
        key: of the piece; chords are voiced in C major or A minor and then moved.
        performance: levels and velocities.

    Yields:
        Notes in order of steps.
    """
    voiced = voice_progression([transpose(chord, -key.shift) for chord in chords], as_published=True)
    positions = (position for _, run in groupby(chords) for position, _ in enumerate(run))
    for index, (tones, position) in enumerate(zip(voiced, positions, strict=True)):
        loudness = float(score.loudness[index])
        figure = part.figures[performance.level_of(performance.curve.percent(loudness))]
        first = position * BEATS_PER_CHORD % figure.beats
        for stroke in figure.strokes if tones else ():
            if first <= stroke.beat < first + BEATS_PER_CHORD:
                start = score.beat_of_step(index) + stroke.beat - first
                pitch = tones[stroke.tone] + key.shift
                yield PlayedNote(pitch, start, start + part.ring, performance.curve.velocity(loudness))
