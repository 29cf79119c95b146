"""3D convolutional recurrences of 3D-R2N2: a grid of hidden units, each of which sees its neighbours."""

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from .normalisation import normalisation
from .residual import Norm


class Gate(nn.Module):
    """W x + U * h + b: a dense layer of the input, a convolution of the state, a bias a channel.

    Args:
        features: of the input.
        channels: of the state.
        side: cells of the state along each axis.
        kernel_size: of the convolution, odd.
        norm: normalisation of the sum.
    """

    def __init__(self, features: int, channels: int, side: int, kernel_size: int, norm: Norm) -> None:
        super().__init__()
        self.shape = (channels, side, side, side)
        self.input = nn.Linear(features, channels * side**3, bias=False)
        self.state = nn.Conv3d(channels, channels, kernel_size, padding=kernel_size // 2)
        self.norm = normalisation(norm, channels)

    def of_input(self, x: Float[Tensor, "*batch feature"]) -> Float[Tensor, "*batch channel n n n"]:
        """W x."""
        grids: Tensor = self.input(x).unflatten(-1, self.shape)
        return grids

    def forward(
        self,
        from_input: Float[Tensor, "batch channel n n n"],
        state: Float[Tensor, "batch channel n n n"] | None,
    ) -> Float[Tensor, "batch channel n n n"]:
        """The sum before the gate's nonlinearity; without a state, the state is 0 and U * h is skipped."""
        bias = self.state.bias
        if state is not None:
            total = from_input + self.state(state)
        else:
            total = from_input if bias is None else from_input + bias.view(-1, 1, 1, 1)
        normed: Tensor = self.norm(total)
        return normed


class Recurrence3d(nn.Module):
    """A recurrence of three gates over a grid of hidden units.

    The first state is 0: its convolutions are skipped, and so is the idle gate.

    Args:
        features: of the input.
        channels: of the state.
        side: cells of the state along each axis.
        kernel_size: of the convolutions of the state, odd.
        norm: normalisation of every gate before its nonlinearity.
    """

    gates: tuple[str, str, str]
    idle: str  # the gate that has nothing to multiply while the state is 0
    carried: int  # tensors that go from view to view; the last is the hidden state

    def __init__(
        self, features: int, channels: int, side: int = 4, kernel_size: int = 3, norm: Norm = "none"
    ) -> None:
        super().__init__()
        for name in self.gates:
            self.add_module(name, Gate(features, channels, side, kernel_size, norm))

    def forward(self, x: Float[Tensor, "batch view feature"]) -> Float[Tensor, "batch channel n n n"]:
        """Hidden state after the last view."""
        if torch.compiler.is_exporting():
            return self._looped(x)
        *_, state = self.states(x)
        return state if x.shape[1] > 1 else with_zero_gradients(state, self._not_seen())

    def states(
        self, x: Float[Tensor, "batch view feature"]
    ) -> Iterator[Float[Tensor, "batch channel n n n"]]:
        """Hidden state after each view."""
        idle, *busy = self._gates()
        grids = [gate.of_input(x) for gate in busy]
        idle_grids = idle.of_input(x[:, 1:])
        carried = self.first(*(grid[:, 0] for grid in grids))
        yield carried[-1]
        for view in range(1, x.shape[1]):
            carried = self.step(carried, idle_grids[:, view - 1], *(grid[:, view] for grid in grids))
            yield carried[-1]

    def first(self, *grids: Float[Tensor, "batch channel n n n"]) -> tuple[Tensor, ...]:
        """What is carried after the first view, of what the gates but the idle one make of it."""
        raise NotImplementedError

    def step(
        self, carried: tuple[Tensor, ...], *grids: Float[Tensor, "batch channel n n n"]
    ) -> tuple[Tensor, ...]:
        """What is carried after one more view, of what the gates make of it, the idle one first."""
        raise NotImplementedError

    def _looped(self, x: Float[Tensor, "batch view feature"]) -> Float[Tensor, "batch channel n n n"]:
        """The same as one operator of a graph, whatever the number of views: every view is one more after 0."""
        from torch._higher_order_ops.scan import scan  # with torch's compiler; nothing else here needs it

        def seen(before: tuple[Tensor, ...], grids: tuple[Tensor, ...]) -> tuple[tuple[Tensor, ...], Tensor]:
            after = self.step(before, *grids)
            return after, after[-1].clone()

        gates = self._gates()
        grids = tuple(gate.of_input(x).transpose(0, 1) for gate in gates)
        zeros = tuple(x.new_zeros(x.shape[0], *gates[0].shape) for _ in range(self.carried))
        _, states = scan(seen, zeros, grids)
        last: Tensor = states[-1]
        return last

    def _gates(self) -> list[Gate]:
        """The idle one, then the others."""
        names = sorted(self.gates, key=lambda name: name != self.idle)
        return [gate for gate in map(self.get_submodule, names) if isinstance(gate, Gate)]

    def _not_seen(self) -> list[Tensor]:
        """Parameters that a single view leaves unused: all of the idle gate, and the others' kernels."""
        idle, *busy = self._gates()
        return [*idle.parameters(), *(gate.state.weight for gate in busy)]


class ConvGRU3d(Recurrence3d):
    """3D convolutional gated recurrent unit.

        u = sigmoid(W_u x + U_u * h + b_u)
        r = sigmoid(W_r x + U_r * h + b_r)
        h' = (1 - u) h + u tanh(W_h x + U_h * (r h) + b_h)

    as in Choy et al., 3D-R2N2, equations 9 to 11. The released code multiplies u with the old state instead:
    the same unit with u in place of 1 - u.
    """

    gates = ("update", "reset", "candidate")
    idle = "reset"
    carried = 1
    update: Gate
    reset: Gate
    candidate: Gate

    def first(self, *grids: Float[Tensor, "batch channel n n n"]) -> tuple[Tensor, ...]:
        update, candidate = grids
        return (torch.sigmoid(self.update(update, None)) * torch.tanh(self.candidate(candidate, None)),)

    def step(
        self, carried: tuple[Tensor, ...], *grids: Float[Tensor, "batch channel n n n"]
    ) -> tuple[Tensor, ...]:
        (state,), (reset, update, candidate) = carried, grids
        u = torch.sigmoid(self.update(update, state))
        r = torch.sigmoid(self.reset(reset, state))
        new = torch.tanh(self.candidate(candidate, r * state))
        return (state + u * (new - state),)


class ConvLSTM3d(Recurrence3d):
    """3D convolutional long short-term memory without output gate.

        f = sigmoid(W_f x + U_f * h + b_f)
        i = sigmoid(W_i x + U_i * h + b_i)
        s' = f s + i tanh(W_s x + U_s * h + b_s)
        h' = tanh(s')

    as in Choy et al., 3D-R2N2, equations 4 to 8.
    """

    gates = ("forget", "insert", "candidate")
    idle = "forget"
    carried = 2
    forget: Gate
    insert: Gate
    candidate: Gate

    def first(self, *grids: Float[Tensor, "batch channel n n n"]) -> tuple[Tensor, ...]:
        insert, candidate = grids
        memory = torch.sigmoid(self.insert(insert, None)) * torch.tanh(self.candidate(candidate, None))
        return memory, torch.tanh(memory)

    def step(
        self, carried: tuple[Tensor, ...], *grids: Float[Tensor, "batch channel n n n"]
    ) -> tuple[Tensor, ...]:
        (memory, hidden), (forget, insert, candidate) = carried, grids
        f = torch.sigmoid(self.forget(forget, hidden))
        i = torch.sigmoid(self.insert(insert, hidden))
        memory = f * memory + i * torch.tanh(self.candidate(candidate, hidden))
        return memory, torch.tanh(memory)


def with_zero_gradients(x: Tensor, unused: list[Tensor]) -> Tensor:
    """`x`, with gradients of 0, not None, for tensors that it does not depend on.

    An optimiser then treats them as if the multiplications by 0 had been done.
    """
    if not torch.is_grad_enabled() or not x.requires_grad:
        return x
    out: Tensor = _ZeroGradients.apply(x, *unused)
    return out


class _ZeroGradients(torch.autograd.Function):
    """Identity in its first argument, constant in the others."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, *unused: Tensor) -> Tensor:
        ctx.save_for_backward(*unused)
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, ...]:
        return grad, *(torch.zeros_like(tensor) for tensor in ctx.saved_tensors)
