"""What `python -m emotion train` does for the embedded engine: renderings, lessons, mood, affect, harmony."""

from __future__ import annotations

import argparse
import multiprocessing
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch

from emotion.embedded.mel import SAMPLE_RATE
from emotion.errors import RefusalError
from emotion.training.embedded.corpora import (
    Piece,
    load_emopia,
    load_mved,
    load_pop909,
    load_recordings,
    load_vgmidi,
)
from emotion.training.embedded.rendering import Rendering, perform, read_manifest, write_manifest

Progress = Callable[[str, float], None]
Report = tuple[dict[str, Any], list[str]]

STAGES = ("renderings", "lessons", "mood", "affect", "harmony")
FONT_FOLDERS = (Path("/usr/share/sounds/sf2"), Path("/usr/share/sounds/sf3"))
FONTS = ("TimGM6mb.sf2", "FluidR3_GM.sf2", "MuseScore_General_Lite.sf3", "OPL-3_FM_128M.sf2")
FONT_PACKAGES = ("timgm6mb-soundfont", "fluid-soundfont-gm", "musescore-general-soundfont-small", "opl3-soundfont")
MANIFEST = "manifest.jsonl"
JUDGEMENTS = Path("mer_labels/mtg_jamendo/results/mediaeval")
TEACHER = Path("models/mtg_jamendo_baseline")
WORKERS = 2


@dataclass(frozen=True)
class Places:
    """Where everything lies.

    Attributes:
        data: holds vgmidi, emopia, pop909, mved, sample_audio, models and mer_labels.
        work: holds what is made from them: pop909, renderings, lessons.
        output: gets the weights.
    """

    data: Path
    work: Path
    output: Path

    @property
    def renderings(self) -> Path:
        """Folder of the sounds and their manifest."""
        return self.work / "renderings"

    @property
    def lessons(self) -> Path:
        """Folder of what was heard in them."""
        return self.work / "lessons"


def run(chosen: argparse.Namespace, progress: Progress) -> Report:
    """Run one stage.

    Args:
        chosen: the parsed command line.
        progress: told stage and fraction.

    Returns:
        The report and its lines.

    Raises:
        RefusalError: data, sound fonts or an earlier stage are missing.
    """
    work = chosen.features or chosen.data / "features"
    places = Places(chosen.data, work, chosen.output or work)
    stages = {
        "renderings": render,
        "lessons": listen,
        "mood": learn_moods,
        "affect": learn_affect,
        "harmony": learn_harmony,
    }
    return stages[chosen.stage](places, chosen.seed, progress)


def load_pieces(places: Places) -> list[Piece]:
    """Return the pieces of all corpora, unpacking POP909 on the way."""
    pop909 = places.work / "pop909"
    if not (pop909 / "midi").is_dir():
        archive = places.data / "pop909" / "midi_main_909.tar.xz"
        if not archive.is_file():
            raise RefusalError(
                "The archive of POP909 is not there", where=archive, remedy="Give the folder of the data"
            )
        unfinished = places.work / ".pop909"
        with tarfile.open(archive) as packed:
            packed.extractall(unfinished, filter="data")
        unfinished.rename(pop909)
    return [
        *load_mved(places.data / "mved"),
        *load_recordings(places.data / "sample_audio"),
        *load_vgmidi(places.data / "vgmidi"),
        *load_emopia(places.data / "emopia"),
        *load_pop909(pop909),
    ]


def find_fonts() -> dict[str, Path]:
    """Return the four sound fonts by file name.

    Raises:
        RefusalError: one is not installed.
    """
    found = {}
    for name in FONTS:
        paths = [folder / name for folder in FONT_FOLDERS if (folder / name).is_file()]
        if not paths:
            raise RefusalError(
                "A sound font is not installed",
                where=name,
                remedy=f"Install {', '.join(FONT_PACKAGES)}",
            )
        found[name] = paths[0]
    return found


