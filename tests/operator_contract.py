"""What every operator promises, tested under the same names for all of them.

A test class names an operator, says how to make its arguments and what shapes come back, lists known values and what
is refused, and inherits the tests:

    class TestEdgeLoss(LossOfMeshes):
        known = {"edges of length 1": lambda: (mesh_edge_loss(TRIANGLE, 1.0), 0.0)}

        def of_meshes(self, meshes):
            return mesh_edge_loss(meshes)

What makes an operator special stays in tests of its own beside the class.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor

from maquette.structures import Meshes
from mesh_shapes import mixed_batch, random_mesh, tetrahedron

TOLERANCES: dict[torch.dtype, dict[str, float]] = {
    torch.float64: {"rtol": 1e-12, "atol": 1e-14},
    torch.float32: {"rtol": 1e-4, "atol": 1e-5},
    torch.bfloat16: {"rtol": 5e-2, "atol": 5e-2},
}
GRADCHECK: dict[torch.dtype, dict[str, float]] = {
    torch.float64: {"eps": 1e-6, "atol": 1e-5, "rtol": 1e-3},
    torch.float32: {"eps": 1e-3, "atol": 1e-2, "rtol": 1e-2},
}


class OperatorContract:
    """The tests; a subclass fills in the upper half."""

    batches: ClassVar[Sequence[int]] = (1, 3)
    """Sizes of batches to try."""
    dtypes: ClassVar[Sequence[torch.dtype]] = (torch.float32, torch.float64)
    """Types of numbers that arguments may have."""
    result_dtype: ClassVar[torch.dtype | None] = None
    """Type of the results; that of the arguments where None."""
    differentiable: ClassVar[bool] = True
    gradcheck_dtype: ClassVar[torch.dtype | None] = torch.float64
    """Type that gradients are compared with finite differences in; None where they leave out a part on purpose."""
    fast_gradcheck: ClassVar[bool] = False
    """Whether to compare a random projection of the Jacobian, for operators that take milliseconds."""
    known: ClassVar[Mapping[str, Callable[[], tuple[Any, Any]]]] = {}
    """Found and expected value of each case."""
    refused: ClassVar[Mapping[str, Callable[[], Any]]] = {}
    """Calls that raise, by what their message says (a regular expression)."""
    refusal: ClassVar[type[Exception]] = ValueError
    degenerate: ClassVar[Mapping[str, Callable[[], tuple[Any, ...]]]] = {}
    """Arguments that hold nothing, or what has no extent: no result and no gradient may be NaN or infinite."""

    def arguments(self, batch: int, dtype: torch.dtype) -> tuple[Any, ...]:
        """Arguments of `call`: small, generic tensors. Floating-point ones are differentiated."""
        raise NotImplementedError

    def call(self, *arguments: Any) -> Any:
        """The operator: one or several tensors."""
        raise NotImplementedError

    def shapes(self, batch: int) -> list[tuple[int, ...]]:
        """Shapes of the tensors of the result."""
        raise NotImplementedError

    def item(self, arguments: tuple[Any, ...], i: int) -> tuple[Any, ...]:
        """Arguments of a batch of the i-th item alone."""
        return tuple(x[i : i + 1] for x in arguments)

    def joined(self, results: list[list[Tensor]]) -> list[Tensor]:
        """The result of a batch, of those of its items."""
        return [torch.cat(parts) for parts in zip(*results, strict=True)]

    # The tests. Those that a subclass gives nothing for are taken away.

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for test, there in (
            ("test_known_values", cls.known),
            ("test_refusals", cls.refused),
            ("test_degenerate", cls.degenerate),
            ("test_gradcheck", cls.differentiable and cls.gradcheck_dtype),
        ):
            setattr(cls, test, getattr(OperatorContract, test) if there else None)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Tests that take one of these run for each of its values."""
        for name in ("batch", "dtype", "known", "refused", "degenerate"):
            if f"a_{name}" in metafunc.fixturenames:
                values = {"batch": self.batches, "dtype": self.dtypes}.get(name) or getattr(self, name)
                metafunc.parametrize(f"a_{name}", list(values), ids=[str(value) for value in values])

    def results(self, *arguments: Any) -> list[Tensor]:
        """The tensors of the result; what is random has the same seed every time."""
        torch.manual_seed(0)
        return list(_tensors(self.call(*arguments)))

    def test_shapes(self, a_batch: int) -> None:
        results = self.results(*self.arguments(a_batch, torch.float32))
        assert [tuple(x.shape) for x in results] == self.shapes(a_batch)
        assert all(x.isfinite().all() for x in results)

    def test_batch_is_its_items(self) -> None:
        batch = max(self.batches)
        arguments = self.arguments(batch, torch.float32)
        alone = [self.results(*self.item(arguments, i)) for i in range(batch)]
        for together, parts in zip(self.results(*arguments), self.joined(alone), strict=True):
            assert_near(together, parts)

    def test_dtype(self, a_dtype: torch.dtype) -> None:
        arguments = self.arguments(2, torch.float64)
        exact = self.results(*arguments)
        for found, expected in zip(self.results(*_as_type(arguments, a_dtype)), exact, strict=True):
            if found.is_floating_point():
                assert found.dtype == (self.result_dtype or a_dtype)
            assert_near(found, expected)

    def test_same_bits(self) -> None:
        runs = [self.run_with_gradients() for _ in range(2)]
        assert all(torch.equal(one, two) for one, two in zip(*runs, strict=True))

    def run_with_gradients(self) -> list[Tensor]:
        """Results, and gradients of their sums of squares."""
        torch.manual_seed(1)
        arguments = _with_gradients(self.arguments(2, torch.float32))
        results = self.results(*arguments)
        losses = [x.square().sum() for x in results if x.requires_grad]
        leaves = [x for x in arguments if isinstance(x, Tensor) and x.requires_grad]
        assert bool(losses) == self.differentiable
        gradients = torch.autograd.grad(sum(losses), leaves, allow_unused=True) if losses else ()
        return [*results, *(x for x in gradients if x is not None)]

    def test_gradcheck(self) -> None:
        assert self.gradcheck_dtype is not None
        arguments = _with_gradients(self.arguments(2, self.gradcheck_dtype))

        def values(*leaves: Any) -> tuple[Tensor, ...]:
            return tuple(x for x in self.results(*leaves) if x.requires_grad)

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Input #", UserWarning)  # that float32 is not exact
            assert torch.autograd.gradcheck(
                values, arguments, fast_mode=self.fast_gradcheck, **GRADCHECK[self.gradcheck_dtype]
            )

    def test_known_values(self, a_known: str) -> None:
        found, expected = type(self).known[a_known]()
        for ours, theirs in zip(_tensors(found), _tensors(expected), strict=True):
            assert_near(ours, theirs)

    def test_refusals(self, a_refused: str) -> None:
        with pytest.raises(self.refusal, match=a_refused):
            type(self).refused[a_refused]()

    def test_degenerate(self, a_degenerate: str) -> None:
        arguments = _with_gradients(type(self).degenerate[a_degenerate]())
        results = self.results(*arguments)
        losses = [x.sum() for x in results if x.requires_grad]
        leaves = [x for x in arguments if isinstance(x, Tensor) and x.requires_grad]
        gradients = torch.autograd.grad(sum(losses), leaves, allow_unused=True) if losses and leaves else ()
        assert all(x.isfinite().all() for x in (*results, *gradients) if x is not None)


