"""The researcher's dashboard, and who gets there."""

import csv
import io
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from itsdangerous import URLSafeTimedSerializer, timed

from emotion.errors import RefusalError
from video2music.cli import main
from video2music.web.study import passwords
from video2music.web.study.served import ServedStudy, open_study

Device = Any
"""See conftest.py."""

Visit = Callable[..., Device]
ServeStudy = Callable[..., ServedStudy]

PASSWORD = "a long enough one"  # noqa: S105 - of a study that lives for one test


@pytest.fixture(scope="module")
def hashed() -> str:
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def closed(serve_study: ServeStudy, visit: Visit, hashed: str) -> Device:
    return visit(serve_study(password=hashed))


@pytest.fixture
def dashboard(closed: Device) -> Device:
    assert closed.post("dashboard/login", password=PASSWORD).status_code == 200
    return closed


def test_without_a_password_there_is_no_dashboard(device: Device) -> None:
    assert "no password was set" in device.get("dashboard").text
    assert device.post("dashboard/login", password="").status_code == 404
    assert device.post("dashboard/login", password=PASSWORD).status_code == 404


def test_only_the_password_opens_the_dashboard(closed: Device) -> None:
    assert "Flagged" not in closed.get("dashboard").text
    for wrong in ("", PASSWORD.upper(), PASSWORD + " ", "\u0000"):
        assert closed.post("dashboard/login", password=wrong).status_code in {400, 404}
    for file in ("answers.csv", "answers.json"):
        answer = closed.get(f"dashboard/{file}", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "../dashboard")
    cookie = closed.post("dashboard/login", password=PASSWORD).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "Flagged participants" in closed.get("dashboard").text
    assert closed.post("dashboard/logout").status_code == 200
    assert "Flagged" not in closed.get("dashboard").text


def test_the_password_cannot_be_guessed_for_long(closed: Device) -> None:
    tries = [closed.post("dashboard/login", password=f"wrong {n}").status_code for n in range(7)]
    assert tries == [404] * 5 + [429] * 2
    assert closed.post("dashboard/login", password=PASSWORD).status_code == 429


def test_the_dashboard_closes_by_itself_and_with_a_new_password(
    dashboard: Device, visit: Visit, hashed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timed.time.time()
    monkeypatch.setattr(timed.time, "time", lambda: now + 13 * 3600)
    assert "Flagged" not in dashboard.get("dashboard").text
    monkeypatch.setattr(timed.time, "time", lambda: now)
    forged = visit(dashboard.served)
    for key in ("", "closed", PASSWORD, hashed[:-1]):
        forged.client.cookies.set("dashboard", str(URLSafeTimedSerializer(key, salt="dashboard small").dumps("open")))
        assert "Flagged" not in forged.get("dashboard").text


def test_the_dashboard_counts_live_and_test_sessions_apart(dashboard: Device, visit: Visit) -> None:
    for path, until in (("", "trial-2"), ("", "done"), ("test/", "trial-1")):
        person = visit(dashboard.served, path)
        person.begin()
        person.walk(until)
    dashboard.post("refuse")
    live, test = dashboard.get("dashboard").text, dashboard.get("dashboard?mode=test").text
    assert "<dt>Agreed</dt><dd>2 " in live
    assert "<dt>Finished</dt><dd>1</dd>" in live
    assert "<dt>Declined</dt><dd>1</dd>" in live
    assert "<dt>Agreed</dt><dd>1 " in test
    assert "<dt>Finished</dt><dd>0</dd>" in test
    assert '<th scope="row">trial-1</th>' in live
    assert "failed 1 of 1 attention checks" in live
    assert "Nobody is flagged." in test


def test_the_answers_can_be_taken_away(dashboard: Device, visit: Visit) -> None:
    for path in ("", "test/"):
        person = visit(dashboard.served, path)
        person.begin()
        person.walk("trial-2")
    answer = dashboard.get("dashboard/answers.csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["mode"] for row in rows} == {"live"}
    assert [row["value"] for row in rows] == [row["value"] for row in dashboard.served.store.rows()]
    assert {
        row["mode"] for row in csv.DictReader(io.StringIO(dashboard.get("dashboard/answers.csv?mode=test").text))
    } == {"test"}
    assert json.loads(dashboard.get("dashboard/answers.json").text)
    assert dashboard.get("dashboard/answers.exe").status_code == 404


def test_a_password_is_set_on_the_command_line(
    serve_study: ServeStudy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = serve_study().study.folder

    def give(first: str, second: str) -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{first}\n{second}\n"))
        return main(["study", "password", str(folder / "study.yaml"), "--json"])

    assert give("short", "short") == 1
    assert give(PASSWORD, "another one") == 1
    assert "differ" in capsys.readouterr().err
    assert not (folder / passwords.FILE).exists()
    assert give(PASSWORD, PASSWORD) == 0
    path = Path(json.loads(capsys.readouterr().out)["file"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert PASSWORD not in path.read_text(encoding="utf-8")
    served = open_study(passwords_study(folder))
    assert passwords.is_password(PASSWORD, served.password)
    served.store.close()
    monkeypatch.setenv(passwords.VARIABLE, "of the environment")
    assert passwords.read_password(served.study) == "of the environment"


def passwords_study(folder: Path) -> Any:  # noqa: ANN401 - a study
    from video2music.study.reading import read_study

    return read_study(folder / "study.yaml")


def test_a_folder_that_cannot_be_written_is_said(serve_study: ServeStudy, tmp_path: Path, hashed: str) -> None:
    study = serve_study().study.model_copy(update={"folder": tmp_path / "gone"})
    with pytest.raises(RefusalError, match="cannot be kept"):
        passwords.write_password(study, hashed)
