"""Walls between the rooms that the design promises."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [*ROOT.glob("video2music/**/*.py"), *ROOT.glob("emotion/**/*.py")]


def imported_modules(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_web_room_knows_gradio(path: Path) -> None:
    knows = any(name.split(".")[0] == "gradio" for name in imported_modules(path))
    assert not knows or "web" in path.relative_to(ROOT).parts


@pytest.mark.parametrize("path", [*ROOT.glob("emotion/**/*.py")], ids=lambda path: path.name)
def test_the_lower_package_does_not_import_the_upper_one(path: Path) -> None:
    assert not any(name.split(".")[0] == "video2music" for name in imported_modules(path))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_command_goes_through_a_shell(path: Path) -> None:
    assert "shell=True" not in path.read_text(encoding="utf-8")


def test_help_and_the_package_itself_load_no_heavy_library() -> None:
    code = (
        "import sys, video2music, video2music.cli\n"
        "try: video2music.cli.main(['compose', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'gradio', 'cv2', 'av', 'transformers', 'open_clip', 'moviepy', 'librosa', 'scipy'}\n"
        "sys.exit(str(sorted(heavy & set(sys.modules))) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
