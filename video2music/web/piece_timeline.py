"""Why the music is as it is: what was seen in the clip, above what is heard, on the time axis of the video."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from video2music.features.video_features import VideoFeatures
from video2music.harmony.function import FUNCTIONS, Function, function_of
from video2music.harmony.key import parse_key
from video2music.harmony.parsing import parse_chord
from video2music.music.score import Score
from video2music.web.chord_lane import HINT, chord_blocks
from video2music.web.curves import boxes, held, line, pooled, stairs
from video2music.web.lanes import WIDTH, Told, lane, moments, picture, telling, timeline
from video2music.web.mark_lanes import Set, cut_lane, section_lane
from video2music.web.scene_table import scene_table
from video2music.web.stacked_areas import emotion_plot, mood_legend
from video2music.web.thumbnails import Still, scenes_of
from video2music.web.words import chord_words, clock, loudness_words, mood_shares

POINTS = 300

HEIGHT = 100.0

SEEN_LANES = 3
"""The first lanes are about the picture, the others about the music."""

LEAST_MOTION, LEAST_NOTES = 6.0, 4.0
"""Where the scales end at least, so that the little that happens in a still clip does not look like much."""

SILENT = 1e-4
"""Music that nowhere is louder is drawn as silence."""

DYNAMICS_DB = 24.0
"""From the softest to the loudest that the picture of the loudness tells apart."""

FUNCTION_WORDS = {
    "tonic": "tonic, at rest",
    "subdominant": "subdominant, on the move",
    "dominant": "dominant, pulls back",
    "outside": "outside the key",
}

OUTSIDE = (
    '<defs><pattern id="texture-outside" class="texture" width="8" height="8" patternUnits="userSpaceOnUse" '
    'patternTransform="scale(2 1)"><path d="M-2 2L6 10M2 -2L10 6"/></pattern></defs>'
)


def piece_timeline(
    features: VideoFeatures, score: Score, strip: Sequence[Still], saved: str = "", wished: Set | None = None
) -> str:
    """Draw what was seen and what is heard below one another.

    Args:
        features: what was seen.
        score: what is heard.
        strip: of the clip, with pictures where there are any.
        saved: file name of an image of it.
        wished: cuts and moods that a person set.
    """
    wished = wished or Set()
    met = wished.marks.met(features.cuts_s.tolist())
    duration_s, cuts, said = features.duration_s, cut_marks(met, features.duration_s), told(features, score)
    plots = {
        "Scenes": ("scene", scene_plot(features, strip)),
        "Mood": ("mood", emotion_plot(features.emotion, duration_s)),
        "Motion": ("motion", motion_plot(features)),
        "Chords": ("chord", chord_plot(score, duration_s)),
        "Notes": ("notes", density_plot(score, duration_s)),
        "Loudness": ("loudness", loudness_plot(score, duration_s)),
    }
    lanes = [lane(name, plot + cuts, tells=(key, said[key])) for name, (key, plot) in plots.items()]
    return timeline(
        'Why it sounds like this <span class="readout" data-short aria-hidden="true">0:00</span>',
        [
            group("In the picture"),
            *lanes[:SEEN_LANES],
            group("Set by you", hint="use the buttons below"),
            lane("Cuts", cut_lane(features, score, wished) + cuts),
            lane("Sections", section_lane(duration_s, wished) + cuts),
            group("In the music", hint=HINT),
            *lanes[SEEN_LANES:],
        ],
        player="#piece video",
        moments=moments(duration_s, told=said),
        saved=saved,
        name="Moment of the clip; the arrow keys move it",
        before=sight_place(said["sees"]) if any(features.sights) else "",
        after=mood_legend() + chord_legend(score) + scene_table(features, score, wished),
    )


def group(words: str, hint: str = "") -> str:
    """Say what the lanes below have in common, and what can be done with them."""
    return f'<p class="group">{words}{f" <span>· {hint}</span>" if hint else ""}</p>'


def sight_place(sees: Told) -> str:
    """Make room for the name of what is seen."""
    return f'<p class="sees" aria-hidden="true">Seen here: {telling("sees", sees, kind="sight")}</p>'


def told(features: VideoFeatures, score: Score) -> dict[str, Told]:
    """Return what is said of each moment, by the name of the lane that it stands beside."""
    seconds = range(features.seconds)
    events = score.chord_events()
    starts, scenes = step_starts(score), scenes_of(features)
    return {
        "scene": [(start_s, f"{number} of {len(scenes)}") for number, (start_s, _) in enumerate(scenes, start=1)],
        "mood": [(second, mood_shares(features.emotion[second])) for second in seconds],
        "motion": [(second, f"{features.motion[second]:.1f}") for second in seconds],
        "chord": [(event["time_s"], chord_told(event["symbol"], score.key)) for event in events],
        "notes": [(start, f"{count:.0f} a beat") for start, count in zip(starts, score.note_density / 2, strict=True)],
        "loudness": [(start, loudness_words(level)) for start, level in zip(starts, score.loudness, strict=True)],
        "sees": [(second, sight or "nothing clear") for second, sight in enumerate(features.sights)],
    }


def chord_told(symbol: str, key: str) -> str:
    """Say a chord and what it does, for example "F, subdominant"."""
    function = chord_function(symbol, key)
    return chord_words(symbol) if function is None else f"{chord_words(symbol)}, {function}"


def chord_function(symbol: str, key: str) -> Function | None:
    """Return what a chord does in a key; None for a rest."""
    return function_of(parse_chord(symbol), parse_key(key))


def step_starts(score: Score) -> list[float]:
    """Return when each step of a score begins, in seconds; the first one at 0."""
    return [max(0.0, score.beat_of_step(step) * score.beat_s) for step in range(len(score.chords))]


def scene_plot(features: VideoFeatures, strip: Sequence[Still]) -> str:
    """Lay out the film strip; each picture reaches as far as there is room before the next one."""
    frames = ""
    for still in strip:
        left, width = (100 * second / features.duration_s for second in (still.start_s, still.end_s - still.start_s))
        shown = f'<img alt="" src="data:image/jpeg;base64,{still.picture}">' if still.picture else ""
        frames += f'<span style="left:{left:.3f}%;width:{width:.3f}%">{shown}</span>'
    return f'<div class="frames" role="img" aria-label="{scene_words(features)}">{frames}</div>'


def scene_words(features: VideoFeatures) -> str:
    """Say how many scenes there are and when they begin."""
    scenes = scenes_of(features)
    if len(scenes) == 1:
        return "One scene without a cut"
    return f"{len(scenes)} scenes; cuts at {', '.join(clock(start_s) for start_s, _ in scenes[1:])}"


def cut_marks(cuts_s: Sequence[float], duration_s: float) -> str:
    """Draw the cuts as lines through a lane."""
    places = (cut / duration_s * WIDTH for cut in cuts_s)
    lines = "".join(f"M{place:.2f} 0V1" for place in places if 0 < place < WIDTH)
    return (
        f'<svg class="cuts" viewBox="0 0 {WIDTH:g} 1" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        f'<path d="{lines}"/></svg>'
        if lines
        else ""
    )


def filled(points: Sequence[tuple[float, float]]) -> str:
    """Draw a curve with the area under it."""
    area = f"{line([(0.0, HEIGHT), *points, (WIDTH, HEIGHT)])}Z"
    return f'<path class="area" d="{area}"/><path class="curve" d="{line(points)}"/>'


def motion_plot(features: VideoFeatures) -> str:
    """Draw how much the picture moves."""
    rows = pooled(features.motion, POINTS)
    across = (np.arange(len(rows)) + 0.5) * features.seconds / len(rows) / features.duration_s * WIDTH
    shapes = filled(held(across, upright(rows, LEAST_MOTION), WIDTH))
    words = f"Motion between {features.motion.min():.1f} and {features.motion.max():.1f} of 255"
    return picture(HEIGHT, words, shapes)


def density_plot(score: Score, duration_s: float) -> str:
    """Draw how many notes sound."""
    beat = score.note_density / 2
    words = f"Notes, between {beat.min():.0f} and {beat.max():.0f} a beat"
    return picture(HEIGHT, words, step_shapes(score, upright(beat, LEAST_NOTES), duration_s))


def loudness_plot(score: Score, duration_s: float) -> str:
    """Draw how loud the music is, in decibels below its loudest step."""
    levels = np.maximum(score.loudness, 1e-6)
    loudest = max(float(levels.max()), SILENT)
    above = np.clip(1 + 20 * np.log10(levels / loudest) / DYNAMICS_DB, 0.02, 1)
    words = f"Loudness, between {loudness_words(levels.min())} and {loudness_words(levels.max())}"
    return picture(HEIGHT, words, step_shapes(score, upright(above, 1.0), duration_s))


def step_shapes(score: Score, heights: NDArray[np.float64], duration_s: float) -> str:
    """Draw one height for each step of a score."""
    return filled(stairs(np.array(step_starts(score)) / duration_s * WIDTH, heights, WIDTH))


def upright(values: NDArray[np.floating], least: float) -> NDArray[np.float64]:
    """Return values as heights from the top of a picture; the greatest one nearly touches it.

    Args:
        values: 0 or more.
        least: where the scale ends at least.
    """
    return HEIGHT * (1 - 0.92 * np.asarray(values, np.float64) / max(least, float(values.max())))


def chord_plot(score: Score, duration_s: float) -> str:
    """Draw a box for each chord in the colour of its function, and lay a button with its name over it."""
    spans: dict[Function, list[tuple[float, float]]] = {function: [] for function in FUNCTIONS}
    for event in score.chord_events():
        start_s, length_s = event["time_s"], event["duration_s"]
        function = chord_function(event["symbol"], score.key)
        if function is not None:
            spans[function].append((start_s / duration_s * WIDTH, length_s / duration_s * WIDTH))
    shapes = "".join(f'<path class="{function}" d="{boxes(found, 10)}"/>' for function, found in spans.items() if found)
    if spans["outside"]:
        shapes += f'{OUTSIDE}<path d="{boxes(spans["outside"], 10)}" fill="url(#texture-outside)"/>'
    words = f"{len(score.chord_events())} chords in {score.key}; the table below names them"
    return picture(10, words, shapes) + chord_blocks(score, duration_s)


def chord_legend(score: Score) -> str:
    """Say which colour stands for what a chord does, for what occurs."""
    found = {chord_function(symbol, score.key) for symbol in score.chords}
    signs = "".join(
        f'<li><svg class="sign" viewBox="0 0 24 16" focusable="false"><rect class="{function}" width="24" height="16"/>'
        f"{texture_over(function)}</svg>{FUNCTION_WORDS[function]}</li>"
        for function in FUNCTIONS
        if function in found
    )
    return f'<ul class="key" aria-hidden="true">{signs}</ul>'


def texture_over(function: Function) -> str:
    """Return the texture of the sign of a function."""
    return '<rect width="24" height="16" fill="url(#texture-outside)"/>' if function == "outside" else ""
