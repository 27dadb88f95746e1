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
    """

    name: str
    amt_weights: str
    dynamics_weights: str
    published: bool
    summary: str


ENGINES = {
    engine.name: engine
    for engine in (
        Engine("embedded", "amt", "dynamics", published=False, summary="everything ships with the program; no network"),
        Engine("clip", "amt", "dynamics", published=False, summary="sees with CLIP, downloaded once"),
        Engine(
            "paper", "paper_amt", "paper_dynamics", published=True, summary="the networks that the authors released"
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
