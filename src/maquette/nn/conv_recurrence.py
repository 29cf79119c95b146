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
        product: Tensor = self.input(x).unflatten(-1, self.shape)
        return product

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
        normalised: Tensor = self.norm(total)
        return normalised


class ConvGRU3d(nn.Module):
    """3D convolutional gated recurrent unit.

        u = sigmoid(W_u x + U_u * h + b_u)
        r = sigmoid(W_r x + U_r * h + b_r)
        h' = (1 - u) h + u tanh(W_h x + U_h * (r h) + b_h)

    as in Choy et al., 3D-R2N2, equations 9 to 11. The released code multiplies u with the old state instead:
    the same unit with u in place of 1 - u.

    The first state is 0. Its convolutions are 0 too and are skipped, as is r, which has nothing to multiply.

    Args:
        features: of the input.
        channels: of the state.
        side: cells of the state along each axis.
        kernel_size: of the convolutions of the state, odd.
        norm: normalisation of every gate before its nonlinearity.
    """

    def __init__(
        self, features: int, channels: int, side: int = 4, kernel_size: int = 3, norm: Norm = "none"
    ) -> None:
        super().__init__()
        self.update = Gate(features, channels, side, kernel_size, norm)
        self.reset = Gate(features, channels, side, kernel_size, norm)
        self.candidate = Gate(features, channels, side, kernel_size, norm)

    def forward(self, x: Float[Tensor, "batch view feature"]) -> Float[Tensor, "batch channel n n n"]:
        """State after the last view."""
        *_, state = self.states(x)
        if x.shape[1] > 1:
            return state
        return with_zero_gradients(state, _not_seen(self.reset, self.update, self.candidate))

    def states(
        self, x: Float[Tensor, "batch view feature"]
    ) -> Iterator[Float[Tensor, "batch channel n n n"]]:
        """State after each view."""
        updates, candidates = self.update.of_input(x), self.candidate.of_input(x)
        resets = self.reset.of_input(x[:, 1:])
        u = torch.sigmoid(self.update(updates[:, 0], None))
        state = u * torch.tanh(self.candidate(candidates[:, 0], None))
        yield state
        for view in range(1, x.shape[1]):
            u = torch.sigmoid(self.update(updates[:, view], state))
            r = torch.sigmoid(self.reset(resets[:, view - 1], state))
            new = torch.tanh(self.candidate(candidates[:, view], r * state))
            state = state + u * (new - state)
            yield state


class ConvLSTM3d(nn.Module):
    """3D convolutional long short-term memory without output gate.

        f = sigmoid(W_f x + U_f * h + b_f)
        i = sigmoid(W_i x + U_i * h + b_i)
        s' = f s + i tanh(W_s x + U_s * h + b_s)
        h' = tanh(s')

    as in Choy et al., 3D-R2N2, equations 4 to 8. The first states are 0: their convolutions and f, which has
    nothing to multiply, are skipped.

    Args:
        features: of the input.
        channels: of the state.
        side: cells of the state along each axis.
        kernel_size: of the convolutions of the state, odd.
        norm: normalisation of every gate before its nonlinearity.
    """

    def __init__(
        self, features: int, channels: int, side: int = 4, kernel_size: int = 3, norm: Norm = "none"
    ) -> None:
        super().__init__()
        self.forget = Gate(features, channels, side, kernel_size, norm)
        self.insert = Gate(features, channels, side, kernel_size, norm)
        self.candidate = Gate(features, channels, side, kernel_size, norm)

    def forward(self, x: Float[Tensor, "batch view feature"]) -> Float[Tensor, "batch channel n n n"]:
        """Hidden state after the last view."""
        *_, hidden = self.states(x)
        if x.shape[1] > 1:
            return hidden
        return with_zero_gradients(hidden, _not_seen(self.forget, self.insert, self.candidate))

    def states(
        self, x: Float[Tensor, "batch view feature"]
    ) -> Iterator[Float[Tensor, "batch channel n n n"]]:
        """Hidden state after each view."""
        inserts, candidates = self.insert.of_input(x), self.candidate.of_input(x)
        forgets = self.forget.of_input(x[:, 1:])
        i = torch.sigmoid(self.insert(inserts[:, 0], None))
        memory = i * torch.tanh(self.candidate(candidates[:, 0], None))
        hidden = torch.tanh(memory)
        yield hidden
        for view in range(1, x.shape[1]):
            f = torch.sigmoid(self.forget(forgets[:, view - 1], hidden))
            i = torch.sigmoid(self.insert(inserts[:, view], hidden))
            memory = f * memory + i * torch.tanh(self.candidate(candidates[:, view], hidden))
            hidden = torch.tanh(memory)
            yield hidden


def _not_seen(gate: Gate, *others: Gate) -> list[Tensor]:
    """Parameters that a single view leaves unused: one gate's all, and the others' kernels."""
    return [*gate.parameters(), *(other.state.weight for other in others)]


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
