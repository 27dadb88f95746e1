"""What the CLIP engine saves where nothing changes, or in half precision, and what that costs in accuracy.

    python -m benchmarks.clip_savings FOLDER [FOLDER ...] [--model ViT-B-32-quickgelu] [--pictures 16]

Reusing the picture before where it looks the same (features/stillness.py) is judged, for several thresholds, by the
embedded encoder, whose emotions are trained, and by a CLIP of the given architecture. CLIP's trained weights are not
taken, so that nothing is downloaded: what is told of it, with random weights, is how far its embeddings move. The same
for half precision (bfloat16), with the time for a picture; there the six emotion words are random directions, which is
harder than CLIP's own, that lie close together.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.tables import markdown
from emotion.errors import RefusalError
from emotion.torchvision_compat import import_torchvision
from video2music.features.embedded import EmbeddedEncoder
from video2music.features.extraction import CHUNK_S, extract_features
from video2music.features.image_encoder import FrameFeatures
from video2music.features.stillness import STILL, standing_pictures
from video2music.features.video_features import VideoFeatures

THRESHOLDS = (2.0, 3.0, STILL, 6.0, 8.0)
SHORTEST_S = 3
LOGIT_SCALE = 100.0  # of OpenAI's trained networks
REPEATS = 5

Floats = NDArray[np.float32]


@dataclass
class Collector:
    """An encoder that only keeps what it is shown."""

    name: str = "collector"
    frame_size: int = 336
    exact_motion: bool = False
    chunks: list[NDArray[np.uint8]] = field(default_factory=list)

    def see(self, frames: NDArray[np.uint8], motion: Floats) -> FrameFeatures:
        """Keep the frames."""
        self.chunks.append(frames)
        return FrameFeatures(np.full((len(motion), 6), 1 / 6, np.float32), np.ones_like(motion), np.ones_like(motion))


@dataclass(frozen=True)
class Clip:
    """A clip in chunks as an encoder is shown them."""

    chunks: list[NDArray[np.uint8]]
    features: VideoFeatures


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, help="hold clips; others of their files are passed over")
    parser.add_argument("--model", default="ViT-B-32-quickgelu")
    parser.add_argument("--pictures", type=int, default=CHUNK_S, help="that are encoded in half precision")
    options = parser.parse_args()
    clips = read_clips(options.folders)
    print(f"{len(clips)} clips, {sum(clip.features.seconds for clip in clips)} seconds\n")
    network, prepare = random_clip(options.model)
    still_table(clips, lambda frames: encoded(network, prepare(frames)))
    half_table(network, prepare(np.concatenate([clip.chunks[0][:4] for clip in clips if fits(clip, clips)])), options)


def read_clips(folders: list[Path]) -> list[Clip]:
    """Return the readable clips of some folders, each picture once."""
    found: dict[bytes, Clip] = {}
    for path in sorted(path for folder in folders for path in folder.iterdir() if path.is_file()):
        encoder = Collector()
        try:
            features = extract_features(path, encoder)
        except RefusalError:
            continue
        if features.seconds >= SHORTEST_S:
            found.setdefault(encoder.chunks[0][0].tobytes(), Clip(encoder.chunks, features))
    return list(found.values())


def fits(clip: Clip, clips: list[Clip]) -> bool:
    """Return whether the pictures of a clip are as large as those of the first."""
    return clip.chunks[0].shape[1:] == clips[0].chunks[0].shape[1:]


def random_clip(model: str) -> tuple[Any, Callable[[NDArray[np.uint8]], Tensor]]:
    """Return a CLIP of an architecture with random weights, and its preparation of frames."""
    import_torchvision()
    import open_clip
    from PIL import Image

    torch.manual_seed(0)
    network = open_clip.CLIP(**open_clip.get_model_config(model)).eval()
    size = network.visual.image_size
    one = open_clip.image_transform(size[0] if isinstance(size, tuple) else size, is_train=False)
    return network, lambda frames: torch.stack([one(Image.fromarray(frame)) for frame in frames])


@torch.inference_mode()
def encoded(network: Any, pictures: Tensor) -> Floats:  # noqa: ANN401 - open_clip has no types
    """Return (n, D) embeddings in single precision."""
    rows: Floats = network.encode_image(pictures).float().numpy()
    return rows


def still_table(clips: list[Clip], encode: Callable[[NDArray[np.uint8]], Floats]) -> None:
    """Print what each threshold saves and costs."""
    encoder = EmbeddedEncoder.load()
    seen = [np.concatenate([encoder.embed(chunk) for chunk in clip.chunks]) for clip in clips]
    clip_seen = [np.concatenate([encode(chunk) for chunk in clip.chunks]) for clip in clips]
    rows: dict[str, list[str]] = {}
    for still in THRESHOLDS:
        standing = [stands(clip, still) for clip in clips]
        moved = [
            change(encoder, clip, rows_of, index) for clip, rows_of, index in zip(clips, seen, standing, strict=True)
        ]
        emotion, valence = (np.concatenate(part) for part in zip(*moved, strict=True))
        far = np.concatenate(
            [cosine(rows_of[index], rows_of) for rows_of, index in zip(clip_seen, standing, strict=True)]
        )
        usual = np.concatenate([cosine(rows_of[1:], rows_of[:-1]) for rows_of in clip_seen])
        saved = np.concatenate([index != np.arange(len(index)) for index in standing])
        rows[f"{still:g}"] = [
            f"{saved.mean():.3f}",
            f"{emotion.mean():.4f} ({emotion.max():.3f})",
            f"{valence.mean():.3f} ({valence.max():.2f})",
            f"{far[saved].mean() if saved.any() else 0:.1e}, between seconds {usual.mean():.1e}",
        ]
    head = ["pictures saved", "emotion: mean (most)", "valence, points", "CLIP, 1 - cosine"]
    print(markdown(head, rows), "\n")


def stands(clip: Clip, still: float) -> NDArray[np.intp]:
    """Return for every second the number of the one that stands for it."""
    starts = np.cumsum([0, *(len(chunk) for chunk in clip.chunks[:-1])])
    parts = [start + standing_pictures(chunk, still=still) for start, chunk in zip(starts, clip.chunks, strict=True)]
    return np.concatenate(parts)


def change(
    encoder: EmbeddedEncoder, clip: Clip, embedding: Floats, standing: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Return by how much the trained encoder's emotions (the one that moves most) and valence change each second."""
    features = clip.features
    true, reused = (
        encoder.read(rows, features.motion, features.scene_offset) for rows in (embedding, embedding[standing])
    )
    return np.abs(reused.emotion - true.emotion).max(axis=1), np.abs(reused.valence - true.valence)


