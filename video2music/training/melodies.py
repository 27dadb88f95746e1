"""POP909's melodies on a grid of sixteenths against its chords, for learning to sing over given harmony.

Everything is brought to C major or A minor and into one octave region; stretches without singing are left out.
"""

import hashlib
import io
import re
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from video2music.errors import DatasetError
from video2music.harmony.vocabulary import NO_CHORD, chord_id, chord_pitch_classes, transpose
from video2music.models.melody import FIRST_PITCH, HIGHEST, HOLD, LOWEST, REST, STEPS_PER_BAR, STEPS_PER_BEAT
from video2music.training.corpora import Progression, read_progression

Split = Literal["train", "val", "test"]
FloatArray = NDArray[np.float64]

ARCHIVES = ("midi_main_909.tar.xz", "beat_and_chord_audio.tar.xz")
"""Archives that may lie in the folder instead of their unpacked content."""

_WHITE = np.array([pitch_class in {0, 2, 4, 5, 7, 9, 11} for pitch_class in range(12)])
_LONGEST_REST = 24  # steps; longer silence divides sections
_LATEST_START = 10  # steps of a bar from which a first note is a pickup
_SHORTEST_SECTION = 8 * STEPS_PER_BAR
_MIDDLE = 62  # median pitches of songs are brought into the octave from here
_LARGEST_DEVIATION = 0.17  # mean distance from the grid, in steps; more is another metre or unsteady
_GRAM = 8
_SAME_SONG = 0.4  # share of the smaller song's interval sequences that another one has too


@dataclass(frozen=True)
class MelodySection:
    """A stretch of a song that is sung without long silence, in C major or A minor.

    Attributes:
        song: number of the song.
        minor: whether the song rests on A minor.
        tokens: (T,) int64, rest, hold or pitch per sixteenth; T is a multiple of 16. Step 16 is the first bar line of
            the tune, the bar before it may hold its pickup.
        chords: (T,) int64, chord numbers.
    """

    song: str
    minor: bool
    tokens: NDArray[np.int64]
    chords: NDArray[np.int64]

    @property
    def pitches(self) -> NDArray[np.int64]:
        """Pitches of the notes in order."""
        return self.tokens[self.tokens >= FIRST_PITCH] - FIRST_PITCH + LOWEST


