"""A file that holds all settings of the first tab and restores them."""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NoReturn, get_type_hints

from emotion.errors import RefusalError
from video2music.engines import ENGINES
from video2music.features.video_features import EMOTIONS
from video2music.web.wishes_form import KEYS, LEVEL_RANGE, LOUDNESS, ORIGINAL_SOUND, Settings, ensemble_choices

FORMAT = "video2music settings"

LARGEST_BYTES = 64_000

SAVE_THEM = "Save one with the button beside this one"


class SettingsFileError(RefusalError):
    """A file that does not hold settings of this page."""


def write_settings(settings: Settings, path: Path) -> Path:
    """Write settings as JSON.

    Args:
        settings: what the fields hold.
        path: a file that does not exist yet.

    Returns:
        The same path.
    """
    text = json.dumps({"format": FORMAT, "settings": asdict(settings)}, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def read_settings(path: Path) -> Settings:
    """Read settings that `write_settings` wrote, and check that every one of them can be shown and granted.

    Args:
        path: a file that may hold anything.

    Returns:
        What the fields shall hold; a field that the file leaves out has its default.

    Raises:
        RefusalError: the file holds something else, or a setting that cannot be used.
    """
    held = _held(path)
    known = {field.name for field in fields(Settings)}
    for name, value in held.items():
        if name not in known:
            raise SettingsFileError("There is no such setting on this page", where=name[:40], remedy=SAVE_THEM)
        _check(name, value)
    settings = Settings(**{name: value for name, value in held.items() if value is not None})
    settings.wishes()
    return settings


def _held(path: Path) -> dict[str, Any]:
    """Return what stands in a file under "settings"."""
    try:
        small = path.stat().st_size <= LARGEST_BYTES
        text = path.read_text(encoding="utf-8") if small else ""
        found = json.loads(text, parse_int=float, parse_constant=_no_number)
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("format") != FORMAT or not isinstance(found.get("settings"), dict):
        raise SettingsFileError("This file does not hold settings of this page", remedy=SAVE_THEM)
    return dict(found["settings"])


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _check(name: str, value: object) -> None:
    """Refuse a value of another kind than the field shows."""
    offered = _choices().get(name)
    fits = isinstance(value, get_type_hints(Settings)[name]) and (offered is None or value is None or value in offered)
    if name == "music_level" and fits and value is not None:
        fits = abs(float(str(value))) <= LEVEL_RANGE
    if not fits:
        raise SettingsFileError(f'The setting "{name}" is none that this page offers', remedy=SAVE_THEM)


def _choices() -> dict[str, list[Any]]:
    """Return the values of the fields in which a person only chooses."""
    return {
        "key": ["", *KEYS],
        "engine": ["", *ENGINES],
        "mood": ["", *EMOTIONS],
        "ensemble": [name for _, name in ensemble_choices()],
        "original": [value for _, value in ORIGINAL_SOUND],
        "lufs": [value for _, value in LOUDNESS],
    }
