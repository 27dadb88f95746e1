"""What the pages say besides the study's own text, in the languages of `assets/study/words.yaml`."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

FILE = Path(__file__).parents[3] / "assets" / "study" / "words.yaml"

FALLBACK = "en"


@cache
def all_words() -> Mapping[str, Mapping[str, str]]:
    """Read the words of all languages."""
    return YAML(typ="safe", pure=True).load(FILE.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def speak(language: str) -> Callable[..., str]:
    """Return the words of a language; English stands in for what it lacks.

    Args:
        language: two-letter code.

    Returns:
        A function from the name of a text, and what fills its braces, to the text.
    """
    words = {**all_words()[FALLBACK], **all_words().get(language, {})}

    def say(name: str, /, **values: object) -> str:
        return words[name].format(**values) if values else words[name]

    return say


def own_name(language: str) -> str:
    """Return how a language calls itself; its letters where it is not known.

    Args:
        language: two-letter code.
    """
    return all_words().get(language, {}).get("own_name", language.upper())
