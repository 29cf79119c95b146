"""The recurrences against their formulas with the zeros of the first state multiplied."""

import pytest
import torch
from torch import Tensor

from maquette.nn.conv_recurrence import ConvGRU3d, ConvLSTM3d, Gate


def gate(layer: Gate, x: Tensor, state: Tensor) -> Tensor:
    return layer.norm(layer.input(x).unflatten(-1, layer.shape) + layer.state(state))


def plain_gru(cell: ConvGRU3d, x: Tensor) -> Tensor:
    h = x.new_zeros(len(x), *cell.update.shape)
    for t in x.unbind(1):
        u, r = torch.sigmoid(gate(cell.update, t, h)), torch.sigmoid(gate(cell.reset, t, h))
        h = (1 - u) * h + u * torch.tanh(gate(cell.candidate, t, r * h))
    return h


def plain_lstm(cell: ConvLSTM3d, x: Tensor) -> Tensor:
    s = h = x.new_zeros(len(x), *cell.forget.shape)
    for t in x.unbind(1):
        f, i = torch.sigmoid(gate(cell.forget, t, h)), torch.sigmoid(gate(cell.insert, t, h))
        s = f * s + i * torch.tanh(gate(cell.candidate, t, h))
        h = torch.tanh(s)
    return h


@pytest.mark.parametrize("norm", ["none", "group"])
@pytest.mark.parametrize("views", [1, 2, 4])
@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize(("kind", "plain"), [(ConvGRU3d, plain_gru), (ConvLSTM3d, plain_lstm)])
def test_values_and_gradients(kind, plain, kernel: int, views: int, norm: str) -> None:
    cell = kind(10, 8, 2, kernel, norm).double()
    x = torch.randn(3, views, 10, dtype=torch.float64, requires_grad=True)
    ours, wanted = cell(x), plain(cell, x)
    torch.testing.assert_close(ours, wanted)
    given = [x, *cell.parameters()]
    scale = torch.randn_like(ours)
    mine = torch.autograd.grad((ours * scale).sum(), given)
    theirs = torch.autograd.grad((wanted * scale).sum(), given, materialize_grads=True)
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a, b)


def test_an_optimiser_sees_no_difference() -> None:
    """Weight decay moves weights that a single view does not use, too."""
    cells = [ConvGRU3d(6, 8, 2, 3) for _ in range(2)]
    cells[1].load_state_dict(cells[0].state_dict())
    x = torch.randn(2, 1, 6)
    for cell, call in zip(cells, (cells[0], lambda x: plain_gru(cells[1], x)), strict=True):
        optimiser = torch.optim.Adam(cell.parameters(), lr=0.01, weight_decay=0.1)
        for _ in range(3):
            optimiser.zero_grad()
            call(x).square().sum().backward()
            optimiser.step()
    for ours, theirs in zip(cells[0].parameters(), cells[1].parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_without_gradients_nothing_is_kept() -> None:
    cell = ConvGRU3d(6, 8, 2, 3)
    with torch.no_grad():
        assert cell(torch.randn(2, 1, 6)).grad_fn is None


@pytest.mark.parametrize("kind", [ConvGRU3d, ConvLSTM3d])
def test_an_exported_graph_takes_any_number_of_views(kind, unchecked) -> None:
    cell = kind(10, 8, 2, 3, "group").eval()
    free = {0: torch.export.Dim("batch"), 1: torch.export.Dim("view")}
    with torch.no_grad():
        graph = torch.export.export(cell, (torch.randn(2, 3, 10),), dynamic_shapes=[free]).module()
        for batch, views in ((2, 1), (1, 2), (3, 5)):
            x = torch.randn(batch, views, 10)
            torch.testing.assert_close(graph(x), cell(x))
