"""CLIP as an encoder: image embeddings and zero-shot emotions from one pass, as in section 3.2 of Video2Music.

The published features come from ViT-L/14 at 336 pixels with the six bare emotion words as prompts. open_clip supplies
the networks and names the repositories of their weights; the prompts are encoded once.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from emotion.torchvision_compat import import_torchvision
from emotion.weights import HubFile, find_weights, load_checkpoint, load_into, load_tensors
from video2music.errors import UnknownEngineError
from video2music.features.image_encoder import FrameFeatures, expected_affect
from video2music.features.stillness import standing_pictures
from video2music.features.video_features import EMOTIONS

LARGE = "ViT-L-14-336-quickgelu"  # the published one: 2.4 s an image on two cores
SMALL = "ViT-B-32-quickgelu"  # what a processor without a GPU can afford
PUBLISHED_BY = "openai"  # name of the training whose weights are taken
HUB_FILENAME = "open_clip_model.safetensors"
BATCH = 16
STORED_DECIMALS = 4  # of the published emotion files

Preprocess = Callable[[Image.Image], Tensor]


class ClipEncoder:
    """A CLIP network with its six prompts encoded.

    Args:
        network: open_clip network in evaluation mode.
        preprocess: picture to a (3, size, size) tensor, the one the network was trained with.
        prompts: (6, D) normalised embeddings of the emotion words in the order of EMOTIONS.
        name: of the open_clip model.
        size: pixels of the square picture that the network takes.
        semantic: whether the embedding is one that the composing networks know.
        decimals: to round the probabilities to, as the published files do; None keeps them.
        every_second: whether a picture that looks like the one before is looked at too.
    """

    exact_motion = True

    def __init__(
        self,
        network: nn.Module,
        preprocess: Preprocess,
        prompts: Tensor,
        *,
        name: str,
        size: int,
        semantic: bool,
        decimals: int | None = None,
        every_second: bool = True,
    ) -> None:
        self.name = f"clip {name}"
        self.frame_size = size
        self._network: Any = network
        self._preprocess = preprocess
        self._prompts = prompts
        self._semantic = semantic
        self._decimals = decimals
        self._every_second = every_second

    def see(self, frames: NDArray[np.uint8], motion: NDArray[np.float32]) -> FrameFeatures:  # noqa: ARG002  part of ImageEncoder
        """Embed each frame once, or not again where nothing changes, and compare it with the six emotion words.

        Args:
            frames: (n, height, width, 3) uint8 RGB.
            motion: (n,) float32; not used, CLIP sees single pictures.

        Returns:
            Emotions; valence and arousal that follow from them; the embedding, not normalised, of the large network.
        """
        embedding = self._look(frames)
        emotion = self.emotions(embedding)
        if self._decimals is not None:
            emotion = emotion.round(self._decimals)
        valence, arousal = expected_affect(emotion)
        return FrameFeatures(emotion, valence, arousal, embedding if self._semantic else None)

    def _look(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed frames, each that looks like an earlier one as that one."""
        if self._every_second:
            return self.embed(frames)
        chosen, back = np.unique(standing_pictures(frames), return_inverse=True)
        return self.embed(frames[chosen])[back]

    @torch.inference_mode()
    def embed(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the image embeddings of (n, height, width, 3) RGB frames as (n, D) float32, not normalised."""
        rows = [np.zeros((0, self._prompts.shape[1]), np.float32)]
        for start in range(0, len(frames), BATCH):
            pictures = [self._preprocess(Image.fromarray(frame)) for frame in frames[start : start + BATCH]]
            batch = torch.stack(pictures).to(self._prompts.device)
            rows.append(self._network.encode_image(batch).float().cpu().numpy())
        return np.concatenate(rows)

    @torch.inference_mode()
    def emotions(self, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the zero-shot probabilities of the six emotions.

        Args:
            embedding: (n, D) image embeddings.

        Returns:
            (n, 6): softmax over the words of the network's logit scale times the cosine.
        """
        images = nn.functional.normalize(torch.from_numpy(embedding).to(self._prompts.device), dim=-1)
        logits = self._network.logit_scale.exp() * images @ self._prompts.T
        probabilities: NDArray[np.float32] = logits.softmax(dim=-1).cpu().numpy()
        return probabilities


def load_clip(
    *, paper: bool = False, device: str | None = None, weights: Path | None = None, model: str | None = None
) -> ClipEncoder:
    """Load a CLIP encoder.

    Args:
        paper: take the published network, on any device, and round emotions as published.
        device: torch device; a GPU where there is one by default.
        weights: weight file, or folder that holds it, to take instead of the download.
        model: open_clip model; the large one for `paper` and on a GPU, the small one on a processor by default.

    Returns:
        The encoder.

    Raises:
        UnknownEngineError: open_clip has no such model.
        WeightsNotFoundError: `weights` does not exist.
        WeightsDamagedError: the weights are not what was published or belong to another network.
        DownloadError: the weights had to be downloaded and could not be.
    """
    place = usual_device(device)
    name = model or chosen_model(paper=paper, device=place)
    import_torchvision()
    import open_clip  # not before torchvision can be imported

    if weights is None and open_clip.get_model_config(f"{name}-quickgelu") is not None:
        name = f"{name}-quickgelu"  # OpenAI's weights were trained with that activation
    if open_clip.get_model_config(name) is None:
        raise UnknownEngineError(f'open_clip has no model "{name}"', remedy=f"Choose one such as {SMALL} or {LARGE}")
    path = find_weights(name, explicit=weights, hub=published_file(name))
    network, preprocess = _build(name)
    load_into(network, _read(path), where=path)
    network.to(place)
    return ClipEncoder(
        network,
        preprocess,
        _encode_prompts(network, open_clip.get_tokenizer(name), place),
        name=name,
        size=_picture_size(network),
        semantic=paper or name == LARGE,
        decimals=STORED_DECIMALS if paper else None,
        every_second=paper,
    )


def usual_device(device: str | None = None) -> torch.device:
    """Return the torch device that was asked for, or a GPU where there is one."""
    return torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))


