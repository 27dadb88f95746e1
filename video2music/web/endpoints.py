"""The named endpoints, for programs: the same work as the page, with plain inputs and outputs."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import gradio as gr

from emotion.errors import RefusalError
from video2music.engines import ENGINES
from video2music.features.video_features import EMOTIONS
from video2music.music.ensemble import ensemble_names
from video2music.web import render_endpoint
from video2music.web.calls import Calls, named_upload
from video2music.web.service import MusicService
from video2music.web.studio import Studio
from video2music.web.wishes_form import KEYS, Settings
from video2music.wishes import LARGEST_SEED

COMPOSE_HELP = f"""Compose music for a video.

clip: the video file. key: one of {", ".join(KEYS)}; empty picks it from the video's mood. primer: chords to begin with,
in that key, separated by spaces, for example "Am F C G"; empty for none. seed: 0 to {LARGEST_SEED}; null draws one.
original: "replace" drops the clip's own sound, "mix" keeps it under the music, "duck" also lowers the music while
somebody speaks. ensemble: one of {", ".join(ensemble_names())}, or auto, which takes what suits the video. mood: one of
{", ".join(EMOTIONS)}; empty keeps the video's. valence, arousal: -3 darker or calmer to 3 brighter or livelier than
seen. tempo: beats per minute, 60 to 180; null leaves it to the video. melody: whether a tune is heard. align_cuts:
whether strong beats lie on the scene cuts. transpose: semitones, -12 to 12. music_level: of the music beside the clip's
own sound, in LU. lufs: loudness of the music, -14, -16 or -23. sections: moods by time, counted from where the music
begins, for example "0-12:tense; 12-20:exciting"; empty for none. from_s, to_s: seconds of the clip between which the
music plays; null is its beginning or its end. cuts: where the music must turn, and found cuts that are none, counted
like the sections, for example "12.5; 1:05; not 4.2"; empty leaves them as they are found. more_notes, harder: doublings
of how many notes sound and how hard they are played, -2 for a quarter to 2 for four times. engine: one of
{", ".join(ENGINES)}, if this page offers it and it is downloaded there; empty takes the one that the page prefers.

Returns five files: the video with music (mp4), the music (wav), the notes (mid), everything that was seen and decided
(json), and the lead sheet (musicxml)."""

ANALYZE_HELP = """See what a video shows, without composing.

clip: the video file. Returns duration_s, and one row per second of emotion (exciting, fearful, tense, sad, relaxing,
neutral), valence and arousal (1 to 9), motion and scene_offset; cuts_s are the exact times of the scene cuts."""

FILES = ("video", "music", "midi", "result", "lead_sheet")
"""Fields of SavedPiece in the order in which they are returned; a new one comes last, since programs count them."""

NO_CLIP = "There is no clip. Send a video file."

RECOGNIZE_HELP = """Say what emotion a piece of music carries.

