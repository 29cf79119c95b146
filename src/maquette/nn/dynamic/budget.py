"""The loss that makes masks sparse: a budget for the whole network, and bounds for each block that loosen.

With the cost c_b of block b at the positions it chose and t_b at all positions, and a target theta:
network = (sum c_b / sum t_b - theta)^2; blocks = mean_b(max(0, c_b / t_b - upper)^2 + max(0, lower - c_b / t_b)^2).
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from .gate import Gate

BOUNDED_UNTIL = 0.33


def budget_loss(gates: Sequence[Gate], target: float, progress: float) -> Tensor:
    """How far the blocks are from their budget: `network_budget` plus `block_budget`.

    Published weights: 10 beside cross-entropy, .01 beside the error of heat maps.

    Args:
        gates: of every block of a call, at least one.
        target: MACs wanted over MACs at all positions, in [0, 1].
        progress: share of the training that is done, in [0, 1].

    Returns:
        a scalar; its gradient is that of the numbers of active positions, not of the dilated ones, as published.

    Raises:
        ValueError: no gate, or a target outside [0, 1].
    """
    if not gates or not 0 <= target <= 1:
        raise ValueError(f"{len(gates)} gates and a target of {target}: give one gate at least, and a share")
    return network_budget(gates, target) + block_budget(gates, *block_bounds(target, progress))


def network_budget(gates: Sequence[Gate], target: float) -> Tensor:
    """Squared difference of the network's share of MACs and the target."""
    return (cost_share(gates) - target) ** 2


def block_budget(gates: Sequence[Gate], upper: float, lower: float) -> Tensor:
    """Mean square of what the blocks' shares of MACs are beyond two bounds."""
    shares = torch.stack([gate.cost / gate.total for gate in gates])
    return ((shares - upper).relu() ** 2 + (lower - shares).relu() ** 2).mean()


def block_bounds(target: float, progress: float) -> tuple[float, float]:
    """Most and least that one block may use: both the target at first, 1 and 0 after a third of the training."""
    held = math.cos(min(max(progress / BOUNDED_UNTIL, 0.0), 1.0) * math.pi / 2) ** 2
    return 1 - held * (1 - target), held * target


def cost_share(gates: Sequence[Gate]) -> Tensor:
    """MACs of all blocks over those at all positions, in [0, 1]."""
    return torch.stack([gate.cost for gate in gates]).sum() / sum(gate.total for gate in gates)
