"""The budget loss: stored values of dynconv, and what it refuses."""

import pytest
import torch
from torch import Tensor

from maquette.nn.dynamic import Gate, budget_loss, dilate
from maquette.nn.dynamic.budget import block_bounds, block_budget, cost_share, network_budget
from maquette.nn.dynamic.gate import straight_through
from tests.nn.dynamic.dynconv import Golden, close, counts

GOLDEN = Golden("sparsity")
EPOCHS = int(GOLDEN["num_epochs"])


def four_blocks() -> tuple[list[Tensor], list[Gate]]:
    """Logits that want a gradient, and their gates."""
    logits = [GOLDEN[f"logits/{i}"].clone().requires_grad_() for i in range(4)]
    strides, macs = GOLDEN["dilate_strides"].tolist(), GOLDEN["macs_per_position_dilated_std"].tolist()
    masks = [straight_through(x, noise=False) for x in logits]
    return logits, [
        Gate(hard, dilate(hard, stride), active, dilated)
        for hard, stride, (dilated, active) in zip(masks, strides, macs, strict=True)
    ]


def test_counts_and_shares() -> None:
    _, gates = four_blocks()
    names = ("active_std", "total_std", "active_dilated", "total_dilated")
    wanted = torch.stack([GOLDEN[name].double() for name in names], 1)
    assert torch.equal(torch.tensor([counts(gate) for gate in gates]).double()[:, [0, 1, 3, 4]], wanted)
    close(torch.stack([gate.cost / gate.total for gate in gates]), GOLDEN["block_fractions"].float())
    assert float(gates[0].share.detach()) == 0.5


@pytest.mark.parametrize("row", range(len(GOLDEN["theta_epoch"])))
def test_losses(row: int) -> None:
    _, gates = four_blocks()
    target, epoch = GOLDEN["theta_epoch"][row].tolist()
    upper, lower = block_bounds(target, epoch / EPOCHS)
    found = [budget_loss(gates, target, epoch / EPOCHS), network_budget(gates, target)]
    found += [block_budget(gates, upper, lower), upper, lower, cost_share(gates)]
    for name, mine, theirs in zip(
        GOLDEN.words("columns"), found, GOLDEN["values"][row].tolist(), strict=True
    ):
        assert torch.as_tensor(mine).item() == pytest.approx(theirs, rel=1e-5, abs=2e-9), name


@pytest.mark.parametrize("epoch", [0, 20, 99])
@pytest.mark.parametrize("target", [0.125, 0.3, 0.5, 0.7])
def test_gradients(target: float, epoch: int) -> None:
    logits, gates = four_blocks()
    budget_loss(gates, target, epoch / EPOCHS).backward()
    for i, x in enumerate(logits):
        close(x.grad, GOLDEN[f"grad/theta{target}_epoch{epoch}/{i}"], 1e-4)


def test_what_is_refused() -> None:
    _, gates = four_blocks()
    with pytest.raises(ValueError, match="0 gates"):
        budget_loss([], 0.5, 0)
    with pytest.raises(ValueError, match=r"target of 1\.5"):
        budget_loss(gates, 1.5, 0)
