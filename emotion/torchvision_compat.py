"""torchvision beside a PyTorch that its compiled part was not built for.

transformers and open_clip take only plain Python from torchvision. But `import torchvision` also describes
its compiled operators to PyTorch, and stops with "operator torchvision::nms does not exist" where their library cannot
be loaded, as with a CPU-only PyTorch from another build. Naming the two operators is enough for the import; they still
cannot be called, and nothing here calls them.
"""

import importlib
from functools import lru_cache
from types import ModuleType

from torch import library

MISSING_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


@lru_cache(maxsize=1)
def import_torchvision() -> ModuleType:
    """Import torchvision, naming its operators first where their library does not load.

    Returns:
        The module torchvision.
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "operator torchvision::" not in str(error):
            raise
    _name_operators()
    return importlib.import_module("torchvision")


@lru_cache(maxsize=1)
def _name_operators() -> library.Library:
    """Define the schemas; the object is kept, because they vanish with it."""
    operators = library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]  # PyTorch
    for schema in MISSING_SCHEMAS:
        operators.define(schema)  # type: ignore[no-untyped-call]  # PyTorch
    return operators
