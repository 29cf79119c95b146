"""The contract of operators notices each way of breaking it."""

import pytest
import torch
from torch.autograd.gradcheck import GradcheckError

from operator_contract import OperatorContract

DOUBLE, SINGLE = torch.float64, torch.float32


class Square(OperatorContract):
    """An operator that keeps the contract."""

    known = {"of 3": lambda: (torch.tensor(3.0) ** 2, 9.0)}
    refused = {"no": lambda: int("no")}
    degenerate = {"zeros": lambda: (torch.zeros(1, 2),)}

    def arguments(self, batch, dtype):
        return (torch.randn(batch, 2, dtype=dtype),)

    def call(self, x):
        return x**2

    def shapes(self, batch):
        return [(batch, 2)]


class Noise(Square):
    def call(self, x):
        self.calls = getattr(self, "calls", 0) + 1
        return x**2 + self.calls


class WrongGradient(Square):
    def call(self, x):
        return x.detach() * x


class MixedItems(Square):
    def call(self, x):
        return x**2 + x.sum(0)


class ForcedType(Square):
    def call(self, x):
        return (x**2).float()


class Inexact(Square):
    def call(self, x):
        return (x.half() ** 2).to(x) if x.dtype == SINGLE else x**2


class InfiniteAtZero(Square):
    def call(self, x):
        return x.abs().sqrt()


class WrongShape(Square):
    def call(self, x):
        return x.T


class WrongValue(Square):
    known = {"of 3": lambda: (torch.tensor(3.0) ** 2, 9.01)}


class Refuses(Square):
    refused = {"yes": lambda: int("no")}


class Accepts(Square):
    refused = {"no": lambda: int("1")}


def check_all(contract: OperatorContract) -> None:
    for batch in contract.batches:
        contract.test_shapes(batch)
    for dtype in contract.dtypes:
        contract.test_dtype(dtype)
    contract.test_batch_is_its_items()
    contract.test_same_bits()
    contract.test_gradcheck()
    contract.test_known_values("of 3")
    contract.test_refusals(*contract.refused)
    contract.test_degenerate("zeros")


def test_what_keeps_it_passes() -> None:
    check_all(Square())


@pytest.mark.parametrize(
    ("broken", "by"),
    [
        (Noise, lambda it: it.test_same_bits()),
        (WrongGradient, lambda it: it.test_gradcheck()),
        (MixedItems, lambda it: it.test_batch_is_its_items()),
        (ForcedType, lambda it: it.test_dtype(DOUBLE)),
        (Inexact, lambda it: it.test_dtype(SINGLE)),
        (InfiniteAtZero, lambda it: it.test_degenerate("zeros")),
        (WrongShape, lambda it: it.test_shapes(3)),
        (WrongValue, lambda it: it.test_known_values("of 3")),
        (Refuses, lambda it: it.test_refusals("yes")),
    ],
)
def test_what_breaks_it_fails(broken, by) -> None:
    with pytest.raises((AssertionError, GradcheckError)):
        by(broken())


def test_what_should_have_been_refused_fails() -> None:
    with pytest.raises(pytest.fail.Exception):
        Accepts().test_refusals("no")


def test_nothing_given_is_nothing_tested() -> None:
    class Plain(OperatorContract):
        differentiable = False

    assert Plain.test_known_values is None
    assert Plain.test_gradcheck is None
    assert Square.test_known_values is not None
