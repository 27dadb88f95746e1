"""The pages that a participant sees; none of them changes an answer."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from video2music.errors import SessionError
from video2music.study.calibration import calibration_file
from video2music.study.headphones import TRIALS, trial_file
from video2music.study.reading import in_language
from video2music.study.records import Mode
from video2music.study.session import CONSENT, DONE, HEADPHONE_ATTEMPTS, LONGEST_TEXT, Step, find_step
from video2music.study.stimuli import stimulus_path
from video2music.study.store import Participant
from video2music.web.study import session_cookie, views
from video2music.web.study.headphone_seed import headphone_seed
from video2music.web.study.served import ServedStudy
from video2music.web.study.templates import fill
from video2music.web.study.words import own_name, speak

KEEP_AN_HOUR = {"cache-control": "private, max-age=3600"}
"""For sounds and clips: what was fetched beforehand need not be fetched again."""


class Pages:
    """What can be looked at in one study and mode.

    Args:
        served: of the study.
        mode: "test" only tries the study.
    """

    def __init__(self, served: ServedStudy, mode: Mode) -> None:
        self.served = served
        self.mode = mode

    def routes(self) -> list[BaseRoute]:
        """Return the addresses; plain functions run in threads, so that the store may take its time."""
        return [
            Route("/", self.front),
            Route("/refused", self.refused),
            Route("/resume", self.code_page("resume", "./")),
            Route("/withdraw", self.code_page("withdraw", "withdrawn")),
            Route("/withdrawn", self.withdrawn),
            Route("/calibration.wav", self.calibration),
            Route("/headphones/{attempt:int}-{trial:int}.wav", self.tones),
            Route("/stimuli/{name}.mp4", self.stimulus),
        ]

    # Pages

    def front(self, request: Request) -> Response:
        """Show where the session is: the consent, a page, or its end."""
        if self.mode == "live" and request.query_params.get("mode") == "test":
            rest = [(name, value) for name, value in request.query_params.multi_items() if name != "mode"]
            return RedirectResponse(f"test/?{urlencode(rest)}" if rest else "test/", 303)
        participant = session_cookie.find(request, self.served, self.mode)
        wanted = request.query_params.get("page", "")
        if wanted in self.served.bar:
            return self.jump(request, participant, wanted)
        if participant is None or self.somebody_else(request, participant):
            return self.consent(request)
        if participant.state == "screened":
            frame = {**self.view(participant.language), "code": participant.resume_code}
            return show_message(frame, "screened_title", "screened_end")
        position = self.served.store.position(participant.id)
        if wanted and wanted != position.key:
            return self.kept(participant, wanted)
        return self.step(participant, position)

    def jump(self, request: Request, participant: Participant | None, key: str) -> Response:
        """Show any page, where the study is only shown."""
        if key == CONSENT:
            return self.consent(request)
        participant = self.served.lead(participant, key)
        response = RedirectResponse("./", 303)
        if participant is not None:
            session_cookie.give(request, response, self.served, participant)
        return response

    def somebody_else(self, request: Request, participant: Participant) -> bool:
        """Say whether the device is used by the next person: the address says so, or has another id."""
        parameter = self.served.study.session.external_id
        given = request.query_params.get(parameter, "") if parameter else ""
        return request.query_params.get("session") == "new" or given not in {"", participant.external_id}

    def consent(self, request: Request) -> Response:
        """Show what is agreed to; a recruiting platform's id waits in the address until somebody agrees."""
        study = self.served.study
        language = choose_language(request, study.languages)
        parameter = study.session.external_id
        others = {name: value for name, value in request.query_params.items() if name != "language"}
        return fill(
            "consent.html",
            {
                **self.view(language),
                **views.consent_view(study, language),
                "languages": [(code, own_name(code)) for code in study.languages],
                "queries": {code: urlencode({**others, "language": code}) for code in study.languages},
                "body": {
                    "fresh": session_cookie.find(request, self.served, self.mode) is not None,
                    "language": language,
                    "version": study.consent.version,
                    "external_id": request.query_params.get(parameter, "") if parameter else "",
                },
            },
        )

    def step(self, participant: Participant, step: Step) -> Response:
        """Show the page where the session goes on, and note that it is open."""
        visit = self.served.store.open_step(participant.id, step.key)
        if step.key == DONE:
            return self.done(participant)
        view = self.view(participant.language)
        if step.kind == "volume":
            return fill("volume.html", {**view, **views.page_view(self.served, participant, step)})
        if step.kind == "headphones":
            return fill("headphones.html", {**view, **views.headphones_view(self.served, participant, step)})
        return fill("step.html", {**view, **views.step_view(self.served, participant, step, visit)})

    def kept(self, participant: Participant, key: str) -> Response:
        """Show stored answers of a page that was left; they cannot be changed there."""
        try:
            step = find_step(self.served.store.pages(participant), key)
            if step.kind not in views.ANSWERED:
                return RedirectResponse("./", 303)
            visit = self.served.store.open_step(participant.id, key)
        except SessionError:
            return RedirectResponse("./", 303)
        view = views.kept_view(self.served, participant, step, visit)
        return fill("kept.html", {**self.view(participant.language), **view})

    def done(self, participant: Participant) -> Response:
        """End the session and show the completion code."""
        code = self.served.store.finish(participant.id)
        session = self.served.study.session
        return fill(
            "done.html",
            {
                **self.view(participant.language),
                "code": participant.resume_code,
                "here": DONE,
                "completion_code": code,
                "completion_url": session.completion_url.replace("{code}", code),
            },
        )

    def refused(self, request: Request) -> Response:
        """Thank somebody who does not take part."""
        language = choose_language(request, self.served.study.languages)
        return self.message(language, "refused_title", "refused_text", link="./", link_text="refused_again")

    def withdrawn(self, request: Request) -> Response:
        """Confirm that the answers are deleted."""
        language = choose_language(request, self.served.study.languages)
        return self.message(language, "withdrawn_title", "withdrawn_text")

    def code_page(self, kind: str, goes_to: str) -> Callable[[Request], Response]:
        """Return the page on which a code is typed in, to go on or to withdraw."""

        def show(request: Request) -> Response:
            participant = session_cookie.find(request, self.served, self.mode)
            chosen = choose_language(request, self.served.study.languages)
            language = participant.language if participant else chosen
            return fill("code.html", {**self.view(language), "kind": kind, "go": goes_to})

        return show

    # Sounds and clips

    def calibration(self, _request: Request) -> Response:
        """Send the sound for the volume."""
        return Response(calibration_file(self.served.study.lufs), media_type="audio/wav", headers=KEEP_AN_HOUR)

    def tones(self, request: Request) -> Response:
        """Send the tones of one trial of the headphone check."""
        participant = session_cookie.find(request, self.served, self.mode)
        attempt, trial = request.path_params["attempt"], request.path_params["trial"]
        if participant is None or not (1 <= attempt <= HEADPHONE_ATTEMPTS and 1 <= trial <= TRIALS):
            return Response(status_code=404)
        sound = trial_file(headphone_seed(participant, attempt), trial)
        return Response(sound, media_type="audio/wav", headers=KEEP_AN_HOUR)

    def stimulus(self, request: Request) -> Response:
        """Send a clip, or the wanted part of it, to a participant whose page shows it now or next."""
        participant = session_cookie.find(request, self.served, self.mode)
        if participant is None:
            return Response(status_code=404)
        here = self.served.store.position(participant.id)
        allowed = (*self.served.shown(here), *self.served.upcoming(participant, here))
        for stimulus in allowed:
            if stimulus.name == request.path_params["name"]:
                path = stimulus_path(self.served.study, stimulus)
                return FileResponse(path, media_type="video/mp4", headers=KEEP_AN_HOUR)
        return Response(status_code=404)

    # What all pages share

    def view(self, language: str) -> dict[str, Any]:
        """Return what every page is filled with."""
        return page_frame(self.served, self.mode, language)

    def message(self, language: str, title: str, text: str, *, link: str = "", link_text: str = "go_on") -> Response:
        """Show a page with a few words."""
        return show_message(self.view(language), title, text, link=link, link_text=link_text)


