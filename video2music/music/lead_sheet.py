"""The lead sheet: tune, chord symbols, key and tempo on one staff, as MusicXML that notation programs open.

Written with the standard library: music21, partitura and musicscore take longer to be imported and to write a page than
the whole piece takes to be arranged.
"""

from collections import deque
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from video2music.harmony.key import Key, parse_key
from video2music.harmony.parsing import parse_chord
from video2music.harmony.vocabulary import NO_CHORD, root_and_quality
from video2music.music.note_values import BAR, SIXTEENTHS, WrittenBar, WrittenNote, write_bars
from video2music.music.score import BEATS_PER_BAR, Score
from video2music.music.spelling import spell_pitch, spell_root

VERSION = "4.0"
"""Of MusicXML."""

_HEADER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    f'<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML {VERSION} Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_TYPES = {1: "16th", 2: "eighth", 3: "eighth", 4: "quarter", 6: "quarter", 8: "half", 12: "half", 16: "whole"}
_DOTTED = (3, 6, 12)
_BARS_PER_LINE = 4
_LONGEST_TITLE = 100
_PART = "P1"
_KINDS = {
    "maj": ("major", ""),
    "min": ("minor", "m"),
    "7": ("dominant", "7"),
    "maj7": ("major-seventh", "maj7"),
    "min7": ("minor-seventh", "m7"),
    "maj6": ("major-sixth", "6"),
    "min6": ("minor-sixth", "m6"),
    "dim": ("diminished", "dim"),
    "dim7": ("diminished-seventh", "dim7"),
    "hdim7": ("half-diminished", "m7b5"),
    "aug": ("augmented", "aug"),
    "sus2": ("suspended-second", "sus2"),
    "sus4": ("suspended-fourth", "sus4"),
}
"""Kind as MusicXML calls it, and what is printed after the root, by quality."""


def write_lead_sheet(score: Score, path: Path, *, title: str) -> None:
    """Write a lead sheet as MusicXML.

    Args:
        score: as it sounds; without a tune its bars hold rests under the chord symbols.
        path: of the file; one of that name is replaced.
        title: printed above it; of a long one the beginning, and only what can be printed.
    """
    path.write_bytes(lead_sheet(score, title=title))


def lead_sheet(score: Score, *, title: str) -> bytes:
    """Return a lead sheet as MusicXML; see `write_lead_sheet`."""
    from video2music import __version__

    sheet = Element("score-partwise", version=VERSION)
    _add(_add(sheet, "work"), "work-title", "".join(filter(str.isprintable, title))[:_LONGEST_TITLE])
    identification = _add(sheet, "identification")
    _add(identification, "creator", "video2music", type="composer")
    _add(_add(identification, "encoding"), "software", f"video2music {__version__}")
    _add(_add(_add(sheet, "part-list"), "score-part", id=_PART), "part-name", "Melody")
    part, key, chord = _add(sheet, "part", id=_PART), parse_key(score.key), "N"
    for index, bar in enumerate(write_bars(score)):
        measure = _begin_bar(part, bar)
        if index == 0:
            _add_attributes(measure, key)
            _add_tempo(measure, score.tempo_bpm)
        chord = _add_notes(measure, bar, key, chord)
    _add(_add(measure, "barline", location="right"), "bar-style", "light-heavy")
    indent(sheet, " ")
    return f"{_HEADER}{tostring(sheet, encoding='unicode')}\n".encode()


def _add(parent: Element, name: str, text: object = None, /, **attributes: str) -> Element:
    child = SubElement(parent, name, {key.replace("_", "-"): value for key, value in attributes.items()})
    child.text = None if text is None else str(text)
    return child


def _begin_bar(part: Element, bar: WrittenBar) -> Element:
    measure = _add(part, "measure", number=str(bar.number))
    if bar.number == 0:
        measure.set("implicit", "yes")
    if bar.number > 1 and bar.number % _BARS_PER_LINE == 1:
        _add(measure, "print", new_system="yes")
    return measure


def _add_attributes(measure: Element, key: Key) -> None:
    attributes = _add(measure, "attributes")
    _add(attributes, "divisions", SIXTEENTHS)
    signature = _add(attributes, "key")
    _add(signature, "fifths", key.fifths)
    _add(signature, "mode", key.mode)
    time = _add(attributes, "time")
    _add(time, "beats", BEATS_PER_BAR)
    _add(time, "beat-type", 4)
    clef = _add(attributes, "clef")
    _add(clef, "sign", "G")
    _add(clef, "line", 2)


def _add_tempo(measure: Element, tempo_bpm: float) -> None:
    direction = _add(measure, "direction", placement="above")
    metronome = _add(_add(direction, "direction-type"), "metronome")
    _add(metronome, "beat-unit", "quarter")
    _add(metronome, "per-minute", round(tempo_bpm))
    _add(direction, "sound", tempo=f"{tempo_bpm:.4g}")


def _add_notes(measure: Element, bar: WrittenBar, key: Key, chord: str) -> str:
    """Add notes, and the chord symbols that begin with or in them; return the chord that sounds last."""
    waiting = deque(sorted(bar.chords.items()))
    for note in bar.notes:
        while waiting and waiting[0][0] <= note.position:
            _, chord = waiting.popleft()
            _add_chord(measure, chord, 0)
        under = chord
        while waiting and waiting[0][0] < note.position + note.length:
            at, chord = waiting.popleft()
            _add_chord(measure, chord, at - note.position)
        _add_note(measure, note, None if note.pitch is None else spell_pitch(note.pitch, key, under))
    return chord


def _add_chord(measure: Element, chord: str, offset: int) -> None:
    """Add a chord symbol that begins so many sixteenths after the note that follows does."""
    harmony, number = _add(measure, "harmony"), parse_chord(chord)
    if number == NO_CHORD:
        _add(harmony, "function")  # where a root is required: MuseScore 3 would print its name
        _add(harmony, "kind", "none", text="N.C.")
    else:
        root = _add(harmony, "root")
        step, alter = spell_root(chord)
        _add(root, "root-step", step)
        if alter:
            _add(root, "root-alter", alter)
        kind, text = _KINDS[root_and_quality(number)[1]]
        _add(harmony, "kind", kind, text=text)
    if offset:
        _add(harmony, "offset", offset)


def _add_note(measure: Element, written: WrittenNote, name: tuple[str, int, int] | None) -> None:
    note = _add(measure, "note")
    if name is None:
        _add(note, "rest", **({"measure": "yes"} if written.length == BAR else {}))
    else:
        pitch, (step, alter, octave) = _add(note, "pitch"), name
        _add(pitch, "step", step)
        if alter:
            _add(pitch, "alter", alter)
        _add(pitch, "octave", octave)
    _add(note, "duration", written.length)
    ties = [kind for kind, tied in (("stop", written.tied_back), ("start", written.tied_on)) if tied]
    for kind in ties:
        _add(note, "tie", type=kind)
    _add(note, "voice", 1)
    _add(note, "type", _TYPES[written.length])
    if written.length in _DOTTED:
        _add(note, "dot")
    for level, beam in enumerate(written.beams, start=1):
        _add(note, "beam", beam, number=str(level))
    if ties:
        notations = _add(note, "notations")
        for kind in ties:
            _add(notations, "tied", type=kind)
