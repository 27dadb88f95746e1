"""Ids and codes that nobody can guess, and that people can type."""

import secrets

SIGNS = "34679ACDEFGHJKLMNPQRTUVWXY"
"""No look-alikes: neither 0 and O, 1 and I, 2 and Z, 5 and S nor 8 and B."""

LENGTH = 8
"""Of a code: 26 ** 8 are 2e11 possibilities."""


def draw_id() -> str:
    """Draw a participant's id: 128 random bits as 32 hexadecimal digits."""
    return secrets.token_hex(16)


def draw_code() -> str:
    """Draw a code of eight signs."""
    return "".join(secrets.choice(SIGNS) for _ in range(LENGTH))


def show_code(code: str) -> str:
    """Write a code as it is shown: "ACDE-3467".

    Args:
        code: as it was drawn.
    """
    return f"{code[:4]}-{code[4:]}"


def read_code(typed: str) -> str:
    """Read what somebody has typed: small letters, spaces and hyphens do not matter.

    Args:
        typed: by a participant.

    Returns:
        The code as it was drawn, if it is one.
    """
    return "".join(sign for sign in typed.upper() if sign.isalnum())[: LENGTH + 1]
