"""`python -m video2music render`: a stored piece is played otherwise."""

import argparse
from pathlib import Path
from typing import Any

from video2music.commands.options import add_sound, finish
from video2music.music.ensemble import ensemble_names


def _chord(text: str) -> tuple[float, str]:
    second, equals, symbol = text.partition("=")
    if not equals or not symbol:
        raise argparse.ArgumentTypeError("a chord is given as SECOND=SYMBOL, for example 12=Am7")
    return float(second), symbol


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command.

    Args:
        parser: of `render`.
    """
    parser.add_argument("file", type=Path, help="a result.json, its score in a file of its own, or a MIDI file")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the results")
    parser.add_argument("--ensemble", metavar="NAME", help=f"who plays: {', '.join(ensemble_names())}, or auto")
    parser.add_argument("--melody", action=argparse.BooleanOptionalAction, help="with or without the tune")
    parser.add_argument("--tempo", type=float, metavar="BPM", help="60 to 180")
    parser.add_argument("--transpose", type=int, metavar="N", help="semitones above the composed key, -12 to 12")
    parser.add_argument("--density-scale", type=float, metavar="X", help="0.25 to 4 times as many notes")
    parser.add_argument("--loudness-scale", type=float, metavar="X", help="0.25 to 4 times as hard strokes")
    parser.add_argument(
        "--chord", type=_chord, action="append", default=[], metavar="S=CHORD", help="replace the chord at a second"
    )
    parser.add_argument("--video", type=Path, metavar="CLIP", help="lay the music under this clip")
    add_sound(parser)
    finish(parser, run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Play a stored piece otherwise; neither the video nor the networks are needed.

    Args:
        options: as described by `add_arguments`.

    Returns:
        The content of the new result.json.

    Raises:
        RefusalError: the file, a change or the folder cannot be used.
    """
    from video2music.music.synthesis import Synthesizer, find_sound_font
    from video2music.rerender import Target, render_file
    from video2music.terminal import StageBars

    target = Target(
        options.output, options.video, options.original, options.music_level, lufs=options.lufs, stems=options.stems
    )
    with StageBars() as bars:
        facts = render_file(
            options.file,
            target,
            Synthesizer(find_sound_font(options.sound_font)),
            ensemble=options.ensemble,
            melody=options.melody,
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
