import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion.errors import RefusalError
from video2music.study.reading import StudyFileError, in_language, read_study

TEMPLATE = Path(__file__).parents[2] / "assets" / "study" / "study.yaml"

PLAIN = """\
name: first
title: Music for videos
consent: {version: "1", text: I agree.}
questions:
  - {id: overall, text: How good is it?, low: bad, high: good}
conditions:
  - {id: ours, source: engine, wishes: {ensemble: strings, seed: 7}}
  - {id: low, source: shuffled, of: ours, role: low}
clips:
  - {id: one, file: one.mp4}
  - {id: two, file: two.mp4, range_s: [5, 25]}
"""

Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_study(text: str | bytes) -> Path:
        path = tmp_path / "study.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write_study


def mistakes(path: Path) -> tuple[str, ...]:
    with pytest.raises(StudyFileError) as refused:
        read_study(path)
    assert isinstance(refused.value, RefusalError)
    assert str(refused.value).splitlines() == list(refused.value.sentences)
    assert all(sentence.startswith(f"{path}, line ") for sentence in refused.value.sentences)
    return tuple(sentence.removeprefix(f"{path}, ") for sentence in refused.value.sentences)


def changed(old: str, new: str) -> str:
    assert PLAIN.count(old) == 1, old
    return PLAIN.replace(old, new)


def test_a_short_file_is_a_whole_study(write: Write, tmp_path: Path) -> None:
    study = read_study(write(PLAIN))
    assert study.folder == tmp_path.resolve()
    assert study.title == {"en": "Music for videos"}
    assert study.conditions[0].wishes == {"ensemble": "strings", "seed": 7}
    assert study.clips[1].range_s == (5, 25)
    assert study.questions[0].points == 7


def test_the_file_to_begin_with_is_valid_and_asks_the_questions_of_the_paper() -> None:
    study = read_study(TEMPLATE)
    assert [question.text["en"] for question in study.questions] == [
        "How high is the overall quality of the generated music (independently of the video content)?",
        "How well are the video and music matched overall?",
        "How well does the harmony match the video?",
        "How well does the tempo match the video?",
        "How well does loudness match the video?",
    ]
    assert {(q.kind, q.points, q.low["en"], q.high["en"]) for q in study.questions if q.low and q.high} == {
        ("likert", 7, "Extremely poor", "Excellent")
    }
    assert [condition.role for condition in study.conditions] == ["system", "low", "high"]


def test_a_plain_text_stands_for_every_language(write: Write) -> None:
    study = read_study(write(changed("title: Music for videos", "languages: [en, no]\ntitle: {en: Music, no: Musikk}")))
    assert study.languages == ("en", "no"), "no is Norwegian, not false"
    assert in_language(study.title, "no") == "Musikk"
    assert in_language(study.title, "fr") == "Music"
    assert study.questions[0].text == {"en": "How good is it?", "no": "How good is it?"}


