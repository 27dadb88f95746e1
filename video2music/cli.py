"""The command line: compose, render, analyze, train, evaluate, import-weights, doctor.

With --json the last line of standard output is one JSON object; progress goes to standard error. Exit codes: 0 done,
1 the input was refused (one line, no traceback), 2 wrong usage.
"""

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emotion.errors import RefusalError
from video2music import __version__
from video2music.engines import ENGINES
from video2music.music.ensemble import DEFAULT_ENSEMBLE, ensemble_names

if TYPE_CHECKING:
    from video2music.pipeline import Composer
    from video2music.progress import Progress

INTERRUPTED = 130
"""What shells return for a program that was stopped with Ctrl-C."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: words after the program's name; None takes them from the process.

    Returns:
        The exit code.
    """
    options = build_parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        facts = options.run(options)
    except RefusalError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        return 1
    if options.json:
        print(json.dumps(facts, allow_nan=False))
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(prog="python -m video2music", description="Composes music for a video.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_compose(commands.add_parser("compose", help="compose music for a clip"))
    _add_render(commands.add_parser("render", help="play a composed piece otherwise, without composing it again"))
    _add_analyze(commands.add_parser("analyze", help="what is seen in a clip, without music"))
    _add_train(commands.add_parser("train", help="train the networks on your own machine"))
    _add_evaluate(commands.add_parser("evaluate", help="score the networks on a data set"))
    _add_import(commands.add_parser("import-weights", help="check and convert a checkpoint that the authors released"))
    _add_doctor(commands.add_parser("doctor", help="what is installed, where weights and sound fonts are"))
    return parser


def _finish(parser: argparse.ArgumentParser, run: Any) -> None:  # noqa: ANN401 - a function of the parsed options
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(run=run)


def _add_engine(parser: argparse.ArgumentParser) -> None:
    lines = "; ".join(f"{engine.name}: {engine.summary}" for engine in ENGINES.values())
    parser.add_argument("--engine", default="embedded", metavar="E", help=lines)
    parser.add_argument("--device", metavar="D", help="cpu or cuda (default: a GPU if there is one)")


def _seed(text: str) -> int:
    from video2music.wishes import LARGEST_SEED

    seed = int(text)
    if not 0 <= seed <= LARGEST_SEED:
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 to {LARGEST_SEED}")
    return seed


def _count(text: str) -> int:
    from video2music.variations import MOST_VARIATIONS

    count = int(text)
    if not 1 <= count <= MOST_VARIATIONS:
        raise argparse.ArgumentTypeError(f"choose from 1 to {MOST_VARIATIONS}")
    return count


def _add_compose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clip", type=Path, help="the video")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the results")
    _add_engine(parser)
    parser.add_argument("--key", help='such as "A minor" or "Bb major" (default: mode from the video\'s mood)')
    parser.add_argument("--primer", help='chords to begin with, in that key: "Am F C G"')
    parser.add_argument("--seed", type=_seed, help="repeat a run exactly (default: a new one, told in the result)")
    parser.add_argument("--tempo", type=float, metavar="BPM", help="60 to 180 (default: from the video's mood)")
    parser.add_argument(
        "--ensemble",
        default=DEFAULT_ENSEMBLE,
        metavar="NAME",
        help=f"who plays: {', '.join(ensemble_names())}, or auto (default: {DEFAULT_ENSEMBLE})",
    )
    parser.add_argument("--align-cuts", action="store_true", help="scene cuts on strong beats; tempo within 8 %%")
    parser.add_argument("--transpose", type=int, default=0, metavar="N", help="semitones, -12 to 12")
    _add_direction(parser)
    parser.add_argument(
        "--affect", type=float, metavar="0..1", help="how strongly chords follow the mood of each second (default 0.15)"
    )
    parser.add_argument(
        "--variations", type=_count, metavar="N", help="compose N pieces, ranked by how well they match the mood"
    )
    parser.add_argument("--no-match", dest="match", action="store_false", help="do not listen to the result")
    parser.add_argument("--original", choices=("replace", "mix"), default="replace", help="the clip's own sound")
    parser.add_argument("--music-level", type=float, default=0.0, metavar="DB", help="of the music in the mix")
    parser.add_argument("--sound-font", type=Path, metavar="SF2", help="instrument sounds (default: the first found)")
    parser.add_argument("--stems", action="store_true", help="also write a WAV file per part")
    parser.add_argument("--as-published", action="store_true", help="with the known errors of the published rendering")
    parser.set_defaults(wrong_usage=parser.error)
    _finish(parser, run_compose)


