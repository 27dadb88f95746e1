"""Copies on the hub: only where the environment names a data set, and never where others could read them."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from video2music.study.sharing import VARIABLE, SharingError, push_answers
from video2music.study.store import Store

Walk = Callable[..., Any]


class FakeHub:
    """Keeps what was asked of it; `public` is what the hub says of a data set that is there already."""

    def __init__(self, *, public: bool = False, broken: Exception | None = None) -> None:
        self.public, self.broken = public, broken
        self.calls: list[str] = []
        self.files: dict[str, str] = {}

    def create_repo(self, name: str, *, repo_type: str, private: bool, exist_ok: bool) -> None:
        assert (name, repo_type, private, exist_ok) == ("laboratory/ratings", "dataset", True, True)
        self.calls.append("create")

    def dataset_info(self, _: str) -> SimpleNamespace:
        return SimpleNamespace(private=not self.public)

    def upload_folder(self, *, repo_id: str, repo_type: str, folder_path: str, path_in_repo: str, **_: str) -> None:
        if self.broken is not None:
            raise self.broken
        assert (repo_id, repo_type) == ("laboratory/ratings", "dataset")
        for path in Path(folder_path).iterdir():
            self.files[f"{path_in_repo}/{path.name}"] = path.read_text(encoding="utf-8")
        self.calls.append("upload")

    def super_squash_history(self, _: str, *, repo_type: str) -> None:
        assert repo_type == "dataset"
        self.calls.append("squash")


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "laboratory/ratings")


def test_nothing_leaves_the_machine_unless_a_data_set_is_named(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    hub = FakeHub()
    assert push_answers(sqlite_store.study, [], hub) == ""
    assert hub.calls == []


@pytest.mark.usefixtures("named")
def test_the_export_is_copied_and_withdrawn_answers_leave_the_history(sqlite_store: Store) -> None:
    hub = FakeHub()
    assert push_answers(sqlite_store.study, sqlite_store.rows(), hub) == "laboratory/ratings"
    assert hub.calls == ["create", "upload", "squash"]
    names = ("answers.csv", "dictionary.csv", "answers.json")
    assert set(hub.files) == {f"{sqlite_store.study.name}/{name}" for name in names}


@pytest.mark.usefixtures("named")
def test_a_public_data_set_gets_nothing(sqlite_store: Store) -> None:
    hub = FakeHub(public=True)
    with pytest.raises(SharingError, match="Others could read"):
        push_answers(sqlite_store.study, [], hub)
    assert hub.files == {}


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize("broken", [OSError("401 Unauthorized\nsecond line"), ValueError("no such name")])
def test_a_hub_that_refuses_is_said_in_one_sentence(sqlite_store: Store, broken: Exception) -> None:
    with pytest.raises(SharingError, match="were not copied") as refused:
        push_answers(sqlite_store.study, [], FakeHub(broken=broken))
    assert "second line" not in str(refused.value)
