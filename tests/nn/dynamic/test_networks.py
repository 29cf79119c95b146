"""Networks of dynamic blocks against stored values of dynconv: outputs, masks, counts of parameters and products."""

import pytest
import torch
from torch import nn

from maquette.nn.dynamic import budget_loss
from maquette.nn.dynamic.budget import cost_share
from maquette.nn.macs import measure_cost
from tests.nn.dynamic.dynconv import Golden, close, counts, fill, pattern
from tests.nn.dynamic.resnet import ResNet

GOLDEN = Golden("networks")
SPARSE = {
    "resnet8": ([1, 1, 1], 16, 10),
    "resnet20": ([3, 3, 3], 16, 10),
    "resnet18w": ([2, 2, 2, 2], 16, 10),
}
DENSE = {f"resnet{6 * n + 2}/32x32": ([n] * 3, 16, 10) for n in range(1, 6)}
DENSE |= {f"resnet{depth}/224x224": (blocks, 64, 1000, depth > 34) for depth, blocks in {
    18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3],
}.items()}  # fmt: skip


@pytest.mark.parametrize("execution", ["auto", "sparse", "layers"])
@pytest.mark.parametrize("name", SPARSE)
def test_conditional_networks(name: str, execution: str) -> None:
    golden, network, gates = GOLDEN.under(name), ResNet(*SPARSE[name]).eval(), []
    fill(network, golden)
    for _, block in network.named_blocks():
        block.execution = execution
    x = pattern(torch.empty(golden["input_shape"].tolist()), golden["input_k"])
    with torch.no_grad():
        out = network(x, gates)
    close(out, golden["output"], 1e-4)
    for i, gate in enumerate(gates):
        assert torch.equal(gate.hard > 0, golden[f"mask/{i}"])
    order = [0, 1, 3, 4, 2, 5]  # of `columns_of_blocks`
    assert [[counts(gate)[i] for i in order] for gate in gates] == golden["blocks"].tolist()
    close(cost_share(gates).double(), golden["cost_fraction"])
    close(budget_loss(gates, 0.5, 0.5), golden["sparsity_theta0.5_epoch50_of_100"])
    whole = {key.replace("maskconv", "maskconv.conv"): n for key, n in measure_cost(network, x).macs.items()}
    assert whole.keys() - {"fc"} == set(golden.words("conv_names"))
    images = len(x)
    for (key, block), gate in zip(network.named_blocks(), gates, strict=True):
        whole[f"{key}.masker.maskconv.conv"] = gate.macs_mask
        dilated, active = (float(mask.sum()) for mask in (gate.dilated, gate.hard))
        whole[f"{key}.conv1"] = dilated * block.conv1.weight.numel()
        whole[f"{key}.conv2"] = active * block.conv2.weight.numel()
        if execution == "sparse":
            assert gate.executed == float(gate.cost)
        elif execution == "layers":
            assert gate.executed == gate.total
    layers = [whole[key] / images for key in golden.words("conv_names")]
    assert layers == golden["conv_macs_per_image"].tolist()
    assert sum(layers) == golden["macs_per_image"].item()


def parameters(network: nn.Module, masks: bool) -> int:
    return sum(p.numel() for name, p in network.named_parameters() if masks or "masker" not in name)


ROWS = [
    pytest.param(name, row, marks=pytest.mark.slow if "224" in name else [])
    for row, name in enumerate(GOLDEN.words("dense/rows"))
]


@pytest.mark.parametrize(("name", "row"), ROWS)
def test_counts_of_dense_networks(name: str, row: int) -> None:
    size = int(name.partition("x")[2])
    with torch.device("cpu" if size == 32 else "meta"):
        network, x = ResNet(*DENSE[name]).eval(), torch.empty(1, 3, size, size)
    macs = measure_cost(network, x).macs
    convolutions = sum(count for key, count in macs.items() if "masker" not in key and key != "fc")
    found = [parameters(network, masks=False), parameters(network, masks=True), convolutions]
    assert found == GOLDEN["dense/values"][row].tolist()
