"""The headphone check of one participant."""

import hashlib

from video2music.study.store import Participant


def headphone_seed(participant: Participant, attempt: int) -> int:
    """Return what the order of the tones is drawn from, the same whenever it is asked for.

    Args:
        participant: who listens.
        attempt: from 1.
    """
    drawn = hashlib.blake2b(f"{participant.resume_code} {attempt}".encode(), digest_size=8)
    return int.from_bytes(drawn.digest(), "big")