def _add_direction(parser: argparse.ArgumentParser) -> None:
    from video2music.features.video_features import EMOTIONS

    parser.add_argument("--mood", metavar="M", help=f"instead of the video's: {', '.join(EMOTIONS)}")
    parser.add_argument("--valence", type=float, default=0.0, metavar="X", help="-3 darker to 3 brighter than seen")
    parser.add_argument("--arousal", type=float, default=0.0, metavar="X", help="-3 calmer to 3 livelier than seen")
    parser.add_argument(
        "--section",
        action="append",
        default=[],
        metavar="A-B:M",
        help="a mood from second A to second B, such as 0-12:tense; may be repeated",
    )


def run_compose(options: argparse.Namespace) -> dict[str, Any]:
    """Compose for one clip and write the four files, or those of every variation."""
    from video2music.direction import Direction, parse_section
    from video2music.output import OutputFolder
    from video2music.piece import FILE_NAMES
    from video2music.pipeline import load
    from video2music.terminal import StageBars
    from video2music.variations import variation_files
    from video2music.video.probe import probe
    from video2music.wishes import ContradictionError, Wishes

    count = options.variations
    if options.stems and count is not None:
        options.wrong_usage("--stems goes with one piece; render a variation to get its stems")
    wishes: dict[str, Any] = {
        "key": options.key,
        "primer": options.primer,
        "seed": options.seed,
        "tempo_bpm": options.tempo,
        "ensemble": options.ensemble,
        "align_cuts": options.align_cuts,
        "transpose": options.transpose,
        "affect": options.affect,
        "original": options.original,
        "music_level_db": options.music_level,
        "match": options.match,
        "as_published": options.as_published,
    }
    probe(options.clip)  # a file that is no video is refused before any network is loaded
    sections = tuple(parse_section(text) for text in options.section)
    wishes["direction"] = Direction(options.mood, options.valence, options.arousal, sections)
    try:
        Wishes(**wishes)  # so is a wish that cannot be granted
    except ContradictionError as error:
        options.wrong_usage(str(error))
    with OutputFolder(options.output, FILE_NAMES if count is None else variation_files(count), protect=(options.clip,)):
        pass  # and a folder that cannot take the result
    with StageBars() as bars:
        model = load(options.engine, sound_font=options.sound_font, device=options.device)
        work = _compose_one if count is None else _compose_variations
        lines, facts = work(model, options, wishes, bars)
    if not options.json:
        print("\n".join(lines))
    return facts


def _compose_one(
    model: "Composer", options: argparse.Namespace, wishes: dict[str, Any], progress: "Progress"
) -> tuple[list[str], dict[str, Any]]:
    """Compose and save one piece; return what to print, and result.json."""
    piece = model.compose(options.clip, progress=progress, **wishes)
    saved = piece.save(options.output, stems=options.stems, progress=progress)
    chords = " ".join(event["symbol"] for event in piece.score.chord_events())
    lines = [
        f"{piece.score.key}, {piece.score.tempo_bpm:.0f} beats per minute, seed {piece.score.seed}: {chords}",
        piece.hearing.words,
        *map(str, (saved.video, saved.music, saved.midi, *saved.stems, saved.result)),
    ]
    return lines, json.loads(saved.result.read_text(encoding="utf-8"))


def _compose_variations(
    model: "Composer", options: argparse.Namespace, wishes: dict[str, Any], progress: "Progress"
) -> tuple[list[str], dict[str, Any]]:
    """Compose and save variations; return what to print, and variations.json."""
    from video2music.variations import save_variations

    pieces = model.compose_variations(options.clip, options.variations, progress=progress, **wishes)
    saved = save_variations(pieces, options.variations, options.output, source=options.clip, progress=progress)
    lines = [
        f"{variation.rank}. {variation.files.video}, seed {variation.seed}: {variation.words}"
        for variation in saved.ranked
    ]
    return [*lines, str(saved.index)], json.loads(saved.index.read_text(encoding="utf-8"))


def _chord(text: str) -> tuple[float, str]:
    second, equals, symbol = text.partition("=")
    if not equals or not symbol:
        raise argparse.ArgumentTypeError("a chord is given as SECOND=SYMBOL, for example 12=Am7")
    return float(second), symbol


