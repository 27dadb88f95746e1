"""From a score and the way it shall be played to sound; no video and no network takes part."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from video2music.features.video_features import FloatArray
from video2music.music.loudness import DEFAULT_LUFS
from video2music.music.rendition import Rendition
from video2music.music.score import Score
from video2music.progress import StageTimer

if TYPE_CHECKING:
    import pretty_midi

    from video2music.music.mastering import Mastered
    from video2music.music.synthesis import Synthesizer

SAMPLE_RATE = 44_100
"""Hz; what mp4 players and audio CDs expect."""

CHANGED = "The music was rendered again and not listened to since."
"""Why there is no match with the picture after a change."""


@dataclass(frozen=True)
class Rendered:
    """A score that was played.

    Attributes:
        composed: as it was composed, with a tune if the rendition has one.
        score: as it sounds: at the tempo of the rendition, transposed, its chords replaced.
        midi: the notes.
        mastered: the sound, its gain and loudness.
    """

    composed: Score
    score: Score
    midi: "pretty_midi.PrettyMIDI"
    mastered: "Mastered"

    def as_piece(self) -> dict[str, Any]:
        """Return the fields of `Piece` that every rendering gives anew."""
        mastered = self.mastered
        return {
            "score": self.score,
            "midi": self.midi,
            "audio": mastered.audio,
            "loudness_lufs": mastered.loudness_lufs,
            "true_peak_dbtp": mastered.true_peak_dbtp,
            "gain_db": mastered.gain_db,
            "limiting": mastered.limiting,
            "composed": self.composed,
        }


def render(
    score: Score,
    rendition: Rendition,
    synthesizer: "Synthesizer",
    timer: StageTimer | None = None,
    *,
    lufs: float = DEFAULT_LUFS,
) -> Rendered:
    """Arrange a score, play it and set its loudness; a tune that is wanted and not there yet is composed first.

    Args:
        score: as it was composed.
        rendition: ensemble, tempo and what else may change afterwards.
        synthesizer: plays the notes.
        timer: collects the seconds of the three stages.
        lufs: integrated loudness to reach.

    Raises:
        RefusalError: something in the score or the rendition cannot be played.
    """
    from video2music.music.arrangement import arrange
    from video2music.music.mastering import master
    from video2music.music.transposition import transposed_midi, transposed_score

    timer = timer or StageTimer()
    with timer.stage("arrange", "Arranging the notes"):
        composed = _with_melody(score) if rendition.melody else score
        laid = rendition.lay_out(composed)
        midi = transposed_midi(arrange(laid, ensemble=rendition.ensemble), laid, rendition.transpose)
    with timer.stage("synthesize", "Playing the music"):
        sound = synthesizer.render(midi, sample_rate=SAMPLE_RATE, duration_s=laid.duration_s)
    with timer.stage("master", "Setting the loudness"):
        mastered = master(sound, SAMPLE_RATE, target_lufs=lufs)
    return Rendered(composed, transposed_score(laid, rendition.transpose), midi, mastered)


def _with_melody(score: Score) -> Score:
    if score.melody is not None:
        return score  # no network is loaded for it
    from video2music.models.melody_for_score import with_melody

    return with_melody(score)


def chosen_ensemble(name: str, emotion: FloatArray, motion: FloatArray, *, engine: str) -> str:
    """Return the ensemble that a person chose, or for "auto" the one that suits the video.

    Args:
        name: an ensemble or "auto".
        emotion: (T, 6) probabilities per second.
        motion: (T,) 0 to 255, per second.
        engine: name of the one that saw them.
    """
    from video2music.music.suggestion import AUTO, suggest_ensemble

    return suggest_ensemble(emotion, motion, engine=engine) if name == AUTO else name


def music_facts(composed: Score, score: Score, rendition: Rendition) -> dict[str, Any]:
    """Return what `result.json` says about the notes.

    Args:
        composed: what every rendition begins with.
        score: as it sounds.
        rendition: what was changed.
    """
    return {
        "seed": score.seed,
        "key": score.key,
        "tempo": score.tempo_bpm,
        "ensemble": rendition.ensemble,
        "transpose": rendition.transpose,
        "cuts_aligned": bool(score.cuts_s),
        "cuts_met_s": np.round(score.cuts_s, 3).tolist(),
        "chords": score.chord_events(),
        "note_density": np.round(score.note_density.astype(float), 3).tolist(),
        "loudness": np.round(score.loudness.astype(float), 4).tolist(),
        "score": composed.to_json(),
        "rendition": rendition.to_json(),
    }
