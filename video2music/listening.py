"""The ear of the composer: it loads a recogniser when the first piece is finished, and never stops a piece."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emotion.errors import RefusalError
from video2music.features.video_features import VideoFeatures
from video2music.matching import PICTURE, Match, compare
from video2music.progress import Progress

if TYPE_CHECKING:
    from emotion import Recogniser

NOT_WANTED = "The music was not listened to, as asked for."

TELL_EVERY_S = 0.1
"""Between two reports on how far a hearing is that somebody waits for."""


@dataclass(frozen=True)
class Hearing:
    """What listening to a piece led to.

    Attributes:
        match: how far the music is from the video; None where it could not be told.
        reason: why there is no match, in a sentence; empty where there is one.
    """

    match: Match | None = None
    reason: str = NOT_WANTED

    @property
    def words(self) -> str:
        """The match, or the reason why there is none, for a person."""
        return self.reason if self.match is None else self.match.words

    def to_json(self) -> dict[str, Any]:
        """Return "match", which is null together with a "match_reason" where there is none."""
        return {"match": None, "match_reason": self.reason} if self.match is None else {"match": self.match.to_json()}


class AwaitedHearing(Hearing):
    """A hearing that still goes on in a thread; whoever asks what it led to waits until it is over.

    Args:
        future: of what it leads to.
        heard: returns the fraction that was heard already.
    """

    _future: "Future[Hearing]"
    _heard: Callable[[], float]

    def __init__(self, future: "Future[Hearing]", heard: Callable[[], float]) -> None:
        # the class is frozen, and what it is made of is no field of it
        object.__setattr__(self, "_future", future)
        object.__setattr__(self, "_heard", heard)

    @property
    def match(self) -> Match | None:
        """How far the music is from the video; None where it could not be told."""
        return self._future.result().match

    @property
    def reason(self) -> str:
        """Why there is no match, in a sentence; empty where there is one."""
        return self._future.result().reason

    def finish(self, progress: Progress) -> None:
        """Wait until it is over.

        Args:
            progress: told now and then how far it is; what it raises ends the waiting.
        """
        while wait([self._future], TELL_EVERY_S).not_done:
            progress("listening", self._heard())

    def __reduce__(self) -> tuple[type[Hearing], tuple[Match | None, str]]:
        """Leave the process as what it led to."""
        return Hearing, (self.match, self.reason)


def load_recogniser() -> "Recogniser":
    """Load the recogniser that ships with the program, whatever engine composes: judging must not need a download."""
    import emotion

    return emotion.load("embedded")


@dataclass
class Listener:
    """Recognises the emotion of composed music.

    Attributes:
        load: makes the recogniser; called once, when it is first needed.
    """

    load: "Callable[[], Recogniser]" = load_recogniser
    _recogniser: "Recogniser | None" = field(default=None, init=False, repr=False)
    _thread: ThreadPoolExecutor | None = field(default=None, init=False, repr=False, compare=False)

    def begin(
        self,
        features: VideoFeatures,
        audio: NDArray[np.float32],
        sample_rate: int,
        *,
        engine: str = "embedded",
        against: str = PICTURE,
    ) -> AwaitedHearing:
        """Listen to a finished piece in a thread, one piece after another, while its files are written.

        Args:
            features: what was seen.
            audio: (samples, channels), full scale is -1 to 1; nobody may change it.
            sample_rate: of `audio`, in Hz.
            engine: name of the one that saw the video.
            against: what the features are, in words.

        Returns:
            What `hear` will return.
        """
        heard = 0.0

        def note(_: str, fraction: float) -> None:
            nonlocal heard
            heard = fraction

        if self._thread is None:  # not before it is needed: a process may be forked from this one
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ear")
        hearing = self._thread.submit(
            self.hear, features, audio, sample_rate, engine=engine, against=against, progress=note
        )
        return AwaitedHearing(hearing, lambda: heard)

    def hear(
        self,
        features: VideoFeatures,
        audio: NDArray[np.float32],
        sample_rate: int,
        *,
        engine: str = "embedded",
        against: str = PICTURE,
        progress: Progress | None = None,
    ) -> Hearing:
        """Listen to a finished piece and compare it with its video.

        Args:
            features: what was seen.
            audio: (samples, channels), full scale is -1 to 1.
            sample_rate: of `audio`, in Hz.
            engine: name of the one that saw the video.
            against: what the features are, in words.
            progress: told how far it is.

        Returns:
            The match, or the reason why there is none: a missing recogniser or one that refuses costs nobody the music.
        """
        from emotion import Audio

        try:
            if self._recogniser is None:
                self._recogniser = self.load()
            heard = self._recogniser.predict(Audio(audio, sample_rate), progress=progress)
        except RefusalError as refusal:
            return Hearing(reason=str(refusal))
        return Hearing(compare(features, heard, engine=engine, against=against), reason="")
