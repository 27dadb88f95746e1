"""What an engine needs before it can compose: which files, how large, under which licence, and which are here."""

from collections.abc import Callable
from dataclasses import dataclass

from emotion.errors import RefusalError, WeightsNotFoundError
from emotion.hub import HubFile, bytes_here, cached_path, fetch
from emotion.weights import find_weights
from video2music.engines import Engine

CLIP_BYTES = {"ViT-B-32-quickgelu": 605_109_252, "ViT-L-14-336-quickgelu": 1_711_776_772}
"""Four bytes for each weight of the network; the hub says the exact length of the file when it is asked for it."""

CLIP_TITLES = {"ViT-B-32-quickgelu": "CLIP ViT-B/32", "ViT-L-14-336-quickgelu": "CLIP ViT-L/14@336"}

CLIP_LICENCE = "MIT (OpenAI)"

RELEASED_LICENCE = "that of the authors' repository (MIT)"

BRING_THEM = "./run.sh import-weights FILE"

Transfer = Callable[[str, int, int | None], None]
"""Told the title of a file, how many bytes of it are here, and how many it has where that is known."""


class EngineNotReadyError(RefusalError):
    """An engine whose weights are not here yet."""


@dataclass(frozen=True)
class Need:
    """One file that an engine needs and that does not ship with the program.

    Attributes:
        title: what it is.
        name: under which `find_weights` finds it.
        licence: of the weights, in a few words.
        size: bytes to be downloaded; None where it is not known.
        hub: where it is downloaded from; None where a person has to bring it.
    """

    title: str
    name: str
    licence: str
    size: int | None = None
    hub: HubFile | None = None

    @property
    def here(self) -> bool:
        """Whether it can be used at once."""
        try:
            find_weights(self.name)
        except WeightsNotFoundError:
            return self.hub is not None and cached_path(self.hub).is_file()
        return True

    @property
    def arrived(self) -> int:
        """Bytes of its download that are here, also of one that broke off."""
        return 0 if self.hub is None else bytes_here(self.hub)


def needs(engine: Engine) -> tuple[Need, ...]:
    """Return what an engine needs beyond the program; what is downloaded comes first.

    Which CLIP that is depends on whether this machine has a GPU, so PyTorch is loaded to answer for CLIP.

    Args:
        engine: which.
    """
    if engine.name == "embedded":
        return ()
    from video2music.features.clip import chosen_model, published_file, usual_device

    model = chosen_model(paper=engine.published, device=usual_device())
    clip = Need(CLIP_TITLES[model], model, CLIP_LICENCE, CLIP_BYTES[model], published_file(model))
    if not engine.published:
        return (clip,)
    return (
        clip,
        Need("The authors' chord network", engine.amt_weights, RELEASED_LICENCE),
        Need("The authors' dynamics network", engine.dynamics_weights, RELEASED_LICENCE),
    )


def check_ready(engine: Engine) -> None:
    """Refuse an engine that cannot compose yet; nothing is downloaded for it.

    Args:
        engine: which.

    Raises:
        EngineNotReadyError: something it needs is not here; the sentence says how to get it.
    """
    missing = [need for need in needs(engine) if not need.here]
    if any(need.hub is not None for need in missing):
        raise EngineNotReadyError(
            f'The engine "{engine.title}" is not downloaded yet', remedy="Download it on the page, or choose another"
        )
    if missing:
        raise EngineNotReadyError(
            f'The engine "{engine.title}" needs the networks that its authors released',
            remedy=f"Bring them with {BRING_THEM}, or choose another",
        )


def download(engine: Engine, tell: Transfer) -> None:
    """Download what an engine needs and can be downloaded; what is here is only checked.

    Args:
        engine: which.
        tell: told of every block that arrives; raising stops the download, which a later one continues.

    Raises:
        DownloadError: there is no connection, no room, or the transfer broke.
        WeightsDamagedError: something else arrived than was published.
    """
    for need in needs(engine):
        if need.hub is not None and not need.here:
            _fetch(need, need.hub, tell)


def _fetch(need: Need, file: HubFile, tell: Transfer) -> None:
    fetch(file, tell=lambda here, whole: tell(need.title, here, whole or need.size))