def cosine(rows: Floats, others: Floats) -> Floats:
    """Return 1 minus the cosine of each row and another."""
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(others, axis=1)
    distance: Floats = 1 - (rows * others).sum(axis=1) / lengths
    return distance


def half_table(network: Any, pictures: Tensor, options: argparse.Namespace) -> None:  # noqa: ANN401
    """Print what half precision costs and saves; the network is in half precision afterwards."""
    pictures = pictures[: options.pictures]
    single_s, single = timed(lambda: encoded(network, pictures))
    network.to(torch.bfloat16)
    half_s, half = timed(lambda: encoded(network, pictures.bfloat16()))
    words = np.random.default_rng(0).normal(size=(200, 6, single.shape[1])).astype(np.float32)
    words /= np.linalg.norm(words, axis=2, keepdims=True)
    moved = np.abs(emotions(half, words) - emotions(single, words)).max(axis=2)
    print(
        f"{options.model}, {len(pictures)} pictures, least of {REPEATS}: single {single_s:.3f} s a picture, "
        f"bfloat16 {half_s:.3f} s ({single_s / half_s:.2f} times as fast); native on this processor: "
        f"{torch.ops.mkldnn._is_mkldnn_bf16_supported()}\n"  # noqa: SLF001 - PyTorch has no public name for it
        f"1 - cosine of the embeddings: {statistics.fmean(cosine(half, single).tolist()):.1e}; emotions, the one that "
        f"moves most: mean {moved.mean():.4f}, 99 % {np.quantile(moved, 0.99):.3f}, most {moved.max():.3f}"
    )


def timed(work: Callable[[], Floats]) -> tuple[float, Floats]:
    """Return the least seconds for a picture, and what was made."""
    rows, seconds = work(), []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        rows = work()
        seconds.append((time.perf_counter() - begun) / len(rows))
    return min(seconds), rows


def emotions(embedding: Floats, words: Floats) -> Floats:
    """Return (sets of words, n, 6) zero-shot probabilities."""
    images = embedding / np.linalg.norm(embedding, axis=1, keepdims=True)
    logits = LOGIT_SCALE * images @ words.transpose(0, 2, 1)
    powers = np.exp(logits - logits.max(axis=2, keepdims=True))
    probabilities: Floats = powers / powers.sum(axis=2, keepdims=True)
    return probabilities


if __name__ == "__main__":
    main()
