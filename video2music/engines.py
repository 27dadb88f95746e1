"""The three engines: the same way from clip to music, with networks of three sizes."""

from dataclasses import dataclass

from video2music.errors import UnknownEngineError


@dataclass(frozen=True)
class Engine:
    """Which networks an engine uses.

    Attributes:
        name: what a person types.
        amt_weights: name of the weights that write the chords.
        dynamics_weights: name of the weights that shape note density and loudness.
        published: whether those weights are the authors' released ones.
        summary: one line for help texts.
        title: a word or two for the page.
        about: a sentence for the page.
    """

    name: str
    amt_weights: str
    dynamics_weights: str
    published: bool
    summary: str
    title: str
    about: str


ENGINES = {
    engine.name: engine
    for engine in (
        Engine(
            "embedded",
            "amt",
            "dynamics",
            published=False,
            summary="everything ships with the program; no network",
            title="Built in",
            about="A small network that comes with the program watches the clip. It is fast, and right for most clips.",
        ),
        Engine(
            "clip",
            "amt",
            "dynamics",
            published=False,
            summary="sees with CLIP, downloaded once",
            title="CLIP",
            about="CLIP watches the clip: it has learned from far more pictures, and takes longer over each. "
            "The same networks write the music.",
        ),
        Engine(
            "paper",
            "paper_amt",
            "paper_dynamics",
            published=True,
            summary="the networks that the authors released",
            title="As in the paper",
            about="The large CLIP watches the clip, and the networks released by the authors of Video2Music write the "
            "music, for comparisons with their paper.",
        ),
    )
}


def find_engine(name: str) -> Engine:
    """Return the engine of that name.

    Args:
        name: one of ENGINES.

    Raises:
        UnknownEngineError: there is no such engine.
    """
    if name not in ENGINES:
        raise UnknownEngineError(f"There is no engine {name!r}", remedy=f"Choose one of {', '.join(ENGINES)}")
    return ENGINES[name]


def engine_title(name: str) -> str:
    """Return what the page calls an engine; the name itself where it is not known.

    Args:
        name: as result files hold it.
    """
    return ENGINES[name].title if name in ENGINES else name
