"""Writing the score: a grid of beats for the video, chords on it, density and loudness, a tune above."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from video2music.features.video_features import VideoFeatures
from video2music.harmony.key import Key, parse_key
from video2music.harmony.parsing import parse_primer
from video2music.harmony.vocabulary import attribute_id, quality_of, transpose
from video2music.models.generation import generate_chords, predict_dynamics
from video2music.models.melody_for_score import with_melody
from video2music.models.threads import one_core
from video2music.music.cuts import acknowledge_cuts, changes_for_cuts, cuts_to_meet, grid_for_cuts
from video2music.music.ending import resolve
from video2music.music.score import Score
from video2music.music.tempo import second_of_steps
from video2music.progress import Progress, StageTimer
from video2music.steering import Steering, key_for
from video2music.wishes import LARGEST_SEED, Wishes

if TYPE_CHECKING:
    from video2music.models.amt import AffectiveMultimodalTransformer
    from video2music.models.dynamics import DynamicsNetwork
    from video2music.models.melody import MelodyNetwork


@dataclass(frozen=True)
class Networks:
    """Those that write.

    Attributes:
        amt: the chords.
        dynamics: note density and loudness.
        melody: the tune.
    """

    amt: "AffectiveMultimodalTransformer"
    dynamics: "DynamicsNetwork"
    melody: "MelodyNetwork"


class Draft(NamedTuple):
    """A score that has no chords yet, and for each of its steps the second of the video that it follows."""

    score: Score
    second: NDArray[np.int64]


@one_core()
def write_score(
    networks: Networks, features: VideoFeatures, steering: Steering, wishes: Wishes, timer: StageTimer
) -> Score:
    """Compose chords, note density, loudness and a tune for a video that was already seen.

    Args:
        networks: that write.
        features: what was seen, or what shall be seen instead.
        steering: how it shapes the music.
        wishes: key, primer, seed and how chords are drawn; the video decides what is left open.
        timer: collects the seconds of the stages.
    """
    key = wishes.parsed_key or key_for(features)
    if wishes.seed is None:
        wishes = replace(wishes, seed=secrets.randbelow(LARGEST_SEED + 1))
    with timer.stage("dynamics", "Shaping density and loudness"):
        draft = _draft(networks, features, steering, wishes, key)
    with timer.stage("chords", "Writing the chords") as tell:
        score = _with_chords(draft, networks, features, steering, wishes, tell)
    if not wishes.as_published:
        score = acknowledge_cuts(score, score.cuts_s) if score.cuts_s else resolve(score)
    if not wishes.sings:
        return score
    with timer.stage("melody", "Writing the melody"):
        return with_melody(score, networks.melody)


def _draft(networks: Networks, features: VideoFeatures, steering: Steering, wishes: Wishes, key: Key) -> Draft:
    """Lay out the grid of beats, with density and loudness on it."""
    found = features.cuts_s.tolist() if wishes.meets_cuts else []
    cuts_s, marked_s = cuts_to_meet(wishes.marks.met(found), features.duration_s), wishes.marks.added
    tempo_bpm, pickup_beats = grid_for_cuts(
        features.duration_s, steering.tempo_bpm, cuts_s, wishes.tempo_leeway, marked_s
    )
    second = second_of_steps(features.duration_s, tempo_bpm, pickup_beats=pickup_beats)
    dynamics = steering.shape(predict_dynamics(networks.dynamics, features))
    score = Score(
        chords=("N",) * len(second),
        note_density=dynamics.note_density[second],
        loudness=dynamics.loudness[second],
        key=str(key),
        seed=wishes.seed or 0,
        duration_s=features.duration_s,
        tempo_bpm=tempo_bpm,
        pickup_beats=pickup_beats,
        cuts_s=cuts_s,
        marked_s=marked_s,
        register=steering.register,
        note_length=steering.note_length,
    )
    return Draft(score, second)


def _with_chords(  # noqa: PLR0917 - everything that a chord depends on
    draft: Draft, networks: Networks, features: VideoFeatures, steering: Steering, wishes: Wishes, progress: Progress
) -> Score:
    """Draw a chord for every step that is heard, another one where a cut asks for a change."""
    score, key = draft.score, parse_key(draft.score.key)
    first = score.first_heard_step
    primer = _primer(wishes, key)
    drawn = generate_chords(
        networks.amt,
        features.at(draft.second[first:]),
        mode=key.mode,
        primer=primer,
        primer_attributes=_published_attributes(primer) if wishes.as_published else None,
        generator=torch.Generator().manual_seed(score.seed),
        sampling=steering.steered(wishes.sampling),
        changes=_moved(changes_for_cuts(score), first),
        progress=progress,
    )
    chords = (*drawn[:first], *drawn)
    return replace(score, chords=tuple(key.spell(transpose(chord, key.shift)) for chord in chords))


def _moved(changes: Collection[int], first: int) -> frozenset[int]:
    """Count the steps from the first one that is heard."""
    return frozenset(step - first for step in changes)


def _primer(wishes: Wishes, key: Key) -> list[int]:
    # The published system read a primer in C and, by mistake, a major chord in it as "no chord".
    return list(parse_primer(wishes.primer or "", parse_key("C major") if wishes.as_published else key))


def _published_attributes(primer: list[int]) -> list[int]:
    return [0 if quality_of(chord) == "maj" else attribute_id(chord) for chord in primer]