class Pop909Folder:
    """The files of POP909, unpacked, in its archives, or one folder per song as it is published.

    Args:
        root: folder with `annotations/NNN/*.txt` or `NNN/*.txt`, MIDI files as `midi/NNN.mid` or `NNN/NNN.mid`, or with
            the archives that hold them.

    Raises:
        DatasetError: there is no such folder or it holds no song.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise DatasetError("There is no such folder", where=root, remedy="Give the folder of POP909")
        self.root = root
        texts = sorted(root.rglob("chord_midi.txt"))
        self.songs = sorted({path.parent.name for path in texts if re.fullmatch(r"\d{3}", path.parent.name)})
        if not self.songs:
            raise DatasetError(
                "The folder holds no songs of POP909", where=root, remedy="It must hold annotations/NNN/chord_midi.txt"
            )

    @cached_property
    def _packed(self) -> Mapping[str, bytes]:
        """Content of the archives by the last two parts of the path."""
        content: dict[str, bytes] = {}
        for name in ARCHIVES:
            if not (self.root / name).is_file():
                continue
            try:
                with tarfile.open(self.root / name) as archive:
                    for member in archive:
                        file = archive.extractfile(member) if member.isfile() else None
                        if file is not None:
                            content["/".join(Path(member.name).parts[-2:])] = file.read()
            except (tarfile.TarError, OSError, EOFError) as error:
                raise DatasetError("The archive cannot be read", where=self.root / name) from error
        return content

    def text_path(self, song: str, name: str) -> Path:
        """Return where an annotation of a song lies if it is unpacked."""
        inner = self.root / "annotations" / song / name
        return inner if inner.is_file() else self.root / song / name

    def read(self, song: str, name: str) -> bytes | None:
        """Return the content of a file of a song, None where there is none.

        Args:
            song: its number, three digits.
            name: for example "beat_midi.txt" or "001.mid".
        """
        places = [self.text_path(song, name), self.root / "midi" / name]
        for place in places:
            if place.is_file():
                return place.read_bytes()
        return self._packed.get(f"{song}/{name}", self._packed.get(f"midi/{name}"))


def split_of(song: str) -> Split:
    """Return the split of a song, by a hash of its number: 8 of 10 train, 1 val, 1 test."""
    bucket = int(hashlib.sha256(f"pop909 {song}".encode()).hexdigest(), 16) % 10
    return "test" if bucket == 0 else "val" if bucket == 1 else "train"


def load_melodies(root: Path) -> list[MelodySection]:
    """Read all songs that suit the grid, each melody once.

    Args:
        root: see `Pop909Folder`.

    Returns:
        Sections in the order of the songs. Songs that are not in bars of four, lie off the grid, or repeat the melody
        of an earlier one are left out.

    Raises:
        DatasetError: the folder does not hold POP909, or none of its songs can be used.
    """
    folder = Pop909Folder(root)
    found = {song: sections for song in folder.songs if (sections := read_song(folder, song))}
    repeated = repeated_songs(found)
    chosen = [section for song, sections in found.items() if song not in repeated for section in sections]
    if not chosen:
        raise DatasetError("None of the songs has a melody, beats and chords", where=root)
    return chosen


def read_song(folder: Pop909Folder, song: str) -> list[MelodySection]:
    """Read one song.

    Args:
        folder: of the data.
        song: its number.

    Returns:
        Its sections; none where a file is missing or the song does not suit the grid.
    """
    beats = _beats(folder.read(song, "beat_midi.txt"))
    notes = _melody_notes(folder.read(song, f"{song}.mid"))
    if beats is None or len(notes) < _GRAM:
        return []
    tokens = _on_grid(notes, beats)
    if tokens is None:
        return []
    progression = read_progression(folder.text_path(song, "chord_midi.txt"))
    chords = _chords_on_grid(progression, beats, len(tokens))
    regions = _key_regions(folder.read(song, "key_audio.txt"), beats, len(tokens))
    tokens, chords = _in_c(tokens, chords, regions)
    return _sections(song, tokens, chords)


def repeated_songs(songs: Mapping[str, Sequence[MelodySection]]) -> set[str]:
    """Return songs most of whose melody an earlier song has too: other versions of it.

    Args:
        songs: sections by song.
    """
    grams = {song: _interval_grams(sections) for song, sections in songs.items()}
    holders: dict[tuple[int, ...], list[str]] = defaultdict(list)
    repeated: set[str] = set()
    for song in sorted(grams):
        shared = Counter(holder for gram in grams[song] for holder in holders[gram])
        sizes = {other: min(len(grams[song]), len(grams[other])) for other in shared}
        if any(count >= _SAME_SONG * sizes[other] for other, count in shared.items()):
            repeated.add(song)
            continue
        for gram in grams[song]:
            holders[gram].append(song)
    return repeated


def _interval_grams(sections: Sequence[MelodySection]) -> set[tuple[int, ...]]:
    found = set()
    for section in sections:
        intervals = np.diff(section.pitches).tolist()
        found |= {tuple(intervals[i : i + _GRAM]) for i in range(len(intervals) - _GRAM + 1)}
    return {gram for gram in found if any(gram)}


def _beats(content: bytes | None) -> FloatArray | None:
    """Return the times of all sixteenths from the first bar line on, None where bars are not of four beats."""
    rows = [line.split() for line in (content or b"").decode("utf-8", "replace").splitlines() if line.strip()]
    try:
        times = np.array([float(row[0]) for row in rows])
        first = np.array([float(row[2]) == 1 for row in rows])
    except (IndexError, ValueError):
        return None
    lines = np.flatnonzero(first)
    if len(lines) < 8 or np.median(np.diff(lines)) != 4 or np.mean(np.diff(lines) == 4) < 0.9:
        return None
    times = times[lines[0] :]
    positions = np.arange((len(times) - 1) * STEPS_PER_BEAT + 1) / STEPS_PER_BEAT
    grid: FloatArray = np.interp(positions, np.arange(len(times)), times)
    return grid


def _melody_notes(content: bytes | None) -> list[tuple[float, float, int]]:
    """Return start, end and pitch of the melody's notes in seconds."""
    import pretty_midi

    if content is None:
        return []
    try:
        midi = pretty_midi.PrettyMIDI(io.BytesIO(content))
    except Exception:  # noqa: BLE001  mido raises whatever its parsing meets; a damaged file is a song left out
        return []
    return sorted(
        (note.start, note.end, note.pitch)
        for track in midi.instruments
        if track.name.strip().upper() == "MELODY"
        for note in track.notes
    )


def _on_grid(notes: Sequence[tuple[float, float, int]], grid: FloatArray) -> NDArray[np.int64] | None:
    """Write notes as rests, holds and pitches in semitones; None where they do not lie on the grid."""
    index = np.arange(len(grid))
    starts = np.interp([note[0] for note in notes], grid, index)
    ends = np.interp([note[1] for note in notes], grid, index)
    onsets = np.rint(starts).astype(int)
    if np.abs(starts - onsets).mean() > _LARGEST_DEVIATION:
        return None
    tokens = np.full(len(grid), REST, dtype=np.int64)
    last = {int(onset): number for number, onset in enumerate(onsets)}  # of notes at once the highest is the tune
    order = sorted(last)
    for onset, following in pairwise([*order, len(grid)]):
        number = last[onset]
        end = int(np.rint(ends[number]))
        if following - end <= 1:  # a singer's tiny gaps are articulation, not rests
            end = following
        tokens[onset : max(onset + 1, min(end, following))] = HOLD
        tokens[onset] = FIRST_PITCH + notes[number][2]
    return tokens


