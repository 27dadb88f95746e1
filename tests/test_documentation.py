"""What the documents name is there: files, modules, links."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("assets/models/*.md")])

FILE = re.compile(r"`((?:app|assets|benchmarks|docs|emotion|tests|video2music)/[\w./-]+\.(?:py|md|json|css|js|yaml))`")
TEST = re.compile(r"`(test_\w+\.py)`")
MODULE = re.compile(r"python -m ((?:video2music|emotion|benchmarks|tests)[\w.]*)")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def words(document: Path) -> str:
    return document.read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_are_named_are_there(document: Path) -> None:
    known = {path.name for path in ROOT.glob("tests/**/test_*.py")}
    missing = {name for name in FILE.findall(words(document)) if not (ROOT / name).is_file()}
    assert not missing | (set(TEST.findall(words(document))) - known)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_run_modules_that_are_there(document: Path) -> None:
    assert not {name for name in MODULE.findall(words(document)) if importlib.util.find_spec(name.rstrip(".")) is None}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_something(document: Path) -> None:
    assert not {link for link in LINK.findall(words(document)) if not (document.parent / link).exists()}
