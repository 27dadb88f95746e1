"""What a person may ask of the composer, checked before anything slow begins."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from emotion.errors import RefusalError
from video2music.direction import Direction
from video2music.harmony.key import Key, parse_key
from video2music.harmony.parsing import parse_primer
from video2music.marks import Marks
from video2music.music.ensemble import DEFAULT_ENSEMBLE, PAPER, load_ensemble
from video2music.music.loudness import DEFAULT_LUFS, check_lufs, check_music_level
from video2music.music.suggestion import AUTO
from video2music.video.part import Part

if TYPE_CHECKING:
    from video2music.models.sampling import Sampling
    from video2music.video.mixing import Original

LARGEST_SEED = 2**31 - 1

TEMPO_LEEWAY = 0.08
"""Share of the tempo by which it may change for the scene cuts."""

MARKED_LEEWAY = 0.16
"""The same where a person set cuts, who would rather have them met than the tempo kept."""


class ContradictionError(RefusalError):
    """Two wishes that cannot both be granted."""


@dataclass(frozen=True)
class Wishes:
    """What a person asks for; None leaves the choice to the video.

    Attributes:
        key: for example "A minor" or "Bb major".
        primer: chords to begin with, in that key, for example "Am F C G".
        seed: of the draw, 0 to LARGEST_SEED; the same seed, clip and version give the same piece. None draws one.
        tempo_bpm: beats per minute, 60 to 180; is kept exactly unless `align_cuts` is asked for as well.
        ensemble: who plays, one of `ensemble_names()`; "auto" takes what suits the video's emotion and motion.
        align_cuts: lay strong beats on the scene cuts that were found; the tempo then differs by up to 8 % from what
            it would be. None does so too, but keeps a wished tempo, and leaves everything alone that is as published.
        marks: cuts that a person set, which are met before all others, also where `align_cuts` is False; and found
            ones that are none. The tempo may then differ by up to 16 %, unless one is wished for.
        melody: let a tune be heard above the ensemble. None does so, except where the published piano plays.
        range_s: compose only for what lies between two seconds of the clip, as if it were a clip of its own: sections,
            marks and everything in the result count from its beginning. Infinity stands for the end of the clip.
        transpose: semitones, -12 to 12, by which everything but the drums sounds higher than it was composed.
        affect: 0 to 1, how strongly the qualities of the chords follow the emotion of each second; None for a cautious
            default. What it does to the chords is measured in docs/results.md.
        original: "replace" drops the clip's own sound, "mix" keeps it under the music, "duck" also lowers the music
            while somebody speaks.
        music_level_lu: loudness of the music relative to that of the original sound, where that is kept, in LU (1 LU is
            1 dB); 0 is as loud, negative is softer. Under speech "duck" sets the level itself.
        lufs: integrated loudness of the music, and of music and original sound together: -14, -16 or -23.
        density: 0.25 to 4, factor on how many notes sound.
        loudness: 0.25 to 4, factor on how hard notes are played.
        direction: a mood, or shifts of valence and arousal, for all of the piece or for sections.
        match: whether the finished music is listened to and compared with the video, or with what was wanted
            instead.
        as_published: reproduce the known errors of the published rendering and sampling, and steer nothing.

    Raises:
        RefusalError: one of them cannot be used; the message says why.
    """

    key: str | None = None
    primer: str | None = None
    seed: int | None = None
    tempo_bpm: float | None = None
    ensemble: str = DEFAULT_ENSEMBLE
    align_cuts: bool | None = None
    marks: Marks = field(default_factory=Marks)
    melody: bool | None = None
    range_s: tuple[float, float] | None = None
    transpose: int = 0
    affect: float | None = None
    original: "Original" = "replace"
    music_level_lu: float = 0.0
    lufs: float = DEFAULT_LUFS
    density: float = 1.0
    loudness: float = 1.0
    direction: Direction = field(default_factory=Direction)
    match: bool = True
    as_published: bool = False

    def __post_init__(self) -> None:
        from video2music.music.rendition import check_scales
        from video2music.music.tempo import check_tempo
        from video2music.music.transposition import check_transposition

        parse_primer(self.primer or "", self.parsed_key or parse_key("C major"))
        if self.seed is not None and not 0 <= self.seed <= LARGEST_SEED:
            raise RefusalError(f"The seed is {self.seed}", remedy=f"Choose a whole number from 0 to {LARGEST_SEED}")
        if self.tempo_bpm is not None:
            check_tempo(self.tempo_bpm)
        if self.ensemble != AUTO:
            load_ensemble(self.ensemble)
        check_transposition(self.transpose)
        check_lufs(self.lufs)
        check_scales(self.density, self.loudness)
        check_music_level(self.music_level_lu)
        _ = self.part  # made to be checked
        if self.affect is not None and not 0 <= self.affect <= 1:
            raise RefusalError(f"The affect strength is {self.affect:g}", remedy="Choose a number from 0 to 1")
        if self.as_published and self.changes_of_published:
            raise ContradictionError(
                f"As published there is no choice of {' and '.join(self.changes_of_published)}",
                remedy="Leave out one or the other",
            )

    @property
    def changes_of_published(self) -> tuple[str, ...]:
        """What is wished for that the published system does not do, in words."""
        wished = {
            "ensemble": self.ensemble not in (DEFAULT_ENSEMBLE, PAPER),
            "tempo": self.tempo_bpm is not None,
            "cuts on beats": bool(self.align_cuts) or self.marks != Marks(),
            "melody": bool(self.melody),
            "transposition": self.transpose != 0,
            "note density": self.density != 1,
            "loudness of notes": self.loudness != 1,
            "mood": self.direction.wanted,
        }
        return tuple(words for words, given in wished.items() if given)

    @property
    def meets_cuts(self) -> bool:
        """Whether strong beats are laid on the scene cuts that were found."""
        return not self.as_published if self.align_cuts is None else self.align_cuts

    @property
    def tempo_leeway(self) -> float:
        """Share of the tempo by which cuts may change it."""
        if self.tempo_bpm is not None and self.align_cuts is None:
            return 0.0
        return MARKED_LEEWAY if self.marks.added else TEMPO_LEEWAY

    @property
    def sings(self) -> bool:
        """Whether there is a melody."""
        return self.sounding_ensemble != PAPER if self.melody is None else self.melody

    @property
    def part(self) -> Part | None:
        """The part of the clip; None for all of it."""
        return None if self.range_s is None else Part(*self.range_s)

    @property
    def parsed_key(self) -> Key | None:
        """The key; None where the video chooses it."""
        return None if self.key is None else parse_key(self.key)

    @property
    def sounding_ensemble(self) -> str:
        """The ensemble, which is the published piano where everything is as published."""
        return PAPER if self.as_published else self.ensemble

    @property
    def sampling(self) -> "Sampling":
        """How chords are drawn."""
        from video2music.models.sampling import PUBLISHED_SAMPLING, Sampling

        sampling = PUBLISHED_SAMPLING if self.as_published else Sampling()
        return sampling if self.affect is None else replace(sampling, affect=self.affect)
