"""Where answers are kept: SQLite beside the study's file, or PostgreSQL.

An answer that was acknowledged is on the disk: SQLite waits for the disk at the end of every transaction
(`synchronous = FULL`), and PostgreSQL does unless somebody has told it not to (`synchronous_commit`).
"""

from video2music.study.store.people import Answer, Participant, Visit
from video2music.study.store.progress import CellProgress, Missing, Progress
from video2music.study.store.store import VARIABLE, Store, open_store

__all__ = [
    "VARIABLE",
    "Answer",
    "CellProgress",
    "Missing",
    "Participant",
    "Progress",
    "Store",
    "Visit",
    "open_store",
]
