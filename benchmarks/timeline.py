"""How long the timeline under the video takes to be drawn for a five-minute clip, and to get its pictures.

    python -m benchmarks.timeline [--minutes 5] [--repeats 7]

The clip is made here (FFmpeg's `testsrc2`, 640 x 360, 25 frames a second); what was seen in it and composed for it is
drawn at random: a cut every three seconds, a thing named in every second, a chord every two beats. Printed as median
[least, most]: making the HTML, drawing it in Chromium (from handing it to the page of the project's style sheets until
two frames later, which no screen can show faster than in 33 ms), and taking the pictures of the film strip.
"""

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from playwright.sync_api import Page, sync_playwright

from video2music.features.video_features import VideoFeatures
from video2music.music.score import Score
from video2music.web.app import SCRIPT, STYLE_SHEETS
from video2music.web.piece_timeline import piece_timeline
from video2music.web.thumbnails import film_strip, with_pictures

CHROMIUM = "/usr/bin/chromium"
CUT_EVERY_S = 3.0
CHORDS = ("C", "Am7", "F", "G7", "Dm", "Bb")

DRAW = """html => new Promise(done => {
  const begun = performance.now(), place = document.querySelector("#why");
  place.innerHTML = html;
  place.getBoundingClientRect();
  requestAnimationFrame(() => requestAnimationFrame(() => done((performance.now() - begun) / 1000)));
})"""


def main() -> None:
    """Measure a piece of some minutes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--repeats", type=int, default=7)
    given = parser.parse_args()
    features, score = seen(60 * given.minutes), heard(60 * given.minutes)
    bare = film_strip(features)
    with tempfile.TemporaryDirectory() as folder:
        clip = make_clip(Path(folder) / "clip.mp4", 60 * given.minutes)
        pictured = with_pictures(bare, clip)
        looking = spread(lambda: timed(lambda: with_pictures(bare, clip)), given.repeats)
    html = piece_timeline(features, score, pictured)
    counted = f"{len(features.cuts_s)} cuts, {len(score.chord_events())} chords, {len(html) / 1e3:.0f} kB"
    print(f"{given.minutes:g} min, {counted}")
    print(f"HTML        {spread(lambda: timed(lambda: piece_timeline(features, score, pictured)), given.repeats)} s")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        prepare(page)
        print(f"Chromium    {spread(lambda: float(page.evaluate(DRAW, html)), given.repeats)} s")
        browser.close()
    print(f"film strip  {looking} s, {len(pictured)} pictures")


def prepare(page: Page) -> None:
    """Give a page the style sheets and the script of the project, and a place for the timeline."""
    styles = "".join(f"<style>{sheet.read_text(encoding='utf-8')}</style>" for sheet in STYLE_SHEETS)
    page.set_content(f'{styles}<main class="gradio-container"><div id="why" class="prose"></div></main>')
    page.evaluate(SCRIPT.read_text(encoding="utf-8"))


def seen(duration_s: float) -> VideoFeatures:
    """Return what was seen in a clip of many short scenes."""
    seconds = int(np.ceil(duration_s))
    random = np.random.default_rng(1)
    level = random.uniform(1, 9, seconds).astype(np.float32)
    emotion = random.dirichlet(np.ones(6), seconds).astype(np.float32)
    cuts = np.arange(CUT_EVERY_S, duration_s, CUT_EVERY_S, dtype=np.float32)
    sights = tuple(f"thing {second} 50 %" for second in range(seconds))
    return VideoFeatures(duration_s, emotion, level, level, 0 * level, level, cuts, sights=sights)


def heard(duration_s: float) -> Score:
    """Return music for it, with another chord at every step."""
    steps = int(np.ceil(duration_s))
    level = np.random.default_rng(2).uniform(0.01, 0.2, steps).astype(np.float32)
    return Score((CHORDS * steps)[:steps], 40 * level, level, "C major", 1, duration_s)


def make_clip(path: Path, duration_s: float) -> Path:
    """Write a moving test picture."""
    source = f"testsrc2=size=640x360:rate=25:duration={duration_s:g}"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", source]
    subprocess.run([*command, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(path)], check=True)
    return path


def timed(run: Callable[[], object]) -> float:
    """Return how many seconds a run took."""
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def spread(measure: Callable[[], float], repeats: int) -> str:
    """Return median, least and most of several measurements."""
    found = [measure() for _ in range(repeats)]
    return f"{statistics.median(found):.3f} [{min(found):.3f}, {max(found):.3f}]"


if __name__ == "__main__":
    main()
