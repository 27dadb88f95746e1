"""What a participant's page sends: each call stores something at once, and sending it twice changes nothing."""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from video2music.errors import SessionError, StoreError
from video2music.study.headphones import TRIALS, count_right
from video2music.study.records import Mode
from video2music.study.session import HEADPHONE_ATTEMPTS, HEADPHONES, Playing, find_step, headphones_passed
from video2music.study.store import Participant
from video2music.web.study import session_cookie
from video2music.web.study.headphone_seed import headphone_seed
from video2music.web.study.request_body import BodyError, count, items, read_body, text
from video2music.web.study.served import ServedStudy

Body = dict[str, Any]


class Calls:
    """What can be stored in one study and mode.

    Args:
        served: of the study.
        mode: "test" only tries the study.
    """

    def __init__(self, served: ServedStudy, mode: Mode) -> None:
        self.served = served
        self.store = served.store
        self.mode = mode

    def routes(self) -> list[BaseRoute]:
        """Return the addresses."""
        calls = {"begin": self.begin, "refuse": self.refuse, "resume": self.resume, "withdraw": self.withdraw}
        inside = {"answer": self.answer, "played": self.played, "next": self.next, "headphones": self.headphones}
        return [
            *(Route(f"/{name}", taking(call), methods=["POST"]) for name, call in calls.items()),
            *(Route(f"/{name}", taking(self.known(call)), methods=["POST"]) for name, call in inside.items()),
        ]

    # Coming and going

    def begin(self, request: Request, body: Body) -> Response:
        """Take in somebody who agrees; a session that began while this page was open goes on."""
        known = None if body.get("fresh") is True else session_cookie.find(request, self.served, self.mode)
        participant = known or self.store.enrol(
            text(body, "language"), text(body, "version"), text(body, "external_id") or None, self.mode
        )
        response = JSONResponse({})
        session_cookie.give(request, response, self.served, participant)
        return response

    def refuse(self, _request: Request, _body: Body) -> Response:
        """Count somebody who does not take part."""
        self.store.refuse(self.mode)
        return JSONResponse({})

    def resume(self, request: Request, body: Body) -> Response:
        """Go on with the session of a code on this device."""

        def go_on(code: str) -> Response:
            participant = self.store.resume(code)
            if participant.mode != self.mode:
                raise SessionError("This code belongs to another mode")
            response = JSONResponse({})
            session_cookie.give(request, response, self.served, participant)
            return response

        return self.by_code(request, body, go_on)

    def withdraw(self, request: Request, body: Body) -> Response:
        """Delete the answers of a code."""

        def delete(code: str) -> Response:
            self.store.withdraw(code)
            response = JSONResponse({})
            if session_cookie.find(request, self.served, self.mode) is None:
                session_cookie.take_away(response, self.served, self.mode)
            return response

        return self.by_code(request, body, delete)

    def by_code(self, request: Request, body: Body, act: Callable[[str], Response]) -> Response:
        """Do something with a code, unless too many wrong ones came from there."""
        caller = request.client.host if request.client else ""
        if not self.served.codes.allowed(caller):
            return JSONResponse({}, 429)
        try:
            return act(text(body, "code"))
        except SessionError:
            self.served.codes.count(caller)
            return JSONResponse({}, 404)

    # Within a session

    def known(self, call: Callable[[Participant, Body], Response]) -> Callable[[Request, Body], Response]:
        """Let a call know whose session it belongs to; without one there is nothing to store."""

        def find(request: Request, body: Body) -> Response:
            participant = session_cookie.find(request, self.served, self.mode)
            return JSONResponse({}, 410) if participant is None else call(participant, body)

        return find

    def answer(self, participant: Participant, body: Body) -> Response:
        """Store an answer; an empty one takes it back."""
        step, question, value = text(body, "step"), text(body, "question"), text(body, "value")
        if value.strip():
            self.store.answer(participant.id, step, question, value)
        else:
            self.store.take_back(participant.id, step, question)
        return JSONResponse({})

    def played(self, participant: Participant, body: Body) -> Response:
        """Note what was played, of both clips where a pair is shown."""
        step = find_step(self.store.pages(participant), text(body, "step"))
        reports = [report if isinstance(report, dict) else {} for report in items(body, "stimuli")]
        stimuli = [
            Playing(stimulus.duration_s, count(report.get("plays")), ranges(report))
            for stimulus, report in zip(self.served.shown(step), reports, strict=False)
        ]
        return JSONResponse({"open": self.store.played(participant.id, step.key, stimuli)})

    def next(self, participant: Participant, body: Body) -> Response:
        """Leave a page."""
        self.store.pass_step(participant.id, text(body, "step"))
        return JSONResponse({})

    def headphones(self, participant: Participant, body: Body) -> Response:
        """Count the right answers of a headphone check, and go on unless it failed and has to be passed."""
        answers, attempt = [count(one) for one in items(body, "answers")], count(body.get("attempt"))
        if len(answers) != TRIALS or not 1 <= attempt <= HEADPHONE_ATTEMPTS:
            raise BodyError(400)
        right = count_right(headphone_seed(participant, attempt), answers)
        participant = self.store.headphones(participant.id, right, attempt)
        told = self.served.study.session.headphones == "told"
        if told or headphones_passed(participant.headphones):
            self.store.pass_step(participant.id, HEADPHONES)
        return JSONResponse({})


def taking(call: Callable[[Request, Body], Response]) -> Callable[..., Any]:
    """Read what was sent, then do the rest in a thread, so that the store may take its time.

    Args:
        call: takes the request and what was sent.
    """

    async def answer(request: Request) -> Response:
        try:
            return await run_in_threadpool(call, request, await read_body(request))
        except BodyError as error:
            return JSONResponse({}, error.status)
        except (SessionError, StoreError) as error:
            return JSONResponse({"error": str(error)}, 409)

    return answer


def ranges(report: Body) -> Sequence[Sequence[float]]:
    """Return what was reported as played; the rules of the session look at each number.

    Args:
        report: of one stimulus.

    Raises:
        BodyError: it is no list, or far too long.
    """
    return items(report, "ranges")