def _chords_on_grid(progression: Progression, grid: FloatArray, steps: int) -> NDArray[np.int64]:
    index = np.searchsorted(progression.ends_s, grid[:steps] + 0.02, side="right")
    padded = np.append(progression.chords, NO_CHORD)
    chords: NDArray[np.int64] = padded[np.minimum(index, len(padded) - 1)]
    return chords


def _key_regions(content: bytes | None, grid: FloatArray, steps: int) -> list[tuple[int, int]]:
    """Return the stretches between which the key may change, from the times of the key file."""
    ends = [float(line.split()[1]) for line in (content or b"").decode().splitlines() if len(line.split()) == 3]
    bounds = sorted({int(np.searchsorted(grid, end)) // STEPS_PER_BAR * STEPS_PER_BAR for end in ends[:-1]})
    return list(pairwise([0, *[bound for bound in bounds if 0 < bound < steps], steps]))


def _in_c(
    tokens: NDArray[np.int64], chords: NDArray[np.int64], regions: Sequence[tuple[int, int]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Transpose every region so that most of its tones are white keys, and the song into the usual octave."""
    tokens, chords = tokens.copy(), chords.copy()
    before = 0
    for start, end in regions:
        weights = _pitch_classes(tokens[start:end], chords[start:end])
        fits = [float(np.roll(weights, shift)[_WHITE].sum()) for shift in range(12)]
        shift = int(np.argmax(fits))
        shift = before + (shift - before + 6) % 12 - 6  # the shorter way, so that a modulation does not tear the tune
        before = shift
        part = tokens[start:end]
        tokens[start:end] = np.where(part >= FIRST_PITCH, part + shift, part)
        chords[start:end] = [transpose(int(chord), shift) for chord in chords[start:end]]
    sung = tokens >= FIRST_PITCH
    pitches = tokens[sung] - FIRST_PITCH
    pitches = pitches - 12 * ((int(np.median(pitches)) - _MIDDLE) // 12)
    pitches = np.where(pitches < LOWEST, pitches + 12 * -((pitches - LOWEST) // 12), pitches)
    pitches = np.where(pitches > HIGHEST, pitches - 12 * -((HIGHEST - pitches) // 12), pitches)
    tokens[sung] = FIRST_PITCH + pitches - LOWEST
    return tokens, chords


def _pitch_classes(tokens: NDArray[np.int64], chords: NDArray[np.int64]) -> FloatArray:
    weights = np.zeros(12)
    np.add.at(weights, (tokens[tokens >= FIRST_PITCH] - FIRST_PITCH) % 12, 4.0)
    for chord, count in Counter(chords.tolist()).items():
        for pitch_class in chord_pitch_classes(chord):
            weights[pitch_class] += count / 3
    return weights


def _sections(song: str, tokens: NDArray[np.int64], chords: NDArray[np.int64]) -> list[MelodySection]:
    """Cut a song where the tune is silent for long."""
    minor = (chords == chord_id(9, "min")).sum() > (chords == chord_id(0, "maj")).sum()
    found = []
    for start, end in _sung_stretches(tokens):
        first_line = -(-(start - start % STEPS_PER_BAR) // STEPS_PER_BAR)
        first_line += start % STEPS_PER_BAR >= _LATEST_START
        begin, stop = (first_line - 1) * STEPS_PER_BAR, -(-end // STEPS_PER_BAR) * STEPS_PER_BAR
        if begin < 0 or stop > len(tokens) or stop - begin < _SHORTEST_SECTION:
            continue
        inside = tokens[begin:stop].copy()
        inside[: start - begin] = REST
        inside[end - begin :] = REST
        found.append(MelodySection(song, bool(minor), inside, chords[begin:stop]))
    return found


def _sung_stretches(tokens: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    sounding = np.flatnonzero(tokens != REST)
    breaks = np.flatnonzero(np.diff(sounding) > _LONGEST_REST)
    for group in np.split(sounding, breaks + 1):
        yield int(group[0]), int(group[-1]) + 1


def of_split(sections: Sequence[MelodySection], split: Split) -> list[MelodySection]:
    """Return the sections of one split, in order."""
    return [section for section in sections if split_of(section.song) == split]


def shortened(section: MelodySection, bars: int) -> MelodySection:
    """Return the first bars of a section."""
    steps = bars * STEPS_PER_BAR
    return replace(section, tokens=section.tokens[:steps], chords=section.chords[:steps])
