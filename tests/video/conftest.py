"""Clips that are derived with the ffmpeg program of imageio-ffmpeg."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile

Ffmpeg = Callable[..., Path]


@pytest.fixture
def ffmpeg(tmp_path: Path) -> Ffmpeg:
    """Run ffmpeg in a temporary folder; the last argument is the name of the file to make, whose path is returned."""

    def run(*arguments: object) -> Path:
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return tmp_path / str(arguments[-1])

    return run


@pytest.fixture(scope="session")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of a chord at about -18 dBFS, 44.1 kHz stereo."""
    path = tmp_path_factory.mktemp("music") / "music.wav"
    time_s = np.arange(6 * 44100) / 44100
    tone = sum(0.1 * np.sin(2 * np.pi * pitch * time_s) for pitch in (262.0, 330.0, 392.0))
    soundfile.write(path, np.stack([tone, tone], axis=1), 44100)
    return path
