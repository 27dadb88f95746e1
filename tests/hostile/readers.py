"""The ways in which a stranger's file is read, as the program reads it."""

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from mischief import MISCHIEF

LONGEST_PLAYED_S = 20.0
"""A longer piece is silent here: it costs its length, and is no fault."""


class BlindEncoder:
    """An image encoder that sees nothing: how pictures get to it is what is tried."""

    frame_size = 64
    exact_motion = False

    def see(self, frames: Any, motion: Any) -> Any:  # noqa: ANN401 - arrays
        """Return a neutral row per frame."""
        from video2music.features.image_encoder import FrameFeatures

        count = len(motion)
        assert frames.shape[0] == count
        neutral = np.full(count, 5, np.float32)
        return FrameFeatures(np.full((count, 6), 1 / 6, np.float32), neutral, neutral)


def read_video(path: Path, _out: Path) -> str:
    """Probe a video and watch all of it."""
    from video2music.features.extraction import extract_features
    from video2music.video.probe import probe

    info = probe(path)
    features = extract_features(path, BlindEncoder())
    assert np.isfinite(features.motion).all()
    assert 0 < features.duration_s < float("inf")
    return f"{info} {features.duration_s}"


def read_published(path: Path, _out: Path) -> str:
    """Watch a video at full resolution, as the other engines do."""
    from video2music.features.extraction import extract_features

    encoder = BlindEncoder()
    encoder.exact_motion = True
    return str(extract_features(path, encoder).duration_s)


def put_music_under(path: Path, out: Path) -> str:
    """Write a video with a second of music, its own sound kept, after it was watched as composing does."""
    import soundfile

    from video2music.features.extraction import extract_features
    from video2music.video.mux import mux

    duration_s = extract_features(path, BlindEncoder()).duration_s
    soundfile.write(out / "music.wav", np.full((44100, 2), 0.1), 44100)
    return str(mux(path, out / "music.wav", out / "video.mp4", original="mix", duration_s=duration_s))


def read_sound(path: Path, _out: Path) -> str:
    """Listen to all of a sound in both ways that there are."""
    from emotion.audio import read_audio
    from emotion.listening import listen

    with listen(path) as sound:
        seconds = sum(len(block) for block in sound.blocks) / sound.sample_rate
    audio = read_audio(path, sample_rate=16_000, mono=True)
    assert np.isfinite(audio.samples).all()
    return f"{seconds} {audio.duration_s}"


@functools.cache
def recogniser() -> Any:  # noqa: ANN401 - a recogniser
    """Load the recogniser once."""
    import emotion

    return emotion.load()


def recognise(path: Path, _out: Path) -> str:
    """Say what emotion a sound carries."""
    return str(recogniser().predict(path).result())


@functools.cache
def player() -> Any:  # noqa: ANN401 - a synthesizer
    """Return a synthesizer that plays short pieces."""
    from video2music.music.synthesis import Synthesizer, find_sound_font

    class Patient(Synthesizer):
        def render(self, midi: Any, *, sample_rate: int = 44100, duration_s: float | None = None) -> Any:  # noqa: ANN401
            if duration_s is not None and duration_s > LONGEST_PLAYED_S:
                return np.full((round(LONGEST_PLAYED_S * sample_rate), 2), 1e-3, np.float32)
            return super().render(midi, sample_rate=sample_rate, duration_s=duration_s)

    return Patient(find_sound_font(None))


def play(path: Path, out: Path) -> str:
    """Render a stored piece, a score or notes."""
    from video2music.rerender import Target, render_file

    return str(render_file(path, Target(out / "piece", stems=False), player())["duration_s"])


def import_weights(path: Path, out: Path) -> str:
    """Convert a checkpoint."""
    from video2music.models import published

    return str(published.import_weights(path, folder=out))


def load_network(path: Path, _out: Path) -> str:
    """Load a network from a file of this program's own format."""
    from video2music.models.loading import load_amt

    return str(load_amt(path).config)


def read_primer(path: Path, _out: Path) -> str:
    """Check what a person typed: the chords to begin with."""
    from video2music.wishes import Wishes

    return str(Wishes(primer=path.read_text(encoding="utf-8", errors="replace")).primer)[:50]


def read_settings(path: Path, _out: Path) -> str:
    """Read a file of the page's settings."""
    from video2music.web import settings_file

    return str(dataclasses.asdict(settings_file.read_settings(path)))


def read_study(path: Path, _out: Path) -> str:
    """Read the file of a listening study."""
    from video2music.study import reading

    return str(reading.read_study(path))[:200]


READERS: dict[str, Callable[[Path, Path], str]] = {
    "video": read_video,
    "published": read_published,
    "mux": put_music_under,
    "sound": read_sound,
    "recognise": recognise,
    "play": play,
    "weights": import_weights,
    "network": load_network,
    "primer": read_primer,
    "settings": read_settings,
    "study": read_study,
    **MISCHIEF,
}


def warm(names: Iterable[str]) -> None:
    """Load what the readers need, so that it does not count against the first file.

    Args:
        names: of readers that will be used.
    """
    for name, load in {"play": player, "recognise": recogniser}.items():
        if name in names:
            load()
    for name in set(names) - MISCHIEF.keys():
        with contextlib.suppress(Exception):
            READERS[name](Path("/nonexistent"), Path("/nonexistent"))
