"""What the network makes of photographs and labelled clips, watched as the program watches a video."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from video2music.features.embedded import LAST, ImageNetwork
from video2music.features.emotion_head import glances
from video2music.features.extraction import extract_features
from video2music.features.image_encoder import FrameFeatures
from video2music.features.motion import LAG_S
from video2music.training.emotion_scores import colour_of
from video2music.training.mved import LabelledClips
from video2music.training.oasis import Photographs, read_photograph

FloatArray = NDArray[np.float32]

CLIP_LAG_S = 2 / 6  # distance of the frames that motion compares at the clips' 6 frames per second
LAG_POWER = 0.52  # motion grows so with that distance: twice the distance, 1.43 times the motion in these clips


@dataclass(frozen=True)
class Seconds:
    """All seconds of the labelled clips.

    Attributes:
        embedding: (n, D) float32.
        colour: (n, C) float32 colour and texture, for the baseline.
        motion: (n,) float32, 0 to 255.
        scene_offset: (n,) float32, seconds since the scene began.
        clip: (n,) int64, number of the clip that a second is of.
    """

    embedding: FloatArray
    colour: FloatArray
    motion: FloatArray
    scene_offset: FloatArray
    clip: NDArray[np.int64]

    @property
    def seen(self) -> FloatArray:
        """The glances (n, D + BESIDES)."""
        return glances(self.embedding, self.motion, self.scene_offset)

    def of_colour(self) -> "Seconds":
        """The same seconds with nothing but colour and texture, for the baseline."""
        return Seconds(self.colour, self.colour, self.motion * 0, self.scene_offset * 0 + 1, self.clip)

    def of_last_layer(self) -> "Seconds":
        """Every other second with nothing but the network's last layer, for the plain baseline."""
        kept = np.arange(len(self.clip)) % 2 == 0
        still = np.zeros(int(kept.sum()), np.float32)
        return Seconds(self.embedding[kept][:, LAST], self.colour[kept], still, still + 1, self.clip[kept])


class RecordingEncoder:
    """Keeps what the network makes of a clip, so that training sees what the program sees."""

    name = "recording"
    exact_motion = False

    def __init__(self, network: ImageNetwork, frame_size: int = 224) -> None:
        self.frame_size = frame_size
        self.embedding: list[FloatArray] = []
        self.colour: list[FloatArray] = []
        self._network = network

    def see(self, frames: NDArray[np.uint8], motion: FloatArray) -> FrameFeatures:
        """Keep embeddings and colours; return features without content."""
        self.embedding.append(self._network.embed(frames))
        self.colour.append(np.stack([colour_of(frame) for frame in frames]))
        nothing = np.zeros(len(motion), np.float32)
        return FrameFeatures(np.zeros((len(motion), 6), np.float32), nothing, nothing)


def embed_photographs(
    photographs: Photographs, network: ImageNetwork, tell: Callable[[str], None]
) -> tuple[FloatArray, FloatArray]:
    """Return embeddings (n, D) and colours (n, C) of photographs."""
    embeddings, colours = [], []
    for number, path in enumerate(photographs.paths):
        picture = read_photograph(path)
        embeddings.append(network.embed(picture[None])[0])
        colours.append(colour_of(picture))
        if number % 100 == 0:
            tell(f"photograph {number} of {len(photographs.paths)}")
    return np.stack(embeddings), np.stack(colours)


def embed_clips(clips: LabelledClips, network: ImageNetwork, tell: Callable[[str], None]) -> Seconds:
    """Watch the labelled clips as the program does; motion is brought to the time step of usual frame rates."""
    embeddings, colours, motions, offsets, numbers = [], [], [], [], []
    for number, path in enumerate(clips.paths):
        recording = RecordingEncoder(network)
        features = extract_features(path, recording)
        embeddings += recording.embedding
        colours += recording.colour
        motions.append(features.motion * np.float32((LAG_S / CLIP_LAG_S) ** LAG_POWER))
        offsets.append(features.scene_offset)
        numbers += [number] * features.seconds
        if number % 10 == 0:
            tell(f"clip {number} of {len(clips.paths)}")
    return Seconds(
        embedding=np.concatenate(embeddings),
        colour=np.concatenate(colours),
        motion=np.concatenate(motions),
        scene_offset=np.concatenate(offsets),
        clip=np.array(numbers),
    )
