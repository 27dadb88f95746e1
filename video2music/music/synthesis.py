"""From notes to sound: FluidSynth in this process, without an audio device, at one fixed gain."""

import contextlib
import ctypes
import io
import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pretty_midi
from numpy.typing import NDArray

from video2music.errors import SynthesisError
from video2music.music.sound_fonts import check_sound_font, find_sound_font

__all__ = ["Synthesizer", "find_sound_font", "fluidsynth_version", "synthesize", "synthesize_parts"]

GAIN = 0.5
"""Of FluidSynth, for every piece: so a loud score is louder than a soft one. The master gain comes later."""

TAIL_S = 2.0
"""How long the last notes may fade when no duration is asked for."""

_LONGEST_FADE_S = 0.1
_SILENCE = 1e-5  # the reverb never rests completely
_DRUM_BANK = 128
_CHANNELS, _MOST_CHANNELS = 16, 256  # FluidSynth has them by sixteens
_MOST_PARTS = 128  # that FluidSynth can keep apart
_BLOCK = 1 << 16  # samples that are played at a time
_STANDARD_KIT = 0  # small fonts have no other
_LOG_LEVELS = range(5)
_SETTINGS = {
    "synth.chorus.active": 0,  # it detunes a piano
    "synth.reverb.active": 1,
    "synth.cpu-cores": 1,
    "synth.dynamic-sample-loading": 1,  # read only the instruments that play: 0.03 s instead of 0.25 s for a large font
}


@dataclass(order=True, frozen=True)
class _Event:
    """One message to the synthesizer; at one time notes end first, then controls change, then notes begin."""

    frame: int
    order: int
    channel: int
    name: str = field(compare=False)
    values: tuple[int, ...]


@dataclass(frozen=True)
class Synthesizer:
    """Plays pieces with one sound font; it keeps no state between them, so any number of threads may use it.

    Attributes:
        sound_font: path of an .sf2 or .sf3 file.

    Raises:
        SynthesisError: the file is not a sound font.
    """

    sound_font: Path

    def __post_init__(self) -> None:
        check_sound_font(self.sound_font)

    def render(
        self, midi: pretty_midi.PrettyMIDI, *, sample_rate: int = 44100, duration_s: float | None = None
    ) -> NDArray[np.float32]:
        """Play a piece; see `synthesize`."""
        return synthesize(midi, self.sound_font, sample_rate=sample_rate, duration_s=duration_s)

    def render_parts(
        self, midi: pretty_midi.PrettyMIDI, *, sample_rate: int = 44100, duration_s: float
    ) -> Iterator[NDArray[np.float32]]:
        """Play a piece with its parts kept apart; see `synthesize_parts`."""
        return synthesize_parts(midi, self.sound_font, sample_rate=sample_rate, duration_s=duration_s)


def synthesize(
    midi: pretty_midi.PrettyMIDI, sound_font: Path, *, sample_rate: int = 44100, duration_s: float | None = None
) -> NDArray[np.float32]:
    """Play a piece with FluidSynth; the same notes and font give the same samples.

    Notes begin within one buffer of FluidSynth (64 samples, 1.5 ms at 44.1 kHz) of their time, without drift.

    Args:
        midi: notes, programs and controllers of any number of instruments.
        sound_font: path of an .sf2 or .sf3 file.
        sample_rate: in Hz, 8000 to 96000.
        duration_s: length of the sound; what would ring on is faded out over at most 0.1 s. None lets it ring for 2 s.

    Returns:
        (ceil(duration_s * sample_rate), 2) float32 at a fixed gain, usually within -1 to 1 but not limited to it.

    Raises:
        SynthesisError: FluidSynth is not installed, cannot read the font or lacks an instrument, or no sound came out.
    """
    length_s = midi.get_end_time() + TAIL_S if duration_s is None else duration_s
    sound = np.zeros((_samples(length_s, sample_rate), 2), dtype=np.float32)
    first, loudest = 0, 0.0
    for (block,) in _blocks(midi, sound_font, sample_rate, length_s, groups=1):
        sound[first : first + len(block)] = block
        first, loudest = first + len(block), max(loudest, float(np.abs(block).max()))
    if any(instrument.notes for instrument in midi.instruments) and loudest < _SILENCE:
        raise SynthesisError("FluidSynth played no sound with this sound font", where=sound_font)
    return sound


