"""How many cores a network computes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from threadpoolctl import ThreadpoolController


@contextmanager
def one_core() -> Iterator[None]:
    """Compute on one core meanwhile, in this thread only.

    Networks that write one chord or one note at a time have too little to do for two: they wait for each other longer
    than they compute, a fifth longer on two idle cores, ten times as long on busy ones.
    """
    torch.get_num_threads()  # a thread takes PyTorch's own number when it first asks, and would forget this one
    with _controller().limit(limits=1, user_api="openmp"):
        yield


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
