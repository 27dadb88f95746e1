"""`python -m video2music compose`: from words on the command line to a piece in a folder."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from video2music.commands.options import add_engine, add_sound, finish
from video2music.music.ensemble import DEFAULT_ENSEMBLE, ensemble_names

if TYPE_CHECKING:
    from video2music.pipeline import Composer
    from video2music.progress import Progress


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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command.

    Args:
        parser: of `compose`.
    """
    parser.add_argument("clip", type=Path, help="the video")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the results")
    parser.add_argument(
        "--variations", type=_count, metavar="N", help="compose N pieces, ranked by how well they match the mood"
    )
    add_wishes(parser)
    finish(parser, run)


def add_wishes(parser: argparse.ArgumentParser) -> None:
    """Add everything that may be asked of the composer.

    Args:
        parser: of a command that composes.
    """
    add_engine(parser)
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
    parser.add_argument(
        "--melody", action=argparse.BooleanOptionalAction, help="a tune above the ensemble (default: all but paper)"
    )
    parser.add_argument(
        "--align-cuts",
        action=argparse.BooleanOptionalAction,
        help="scene cuts on strong beats, tempo within 8 %% (default)",
    )
    parser.add_argument(
        "--cut",
        type=float,
        action="append",
        default=[],
        metavar="S",
        help="the music must turn at this second, whatever was found; may be repeated",
    )
    parser.add_argument(
        "--no-cut",
        type=float,
        action="append",
        default=[],
        metavar="S",
        help="what was found at this second is no cut; may be repeated",
    )
    parser.add_argument(
        "--range", metavar="A-B", help="only from second A to second B of the clip; A- to its end, =-B from its start"
    )
    parser.add_argument("--transpose", type=int, default=0, metavar="N", help="semitones, -12 to 12")
    parser.add_argument("--density-scale", type=float, default=1.0, metavar="X", help="0.25 to 4 times as many notes")
    parser.add_argument(
        "--loudness-scale", type=float, default=1.0, metavar="X", help="0.25 to 4 times as hard strokes"
    )
    _add_direction(parser)
    parser.add_argument(
        "--affect", type=float, metavar="0..1", help="how strongly chords follow the mood of each second (default 0.15)"
    )
    parser.add_argument("--no-match", dest="match", action="store_false", help="do not listen to the result")
    add_sound(parser)
    parser.add_argument("--csv", action="store_true", help="also write seconds.csv: what is seen and heard, by second")
    parser.add_argument("--as-published", action="store_true", help="with the known errors of the published rendering")
    parser.set_defaults(wrong_usage=parser.error)


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


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Compose for one clip and write its files, or those of every variation.

    Args:
        options: as described by `add_arguments`.

    Returns:
        The content of result.json, or of variations.json.

    Raises:
        RefusalError: the clip, a wish or the folder cannot be used.
    """
    from video2music.output import OutputFolder
    from video2music.piece import FILE_NAMES
    from video2music.pipeline import load
    from video2music.terminal import StageBars
    from video2music.variations import variation_files
    from video2music.video.part import Part
    from video2music.video.probe import probe

    count = options.variations
    if count is not None and (options.stems or options.csv):
        options.wrong_usage("--stems and --csv go with one piece; compose it with the seed of a variation")
    clip = probe(options.clip)  # a file that is no video is refused before any network is loaded
    wishes = read_wishes(options)  # so is a wish that cannot be granted
    part = None if wishes["range_s"] is None else Part(*wishes["range_s"]).within(clip.duration_s)
    wishes["marks"].check_within(clip.duration_s if part is None else part.length_s)
    with OutputFolder(options.output, FILE_NAMES if count is None else variation_files(count), protect=(options.clip,)):
        pass  # and a folder that cannot take the result
    with StageBars() as bars:
        model = load(options.engine, sound_font=options.sound_font, device=options.device)
        work = _compose_one if count is None else _compose_variations
        lines, facts = work(model, options, wishes, bars)
    if not options.json:
        print("\n".join(lines))
    return facts


def read_wishes(options: argparse.Namespace) -> dict[str, Any]:
    """Return the checked fields of Wishes; wishes that contradict each other end the program as wrong usage.

    Args:
        options: as described by `add_wishes`.

    Raises:
        RefusalError: one of them cannot be used.
    """
    from video2music.direction import Direction, parse_section
    from video2music.marks import Marks
    from video2music.video.part import parse_range
    from video2music.wishes import ContradictionError, Wishes

    sections = tuple(parse_section(text) for text in options.section)
    wishes: dict[str, Any] = {
        "key": options.key,
        "primer": options.primer,
        "seed": options.seed,
        "tempo_bpm": options.tempo,
        "ensemble": options.ensemble,
        "melody": options.melody,
        "align_cuts": options.align_cuts,
        "marks": Marks(tuple(options.cut), tuple(options.no_cut)),
        "range_s": None if options.range is None else parse_range(options.range),
        "transpose": options.transpose,
        "affect": options.affect,
        "density": options.density_scale,
        "loudness": options.loudness_scale,
        "original": options.original,
        "music_level_lu": options.music_level,
        "lufs": Wishes.lufs if options.lufs is None else options.lufs,
        "direction": Direction(options.mood, options.valence, options.arousal, sections),
        "match": options.match,
        "as_published": options.as_published,
    }
    try:
        Wishes(**wishes)
    except ContradictionError as error:
        options.wrong_usage(str(error))
    return wishes


def _compose_one(
    model: "Composer", options: argparse.Namespace, wishes: dict[str, Any], progress: "Progress"
) -> tuple[list[str], dict[str, Any]]:
    """Compose and save one piece; return what to print, and result.json."""
    piece = model.compose(options.clip, progress=progress, **wishes)
    saved = piece.save(options.output, stems=options.stems, table=options.csv, progress=progress)
    chords = " ".join(event["symbol"] for event in piece.score.chord_events())
    lines = [
        f"{piece.score.key}, {piece.score.tempo_bpm:.0f} beats per minute, seed {piece.score.seed}: {chords}",
        piece.hearing.words,
        *map(str, (saved.video, saved.music, saved.midi, saved.lead_sheet, *saved.stems)),
        *([str(saved.table)] if saved.table else []),
        str(saved.result),
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