def synthesize_parts(
    midi: pretty_midi.PrettyMIDI, sound_font: Path, *, sample_rate: int, duration_s: float
) -> Iterator[NDArray[np.float32]]:
    """Play a piece once and keep its parts apart, each with its share of the reverb.

    Parts that were played one by one would not add up to the piece: a voice of FluidSynth still shows a little of the
    note that it played last (at about -55 dB), and in the piece that may have been a note of another part.

    Args:
        midi: see `synthesize`.
        sound_font: path of an .sf2 or .sf3 file.
        sample_rate: in Hz.
        duration_s: length of the sound.

    Yields:
        (parts, samples, 2) float32, block after block, so that long pieces need little memory. The parts add up to what
        `synthesize` returns, within rounding.

    Raises:
        SynthesisError: there are more than 128 parts; or as `synthesize`.
    """
    parts = len(midi.instruments)
    if parts > _MOST_PARTS:
        raise SynthesisError(f"The piece has {parts} parts", remedy=f"Up to {_MOST_PARTS} can be kept apart")
    yield from _blocks(midi, sound_font, sample_rate, duration_s, groups=max(1, parts))


def fluidsynth_version() -> str:
    """Return the version of the FluidSynth library.

    Raises:
        SynthesisError: FluidSynth is not installed.
    """
    numbers = [ctypes.c_int() for _ in range(3)]
    _import_fluidsynth().fluid_version(*numbers)
    return ".".join(str(number.value) for number in numbers)


