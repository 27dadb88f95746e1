"""What the pages say, in every language."""

import re

import pytest

from video2music.web.study.words import all_words, own_name, speak

BRACES = re.compile(r"{(\w*)}")


@pytest.mark.parametrize("language", ["de", "zh"])
def test_every_language_says_the_same_things(language: str) -> None:
    english, other = all_words()["en"], all_words()[language]
    assert set(other) == set(english)
    for name, words in english.items():
        assert set(BRACES.findall(other[name])) == set(BRACES.findall(words)), name
        assert other[name].strip() == other[name] != ""


def test_english_stands_in_for_other_languages() -> None:
    assert speak("xx")("step", step=2, steps=9) == "Step 2 of 9"
    assert speak("de")("step", step=2, steps=9) == "Schritt 2 von 9"
    assert (own_name("de"), own_name("xx")) == ("Deutsch", "XX")