def test_every_mistake_is_said_at_once_with_its_line_in_order(write: Write) -> None:
    text = PLAIN.replace("name: first", "name: First study").replace('version: "1"', "version: 1")
    text = text.replace("low: bad, high: good", "low: bad, point: 5").replace("file: one.mp4", "flie: one.mp4")
    assert mistakes(write(text)) == (
        'line 1, name: "First study" is not a short name. Use a to z, digits, - and _, a letter or digit first.',
        "line 3, consent.version: 1 is a number, not a text. Put it in quotes.",
        "line 5, questions[1].point: There is no such field. Did you mean points?",
        "line 10, clips[1].file: It is missing. Add it.",
        "line 10, clips[1].flie: There is no such field. Did you mean file?",
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("high: good", "high: good, points: 20", "line 5, questions[1].points: 20 is more than 11. Use 11 or less."),
        (", high: good", "", "line 5, questions[1]: The high end of the scale is not named."),
        ("low: bad", "low: bad, kind: sliders", 'line 5, questions[1].kind: "sliders" is none of the choices.'),
        ("low: bad, high: good", "kind: preference", "line 5, questions[1].kind: A preference needs pairs."),
        ("clips:", "design: {show: pair}\nclips:", "line 5, questions[1]: Beside two videos nobody knows which one is"),
        ("low: bad, high: good", "kind: choice", "line 5, questions[1]: There are fewer than two options."),
        ("low: bad", "kind: text, low: bad", "line 5, questions[1].low: A question of the kind text has no ends."),
        ("of: ours", "of: theirs", 'line 8, conditions[2].of: There is no condition "theirs". Choose from ours, low.'),
        (", of: ours", "", "line 8, conditions[2]: It is not said whose music is shuffled."),
        ("of: ours", "of: low", 'line 8, conditions[2].of: "low" is shuffled itself.'),
        ("id: low", "id: ours", 'line 8, conditions[2].id: The id "ours" is taken.'),
        ("id: two", "id: one", 'line 11, clips[2].id: The id "one" is taken.'),
        ("strings", "strinx", "line 7, conditions[1].wishes: There is no ensemble 'strinx'. Did you mean strings?"),
        ("seed: 7", "sede: 7", "line 7, conditions[1].wishes: There is no wish sede. Did you mean seed?"),
        ("seed: 7", "tempo: fast", "line 7, conditions[1].wishes: The wish tempo cannot be read."),
        ("seed: 7", "key: H major", "line 7, conditions[1].wishes: "),
        ("source: engine", "source: engine, engine: choir", "line 7, conditions[1].engine: There is no engine"),
        ("of: ours", "of: ours, folder: x", "line 8, conditions[2].folder: It does not belong to the source shuffled."),
        ("source: shuffled, of: ours", "source: midi", "line 8, conditions[2]: It is not said where the files are."),
        ("[5, 25]", "[25, 5]", "line 11, clips[2].range_s: There is no part from 25 to 5 s."),
        ("  - {id: two, file: two.mp4, range_s: [5, 25]}\n", "", "line 8, conditions[2]: With one clip"),
        ("clips:", "design: {clips_each: 3}\nclips:", "line 9, design.clips_each: There are 2 clips. Use 2 or less."),
        ("clips:", "lufs: -5\nclips:", "line 9, lufs: -5 is more than -10."),
        ("clips:", "folder: /etc\nclips:", "line 9, folder: There is no such field."),
        ("clips:", "session: {completion_url: 'javascript:x'}\nclips:", "line 9, session.completion_url: It is no web"),
        ("clips:", "session: {external_id: 'a b'}\nclips:", "line 9, session.external_id: It is no name"),
        ("clips:", "session: {idle_hours: 0}\nclips:", "line 9, session.idle_hours: 0 is too little. Use more than 0."),
        ("clips:", "training: [{clip: one, conditions: [ours]}]\nclips:", "line 9, training[1].clip: There is no"),
        ("title: Music for videos", "languages: [en, de]\ntitle: {en: M}", 'line 3, title: There are no words in "de"'),
        ("title: Music for videos", "title: {en: M, xx: M}", 'line 2, title.xx: "xx" is not a language of the study.'),
        ("title: Music for videos", "title: ' '", 'line 2, title: There are no words in "en".'),
        ("title: Music for videos", "languages: [english]\ntitle: M", 'line 2, languages[1]: "english" is no'),
        ("title: Music for videos", "title: [1]", "line 2, title: A list cannot be used"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(old: str, new: str, expected: str, write: Write) -> None:
    found = mistakes(write(changed(old, new)))
    assert [sentence for sentence in found if sentence.startswith(expected)], found


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("{id: a, after: 3, question: Q, expect: 2}", "attention[1].after: There are 2 trials."),
        ("{id: a, after: 1, question: Q, expect: 8}", "attention[1].expect: The scale has no such point. Use a number"),
        (
            "{id: a, after: 1, question: Q, expect: 2.5}",
            "attention[1].expect: The scale has no such point. Use a whole",
        ),
        ("{id: overall, after: 1, question: Q, expect: 2}", 'attention[1].id: The id "overall" is taken.'),
        ("{id: a, after: 1, question: P, expect: left}", "attention[1].question.kind: A preference needs two videos"),
        ("{id: a, after: 1, question: O, expect: z}", 'attention[1].expect: There is no option "z". Choose from x, y.'),
        ("{id: a, after: 1, question: T, expect: 5}", "attention[1].expect: 5 is a number, not a text."),
    ],
)
def test_attention_checks_can_be_passed(check: str, expected: str, write: Write) -> None:
    kinds = {
        "Q": "{id: q, text: Choose 2, low: l, high: h}",
        "P": "{id: q, kind: preference, text: Choose left}",
        "O": "{id: q, kind: choice, text: Choose x, options: [{id: x, text: x}, {id: y, text: y}]}",
        "T": "{id: q, kind: text, text: Write 5}",
    }
    for letter, question in kinds.items():
        check = check.replace(f"question: {letter}", f"question: {question}")
    found = mistakes(write(changed("clips:", f"attention: [{check}]\nclips:")))
    assert any(sentence.startswith(f"line 9, {expected}") for sentence in found), found


