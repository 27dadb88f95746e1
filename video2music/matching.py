"""How far the emotion of composed music is from the emotion of its video, in numbers and in words.

Video and music are read by two different networks. Both speak of valence and arousal from 1 to 9, but a point of one is
not a point of the other (see `scales`). What is wanted of the music is therefore the video's place among other videos,
in standard deviations from their mean, taken as the same place among pieces of music.
"""

from dataclasses import dataclass
from typing import Any

from emotion.prediction import HIGHEST, LOWEST, Prediction
from video2music.features.video_features import FloatArray, VideoFeatures
from video2music.scales import ENCODERS, RECOGNISERS, Scale


@dataclass(frozen=True)
class Words:
    """What the ends of one axis are called."""

    low: str
    high: str
    less: str
    more: str


AROUSAL = Words("calm", "lively", "calmer", "livelier")
VALENCE = Words("dark", "bright", "darker", "brighter")

PICTURE, WISH = "the picture", "the mood that was asked for"
"""What music is compared with."""

TYPICAL_HALF_WIDTH = 1.2
"""Points of the scale that stand in for half an interval where the recogniser gives none."""

NARROWEST_HALF_WIDTH = 0.1

ALIKE, UNCERTAIN, CLEAR = 0.5, 1.0, 2.0
"""Differences, in half widths, up to which music counts as alike, perhaps different, clearly different; then: much."""

PLACED = 0.4
"""Standard deviations from the mean beyond which a video is called by the word of that end."""


@dataclass(frozen=True)
class AxisMatch:
    """Video and music on one axis.

    Attributes:
        words: of the axis.
        video: mean over the video, 1 to 9 on the encoder's scale.
        place: of the video among other videos, in standard deviations from their mean.
        wanted: the same place on the recogniser's scale, 1 to 9.
        music: what the recogniser heard, 1 to 9.
        half_width: from `music` to the end of its 80 % interval on the side of `wanted`; None without an interval.
    """

    words: Words
    video: float
    place: float
    wanted: float
    music: float
    half_width: float | None

    @property
    def difference(self) -> float:
        """Music minus wanted in half widths: 0 is the same, 1 or -1 the edge of the interval."""
        return (self.music - self.wanted) / (self.half_width or TYPICAL_HALF_WIDTH)

    @property
    def alike(self) -> bool:
        """Whether the difference is too small to speak of."""
        return abs(self.difference) <= ALIKE

    @property
    def comparative(self) -> str:
        """The difference in words, such as "clearly calmer"."""
        size = abs(self.difference)
        degree = "perhaps" if size <= UNCERTAIN else "clearly" if size <= CLEAR else "much"
        return f"{degree} {self.words.more if self.difference > 0 else self.words.less}"

    @property
    def adjective(self) -> str:
        """What both are called when they are alike: "calm" or "lively"."""
        return self.words.low if self.place < -PLACED else self.words.high

    def to_json(self) -> dict[str, Any]:
        """Return the numbers, ready for JSON."""
        return {
            "video": round(self.video, 3),
            "wanted": round(self.wanted, 3),
            "music": round(self.music, 3),
            "half_width": None if self.half_width is None else round(self.half_width, 3),
            "difference": round(self.difference, 3),
        }


@dataclass(frozen=True)
class Match:
    """How far the music's emotion is from the video's.

    Attributes:
        arousal: calm to lively.
        valence: dark to bright.
        recogniser: name of the engine that listened.
        doubts: why it may be wrong here, in whole sentences.
        against: what the music is compared with, in words.
    """

    arousal: AxisMatch
    valence: AxisMatch
    recogniser: str
    doubts: tuple[str, ...] = ()
    against: str = PICTURE

    @property
    def calibrated(self) -> bool:
        """Whether differences are in units of real intervals, not of a typical one."""
        return self.arousal.half_width is not None and self.valence.half_width is not None

    @property
    def distance(self) -> float:
        """Root mean square of the two differences: 0 is the same, 1 as far as the edge of the intervals."""
        return float(((self.arousal.difference**2 + self.valence.difference**2) / 2) ** 0.5)

    @property
    def words(self) -> str:
        """The comparison in a sentence or two that need no explanation."""
        sentences = [_compared(self.arousal, self.valence, self.against)]
        if not self.calibrated:
            sentences.append("How sure that is, is not known.")
        if self.doubts:
            sentences.append(f"Do not rely on it: {_inside_a_sentence(self.doubts[0])}")
        return " ".join(sentences)

    def to_json(self) -> dict[str, Any]:
        """Return everything as `result.json` holds it."""
        return {
            "distance": round(self.distance, 3),
            "words": self.words,
            "valence": self.valence.to_json(),
            "arousal": self.arousal.to_json(),
            "recogniser": self.recogniser,
            "calibrated": self.calibrated,
            "doubts": list(self.doubts),
        }


def compare(features: VideoFeatures, heard: Prediction, *, engine: str = "embedded", against: str = PICTURE) -> Match:
    """Compare the emotion of a video with that of the music composed for it.

    Args:
        features: what was seen; valence and arousal count with their means over all seconds.
        heard: what the recogniser says about the whole piece.
        engine: name of the one that saw the video.
        against: what the features are, in words.
    """
    seen = ENCODERS[engine]
    own = RECOGNISERS.get(heard.engine, seen)  # an unknown recogniser is taken to share the scale of the encoder
    return Match(
        arousal=_match(AROUSAL, features.arousal, seen.arousal, own.arousal, heard.arousal, heard.arousal_interval),
        valence=_match(VALENCE, features.valence, seen.valence, own.valence, heard.valence, heard.valence_interval),
        recogniser=heard.engine,
        doubts=heard.doubts,
        against=against,
    )


def _match(  # noqa: PLR0917 - one argument for each end of the comparison
    words: Words,
    seen: FloatArray,
    seen_scale: Scale,
    heard_scale: Scale,
    music: float,
    interval: tuple[float, float] | None,
) -> AxisMatch:
    video = float(seen.mean())
    place = float(seen_scale.place(video))
    wanted = min(max(heard_scale.value(place), LOWEST), HIGHEST)
    half_width = None
    if interval is not None:
        side = interval[1] - music if wanted > music else music - interval[0]
        half_width = max(side, NARROWEST_HALF_WIDTH)
    return AxisMatch(words, video, place, wanted, music, half_width)


def _compared(arousal: AxisMatch, valence: AxisMatch, against: str) -> str:
    if arousal.alike and valence.alike:
        return f"The music is as {arousal.adjective} and as {valence.adjective} as {against}."
    if not arousal.alike and not valence.alike:
        return f"The music is {arousal.comparative} and {valence.comparative} than {against}."
    same, other = (arousal, valence) if arousal.alike else (valence, arousal)
    return f"The music is as {same.adjective} as {against} and {other.comparative} than it."


def _inside_a_sentence(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
