"""Refusals of the composing package; each says what, where and the remedy."""

from emotion.errors import RefusalError


class VideoReadError(RefusalError):
    """A file that is not a video, or whose picture cannot be decoded."""


class ChordParseError(RefusalError):
    """A chord symbol outside the vocabulary of 157 chords."""


class KeyParseError(RefusalError):
    """A key name that is not one of the major and minor keys."""


class UnknownEngineError(RefusalError):
    """An engine name that does not exist."""


class SoundFontNotFoundError(RefusalError):
    """No sound font in any of the places where one was looked for."""


class SynthesisError(RefusalError):
    """FluidSynth is missing or produced no sound."""


class OutputError(RefusalError):
    """A result that could not be written."""


class DatasetError(RefusalError):
    """A training or evaluation folder that does not have the expected layout."""


class ClusterError(RefusalError):
    """A cluster of machines that cannot be reached."""


class ScoreError(RefusalError):
    """A score whose numbers cannot be played: of unequal length, not finite, or without a length in time."""


class EnsembleError(RefusalError):
    """An ensemble that does not exist, or whose file cannot be played."""


class SessionError(RefusalError):
    """Something in a participant's session that its rules do not allow."""


class StoreError(RefusalError):
    """Answers of a study that cannot be reached, or that a newer program has stored."""