@pytest.mark.parametrize(
    ("show", "conditions", "expected"),
    [
        ("one", "[ours, low]", "there is room for one condition"),
        ("pair", "[ours]", "there is room for two different conditions"),
        ("pair", "[ours, ours]", "there is room for two different conditions"),
        ("one", "[low]", "With one training clip there is no other music to show"),
    ],
)
def test_training_shows_what_a_page_has_room_for(show: str, conditions: str, expected: str, write: Write) -> None:
    training = f"training_clips: [{{id: t, file: t.mp4}}]\ntraining: [{{clip: t, conditions: {conditions}}}]"
    more = f"design: {{show: {show}}}\n{training}"
    assert any(expected in sentence for sentence in mistakes(write(changed("clips:", f"{more}\nclips:"))))


def test_pairs_may_ask_for_a_preference(write: Write) -> None:
    text = changed("low: bad, high: good", "kind: preference, ties: true").replace(
        "clips:", "design: {show: pair}\nclips:"
    )
    assert read_study(write(text)).questions[0].ties


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: !!python/object/apply:os.system [echo]", "Tags such as"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", "Anchors (&) and aliases (*) are not read"),
        ("name: *nowhere", "Anchors (&) and aliases (*) are not read"),
        ("[" * 5000, "nested too deeply"),
        ("- " * 5000 + "x", "nested too deeply"),
        ("name: first\nname: second", "line 2, name: It is given twice"),
        ("name: first\n---\nname: second", "line 2: A second document begins here"),
        ("name: [1, 2\ntitle: x", "This is not valid YAML"),
        ("lufs: .nan", "line 1, lufs: .nan is not a number"),
        ("? [a]\n: b", "A key is a list or a mapping"),
        ("x" * 210_000, "larger than 200 kB"),
        (b"name: \xff\xfe", "not a text in UTF-8"),
        ("name: \x00", "not valid YAML"),
        ("", "This is not a study"),
        ("- a\n- b", "This is not a study"),
        ("just words", "This is not a study"),
        (f"lufs: {'9' * 5000}", "line 1, lufs"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)  # fmt: skip
def test_a_hostile_file_is_refused(text: str | bytes, expected: str, write: Write) -> None:
    assert any(expected in sentence for sentence in mistakes(write(text)))


def test_a_file_that_is_not_there_or_is_a_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        assert "cannot be read" in mistakes(path)[0]
        assert "study new FILE" in mistakes(path)[0]


@settings(max_examples=40)
@given(st.text(max_size=60), st.integers(0, len(PLAIN)))
def test_whatever_is_typed_the_study_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, typed: str, at: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "typed.yaml"
    path.write_bytes((PLAIN[:at] + typed + PLAIN[at:]).encode("utf-8", "surrogatepass"))
    with contextlib.suppress(StudyFileError):
        read_study(path)
