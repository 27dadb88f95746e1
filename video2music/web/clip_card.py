"""What is shown of a clip as soon as it has arrived: a picture and a few facts."""

from html import escape
from pathlib import Path

from video2music.web.another import another_button
from video2music.web.folders import given_name
from video2music.web.limits import Limits
from video2music.web.stills import is_even, jpeg, telling_picture
from video2music.web.words import clock

CLIP_TYPES = ("video", ".mp4", ".mov", ".webm", ".mkv", ".avi", ".gif")
"""What the file dialogue offers; the endings stand there for systems that do not know them as videos."""

SHORTER_SIDE = 270
"""Pixels of the picture's shorter side; enough for the form's width, a few kilobytes."""

LATER_S = (1.0, 3.0)
"""Seconds that are looked at where the first frame shows nothing: many clips begin in black."""

PREVIEW = """(clip) => {
  const picture = document.querySelector("#clip-card img");
  if (!clip?.url || !picture) return;
  const video = Object.assign(document.createElement("video"), {
    src: clip.url, poster: picture.src, controls: true, playsInline: true, preload: "metadata",
  });
  video.setAttribute("aria-label", "The clip as it was uploaded");
  video.addEventListener("loadedmetadata", () => video.videoWidth && picture.replaceWith(video), { once: true });
}"""
"""Script that puts the clip itself in the place of its picture where the browser can play it."""


def clip_card(clip: Path, limits: Limits | None = None) -> str:
    """Look at an upload and show it.

    The picture is made here because browsers play only a few of the formats that can be composed for.

    Args:
        clip: the uploaded file.
        limits: how long and how large it may be.

    Returns:
        HTML: an early frame, length, size in pixels, whether there is sound, and the way to another clip.

    Raises:
        VideoReadError: the file is not a video that can be read, or it is beyond the limits.
    """
    from video2music.video.probe import probe
    from video2music.video.reader import VideoReader

    info = probe(clip)
    (limits or Limits()).check(clip, info.duration_s, given_name(clip))
    with VideoReader(clip) as frames:
        first = next(iter(frames)).shown(SHORTER_SIDE)
    picture = telling_picture(clip, LATER_S, SHORTER_SIDE, first) if is_even(first) else jpeg(first)
    sound = "with sound" if info.has_sound else "without sound"
    facts = escape(f"{clock(info.duration_s)} · {info.width} \u00d7 {info.height} · {sound}")
    return (
        f'<figure class="clip-card" data-seconds="{info.duration_s:.2f}">'
        f'<img alt="A picture from the clip" src="data:image/jpeg;base64,{picture}">'
        f"<figcaption><span>{facts}</span> {another_button('clip', CLIP_TYPES)}</figcaption></figure>"
    )