audio: an audio file, or a video with sound. Returns valence (unpleasant 1 to pleasant 9) and arousal (calm 1 to excited
9) with their 80 % intervals, the probability of each mood tag and the tags worth showing, key, tempo_bpm, chords, the
curve of valence and arousal over time, and doubts: sentences that say why the answer deserves less trust."""


@dataclass(frozen=True)
class Endpoints(Calls):
    """What programs can call."""

    async def compose(  # noqa: PLR0913, PLR0917 - one argument for each input of the endpoint
        self,
        clip: str | None,
        key: str | None,
        primer: str | None,
        seed: float | None,
        original: str | None,
        request: gr.Request,
        ensemble: str | None = Settings.ensemble,
        mood: str | None = Settings.mood,
        valence: float | None = Settings.valence,
        arousal: float | None = Settings.arousal,
        tempo: float | None = None,
        melody: bool | None = Settings.melody,  # noqa: FBT001 - Gradio passes inputs by their order
        align_cuts: bool | None = Settings.align_cuts,  # noqa: FBT001 - the same
        transpose: float | None = Settings.transpose,
        music_level: float | None = Settings.music_level,
        lufs: float | None = Settings.lufs,
        sections: str | None = Settings.sections,
        from_s: float | None = None,
        to_s: float | None = None,
        cuts: str | None = Settings.cuts,
        more_notes: float | None = Settings.more_notes,
        harder: float | None = Settings.harder,
        engine: str | None = Settings.engine,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio asks for a progress tracker
    ) -> AsyncIterator[list[str]]:
        """Compose for a clip; yields once, so that the files live until Gradio has taken them over."""
        upload = named_upload(clip, NO_CLIP)
        try:
            wishes = Settings(
                key=key,
                primer=primer,
                seed=seed,
                original=original,
                ensemble=ensemble,
                mood=mood,
                valence=valence,
                arousal=arousal,
                tempo=tempo,
                melody=melody,
                align_cuts=align_cuts,
                transpose=transpose,
                music_level=music_level,
                lufs=lufs,
                sections=sections,
                from_s=from_s,
                to_s=to_s,
                cuts=cuts,
                more_notes=more_notes,
                harder=harder,
            ).wishes()
            chosen = await asyncio.to_thread(self.studio.engines.check, engine)
        except RefusalError as error:
            raise self.refused(error, upload) from error
        work = partial(MusicService.compose, clip=upload, wishes=wishes, engine=chosen)
        room = await asyncio.to_thread(self.studio.bytes_for, upload)
        async for _, files in self.finished(upload, work, request, progress, room=room):
            yield [str(getattr(files, kind)) for kind in FILES]

    async def analyze(
        self,
        clip: str | None,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio asks for a progress tracker
    ) -> AsyncIterator[dict[str, Any]]:
        """See a clip; yields the features once."""
        upload = named_upload(clip, NO_CLIP)
        work = partial(MusicService.analyze, clip=upload)
        async for features in self.finished(upload, work, request, progress):
            yield features.to_json()

    async def recognize(
        self,
        audio: str | None,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio asks for a progress tracker
    ) -> AsyncIterator[dict[str, Any]]:
        """Listen to a sound; yields what was found once."""
        upload = named_upload(audio, "There is no sound. Send an audio file.")
        work = partial(MusicService.recognise, sound=upload)
        async for prediction in self.finished(upload, work, request, progress):
            yield prediction.result()


def build(studio: Studio) -> None:
    """Add the endpoints to the page; their components are never drawn.

    Real components take the files, because they accept only what was uploaded through this app, never a path on the
    server.

    Args:
        studio: the composer and its queue.
    """
    endpoints = Endpoints(studio)
    with gr.Column(visible=False):
        clip = gr.Video(label="clip")
        settings = settings_inputs()
        files = [gr.File(label=kind) for kind in FILES]
        features = gr.JSON(label="features")
        audio = gr.File(label="audio")
        emotion = gr.JSON(label="emotion")
        render_endpoint.build(studio)
        compose, analyze, recognize = (gr.Button(name) for name in ("compose", "analyze", "recognize"))
    freely: dict[str, Any] = {"concurrency_limit": None}  # whoever must wait does so in the queue of runs
    compose.click(
        endpoints.compose,
        [clip, *settings],
        files,
        api_name="compose",
        api_description=COMPOSE_HELP,
        **freely,
    )
    analyze.click(endpoints.analyze, clip, features, api_name="analyze", api_description=ANALYZE_HELP, **freely)
    recognize.click(endpoints.recognize, audio, emotion, api_name="recognize", api_description=RECOGNIZE_HELP, **freely)


def settings_inputs() -> list[gr.components.Component]:
    """Make one component for each field of Settings; a field that a caller leaves out has its default."""
    numbers = {"seed", "valence", "arousal", "tempo", "transpose", "music_level", "lufs", "from_s", "to_s"}
    numbers |= {"more_notes", "harder"}
    switches = {"melody", "align_cuts"}
    made: list[gr.components.Component] = []
    for field in fields(Settings):
        if field.name in switches:
            made.append(gr.Checkbox(bool(field.default), label=field.name))
        elif field.name in numbers:
            made.append(gr.Number(field.default, label=field.name))
        else:
            made.append(gr.Textbox(field.default, label=field.name))
    return made
