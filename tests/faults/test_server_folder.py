"""What a server leaves behind when it is killed, and who takes it away."""

import subprocess
import sys
from pathlib import Path

import pytest

from video2music.errors import OutputError
from video2music.web.folders import private_root, working_folder
from video2music.web.server_folder import LOCK, clear, open_server_folder

LIVES = """
import sys
from pathlib import Path
from video2music.web.folders import working_folder
from video2music.web.server_folder import open_server_folder

folder = open_server_folder(Path(sys.argv[1]))
(working_folder(folder.path) / "clip.mp4").write_bytes(bytes(1000))
print(folder.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return private_root(tmp_path)


def test_a_killed_server_leaves_nothing_beyond_the_next_start(root: Path) -> None:
    command = [sys.executable, "-c", LIVES, str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        left = Path(server.stdout.readline().strip())
        beside = open_server_folder(root)
        assert list(left.rglob("clip.mp4"))  # it runs: what it has is its own
        server.kill()
    assert left.exists()
    folder = open_server_folder(root)
    assert not left.exists()
    assert beside.path.exists()
    beside.close()
    folder.close()
    assert [path.name for path in root.iterdir()] == [LOCK]


def test_nothing_else_is_cleared(root: Path) -> None:
    for name in ("somebody's file", "server.log"):
        (root / name).touch()
    (root / "server-abc").mkdir()  # of a server that died before it had a lock
    assert clear(root) == 1
    assert {path.name for path in root.iterdir()} == {"somebody's file", "server.log"}


def test_a_server_that_stops_leaves_nothing(root: Path) -> None:
    folder = open_server_folder(root)
    (working_folder(folder.path) / "clip.mp4").touch()
    folder.close()
    assert [path.name for path in root.iterdir()] == [LOCK]


def test_a_folder_that_cannot_be_used_is_said(root: Path) -> None:
    (root / LOCK).mkdir()
    with pytest.raises(OutputError, match=r"The folder for uploads cannot be used .*\. Set TMPDIR to another folder"):
        open_server_folder(root)
