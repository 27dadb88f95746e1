"""The one base error of the program, and the refusals that the lower package raises."""

LONGEST_SENTENCE = 400
"""Letters; a longer one quotes what nobody reads."""


class RefusalError(Exception):
    """An input, a file or a setting that cannot be used, said in one line.

    The command line prints it and exits with 1; the page shows it. Anything else that is raised is a defect.

    Args:
        what: what is wrong, as a sentence without its full stop.
        where: the file, argument or place it is about.
        remedy: what the person can do, as a sentence without its full stop.
    """

    def __init__(self, what: str, *, where: object = None, remedy: str | None = None) -> None:
        self.what = what
        self.where = None if where is None else str(where)
        self.remedy = remedy
        place = "" if self.where is None else f": {self.where}"
        advice = "" if remedy is None else f" {remedy}."
        super().__init__(plain(f"{_shortened(what)}{place}.{advice}"))


def plain(text: str) -> str:
    """Return a text as one line of what can be printed: names of files may hold anything, also what moves a cursor.

    Args:
        text: anything.
    """
    line = " ".join(text.split())
    return line if line.isprintable() else "".join(letter if letter.isprintable() else "\ufffd" for letter in line)


def _shortened(what: str) -> str:
    """Leave out the middle of a sentence that quotes a whole file."""
    if len(what) <= LONGEST_SENTENCE:
        return what
    return f"{what[: LONGEST_SENTENCE // 2]} ... {what[-LONGEST_SENTENCE // 4 :]}"


class AudioReadError(RefusalError):
    """A file that holds no sound that can be decoded."""


class WeightsNotFoundError(RefusalError):
    """Trained weights that are in none of the places where they were looked for."""


class WeightsDamagedError(RefusalError):
    """A weight file whose content is not what was published or what the network expects."""


class DownloadError(RefusalError):
    """A download that was needed and could not be finished."""


class NoConnectionError(DownloadError):
    """A download that was needed, from a hub that cannot be reached."""
