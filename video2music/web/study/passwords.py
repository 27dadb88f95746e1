"""The researcher's password: only its hash is kept, beside the study's file or in the environment."""

import os
import tempfile
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from emotion.errors import RefusalError
from video2music.study.plan import Study

VARIABLE = "VIDEO2MUSIC_STUDY_PASSWORD_HASH"

FILE = "dashboard.password"
"""Beside the study's file; holds the hash, readable only by its owner."""

SHORTEST = 8
"""Letters; wrong guesses are few, and the hash is slow."""


def hash_password(password: str) -> str:
    """Hash a password with argon2id.

    Args:
        password: as typed.

    Raises:
        RefusalError: it is too short.
    """
    if len(password) < SHORTEST:
        raise RefusalError("The password is too short", remedy=f"Use {SHORTEST} letters or more")
    return PasswordHasher().hash(password)


def is_password(password: str, hashed: str) -> bool:
    """Say whether a password is the one that was hashed.

    Args:
        password: as typed.
        hashed: made by `hash_password`.
    """
    try:
        return PasswordHasher().verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def write_password(study: Study, hashed: str) -> Path:
    """Keep a hash beside the study's file, in place of an earlier one.

    Args:
        study: as read from its file.
        hashed: made by `hash_password`.

    Returns:
        The file.

    Raises:
        RefusalError: it cannot be written.
    """
    path = study.folder / FILE
    try:
        handle, temporary = tempfile.mkstemp(dir=study.folder, prefix=".dashboard-")  # only its owner may read it
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(hashed + "\n")
        Path(temporary).replace(path)
    except OSError as error:
        raise RefusalError(f"The password cannot be kept ({error.strerror})", where=path) from error
    return path


def read_password(study: Study) -> str:
    """Return the hash that opens the dashboard of a study: of the environment, or beside its file; "" if there is none.

    Args:
        study: as read from its file.
    """
    given = os.environ.get(VARIABLE, "").strip()
    path = study.folder / FILE
    return given or (path.read_text(encoding="utf-8").strip() if path.is_file() else "")
