"""Small networks compute on one core, and only in the thread that asks for it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from video2music.models.threads import one_core


@pytest.fixture
def three_cores() -> Iterator[None]:
    usual = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(usual)


@pytest.mark.usefixtures("three_cores")
def test_one_core_in_this_thread_and_the_usual_ones_elsewhere() -> None:
    with ThreadPoolExecutor(1) as other:
        with one_core():
            assert torch.get_num_threads() == 1
            assert other.submit(torch.get_num_threads).result() == 3
        assert torch.get_num_threads() == 3
