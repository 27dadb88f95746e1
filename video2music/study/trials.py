"""What the design gives out: the trials of one participant."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Trial:
    """One page with a clip.

    Attributes:
        position: in the participant's order, from 1.
        block: of conditions that it belongs to, from 1.
        clip: id of the clip.
        conditions: id of the condition, or those of a pair from left to right.
    """

    position: int
    block: int
    clip: str
    conditions: tuple[str, ...]


@dataclass(frozen=True)
class Stimulus:
    """One prepared file, as the manifest of the stimuli names it.

    Attributes:
        name: random, tells neither clip nor condition; the file is `<study folder>/stimuli/<name>.mp4`.
        clip: id of the clip.
        condition: id of the condition.
        sha256: of the file.
        duration_s: of the file.
        lufs: its integrated loudness.
    """

    name: str
    clip: str
    condition: str
    sha256: str
    duration_s: float
    lufs: float
