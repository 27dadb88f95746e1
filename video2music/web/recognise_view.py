"""What the second tab shows of a piece of music, as HTML with every outside word escaped."""

from html import escape

from emotion.prediction import Prediction
from video2music.web.chord_list import chord_list
from video2music.web.emotion_plane import plane
from video2music.web.emotion_words import (
    NO_TAG,
    certainty,
    count_changes,
    ends_words,
    harmony_words,
    headline,
    heard_chord_words,
    key_words,
    movement,
    ratio_words,
    tempo_words,
    usual_share,
)
from video2music.web.reading import Reading
from video2music.web.timeline import timeline_picture
from video2music.web.words import length_words

EMPTY = """
<div class="empty">
  <svg viewBox="0 0 240 104" aria-hidden="true" focusable="false">
    <path class="wave" d="M14 48v8m10-18v28m10-40v52m10-34v16m10-26v36m10-46v56m10-40v24m10-32v40m10-24v8"/>
    <path class="arrow" d="M112 52h22m-7-7 7 7-7 7"/>
    <g class="film"><rect x="150" y="10" width="84" height="84" rx="10"/></g>
    <path class="arrow" d="M192 20v64m-32-32h64"/><circle class="point" cx="210" cy="34" r="8"/>
  </svg>
  <h2>Find out what emotion a piece of music carries</h2>
  <p>Pleasant or unpleasant, calm or excited, how that changes over time, and the key, the tempo and the chords
     behind it. Any recording will do, even the sound of a video.</p>
</div>
"""

SCALE_ENDS = (0.1, 0.25, 0.5, 1.0)
"""Probabilities at which the bars of the tags may end, so that small ones can be told apart."""


def answer(prediction: Prediction, name: str) -> str:
    """Show the answer in a sentence, what speaks against it, the figures, both scales and the tags.

    Args:
        prediction: what the recogniser said.
        name: name of the upload as the person knows it.
    """
    return f"""
<div class="panel answer">
  <p class="of">{escape(name)}</p>
  <h2>{escape(headline(prediction.valence, prediction.arousal))}</h2>
  <p class="lead">{escape(" ".join(filter(None, (certainty(prediction), movement(prediction)))))}</p>
  {doubts_box(prediction.doubts)}
  <dl class="facts">{facts(prediction)}</dl>
</div>
<div class="pair">
  <div class="side">
    <div class="panel"><h3>Where the music lies</h3>{plane(prediction)}</div>
    <div class="panel ground"><h3>What speaks for it</h3><dl class="facts">{ground(prediction)}</dl></div>
  </div>
  <div class="panel"><h3>Moods that stand out</h3>{tag_bars(prediction)}</div>
</div>"""


def doubts_box(doubts: tuple[str, ...]) -> str:
    """Show why the answer deserves less trust; nothing where nothing speaks against it."""
    if not doubts:
        return ""
    sentences = "".join(f"<li>{escape(doubt)}</li>" for doubt in doubts)
    return f'<div class="doubts" role="note"><strong>Take this with care</strong><ul>{sentences}</ul></div>'


def facts(prediction: Prediction) -> str:
    """Show the figures of the answer, each with what it means."""
    return fact_rows(
        ("Valence, unpleasant 1 to pleasant 9", with_interval(prediction.valence, prediction.valence_interval)),
        ("Arousal, calm 1 to excited 9", with_interval(prediction.arousal, prediction.arousal_interval)),
        ("Length", length_words(prediction.duration_s)),
    )


def ground(prediction: Prediction) -> str:
    """Show what else was heard, which listeners hear as mood: key, tempo and kinds of chords."""
    return fact_rows(
        ("Key", key_words(prediction.key)),
        ("Tempo", tempo_words(prediction.tempo_bpm)),
        ("Chords", harmony_words(prediction.chords)),
        ("Heard by", prediction.engine),
    )


def fact_rows(*rows: tuple[str, str]) -> str:
    """Show names and values."""
    return "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in rows)


def with_interval(value: float, interval: tuple[float, float] | None) -> str:
    """Write a value with its interval: "6.2 (5.1 to 7.3)"."""
    return f"{value:.1f}" if interval is None else f"{value:.1f} ({ends_words(interval)})"


def tag_bars(prediction: Prediction) -> str:
    """Show the tags worth showing: probability, how common the tag is as a tick, and both in words."""
    if not prediction.shown_tags:
        return f'<p class="none">{NO_TAG}</p>'
    shares = {tag: (prediction.tags[tag], usual_share(tag)) for tag in prediction.shown_tags}
    most = max(max(here, usual or 0.0) for here, usual in shares.values())
    end = next(end for end in SCALE_ENDS if most <= end)
    rows = "".join(tag_row(tag, here, usual, end) for tag, (here, usual) in shares.items())
    return f"""
<ul class="tags">{rows}</ul>
<p class="legend">Bars end at {percent(end)}. The tick marks how common a mood is among all pieces.</p>"""


def tag_row(tag: str, here: float, usual: float | None, end: float) -> str:
    """Show one tag.

    Args:
        tag: its name.
        here: its probability here, 0..1.
        usual: share of all pieces that carry it; None where it is unknown.
        end: probability at the end of the bar.
    """
    tick = "" if usual is None else f'<i style="left:{100 * usual / end:.1f}%"></i>'
    return (
        f'<li><span class="tag">{escape(tag)}</span><span class="chance">{percent(here)}</span>'
        f'<span class="bar" aria-hidden="true"><b style="width:{100 * here / end:.1f}%"></b>{tick}</span>'
        f'<span class="ratio">{ratio_words(here, usual)}</span></li>'
    )


def percent(share: float) -> str:
    """Write a probability; one digit more where a whole per cent would hide it."""
    return f"{100 * share:.1f} %" if share < 0.0995 else f"{100 * share:.0f} %"


def timeline(reading: Reading) -> str:
    """Show everything that has a time on one axis."""
    return timeline_picture(reading.prediction, reading.waveform)


def chords_card(prediction: Prediction) -> str:
    """Show key, tempo and the chords in order; the long rest of them is folded away."""
    if not prediction.chords:
        return '<div class="panel"><h3>Chords</h3><p class="none">No chords were heard.</p></div>'
    events = [(c.start_s, c.duration_s, heard_chord_words(c, prediction.key)) for c in prediction.chords]
    changes = count_changes([symbol for _, _, symbol in events])
    return f'<div class="panel"><h3>Chords <span>{changes}</span></h3>{chord_list(events)}</div>'
