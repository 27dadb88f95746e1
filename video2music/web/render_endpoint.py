"""The named endpoint that plays a stored piece otherwise."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from emotion.errors import RefusalError
from video2music.music.ensemble import ensemble_names
from video2music.music.loudness import TARGETS_LUFS
from video2music.piece import FILE_NAMES
from video2music.progress import Progress
from video2music.rerender import Target, render_file
from video2music.web.calls import Calls, named_upload
from video2music.web.folders import bring_in
from video2music.web.service import MusicService
from video2music.web.studio import Studio
from video2music.web.wishes_form import read_original, read_semitones

HELP = f"""Play a stored piece otherwise, in about a second; the video is not looked at again.

result: the json file of a piece, or a mid file, whose notes are played as they are. clip: the video that gets the
music; null writes the music only. Empty or null keeps what the file says: ensemble: one of
{", ".join(ensemble_names())}, or auto. tempo: beats per minute, 60 to 180. transpose: semitones above the composed key.
melody: on or off. density, loudness: 0.25 to 4, factors on the composed number of notes and on how hard they are
played. chords: replaced ones with the second at which they sound, such as "12=Am7 20.5=F". original: what happens to
the clip's own sound, replace, mix or duck. music_level: of the music beside that sound, in LU. lufs: loudness of the
music, {", ".join(map(str, TARGETS_LUFS))}.

Returns five files: the video with music (mp4, null without a clip), the music (wav), the notes (mid), the lead sheet
(musicxml, null for a mid file), and the new result (json)."""

NO_RESULT = "There is no piece. Send the json file of one, or a mid file."


@dataclass(frozen=True)
class Rendering:
    """What is asked for.

    Attributes:
        result: the stored piece.
        clip: gets the music; None where there is none.
        target: what is laid under it, without the folder.
        changes: arguments of `render_file`.
    """

    result: Path
    clip: Path | None
    target: dict[str, Any]
    changes: dict[str, Any]

    def write(self, service: MusicService, progress: Progress, *, folder: Path) -> list[str | None]:
        """Play the piece and return the paths of its files in the order of FILE_NAMES; runs in the worker."""
        for name in ("piece", "clip"):
            (folder / name).mkdir()
        own = bring_in(self.result, folder / "piece")
        clip = None if self.clip is None else bring_in(self.clip, folder / "clip")
        target = Target(folder / "out", clip, **self.target)
        synthesizer = service.engines.synthesizer()
        written = render_file(own, target, synthesizer, **self.changes, progress=progress)["files"]
        return [str(target.folder / name) if name in written else None for name in FILE_NAMES]


@dataclass(frozen=True)
class RenderEndpoint:
    """What programs call to play a piece otherwise."""

    calls: Calls

    async def render(  # noqa: PLR0917 - one argument for each input of the endpoint
        self,
        result: str | None,
        request: gr.Request,
        clip: str | None = None,
        ensemble: str | None = "",
        tempo: float | None = None,
        transpose: float | None = None,
        melody: str | None = "",
        density: float | None = None,
        loudness: float | None = None,
        chords: str | None = "",
        original: str | None = "replace",
        music_level: float | None = 0.0,
        lufs: float | None = None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio asks for a progress tracker
    ) -> AsyncIterator[list[str | None]]:
        """Play a piece otherwise; yields once, so that the files live until Gradio has taken them over."""
        upload, studio = named_upload(result, NO_RESULT), self.calls.studio
        try:
            changes = {
                "ensemble": (ensemble or "").strip() or None,
                "tempo": tempo,
                "transpose": None if transpose is None else read_semitones(transpose),
                "melody": read_switch(melody),
                "density": density,
                "loudness": loudness,
                "chords": read_chords(chords),
            }
            target = {"original": read_original(original), "music_level_lu": music_level or 0.0, "lufs": lufs}
        except RefusalError as error:
            raise self.calls.refused(error, upload) from error
        asked = Rendering(upload, None if clip is None else Path(clip), target, changes)
        job = asked.write
        room = await asyncio.to_thread(studio.bytes_for, asked.clip or upload)
        async for files in self.calls.finished(upload, job, request, progress, studio.rendering, room=room):
            yield files


def read_switch(text: str | None) -> bool | None:
    """Return whether something is on or off, or None where that is left as it is.

    Raises:
        RefusalError: it is neither.
    """
    known = {"": None, "on": True, "off": False}
    word = (text or "").strip().lower()
    if word not in known:
        raise RefusalError("The melody is either on or off", where=word[:20], remedy="Write on, off, or nothing")
    return known[word]


def read_chords(text: str | None) -> dict[float, str]:
    """Return the chords that replace others, by the second at which they sound.

    Args:
        text: for example "12=Am7 20.5=F".

    Raises:
        RefusalError: it is written otherwise; chords that do not exist are refused when they are played.
    """
    replaced: dict[float, str] = {}
    for word in (text or "").replace(",", " ").split():
        second, _, symbol = word.partition("=")
        try:
            replaced[float(second)] = symbol
        except ValueError:
            raise RefusalError("A chord cannot be read", where=word[:20], remedy="Write it as 12=Am7") from None
    return replaced


def build(studio: Studio) -> None:
    """Add the endpoint to the page; its components are never drawn.

    Args:
        studio: where pieces are played again.
    """
    endpoint = RenderEndpoint(Calls(studio))
    inputs = [
        gr.File(label="result"),
        gr.Video(label="clip"),
        gr.Textbox("", label="ensemble"),
        gr.Number(None, label="tempo"),
        gr.Number(None, label="transpose"),
        gr.Textbox("", label="melody"),
        gr.Number(None, label="density"),
        gr.Number(None, label="loudness"),
        gr.Textbox("", label="chords"),
        gr.Textbox("replace", label="original"),
        gr.Number(0.0, label="music_level"),
        gr.Number(None, label="lufs"),
    ]
    files = [gr.File(label=Path(name).stem) for name in FILE_NAMES]
    gr.Button("render").click(
        endpoint.render, inputs, files, api_name="render", api_description=HELP, concurrency_limit=None
    )
