"""The settings of the first tab: what can be chosen, and the check that is made before a run begins."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from emotion.errors import RefusalError
from video2music.direction import Direction
from video2music.features.video_features import EMOTIONS
from video2music.harmony.key import parse_key
from video2music.music.ensemble import DEFAULT_ENSEMBLE, ensemble_names, load_ensemble
from video2music.music.suggestion import AUTO
from video2music.web.times import read_marks, read_range, read_sections
from video2music.web.words import key_words
from video2music.wishes import LARGEST_SEED, Wishes

if TYPE_CHECKING:
    from video2music.video.mixing import Original

AUTO_KEY = "Auto (from the video's mood)"

AUTO_MOOD = "The video's own mood"

AUTO_SUMMARY = "Picks the ensemble that suits what the video shows and how much it moves"

TONICS = {
    "major": ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"),
    "minor": ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"),
}
"""The usual spelling of each key, the one with fewer accidentals."""

KEYS = tuple(f"{tonic} {mode}" for mode in ("major", "minor") for tonic in TONICS[mode])

ORIGINAL_SOUND: tuple[tuple[str, "Original"], ...] = (
    ("Replace it", "replace"),
    ("Keep it under the music", "mix"),
    ("Keep it, and lower the music when somebody speaks", "duck"),
)

LEVEL_RANGE = 12
"""Units of loudness by which the music may be softer or louder than usual beside the clip's own sound."""

MOST_DOUBLINGS = 2
"""Notes and strength can be halved or doubled so many times."""

LOUDNESS: tuple[tuple[str, float], ...] = (
    ("-14 LUFS, as on streaming sites", -14.0),
    ("-16 LUFS, for phones and the web", -16.0),
    ("-23 LUFS, for broadcasting", -23.0),
)

CHORD_HELP = """
<details class="help"><summary>Which chords can I use?</summary>
<p>A root from A to G with ♯ (<code>#</code>) or ♭ (<code>b</code>), then one of:</p>
<ul>
  <li><code>C</code> major</li><li><code>Cm</code> minor</li><li><code>C7</code> seventh</li>
  <li><code>Cmaj7</code> major seventh</li><li><code>Cm7</code> minor seventh</li><li><code>C6</code> sixth</li>
  <li><code>Cm6</code> minor sixth</li><li><code>Cdim</code> diminished</li>
  <li><code>Cdim7</code> diminished seventh</li>
  <li><code>Cm7b5</code> half-diminished</li><li><code>Caug</code> augmented</li><li><code>Csus2</code></li>
  <li><code>Csus4</code></li>
</ul>
<p>Write them with spaces, one for each second of the beginning, in the key chosen above.</p></details>
"""


@dataclass(frozen=True)
class Settings:
    """What the fields of the form hold, in the order in which they were added; a field that is left alone is open.

    Attributes:
        key: a name out of KEYS; empty leaves it to the video's mood.
        primer: chords to begin with; empty for none.
        seed: whole number from 0 to LARGEST_SEED, as typed or as a number; empty or None draws one.
        original: what happens to the clip's own sound, one of ORIGINAL_SOUND.
        ensemble: one of `ensemble_names()`, or "auto".
        mood: one of EMOTIONS; empty keeps the video's mood.
        valence: -3 darker to 3 brighter, 0 as seen.
        arousal: -3 calmer to 3 livelier, 0 as seen.
        tempo: beats per minute, as typed or as a number; empty or None leaves it to the video.
        melody: whether a tune is heard.
        align_cuts: whether strong beats lie on the scene cuts.
        transpose: semitones.
        music_level: of the music against the clip's own sound, where that is kept.
        lufs: loudness of the music.
        sections: moods by time, such as "0-12:tense; 12-20:exciting"; empty for none.
        from_s: where in the clip the music begins, as typed or as a number; empty or None is its beginning.
        to_s: where it ends; empty or None is the clip's end.
        cuts: of one's own and found ones that are none, such as "12.5; 1:05; not 4.2"; empty for those that are found.
        more_notes: how many notes, in doublings: -2 for a quarter, 0 as composed, 2 for four times as many.
        harder: how hard they are played, in the same way.
        engine: name of the engine that composes; empty or None is the one that the page prefers.
    """

    key: str | None = ""
    primer: str | None = ""
    seed: str | float | None = None
    original: str | None = "replace"
    ensemble: str | None = DEFAULT_ENSEMBLE
    mood: str | None = ""
    valence: float | None = 0.0
    arousal: float | None = 0.0
    tempo: str | float | None = None
    melody: bool | None = True
    align_cuts: bool | None = True
    transpose: float | None = 0.0
    music_level: float | None = 0.0
    lufs: float | None = Wishes.lufs
    sections: str | None = ""
    from_s: str | float | None = None
    to_s: str | float | None = None
    cuts: str | None = ""
    more_notes: float | None = 0.0
    harder: float | None = 0.0
    engine: str | None = ""

    def wishes(self) -> Wishes:
        """Return what is asked for, and refuse what cannot be played before anyone waits for it.

        Raises:
            RefusalError: a field cannot be used; the sentence says what can.
        """
        mood, sections = (self.mood or "").strip() or None, read_sections(self.sections)
        direction = Direction(mood, self.valence or 0.0, self.arousal or 0.0, sections)
        return Wishes(
            key=(self.key or "").strip() or None,
            primer=(self.primer or "").strip() or None,
            seed=read_seed(self.seed),
            original=read_original(self.original),
            ensemble=(self.ensemble or DEFAULT_ENSEMBLE).strip(),
            direction=direction,
            tempo_bpm=read_tempo(self.tempo),
            melody=False if self.melody is False else None,
            align_cuts=False if self.align_cuts is False else None,
            marks=read_marks(self.cuts),
            range_s=read_range(self.from_s, self.to_s),
            transpose=read_semitones(self.transpose),
            music_level_lu=self.music_level or 0.0,
            lufs=Wishes.lufs if self.lufs is None else self.lufs,
            density=read_doublings(self.more_notes),
            loudness=read_doublings(self.harder),
        )