def chosen_model(*, paper: bool, device: torch.device) -> str:
    """Return the open_clip model that an engine sees with unless a person names another.

    Args:
        paper: whether the published network is wanted, whatever it costs.
        device: where it will run.
    """
    return LARGE if paper or device.type != "cpu" else SMALL


def published_file(name: str) -> HubFile | None:
    """Return where open_clip's registry says the OpenAI weights of a model are; None where it names no repository.

    The registry holds no hashes. The hub announces one for each large file, which is checked; a copy in the cache that
    changes later is noticed.

    Args:
        name: open_clip model, such as "ViT-B-32-quickgelu".
    """
    import_torchvision()
    from open_clip.pretrained import get_pretrained_cfg

    # The ending only chooses the activation; the repositories are listed under the plain name for some models.
    found = get_pretrained_cfg(name, PUBLISHED_BY) or get_pretrained_cfg(name.removesuffix("-quickgelu"), PUBLISHED_BY)
    repository = str(found.get("hf_hub", "")).strip("/")
    return HubFile(repository, HUB_FILENAME) if repository.count("/") == 1 else None


def _build(name: str) -> tuple[nn.Module, Preprocess]:
    """Build an open_clip network without weights, and the preprocessing that it was published with."""
    import open_clip

    network = open_clip.CLIP(**open_clip.get_model_config(name))
    size = _picture_size(network)
    preprocess = open_clip.image_transform(size, is_train=False, resize_mode="shortest", interpolation="bicubic")
    return network.eval(), preprocess


def _picture_size(network: nn.Module) -> int:
    size: Any = network.get_submodule("visual").image_size
    return int(size[0] if isinstance(size, tuple) else size)


def _read(path: Path) -> dict[str, Tensor]:
    """Read weights in single precision, without the three constants that OpenAI's files carry."""
    tensors = load_tensors(path)[0] if path.suffix == ".safetensors" else load_checkpoint(path)
    constants = {"input_resolution", "context_length", "vocab_size"}
    return {name: tensor.float() for name, tensor in tensors.items() if name not in constants}


@torch.inference_mode()
def _encode_prompts(network: nn.Module, tokenizer: Callable[[list[str]], Tensor], device: torch.device) -> Tensor:
    encode: Any = network.encode_text
    prompts: Tensor = encode(tokenizer(list(EMOTIONS)).to(device), normalize=True)
    return prompts