def _add_render(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a result.json, its score in a file of its own, or a MIDI file")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the results")
    parser.add_argument("--ensemble", metavar="NAME", help=f"who plays: {', '.join(ensemble_names())}, or auto")
    parser.add_argument("--tempo", type=float, metavar="BPM", help="60 to 180")
    parser.add_argument("--transpose", type=int, metavar="N", help="semitones above the composed key, -12 to 12")
    parser.add_argument("--density-scale", type=float, metavar="X", help="0.25 to 4 times as many notes")
    parser.add_argument("--loudness-scale", type=float, metavar="X", help="0.25 to 4 times as hard strokes")
    parser.add_argument(
        "--chord", type=_chord, action="append", default=[], metavar="S=CHORD", help="replace the chord at a second"
    )
    parser.add_argument("--video", type=Path, metavar="CLIP", help="lay the music under this clip")
    parser.add_argument("--original", choices=("replace", "mix"), default="replace", help="the clip's own sound")
    parser.add_argument("--music-level", type=float, default=0.0, metavar="DB", help="of the music in the mix")
    parser.add_argument("--stems", action="store_true", help="also write a WAV file per part")
    parser.add_argument("--sound-font", type=Path, metavar="SF2", help="instrument sounds (default: the first found)")
    _finish(parser, run_render)


def run_render(options: argparse.Namespace) -> dict[str, Any]:
    """Play a stored piece otherwise; neither the video nor the networks are needed."""
    from video2music.music.synthesis import Synthesizer, find_sound_font
    from video2music.rerender import Target, render_file
    from video2music.terminal import StageBars

    target = Target(options.output, options.video, options.original, options.music_level, options.stems)
    with StageBars() as bars:
        facts = render_file(
            options.file,
            target,
            Synthesizer(find_sound_font(options.sound_font)),
            ensemble=options.ensemble,
            tempo=options.tempo,
            transpose=options.transpose,
            density=options.density_scale,
            loudness=options.loudness_scale,
            chords=dict(options.chord),
            progress=bars,
        )
    if not options.json:
        print("\n".join(str(options.output / name) for name in facts["files"]))
    return facts


def _add_analyze(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clip", type=Path, help="the video")
    _add_engine(parser)
    _finish(parser, run_analyze)


def run_analyze(options: argparse.Namespace) -> dict[str, Any]:
    """Read the features of one clip."""
    from video2music.engines import find_engine
    from video2music.features.extraction import extract_features
    from video2music.features.eye import load_eye
    from video2music.features.video_features import EMOTIONS
    from video2music.terminal import StageBars
    from video2music.video.probe import probe

    engine = find_engine(options.engine)
    probe(options.clip)
    with StageBars() as bars:
        features = extract_features(options.clip, load_eye(engine.name, device=options.device), progress=bars)
    if not options.json:
        mean = features.emotion.mean(axis=0)
        mood = ", ".join(
            f"{name} {share:.0%}" for share, name in sorted(zip(mean, EMOTIONS, strict=True), reverse=True)
        )
        print(f"{features.duration_s:.1f} s, {len(features.cuts_s)} cuts, motion {features.motion.mean():.1f} of 255")
        print(f"valence {features.valence.mean():.1f}, arousal {features.arousal.mean():.1f} (1 to 9); {mood}")
    return features.to_json()


def _add_train(parser: argparse.ArgumentParser) -> None:
    from video2music.training import commands

    commands.add_arguments(parser)
    _finish(parser, commands.run)


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="MuVi-Sync in its published layout")
    parser.add_argument("--split", default="val", choices=("train", "val", "test"))
    parser.add_argument("--engine", default="embedded", choices=("embedded", "paper"), help="whose weights")
    _finish(parser, run_evaluate)


def run_evaluate(options: argparse.Namespace) -> dict[str, Any]:
    """Score the chord and dynamics networks beside their baselines."""
    from emotion.weights import find_weights
    from video2music.engines import find_engine
    from video2music.evaluation.report import evaluate, format_report
    from video2music.models.loading import load_amt, load_dynamics

    engine = find_engine(options.engine)
    report = evaluate(
        options.data,
        options.split,
        load_amt(find_weights(engine.amt_weights)),
        load_dynamics(find_weights(engine.dynamics_weights)),
    )
    if not options.json:
        print(format_report(report))
    return report


def _add_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="the checkpoint that you downloaded")
    parser.add_argument("--kind", choices=("amt", "dynamics"), help="which network (default: found from its tensors)")
    _finish(parser, run_import)


def run_import(options: argparse.Namespace) -> dict[str, Any]:
    """Convert a released checkpoint to safetensors in the cache, after a strict check of its tensors."""
    from video2music.models.published import import_weights

    path = import_weights(options.file, options.kind)
    if not options.json:
        print(path)
    return {"file": str(path)}


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    _finish(parser, run_doctor)


def run_doctor(options: argparse.Namespace) -> dict[str, Any]:
    """Say what is installed and where weights and sound fonts are."""
    from video2music.doctor import examine

    report = examine()
    if not options.json:
        for section, rows in report.items():
            print(section)
            for name, value in rows.items():
                print(f"  {name:28} {value}")
    return report