def key_choices() -> list[tuple[str, str]]:
    """Return the entries of the key list as (what is read, value)."""
    return [(AUTO_KEY, ""), *((key_words(key), key) for key in KEYS)]


def sister_keys(key: str) -> list[tuple[str, str]]:
    """Return the keys of the same mode as (what is read, value), the given one under its own name.

    Args:
        key: for example "A# minor".
    """
    own = parse_key(key)
    others = (name for name in KEYS if parse_key(name).mode == own.mode)
    named = (key if parse_key(name).pitch_class == own.pitch_class else name for name in others)
    return [(key_words(name), name) for name in named]


def mood_choices() -> list[tuple[str, str]]:
    """Return the entries of the mood list as (what is read, value)."""
    return [(AUTO_MOOD, ""), *((mood.capitalize(), mood) for mood in EMOTIONS)]


def ensemble_choices() -> list[tuple[str, str]]:
    """Return the entries of the ensemble list as (what is read, value): the automatic one first, the published last."""
    ensembles = sorted(
        (load_ensemble(name) for name in ensemble_names()), key=lambda one: (one.as_published, one.title)
    )
    return [("Auto", AUTO), *((one.title, one.name) for one in ensembles)]


def ensemble_summary(name: str | None) -> str:
    """Say in a sentence how an ensemble sounds.

    Args:
        name: one of `ensemble_names()`, or "auto".

    Raises:
        RefusalError: there is no such ensemble.
    """
    return AUTO_SUMMARY if name in {None, "", AUTO} else load_ensemble(str(name)).summary


def read_original(original: str | None) -> "Original":
    """Return what shall happen to the clip's own sound; empty or None replaces it.

    Args:
        original: one of the values of ORIGINAL_SOUND.

    Raises:
        RefusalError: it is none of them.
    """
    known = [value for _, value in ORIGINAL_SOUND]
    if (original or "replace") not in known:
        raise RefusalError(
            "There is no such way to treat the clip's own sound",
            where=str(original)[:20],
            remedy=f"Choose {', '.join(known[:-1])} or {known[-1]}",
        )
    return cast("Original", original or "replace")


def read_seed(seed: str | float | None) -> int | None:
    """Return the seed as a whole number, or None when the field is empty.

    Args:
        seed: as typed or as a number.

    Raises:
        RefusalError: it is not a whole number from 0 to LARGEST_SEED.
    """
    text = "" if seed is None else str(seed).strip().removesuffix(".0")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= LARGEST_SEED):
        raise RefusalError(
            "The seed is not a whole number in range", where=text[:20], remedy=f"Choose one from 0 to {LARGEST_SEED}"
        )
    return int(text)


def read_tempo(tempo: str | float | None) -> float | None:
    """Return the tempo as a number, or None when the field is empty; `Wishes` knows which tempos can be played.

    Args:
        tempo: beats per minute, as typed or as a number.

    Raises:
        RefusalError: it is not a number.
    """
    text = "" if tempo is None else str(tempo).strip().replace(",", ".")
    try:
        return float(text) if text else None
    except ValueError:
        raise RefusalError(
            "The tempo is not a number", where=text[:20], remedy="Write beats per minute, for example 96"
        ) from None


def read_doublings(doublings: float | None) -> float:
    """Return the factor that so many doublings make; None is none.

    Args:
        doublings: -MOST_DOUBLINGS to MOST_DOUBLINGS.

    Raises:
        RefusalError: they are too many.
    """
    if not -MOST_DOUBLINGS <= (doublings or 0.0) <= MOST_DOUBLINGS:
        raise RefusalError(
            f"Notes cannot be doubled {doublings:g} times", remedy=f"Choose from -{MOST_DOUBLINGS} to {MOST_DOUBLINGS}"
        )
    return float(2.0 ** (doublings or 0.0))


def read_semitones(transpose: float | None) -> int:
    """Return the transposition as a whole number of semitones; None is none.

    Args:
        transpose: as a number.

    Raises:
        RefusalError: it is not a whole number.
    """
    semitones = transpose or 0
    if semitones != semitones // 1:
        raise RefusalError(
            f"The music cannot be moved by {semitones:g} semitones", remedy="Choose a whole number from -12 to 12"
        )
    return int(semitones)
