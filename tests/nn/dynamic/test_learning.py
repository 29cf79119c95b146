"""A network of dynamic blocks, as docs/dynamic.md puts them in, keeps its budget while it learns."""

import torch
from torch import Tensor, nn

from maquette.nn.dynamic import DynamicBasicBlock, DynamicBottleneck, Gate, budget_loss, set_gumbel
from maquette.nn.dynamic.budget import cost_share

STEPS, TARGET = 100, 0.4


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(2, 16, 1)
        self.blocks = nn.ModuleList([DynamicBottleneck(16), DynamicBasicBlock(16)])
        self.head = nn.Conv2d(16, 1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Gate]]:
        gates: list[Gate] = []
        x = self.stem(x).relu()
        for block in self.blocks:
            x = block(x, gates)
        return self.head(x), gates


def pictures(count: int) -> tuple[Tensor, Tensor]:
    """Where the second channel says so, a product of neighbours is asked for; nothing elsewhere."""
    x = torch.randn(count, 2, 12, 12)
    x[:, 1] = 0
    x[:, 1, 2:6, 2:7] = 1
    return x, (x[:, :1] * x[:, :1].roll(1, 3)) * x[:, 1:]


def test_the_budget_is_kept_beside_a_task() -> None:
    network = Network()
    set_gumbel(network, 1.0, noise=True)
    optimiser = torch.optim.Adam(network.parameters(), 0.02)
    shares = []
    for step in range(STEPS):
        x, target = pictures(8)
        out, gates = network(x)
        error = (out - target).square().mean() / target.square().mean()
        optimiser.zero_grad()
        (error + 10 * budget_loss(gates, TARGET, step / STEPS)).backward()
        optimiser.step()
        shares.append(cost_share(gates).item())
    assert abs(shares[0] - TARGET) > 0.2
    assert abs(sum(shares[-20:]) / 20 - TARGET) < 0.06
