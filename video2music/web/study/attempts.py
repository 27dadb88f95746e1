"""How often somebody may guess a code or a password."""

import hashlib
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable


class AttemptLimit:
    """Counts wrong guesses of each caller in memory; addresses are hashed with a key that nobody knows.

    Args:
        most: wrong guesses that are allowed ...
        within_s: ... in this time.
        now: clock in seconds.
    """

    def __init__(self, most: int, within_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self.within_s = within_s
        self._now = now
        self._key = secrets.token_bytes(16)
        self._wrong: dict[bytes, deque[float]] = {}
        self._lock = threading.Lock()

    def allowed(self, caller: str) -> bool:
        """Say whether a caller may guess again.

        Args:
            caller: such as the address of the other side.
        """
        with self._lock:
            self._forget()
            return len(self._wrong.get(self._hide(caller), ())) < self.most

    def count(self, caller: str) -> None:
        """Note a wrong guess.

        Args:
            caller: as above.
        """
        with self._lock:
            self._wrong.setdefault(self._hide(caller), deque(maxlen=self.most)).append(self._now())

    def _hide(self, caller: str) -> bytes:
        return hashlib.blake2b(caller.encode(), key=self._key, digest_size=16).digest()

    def _forget(self) -> None:
        limit = self._now() - self.within_s
        for hidden, moments in list(self._wrong.items()):
            while moments and moments[0] < limit:
                moments.popleft()
            if not moments:
                del self._wrong[hidden]
