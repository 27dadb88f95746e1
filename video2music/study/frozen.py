"""What of a study must not change once somebody has taken part, and what of it has."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emotion.errors import RefusalError
from video2music.study.plan import Study
from video2music.study.stimuli import read_manifest

Parts = Mapping[str, Any]
"""Plain data, as JSON holds it."""

WHOLE = ("questions", "background", "attention", "training", "lufs")
SOME = {
    "conditions": ("id", "source", "engine", "wishes", "of"),
    "clips": ("id", "range_s"),
    "training_clips": ("id", "range_s"),
}
"""Of lists. Files may be moved: the stimuli themselves are compared."""

DESIGN = ("show", "clips_each", "seed")
SESSION = ("volume", "headphones")
"""Titles, labels and roles of conditions, planned participants, contact, completion and idle hours may be changed."""

_LANGUAGE = re.compile(r"[a-z]{2}")


def frozen_parts(study: Study) -> dict[str, Any]:
    """Return what participants read, hear and are asked, and in which design.

    Args:
        study: as read from its file.
    """
    full = study.model_dump(mode="json")
    parts = {name: full[name] for name in WHOLE}
    parts |= {name: [{key: one[key] for key in keys} for one in full[name]] for name, keys in SOME.items()}
    parts["design"] = {key: full["design"][key] for key in DESIGN}
    parts["session"] = {key: full["session"][key] for key in SESSION}
    parts["consents"] = {study.consent.version: full["consent"]["text"]}
    parts["stimuli"] = _stimuli(study)
    return parts


def _stimuli(study: Study) -> dict[str, str]:
    try:
        entries = read_manifest(study).entries()
    except RefusalError:
        return {}  # answers are also analysed where the stimuli are not
    return {f"{clip} with {condition}": entry.sha256 for (clip, condition), entry in sorted(entries.items())}


def changed_parts(before: Parts, after: Parts) -> list[str]:
    """Name what has changed.

    A consent with a new version is no change, nor is a language more or less.

    Args:
        before: parts when the first participant agreed.
        after: parts of today.

    Returns:
        Such as "questions (overall)"; nothing if all is the same.
    """
    changed = []
    for name, was in before.items():
        now: Any = after.get(name)
        if name in {"consents", "stimuli"}:
            differing = [key for key in was if key in now and not _same(was[key], now[key])]
            changed += [f"{name} ({', '.join(differing)})"] if differing else []
        elif not _same(was, now):
            ids = list(_changed_ids(was, now))
            changed.append(f"{name} ({', '.join(ids)})" if ids else name)
    return changed


def merged_parts(before: Parts, after: Parts) -> dict[str, Any]:
    """Return the parts of today together with earlier versions of the consent and with stimuli that are not here.

    Args:
        before: that were kept.
        after: of today, with nothing changed.
    """
    return {**after, **{name: {**before[name], **after[name]} for name in ("consents", "stimuli")}}


def _changed_ids(was: Any, now: Any) -> Iterator[str]:  # noqa: ANN401 - plain data
    """List the ids of what differs in two lists: changed, removed and added."""
    if not (_has_ids(was) and _has_ids(now)):
        return
    earlier, later = ({one["id"]: one for one in items} for items in (was, now))
    for name in dict.fromkeys([*earlier, *later]):
        if name not in earlier or name not in later or not _same(earlier[name], later[name]):
            yield name


def _has_ids(items: Any) -> bool:  # noqa: ANN401 - plain data
    return isinstance(items, Sequence) and all(isinstance(one, Mapping) and "id" in one for one in items)


def _same(was: Any, now: Any) -> bool:  # noqa: ANN401 - plain data
    """Compare plain data; of texts only the languages that both have."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        keys = was.keys() & now.keys()
        alike = bool(keys) and _is_text(was) and _is_text(now)
        return (alike or was.keys() == now.keys()) and all(_same(was[key], now[key]) for key in keys)
    if isinstance(was, list) and isinstance(now, list):
        return len(was) == len(now) and all(_same(*pair) for pair in zip(was, now, strict=True))
    return bool(was == now)


def _is_text(part: Mapping[str, Any]) -> bool:
    return all(_LANGUAGE.fullmatch(key) and isinstance(value, str) for key, value in part.items())
