"""From notes to sound: FluidSynth in this process, without an audio device, at one fixed gain."""

import contextlib
import ctypes
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pretty_midi
from numpy.typing import NDArray

from video2music.errors import SynthesisError
from video2music.music.sound_fonts import check_sound_font, find_sound_font

__all__ = ["Synthesizer", "find_sound_font", "fluidsynth_version", "synthesize"]

GAIN = 0.5
"""Of FluidSynth, for every piece: so a loud score is louder than a soft one. The master gain comes later."""

TAIL_S = 2.0
"""How long the last notes may fade when no duration is asked for."""

_LONGEST_FADE_S = 0.1
_SILENCE = 1e-5  # the reverb never rests completely
_DRUM_CHANNEL, _DRUM_BANK, _CHANNELS = 9, 128, 16
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
    sound = np.zeros((math.ceil(length_s * sample_rate - 1e-6), 2), dtype=np.float32)
    library = _import_fluidsynth()
    with _synth(library, sound_font, sample_rate) as (synth, font):
        _choose_instruments(synth, font, midi, sound_font)
        _play(library, synth, _events(midi, sample_rate), sound)
    if any(instrument.notes for instrument in midi.instruments) and np.abs(sound).max(initial=0) < _SILENCE:
        raise SynthesisError("FluidSynth played no sound with this sound font", where=sound_font)
    _fade_out(sound, sample_rate)
    return sound


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
def _synth(library: Any, sound_font: Path, sample_rate: int) -> Iterator[tuple[Any, int]]:  # noqa: ANN401
    """Make a synthesizer that holds one font and writes nothing to the terminal."""
    _silence_log(library)
    synth = library.Synth(gain=GAIN, samplerate=float(sample_rate), channels=_CHANNELS, **_SETTINGS)
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


def _channels(midi: pretty_midi.PrettyMIDI) -> list[int]:
    """Give every instrument a channel; drums have their own, more than 15 instruments share."""
    melodic = [channel for channel in range(_CHANNELS) if channel != _DRUM_CHANNEL]
    return [
        _DRUM_CHANNEL if instrument.is_drum else melodic[index % len(melodic)]
        for index, instrument in enumerate(midi.instruments)
    ]


def _choose_instruments(synth: Any, font: int, midi: pretty_midi.PrettyMIDI, sound_font: Path) -> None:  # noqa: ANN401
    for instrument, channel in zip(midi.instruments, _channels(midi), strict=True):
        bank = _DRUM_BANK if instrument.is_drum else 0
        programs = (instrument.program, _STANDARD_KIT) if instrument.is_drum else (instrument.program,)
        if all(synth.program_select(channel, font, bank, program) != 0 for program in programs):
            name = pretty_midi.program_to_instrument_name(instrument.program)
            raise SynthesisError(f"The sound font has no {'drums' if instrument.is_drum else name}", where=sound_font)


def _events(midi: pretty_midi.PrettyMIDI, sample_rate: int) -> list[_Event]:
    """List everything that happens, in the order in which it must reach the synthesizer."""
    events = []
    for instrument, channel in zip(midi.instruments, _channels(midi), strict=True):
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


def _play(library: Any, synth: Any, events: list[_Event], sound: NDArray[np.float32]) -> None:  # noqa: ANN401
    """Write the sound between one event and the next straight into the array, up to its end."""
    names = ("synth", "length", "left", "left_offset", "left_step", "right", "right_offset", "right_step")
    pointers = ("synth", "left", "right")
    arguments = [(name, ctypes.c_void_p if name in pointers else ctypes.c_int, 1) for name in names]
    write_float = library.cfunc("fluid_synth_write_float", ctypes.c_int, *arguments)
    address = sound.ctypes.data
    written = 0

    def write_until(frame: int) -> None:
        nonlocal written
        if frame > written:
            write_float(synth.synth, frame - written, address, 2 * written, 2, address, 2 * written + 1, 2)
            written = frame

    for event in events:
        if event.frame >= len(sound):
            break
        write_until(event.frame)
        getattr(synth, event.name)(event.channel, *event.values)
    write_until(len(sound))


def _fade_out(sound: NDArray[np.float32], sample_rate: int) -> None:
    """Let what still rings at the end disappear without a click."""
    length = min(round(_LONGEST_FADE_S * sample_rate), len(sound) // 5)
    sound[len(sound) - length :] *= np.cos(np.linspace(0, np.pi / 2, length, dtype=np.float32))[:, None]
