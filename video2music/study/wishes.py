"""What a condition asks of the composer, in the words of the command line."""

import difflib
from typing import TYPE_CHECKING

from pydantic import ValidationError

from emotion.errors import RefusalError
from video2music.music.loudness import TARGETS_LUFS
from video2music.study.plan import Condition, Part

if TYPE_CHECKING:
    from video2music.wishes import Wishes


class Asked(Part):
    """The options of `python -m video2music compose` that shape the music; see `Wishes`.

    What belongs to the study as a whole is not among them: loudness, the clip's own sound, parts of clips.
    """

    key: str | None = None
    primer: str | None = None
    seed: int | None = None
    tempo: float | None = None
    ensemble: str | None = None
    align_cuts: bool | None = None
    melody: bool | None = None
    transpose: int = 0
    affect: float | None = None
    density_scale: float = 1.0
    loudness_scale: float = 1.0
    mood: str | None = None
    valence: float = 0.0
    arousal: float = 0.0
    as_published: bool = False


class ConditionWishError(RefusalError):
    """A wish of a condition that cannot be granted."""


def composer_wishes(condition: Condition, seed: int) -> "Wishes":
    """Return what the composer is asked for.

    Args:
        condition: of the source "engine".
        seed: of the draw where the condition wishes for none.

    Raises:
        RefusalError: there is no such wish, or no such value.
    """
    from video2music.direction import Direction
    from video2music.wishes import Wishes

    asked = _asked(condition)
    return Wishes(
        key=asked.key,
        primer=asked.primer,
        seed=seed if asked.seed is None else asked.seed,
        tempo_bpm=asked.tempo,
        ensemble=asked.ensemble or Wishes.ensemble,
        align_cuts=asked.align_cuts,
        melody=asked.melody,
        transpose=asked.transpose,
        affect=asked.affect,
        density=asked.density_scale,
        loudness=asked.loudness_scale,
        direction=Direction(asked.mood, asked.valence, asked.arousal),
        as_published=asked.as_published,
        lufs=min(TARGETS_LUFS),  # hardly a peak is lowered before the loudness of the study is set
        match=False,
    )


def _asked(condition: Condition) -> Asked:
    written = {name.replace("-", "_"): value for name, value in condition.wishes.items()}
    try:
        return Asked.model_validate(written)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            near = difflib.get_close_matches(name, Asked.model_fields, n=1)
            remedy = f"Did you mean {near[0]}?" if near else f"Choose from {', '.join(Asked.model_fields)}"
            raise ConditionWishError(f"There is no wish {name}", remedy=remedy) from error
        raise ConditionWishError(f"The wish {name} cannot be read", remedy=first["msg"]) from error
