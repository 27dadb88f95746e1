"""What the named endpoints share: waiting for the worker, and turning refusals into sentences for the caller."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import gradio as gr

from emotion.errors import RefusalError
from video2music.web.folders import given_name
from video2music.web.runs import RunQueue
from video2music.web.service import Job
from video2music.web.storage import SMALL
from video2music.web.studio import Studio
from video2music.web.words import UNEXPECTED, refusal_sentence
from video2music.web.workers import StoppedError

Outcome = TypeVar("Outcome")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Calls:
    """The way from a call to the worker and back.

    Attributes:
        studio: where the work is done.
    """

    studio: Studio

    async def finished(
        self,
        upload: Path,
        job: Job[Outcome],
        request: gr.Request,
        progress: gr.Progress,
        queue: RunQueue | None = None,
        *,
        room: int = SMALL,
    ) -> AsyncIterator[Outcome]:
        """Yield the outcome of a job once; a refusal becomes the sentence that the caller reads.

        A call stands in the same queue as the people at the page, and is told its place like them.

        Args:
            upload: named in what is said to the caller.
            job: what is done.
            request: of the caller.
            progress: shows the caller how far it is.
            queue: where it is done; the one for compositions by default.
            room: bytes of the disk that it needs.
        """
        session, queue = str(request.session_hash), queue or self.studio.composing
        try:
            queue.need_room(session)
        except RefusalError as error:
            raise self.refused(error, upload) from error
        with self.studio.job(session, job, queue, room=room) as run:
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