class LossContract(OperatorContract):
    """A loss: one number, the mean over the batch."""

    def shapes(self, batch: int) -> list[tuple[int, ...]]:
        return [()]

    def joined(self, results: list[list[Tensor]]) -> list[Tensor]:
        return [torch.stack(parts).mean(0) for parts in zip(*results, strict=True)]


class MeshContract(OperatorContract):
    """An operator on meshes alone: one of different sizes each, open, closed and not manifold."""

    degenerate: ClassVar[Mapping[str, Callable[[], tuple[Any, ...]]]] = {
        "no meshes": lambda: ([],),
        "meshes of nothing": lambda: ([torch.zeros(0, 3, dtype=torch.int64)] * 2, *torch.zeros(2, 0, 3)),
        "faces of no area": lambda: (mixed_batch().faces_list(), *mixed_batch().verts_list()),
    }

    def arguments(self, batch: int, dtype: torch.dtype) -> tuple[Any, ...]:
        made = [tetrahedron(dtype), *(random_mesh(6 + n, 9 + n, dtype) for n in range(batch - 1))]
        return [faces for _, faces in made[:batch]], *(verts for verts, _ in made[:batch])

    def item(self, arguments: tuple[Any, ...], i: int) -> tuple[Any, ...]:
        faces, *verts = arguments
        return faces[i : i + 1], verts[i]

    def call(self, faces: list[Tensor], *verts: Tensor) -> Any:
        return self.of_meshes(Meshes(list(verts), faces))

    def of_meshes(self, meshes: Meshes) -> Any:
        """The operator: one or several tensors."""
        raise NotImplementedError


class LossOfMeshes(LossContract, MeshContract):
    """A loss of meshes alone."""

    def test_empty_batches_give_a_zero_to_call_backward_on(self) -> None:
        for name in ("no meshes", "meshes of nothing"):
            for loss in self.results(*type(self).degenerate[name]()):
                assert loss.shape == (1,)
                assert loss.item() == 0
                loss.backward()


def assert_near(found: Tensor, expected: Tensor) -> None:
    """Whether both agree as well as the less exact of them can."""
    inexact = [x.dtype for x in (found, expected) if x.is_floating_point()]
    coarsest = max(inexact, key=lambda dtype: TOLERANCES[dtype]["rtol"], default=None)
    tolerance = TOLERANCES[coarsest] if coarsest else {"rtol": 0.0, "atol": 0.0}
    torch.testing.assert_close(found, expected.to(found), **tolerance)


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)
    elif value is not None:
        yield torch.as_tensor(value, dtype=torch.float64 if isinstance(value, float) else None)


def _as_type(arguments: tuple[Any, ...], dtype: torch.dtype) -> tuple[Any, ...]:
    return tuple(x.to(dtype) if isinstance(x, Tensor) and x.is_floating_point() else x for x in arguments)


def _with_gradients(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        x.clone().requires_grad_() if isinstance(x, Tensor) and x.is_floating_point() else x
        for x in arguments
    )
