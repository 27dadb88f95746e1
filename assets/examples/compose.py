"""Compose once for each example clip, and keep the results small.

    python -m assets.examples.compose

Run it after make.py, or when composing has changed for the better: the page shows what is stored here at once.
"""

import tempfile
from math import inf
from pathlib import Path

import cv2

import video2music
from emotion.weights import file_sha256
from video2music.piece import Piece, read_result, write_facts
from video2music.progress import StageTimer
from video2music.video.ffmpeg import local, run_ffmpeg
from video2music.video.reader import VideoReader
from video2music.web.examples import EXAMPLES, Example
from video2music.wishes import Wishes

SEEDS = range(1, 9)
SOUND = ["-c:a", "aac", "-b:a", "112k", "-aac_coder", "fast", "-movflags", "+faststart"]
STILL_S = {"calm": 1.5, "tense": 8.0, "exciting": 0.6}
STILL_SIZE, STILL_QUALITY = (320, 180), 80


def main() -> None:
    """Compose for every clip, and keep of a few seeds the piece that is nearest to the picture."""
    composer = video2music.load("embedded")
    for example in EXAMPLES:
        watching = StageTimer()
        with watching.stage("analyze", "Watching the video"):
            features = composer.analyze(example.clip)
        timers = [StageTimer(seconds=watching.seconds) for _ in SEEDS]
        pieces = [
            composer.compose_seen(example.clip, features, Wishes(seed=seed, ensemble="auto"), timer)
            for seed, timer in zip(SEEDS, timers, strict=True)
        ]
        nearest = min(pieces, key=lambda piece: inf if piece.match is None else piece.match.distance)
        with tempfile.TemporaryDirectory() as folder:
            store(nearest, example, Path(folder))
        take_still(example)


def store(piece: Piece, example: Example, folder: Path) -> None:
    """Keep what was composed: sound, notes, and which clip the result belongs to.

    Args:
        piece: composed for the clip.
        example: where it is kept.
        folder: empty, for files in between.
    """
    saved = piece.save(folder)
    run_ffmpeg(["-i", local(saved.music), *SOUND, local(example.sound)], example.sound)
    for path in (saved.midi, saved.lead_sheet):
        (example.folder / path.name).write_bytes(path.read_bytes())
    facts = read_result(saved.result) | {"title": example.title, "clip_sha256": file_sha256(example.clip)}
    write_facts(example.folder / saved.result.name, facts)


def take_still(example: Example) -> None:
    """Keep one picture of a clip."""
    with VideoReader(example.clip) as frames:
        frame = next(frame for frame in frames if frame.time_s >= STILL_S[example.name])
        picture = cv2.resize(frame.shown(STILL_SIZE[1]), STILL_SIZE)
    cv2.imwrite(str(example.picture), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, STILL_QUALITY])


if __name__ == "__main__":
    main()
