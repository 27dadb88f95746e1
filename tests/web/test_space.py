"""The repository is a Hugging Face Space as it stands: its front matter, its packages, and where the page writes."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import metadata_load

from emotion.hub import cache_folder

ROOT = Path(__file__).parents[2]

COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}

TEXTS = {"title", "emoji", "sdk", "sdk_version", "python_version", "app_file", "license", "short_description"}
DOCUMENTED = TEXTS | {
    "colorFrom", "colorTo", "suggested_hardware", "suggested_storage", "app_build_command", "app_port", "base_path",
    "fullWidth", "header", "models", "datasets", "tags", "thumbnail", "pinned", "hf_oauth", "hf_oauth_scopes",
    "hf_oauth_expiration_minutes", "hf_oauth_authorized_org", "disable_embedding", "startup_duration_timeout",
    "custom_headers", "preload_from_hub",
}  # fmt: skip
"""https://huggingface.co/docs/hub/spaces-config-reference; "license" is of the repository's card."""

WATCHED = """
import json, os, sys
from pathlib import Path

allowed = tuple(json.loads(sys.argv[1])) + ("/dev/",)
strays = []
MAKE = {"os.mkdir", "os.rename", "os.link", "os.symlink", "os.truncate"}

def note(path):
    if isinstance(path, (str, bytes, os.PathLike)):
        place = os.path.abspath(os.fsdecode(path))
        if not place.startswith(allowed):
            strays.append(place)

def watch(event, given):
    if event == "open":
        path, mode, flags = given
        if set(mode or "") & set("wax+") or (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            note(path)
    elif event in MAKE:
        note(given[0])

sys.addaudithook(watch)
from video2music.web import app
from gradio_client import Client, handle_file

address, offer = app.read_settings([])
page, studio = app.build(app.make_service(offer, address.limits))
url = app.launch(page, studio, app.Address(port=None))
files = Client(url, verbose=False, analytics_enabled=False, httpx_kwargs={"timeout": 120}).predict(
    clip=handle_file(sys.argv[2]), seed=7, api_name="/compose"
)
page.close(verbose=False)
studio.close()
made = [os.path.getsize(path) for path in files]
print(json.dumps({"host": address.host, "port": address.port, "made": made, "strays": strays}))
"""


@pytest.fixture(scope="module")
def front_matter() -> dict[str, Any]:
    return dict(metadata_load(ROOT / "README.md") or {})


def test_every_field_is_documented_and_of_its_kind(front_matter: dict[str, Any]) -> None:
    assert set(front_matter) <= DOCUMENTED
    assert all(isinstance(front_matter[name], str) and front_matter[name] for name in TEXTS)
    assert {front_matter["colorFrom"], front_matter["colorTo"]} <= COLOURS
    assert len(front_matter["short_description"]) <= 60
    assert not re.search(r"\w", front_matter["emoji"])
    assert re.fullmatch(r"\d+[hm]", front_matter["startup_duration_timeout"])
    assert front_matter["license"] == "mit"
    assert "MIT License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_the_space_installs_and_starts_what_the_repository_does(front_matter: dict[str, Any]) -> None:
    pins = dict(
        re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert front_matter["sdk"] == "gradio"
    assert front_matter["sdk_version"] == pins["gradio"]
    assert (ROOT / front_matter["app_file"]).is_file()
    wanted = re.search(r'requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert wanted is not None
    assert front_matter["python_version"] == wanted[1]


def test_debian_has_the_packages() -> None:
    names = (ROOT / "packages.txt").read_text(encoding="utf-8").split("\n")
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", name) for name in names if name)
    if shutil.which("apt-cache") is None:
        pytest.skip("needs Debian's apt-cache")
    shown = subprocess.run(["apt-cache", "show", *filter(None, names)], capture_output=True, text=True, check=False)
    assert set(filter(None, names)) == set(re.findall(r"^Package: (.+)$", shown.stdout, re.MULTILINE))


def test_nothing_is_written_outside_temporary_folder_and_cache(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    """The real page composes with a home and a working folder in which nobody can write, not even the super-user."""
    places = [str(tmp_path / name) for name in ("tmp", "cache")]
    for place in places:
        Path(place).mkdir()
    compiled = cache_folder() / "numba"  # what numba compiled for an earlier run: half a minute saved
    compiled.mkdir(parents=True, exist_ok=True)
    (tmp_path / "cache" / "numba").symlink_to(compiled)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not re.match(r"GRADIO|HF_|MPL|NUMBA|TORCH|XDG_|VIDEO2MUSIC", name)
    }
    environment = kept | {
        "HOME": "/proc/nobody",
        "TMPDIR": places[0],
        "VIDEO2MUSIC_CACHE": places[1],
        "SPACE_ID": "me/music",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "no_proxy": "*",
    }
    command = [sys.executable, "-c", WATCHED, json.dumps(places), str(make_clip(seconds=2.0))]
    done = subprocess.run(command, cwd="/proc", env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["strays"] == []
    assert (told["host"], told["port"]) == ("0.0.0.0", 7860)  # noqa: S104 - what a Space needs
    assert len(told["made"]) == 5
    assert all(size > 100 for size in told["made"])
