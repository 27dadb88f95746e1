"""Notes as a MIDI file carries them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import mido
import pretty_midi

from video2music.harmony.key import Key
from video2music.music.score import Score

TICKS_PER_BEAT = 480
_SHORTEST_NOTE_BEATS = 2 / TICKS_PER_BEAT


@dataclass(frozen=True, order=True)
class PlayedNote:
    """One note.

    Attributes:
        pitch: MIDI note.
        start: in beats.
        end: in beats, after the start.
        velocity: 1 to 127.
        passing: whether it may lie outside its chord, because it leads to the next.
    """

    pitch: int
    start: float
    end: float
    velocity: int
    passing: bool = False


@dataclass(frozen=True)
class PlayedPart:
    """What one instrument plays.

    Attributes:
        name: of the track.
        program: General MIDI program; of drums the kit.
        drums: whether it is a drum kit.
        notes: in order of time; none overlaps another of its pitch.
        controls: beat, number and value of controllers.
    """

    name: str
    program: int
    drums: bool
    notes: tuple[PlayedNote, ...]
    controls: tuple[tuple[float, int, int], ...] = ()


def end_at_next_onset(notes: Iterable[PlayedNote]) -> list[PlayedNote]:
    """End every note where the same key is struck again, as a pianist must; of two at one time the louder stays.

    Args:
        notes: in any order.

    Returns:
        Notes sorted by time; none overlaps another of its pitch, none is too short for a MIDI file.
    """
    by_pitch: dict[int, dict[float, PlayedNote]] = defaultdict(dict)
    for note in notes:
        other = by_pitch[note.pitch].get(note.start)
        if other is None or (other.velocity, other.end) < (note.velocity, note.end):
            by_pitch[note.pitch][note.start] = note
    kept: list[PlayedNote] = []
    for played in by_pitch.values():
        starts = sorted(played)
        for start, following in zip(starts, [*starts[1:], float("inf")], strict=True):
            note = replace(played[start], end=min(played[start].end, following))
            if note.end - note.start >= _SHORTEST_NOTE_BEATS:
                kept.append(note)
    return sorted(kept, key=lambda note: (note.start, note.pitch))


def to_midi(score: Score, key: Key, parts: Iterable[PlayedPart]) -> pretty_midi.PrettyMIDI:
    """Write parts as tracks, with tempo, key and time signature, chord symbols as lyrics and scene cuts as text.

    Args:
        score: tempo, pickup and chords.
        key: of the key signature.
        parts: what is played.
    """
    midi = pretty_midi.PrettyMIDI(resolution=TICKS_PER_BEAT, initial_tempo=score.tempo_bpm)
    number = key.pitch_class + (12 if key.mode == "minor" else 0)
    midi.key_signature_changes.append(pretty_midi.KeySignature(number, 0.0))
    midi.time_signature_changes.append(pretty_midi.TimeSignature(4, 4, 0.0))
    if score.pickup_beats:
        midi.time_signature_changes.append(pretty_midi.TimeSignature(4, 4, score.pickup_beats * score.beat_s))
    midi.lyrics = [pretty_midi.Lyric(event["symbol"], event["time_s"]) for event in score.chord_events()]
    midi.text_events = [pretty_midi.Text("scene cut", cut) for cut in score.cuts_s]
    midi.instruments.extend(_track(part, score.beat_s) for part in parts)
    return midi


def write_midi(midi: pretty_midi.PrettyMIDI, path: Path) -> None:
    """Write a MIDI file whose chord symbols and scene cuts are markers too, which sequencers show on their ruler.

    Args:
        midi: its lyrics and texts become markers.
        path: of the file; one of that name is replaced.
    """
    buffer = BytesIO()
    midi.write(buffer)
    buffer.seek(0)
    file = mido.MidiFile(file=buffer)
    for track in file.tracks[:1]:
        track[:] = [written for message in track for written in (message, *_markers(message))]
    file.save(str(path))


def _markers(message: mido.MetaMessage) -> Iterator[mido.MetaMessage]:
    if message.type in ("lyrics", "text"):
        yield mido.MetaMessage("marker", text=message.text, time=0)


def _track(part: PlayedPart, beat_s: float) -> pretty_midi.Instrument:
    track = pretty_midi.Instrument(program=part.program, is_drum=part.drums, name=part.name)
    track.notes = [
        pretty_midi.Note(max(1, min(127, note.velocity)), note.pitch, note.start * beat_s, note.end * beat_s)
        for note in part.notes
    ]
    track.control_changes = [
        pretty_midi.ControlChange(number, value, beat * beat_s) for beat, number, value in part.controls
    ]
    return track