def _import_fluidsynth() -> Any:  # noqa: ANN401 - a module without type information
    """Import the binding when it is needed: it fails without the library, and talks when it finds it under CI."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            import fluidsynth
    except (ImportError, OSError) as error:
        raise SynthesisError(
            "FluidSynth, which plays the notes, is not installed", remedy="Install the Debian package libfluidsynth3"
        ) from error
    return fluidsynth


@contextlib.contextmanager
def _synth(library: Any, sound_font: Path, **settings: float) -> Iterator[tuple[Any, int]]:  # noqa: ANN401
    """Make a synthesizer that holds one font and writes nothing to the terminal."""
    _silence_log(library)
    synth = library.Synth(gain=GAIN, **_SETTINGS, **settings)
    try:
        font = synth.sfload(str(sound_font))
        if font < 0:
            check_sound_font(sound_font)
            raise SynthesisError("FluidSynth cannot read the sound font", where=sound_font)
        yield synth, font
    finally:
        synth.delete()


def _silence_log(library: Any) -> None:  # noqa: ANN401
    arguments = (("level", ctypes.c_int, 1), ("function", ctypes.c_void_p, 1), ("data", ctypes.c_void_p, 1))
    set_log_function = library.cfunc("fluid_set_log_function", ctypes.c_void_p, *arguments)
    for level in _LOG_LEVELS:
        set_log_function(level, None, None)


def _channels(midi: pretty_midi.PrettyMIDI) -> Iterator[tuple[int, pretty_midi.Instrument]]:
    """Give every instrument a channel of its own; more than 256 share."""
    for number, instrument in enumerate(midi.instruments):
        yield number % _MOST_CHANNELS, instrument


def _choose_instruments(synth: Any, font: int, midi: pretty_midi.PrettyMIDI, sound_font: Path) -> None:  # noqa: ANN401
    for channel, instrument in _channels(midi):
        bank = _DRUM_BANK if instrument.is_drum else 0
        programs = (instrument.program, _STANDARD_KIT) if instrument.is_drum else (instrument.program,)
        if all(synth.program_select(channel, font, bank, program) != 0 for program in programs):
            name = pretty_midi.program_to_instrument_name(instrument.program)
            raise SynthesisError(f"The sound font has no {'drums' if instrument.is_drum else name}", where=sound_font)


def _events(midi: pretty_midi.PrettyMIDI, sample_rate: int) -> list[_Event]:
    """List everything that happens, in the order in which it must reach the synthesizer."""
    events = []
    for channel, instrument in _channels(midi):
        for note in instrument.notes:
            events.append(_Event(round(note.end * sample_rate), 0, channel, "noteoff", (note.pitch,)))
            events.append(_Event(round(note.start * sample_rate), 2, channel, "noteon", (note.pitch, note.velocity)))
        events.extend(
            _Event(round(change.time * sample_rate), 1, channel, "cc", (change.number, change.value))
            for change in instrument.control_changes
        )
        events.extend(
            _Event(round(bend.time * sample_rate), 1, channel, "pitch_bend", (bend.pitch,))
            for bend in instrument.pitch_bends
        )
    return sorted(events)


def _blocks(
    midi: pretty_midi.PrettyMIDI, sound_font: Path, sample_rate: int, duration_s: float, *, groups: int
) -> Iterator[NDArray[np.float32]]:
    """Play a piece as blocks of (groups, samples, 2); the channels take their turns in the groups."""
    frames = _samples(duration_s, sample_rate)
    channels = _CHANNELS * math.ceil(min(max(1, len(midi.instruments)), _MOST_CHANNELS) / _CHANNELS)
    apart = {f"synth.{name}": groups for name in ("audio-channels", "audio-groups", "effects-groups")}
    library = _import_fluidsynth()
    fade = _fade(frames, sample_rate)
    fades_from = frames - len(fade)
    with _synth(library, sound_font, samplerate=float(sample_rate), channels=channels, **apart) as (synth, font):
        _choose_instruments(synth, font, midi, sound_font)
        first = 0
        for block in _play(library, synth, deque(_events(midi, sample_rate)), frames, groups):
            fading = fade[max(0, first - fades_from) : max(0, first + block.shape[1] - fades_from)]
            block[:, block.shape[1] - len(fading) :] *= fading[:, None]
            first += block.shape[1]
            yield block


def _samples(duration_s: float, sample_rate: int) -> int:
    return max(0, math.ceil(duration_s * sample_rate - 1e-6))


def _play(
    library: Any,  # noqa: ANN401
    synth: Any,  # noqa: ANN401
    events: deque[_Event],
    frames: int,
    groups: int,
) -> Iterator[NDArray[np.float32]]:
    """Write the sound between one event and the next straight into the block, up to the end."""
    process = _process(library)
    for first in range(0, frames, _BLOCK):
        sides = np.zeros((groups, 2, min(_BLOCK, frames - first)), dtype=np.float32)
        written, length = 0, sides.shape[2]
        while events and events[0].frame < first + length:
            event = events.popleft()
            written = process(synth.synth, sides, written, event.frame - first)
            getattr(synth, event.name)(event.channel, *event.values)
        process(synth.synth, sides, written, length)
        yield sides.swapaxes(1, 2)


def _process(library: Any) -> Callable[[Any, NDArray[np.float32], int, int], int]:  # noqa: ANN401
    """Return a function that adds sound to (groups, 2, samples) from one sample to another, and returns the latter."""
    whole, pointer = ctypes.c_int, ctypes.c_void_p
    kinds = {"synth": pointer, "length": whole, "effects": whole, "effect": pointer, "sides": whole, "side": pointer}
    play = library.cfunc("fluid_synth_process", whole, *((name, kind, 1) for name, kind in kinds.items()))

    def process(synth: Any, sides: NDArray[np.float32], start: int, end: int) -> int:  # noqa: ANN401
        if start == end:
            return end
        count, size = 2 * len(sides), sides.strides[1]
        dry = [sides.ctypes.data + side * size + start * sides.itemsize for side in range(count)]
        wet = [side for left, right in zip(dry[::2], dry[1::2], strict=True) for side in (left, right, None, None)]
        play(synth, end - start, len(wet), (pointer * len(wet))(*wet), count, (pointer * count)(*dry))
        return end

    return process


def _fade(frames: int, sample_rate: int) -> NDArray[np.float32]:
    """Return gains for the last samples, which let what still rings disappear without a click."""
    length = min(round(_LONGEST_FADE_S * sample_rate), frames // 5)
    return np.cos(np.linspace(0, np.pi / 2, length, dtype=np.float32))
