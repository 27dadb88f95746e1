"""The named endpoints, for programs: the same work as the page, with plain inputs and outputs."""

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr

from emotion.errors import RefusalError
from video2music.progress import Progress
from video2music.web.folders import given_name
from video2music.web.runs import StoppedError
from video2music.web.studio import QUEUE, Studio
from video2music.web.wishes_form import KEYS, LARGEST_SEED, ORIGINAL_SOUND, read_wishes
from video2music.web.words import UNEXPECTED, refusal_sentence

Outcome = TypeVar("Outcome")

COMPOSE_HELP = f"""Compose music for a video.

clip: the video file. key: one of {", ".join(KEYS)}; empty picks it from the video's mood. primer: chords to begin with,
in that key, separated by spaces, for example "Am F C G"; empty for none. seed: 0 to {LARGEST_SEED}; null draws one.
original: "replace" drops the clip's own sound, "mix" keeps it under the music.

Returns four files: the video with music (mp4), the music (wav), the notes (mid), and everything that was seen and
decided (json)."""

ANALYZE_HELP = """See what a video shows, without composing.

clip: the video file. Returns duration_s, and one row per second of emotion (exciting, fearful, tense, sad, relaxing,
neutral), valence and arousal (1 to 9), motion and scene_offset; cuts_s are the exact times of the scene cuts."""

NO_CLIP = "There is no clip. Send a video file."

RECOGNIZE_HELP = """Say what emotion a piece of music carries.

audio: an audio file, or a video with sound. Returns valence (unpleasant 1 to pleasant 9) and arousal (calm 1 to excited
9) with their 80 % intervals, the probability of each mood tag and the tags worth showing, key, tempo_bpm, chords, the
curve of valence and arousal over time, and doubts: sentences that say why the answer deserves less trust."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Endpoints:
    """What programs can call."""

    studio: Studio

    async def compose(  # noqa: PLR0917 - one argument for each input of the endpoint
        self,
        clip: str | None,
        key: str | None,
        primer: str | None,
        seed: float | None,
        original: str | None,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio asks for a progress tracker
    ) -> AsyncIterator[tuple[str, str, str, str]]:
        """Compose for a clip; yields once, so that the files live until Gradio has taken them over."""
        upload = named_upload(clip, NO_CLIP)
        try:
            wishes = read_wishes(key, primer, seed, original)
        except RefusalError as error:
            raise self.refused(error, upload) from error
        work = partial(self.studio.compose, upload, wishes)
        async for _, files in self.finished(upload, work, request, progress):
            yield str(files.video), str(files.music), str(files.midi), str(files.result)

    async def analyze(
        self,
        clip: str | None,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio asks for a progress tracker
    ) -> AsyncIterator[dict[str, Any]]:
        """See a clip; yields the features once."""
        upload = named_upload(clip, NO_CLIP)
        work = partial(self.studio.analyze, upload)
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
        work = partial(self.studio.recognise, upload)
        async for prediction in self.finished(upload, work, request, progress):
            yield prediction.result()

    async def finished(
        self, upload: Path, work: Callable[[Path, Progress], Outcome], request: gr.Request, progress: gr.Progress
    ) -> AsyncIterator[Outcome]:
        """Yield the outcome of the work once; a refusal becomes the sentence that the caller reads."""
        with self.studio.job(str(request.session_hash), work) as run:
            async for updates in run.updates():
                progress(updates[-1].fraction, desc=updates[-1].stage)
            try:
                outcome = run.result()
            except RefusalError as error:
                raise self.refused(error, upload) from error
            except StoppedError as error:
                raise gr.Error("Stopped.", print_exception=False) from error
            except Exception as error:
                log.exception("a run failed")
                raise gr.Error(UNEXPECTED, print_exception=False) from error
            yield outcome

    def refused(self, error: RefusalError, upload: Path) -> gr.Error:
        """Turn a refusal into what Gradio sends to the caller."""
        return gr.Error(refusal_sentence(error, given_name(upload), self.studio.root), print_exception=False)


def named_upload(path: str | None, missing: str) -> Path:
    """Return the path of the upload, or refuse with the sentence `missing` when there is none."""
    if path is None:
        raise gr.Error(missing, print_exception=False)
    return Path(path)


def build(studio: Studio) -> None:
    """Add the endpoints to the page; their components are never drawn.

    Real components take the files, because they accept only what was uploaded through this app, never a path on the
    server.

    Args:
        studio: the composer and its bench.
    """
    endpoints = Endpoints(studio)
    with gr.Column(visible=False):
        clip = gr.Video(label="clip")
        key = gr.Textbox("", label="key")
        primer = gr.Textbox("", label="primer")
        seed = gr.Number(None, label="seed", precision=0)
        original = gr.Radio([value for _, value in ORIGINAL_SOUND], value="replace", label="original")
        files = [gr.File(label=label) for label in ("video", "music", "midi", "result")]
        features = gr.JSON(label="features")
        audio = gr.File(label="audio")
        emotion = gr.JSON(label="emotion")
        compose, analyze, recognize = (gr.Button(name) for name in ("compose", "analyze", "recognize"))
    shared: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": QUEUE}
    compose.click(
        endpoints.compose,
        [clip, key, primer, seed, original],
        files,
        api_name="compose",
        api_description=COMPOSE_HELP,
        **shared,
    )
    analyze.click(endpoints.analyze, clip, features, api_name="analyze", api_description=ANALYZE_HELP, **shared)
    recognize.click(endpoints.recognize, audio, emotion, api_name="recognize", api_description=RECOGNIZE_HELP, **shared)