def page_frame(served: ServedStudy, mode: Mode, language: str) -> dict[str, Any]:
    """Return what every page of a study is filled with.

    Args:
        served: of the study.
        mode: of the page.
        language: that is read.
    """
    return {
        "say": speak(language),
        "language": language,
        "title": in_language(served.study.title, language),
        "name": served.study.name,
        "mode": mode,
        "up": "../" if mode == "test" else "",
        "contact": served.study.session.contact,
        "bar": served.bar,
        "longest": LONGEST_TEXT,
        "participant": "",
        "code": "",
        "here": "consent",
    }


def show_message(
    frame: Mapping[str, Any], title: str, text: str, *, link: str = "", link_text: str = "go_on", status: int = 200
) -> Response:
    """Show a page with a few words.

    Args:
        frame: made by `page_frame`.
        title: name of the words above.
        text: name of the words below.
        link: where a button leads; none by default.
        link_text: name of the button's words.
        status: HTTP's number.
    """
    say = frame["say"]
    words = {"heading": say(title), "text": say(text), "link": link, "link_text": say(link_text)}
    return fill("message.html", {**frame, **words}, status)


def choose_language(request: Request, languages: tuple[str, ...]) -> str:
    """Return the language of somebody who has not begun yet: as chosen, as the browser asks for, or the first.

    Args:
        request: with or without a choice.
        languages: of the study.
    """
    chosen = request.query_params.get("language", "")
    asked = request.headers.get("accept-language", "").lower().split(",")
    wishes = [chosen, *(wish.split(";")[0].strip()[:2] for wish in asked)]
    return next((wish for wish in wishes if wish in languages), languages[0])
