"""From a score to sound: arrangement, synthesis, mastering.

The names below are imported when they are first used, so that `import video2music.music` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from video2music.music.arrangement import arrange
    from video2music.music.cuts import acknowledge_cuts, align_cuts, grid_for_cuts
    from video2music.music.ending import resolve
    from video2music.music.ensemble import ensemble_names, load_ensemble
    from video2music.music.mastering import Mastered, master, write_wav
    from video2music.music.score import Score
    from video2music.music.suggestion import suggest_ensemble
    from video2music.music.synthesis import Synthesizer, find_sound_font, synthesize
    from video2music.music.tempo import at_tempo, second_of_steps

__all__ = [
    "Mastered",
    "Score",
    "Synthesizer",
    "acknowledge_cuts",
    "align_cuts",
    "arrange",
    "at_tempo",
    "ensemble_names",
    "find_sound_font",
    "grid_for_cuts",
    "load_ensemble",
    "master",
    "resolve",
    "second_of_steps",
    "suggest_ensemble",
    "synthesize",
    "write_wav",
]

_HOMES = {
    "arrangement": ("arrange",),
    "cuts": ("acknowledge_cuts", "align_cuts", "grid_for_cuts"),
    "ending": ("resolve",),
    "ensemble": ("ensemble_names", "load_ensemble"),
    "mastering": ("Mastered", "master", "write_wav"),
    "score": ("Score",),
    "suggestion": ("suggest_ensemble",),
    "synthesis": ("Synthesizer", "find_sound_font", "synthesize"),
    "tempo": ("at_tempo", "second_of_steps"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
