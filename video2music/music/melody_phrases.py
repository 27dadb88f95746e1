"""Phrases of the tune: those of the form, so that tune and figures repeat, answer and breathe together."""

from dataclasses import dataclass, replace

from video2music.harmony.parsing import parse_chord
from video2music.music.form import plan
from video2music.music.performance import load_performance
from video2music.music.score import BEATS_PER_BAR, Score


@dataclass(frozen=True)
class MelodyPhrase:
    """A phrase of a piece.

    Attributes:
        begin_beat: its first bar line, in beats from the beginning of the clip; a pickup before the first one counts
            to it.
        end_beat: where the next phrase, or the last chord, begins.
        answers: whether it answers the one before with something new.
    """

    begin_beat: float
    end_beat: float
    answers: bool


def melody_phrases(score: Score) -> tuple[MelodyPhrase, ...]:
    """Return the phrases up to the last chord; a last one too short to sing belongs to the one before.

    Args:
        score: resolved.

    Raises:
        ChordParseError: a chord is not in the vocabulary.
    """
    performance = load_performance()
    steps = plan(score, [parse_chord(symbol) for symbol in score.chords], performance)
    phrases = list(dict.fromkeys(MelodyPhrase(*step.phrase_beats, step.answers) for step in steps))
    shortest = performance.form.shortest_phrase_bars * BEATS_PER_BAR
    if len(phrases) > 1 and phrases[-1].end_beat - phrases[-1].begin_beat < shortest:
        phrases[-2:] = [replace(phrases[-2], end_beat=phrases[-1].end_beat)]
    return tuple(phrases)