def render(places: Places, seed: int, progress: Progress) -> Report:
    """Make the sounds that are not there yet."""
    from emotion.training.embedded.plan import plan

    fonts, pieces = find_fonts(), load_pieces(places)
    known = {piece.identifier: piece for piece in pieces}
    planned = plan(pieces, list(fonts.values()), seed)
    places.renderings.mkdir(parents=True, exist_ok=True)
    write_manifest(places.renderings / MANIFEST, planned)
    waiting = [(rendering, known[rendering.piece]) for rendering in planned]
    waiting = [job for job in waiting if not (places.renderings / job[0].file).is_file()]
    with multiprocessing.get_context("spawn").Pool(WORKERS) as pool:
        work = pool.imap_unordered(partial(_render_one, folder=places.renderings, fonts=fonts), waiting)
        for done, _ in enumerate(work, start=1):
            progress("rendering", done / len(waiting))
    return {"stage": "renderings", "made": len(waiting), "of": len(planned)}, [f"{len(planned)} renderings"]


def _render_one(job: tuple[Rendering, Piece], *, folder: Path, fonts: dict[str, Path]) -> None:
    rendering, piece = job
    target = folder / rendering.file
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}")
    soundfile.write(unfinished, perform(rendering, piece, fonts), SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    unfinished.rename(target)


def listen(places: Places, seed: int, progress: Progress) -> Report:  # noqa: ARG001  as all stages
    """Hear the renderings that were not heard yet."""
    from emotion.training.embedded.heard import heard_file, listen_to
    from emotion.training.embedded.teacher import load_mood_teacher

    teacher = load_mood_teacher(places.data / TEACHER, exact=False)
    planned = _manifest(places)
    for done, rendering in enumerate(planned, start=1):
        sound, target = places.renderings / rendering.file, places.lessons / heard_file(rendering)
        if sound.is_file() and not target.is_file():
            listen_to(sound, target, teacher)
        progress("listening", done / len(planned))
    return {"stage": "lessons", "planned": len(planned)}, [f"{len(planned)} lessons in {places.lessons}"]


def learn_moods(places: Places, seed: int, progress: Progress) -> Report:
    """Train the mood network and measure how reliable its tags are."""
    from emotion.embedded.mood_network import save_mood_network
    from emotion.training.embedded.heard import read_lessons
    from emotion.training.embedded.mood import mood_report, read_judgements, read_tags, train_mood

    torch.set_num_threads(WORKERS)
    judgements = read_judgements(places.data / JUDGEMENTS)  # refused now, not after the training
    lessons = read_lessons(places.lessons, _manifest(places), load_pieces(places))
    training = train_mood(lessons, seed=seed, progress=progress)
    reading = read_tags(training, lessons, *judgements)
    report, lines = mood_report(training, lessons, reading)
    places.output.mkdir(parents=True, exist_ok=True)
    notes = {"trained_on": "VGMIDI, EMOPIA, POP909 rendered; MVED; librosa example sounds", "seed": str(seed)}
    save_mood_network(places.output / "mood.safetensors", training.network, reading, notes)
    np.savez(places.work / "mood_held_out.npz", logits=training.held_out, name=[r.file for r in lessons.renderings])
    return {"stage": "mood", **report}, lines


def learn_affect(places: Places, seed: int, progress: Progress) -> Report:
    """Train the head for valence and arousal, and measure it on what it never heard."""
    from emotion.training.embedded.affect_evaluation import evaluate_affect
    from emotion.training.embedded.affect_lessons import read_affect_lessons

    torch.set_num_threads(WORKERS)
    lessons = read_affect_lessons(
        places.lessons,
        _manifest(places),
        load_pieces(places),
        mood=places.output / "mood.safetensors",
        held_out=places.work / "mood_held_out.npz",
    )
    return evaluate_affect(lessons, places.output / "affect.safetensors", seed=seed, progress=progress)


def learn_harmony(places: Places, seed: int, progress: Progress) -> Report:
    """Train the reader of chords and keys, and measure it beside templates."""
    from emotion.training.embedded.chords import train_chords
    from emotion.training.embedded.chords_evaluation import evaluate_chords

    _manifest(places)  # refused where nothing was rendered
    annotations, weights = places.data / "pop909" / "annotations", places.output / "harmony.safetensors"
    trained = train_chords(places.renderings, annotations, weights, seed=seed, progress=progress)
    report = evaluate_chords(places.renderings, annotations, weights, progress=progress)
    return {"stage": "harmony", "training": trained, **report}, report["lines"]


def _manifest(places: Places) -> list[Rendering]:
    path = places.renderings / MANIFEST
    if not path.is_file():
        raise RefusalError(
            "There are no renderings", where=path, remedy="Run `python -m emotion train renderings` first"
        )
    return read_manifest(path)
