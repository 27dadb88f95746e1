"""Notes as a MIDI file carries them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from fractions import Fraction
from io import BytesIO
from itertools import accumulate, pairwise
from pathlib import Path

import mido
import pretty_midi

from video2music.harmony.key import Key, parse_key
from video2music.music.score import Score
from video2music.music.spelling import spell_fifths

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
    marked_s = frozenset(score.marked_s)
    midi.text_events = [
        pretty_midi.Text("cut set by hand" if cut in marked_s else "scene cut", cut) for cut in score.cuts_s
    ]
    midi.instruments.extend(_track(part, score.beat_s) for part in parts)
    return midi


def write_midi(
    midi: pretty_midi.PrettyMIDI,
    path: Path,
    *,
    score: Score | None = None,
    title: str = "",
    moods: Iterable[tuple[float, str]] = (),
) -> None:
    """Write a MIDI file as sequencers like it.

    Chord symbols and scene cuts are markers too, which sequencers show on their ruler. A pickup is a short bar of whole
    sixteenths, at a tempo that lets it last as long as it does, so that all bar lines lie where the music has them.

    Args:
        midi: its lyrics and texts become markers.
        path: of the file; one of that name is replaced.
        score: as it sounds, for the name of its key, its pickup and its end; None writes the notes as they are.
        title: of the sequence.
        moods: seconds and names, which become markers as far as the music reaches.
    """
    named = copy(midi)
    marked = [pretty_midi.Text(name, second) for second, name in moods if second < midi.get_end_time()]
    named.text_events = [*midi.text_events, *marked]
    buffer = BytesIO()
    named.write(buffer)
    buffer.seek(0)
    file = mido.MidiFile(file=buffer)
    tracks = [_with_ticks(track) for track in file.tracks]
    if score is not None:
        end = mido.second2tick(score.duration_s, TICKS_PER_BEAT, mido.bpm2tempo(score.tempo_bpm))
        tracks[0] = [*_with_key(tracks[0][:-1], parse_key(score.key)), (max(end, tracks[0][-1][0]), tracks[0][-1][1])]
        tracks = [_on_bar_lines(track, score) for track in tracks]
    name = mido.MetaMessage("track_name", name=_latin(title))
    tracks[0] = [*([(0, name)] if title else []), *_with_markers(tracks[0])]
    for track, events in zip(file.tracks, tracks, strict=True):
        track[:] = [message.copy(time=tick - before) for (before, _), (tick, message) in pairwise([(0, None), *events])]
    file.save(str(path))


_Event = tuple[int, mido.Message]
"""Ticks from the beginning, and what happens then."""


def _with_ticks(track: Iterable[mido.Message]) -> list[_Event]:
    messages = list(track)
    return list(zip(accumulate(message.time for message in messages), messages, strict=True))


def _with_markers(events: Iterable[_Event]) -> Iterator[_Event]:
    for tick, message in events:
        yield tick, message
        if message.type in ("lyrics", "text"):
            yield tick, mido.MetaMessage("marker", text=message.text)


def _with_key(events: Iterable[_Event], key: Key) -> Iterator[_Event]:
    """Name the key by as many sharps or flats as the piece has; twelve numbers cannot tell Eb minor from D# minor."""
    letter, accidental = spell_fifths(key.fifths + (3 if key.mode == "minor" else 0))
    name = letter + ("b" * -accidental if accidental < 0 else "#" * accidental) + ("m" if key.mode == "minor" else "")
    for tick, message in events:
        yield tick, message.copy(key=name) if message.type == "key_signature" else message


def _on_bar_lines(events: Iterable[_Event], score: Score) -> list[_Event]:
    """Let the first bar line lie on a whole sixteenth, by the tempo of the pickup."""
    played = round(score.pickup_beats * TICKS_PER_BEAT)
    if not played:
        return list(events)
    sixteenths = max(1, round(4 * score.pickup_beats))
    written = sixteenths * TICKS_PER_BEAT // 4
    moved: list[_Event] = []
    for tick, message in events:
        at = round(tick * written / played) if tick < played else tick - played + written
        if message.type == "set_tempo":
            moved.append((0, message.copy(tempo=round(message.tempo * played / written))))
            moved.append((written, message))
        elif message.type == "time_signature" and tick == 0:
            beats = Fraction(sixteenths, 16)
            unit = max(4, beats.denominator)
            moved.append((0, message.copy(numerator=int(beats * unit), denominator=unit)))
        else:
            moved.append((at, message))
    return sorted(moved, key=lambda event: event[0])


def _latin(text: str) -> str:
    """Return what the character set of MIDI files can hold."""
    return text.encode("latin-1", "ignore").decode("latin-1")


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
