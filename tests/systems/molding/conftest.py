"""What all tests of molding share."""

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def _optimisers_are_loaded():
    """The first optimiser of a process imports torch's compiler for seconds, which are no test's own."""
    torch.optim.SGD([torch.zeros(1, requires_grad=True)])
