"""What is installed on this machine, and what is missing, in words."""

import platform
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from emotion.errors import RefusalError
from video2music import __version__
from video2music.engines import ENGINES

PACKAGES = (
    "torch",
    "torchvision",
    "transformers",
    "open_clip_torch",
    "efficientnet-lite-pytorch",
    "av",
    "opencv-python-headless",
    "scenedetect-headless",
    "moviepy",
    "pretty_midi",
    "pyfluidsynth",
    "gradio",
)

Section = dict[str, str]


def examine() -> dict[str, Section]:
    """Look at packages, the FluidSynth library, sound fonts, weights and the device.

    Returns:
        Rows of name and finding by section; a finding that needs something done begins with "missing".
    """
    return {
        "program": {"video2music": __version__, "python": platform.python_version(), "system": platform.platform()},
        "packages": {name: _package(name) for name in PACKAGES},
        "sound": {"FluidSynth": _told(_fluidsynth), "sound font": _told(_sound_font)},
        "weights": _weights(),
        "device": {"torch": _told(_device)},
    }


def _package(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing: run ./run.sh once"


def _told(look: Callable[[], str]) -> str:
    """Return what was found, or the refusal as a sentence."""
    try:
        return look()
    except RefusalError as error:
        return f"missing: {error}"


def _fluidsynth() -> str:
    from video2music.music.synthesis import fluidsynth_version

    return fluidsynth_version()


def _sound_font() -> str:
    from video2music.music.synthesis import find_sound_font

    path = find_sound_font(None)
    return f"{path} ({path.stat().st_size / 1e6:.0f} MB)"


def _weights() -> Section:
    from emotion.weights import find_weights

    names = sorted({name for engine in ENGINES.values() for name in (engine.amt_weights, engine.dynamics_weights)})
    return {name: _told(partial(lambda each: str(find_weights(each)), name)) for name in ("emotion_head", *names)}


def _device() -> str:
    import torch

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else f"CPU, {torch.get_num_threads()} threads"
