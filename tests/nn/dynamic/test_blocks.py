"""Dynamic blocks against stored values of dynconv: evaluation at every share, one step of training."""

import pytest
import torch

from maquette.nn.dynamic import (
    DynamicBasicBlock,
    DynamicBlock,
    DynamicBottleneck,
    DynamicInvertedResidual,
    budget_loss,
)
from maquette.nn.dynamic.branch import activate, by_layers
from tests.nn.dynamic.dynconv import Golden, close, counts, fill, pattern, same_gradients, use_uniform

BLOCKS, POSE = Golden("blocks"), Golden("pose").under("block")
CLASSIFICATION = ["basic", "basic_down", "basic_odd", "bottleneck", "bottleneck_down", "bottleneck_odd"]
CASES = [*((BLOCKS, name) for name in CLASSIFICATION), (POSE, "0"), (POSE, "1")]


def block(golden: Golden) -> DynamicBlock:
    """The block of a case, filled, in evaluation."""
    if "channels_expand" in golden:
        made: DynamicBlock = DynamicInvertedResidual(*golden["channels_expand"].tolist())
    else:
        channels, planes, stride = golden["inplanes_planes_stride"].tolist()
        made = (
            DynamicBottleneck(channels, planes, stride, out_channels=4 * planes)
            if "conv3.weight" in golden.words("weights_names")
            else DynamicBasicBlock(channels, planes, stride)
        )
    fill(made, golden)
    return made.eval()


@pytest.mark.parametrize("execution", ["sparse", "dense", "layers"])
@pytest.mark.parametrize("share", [0, 10, 30, 50, 80, 100])
@pytest.mark.parametrize(("file", "name"), CASES)
def test_evaluation(file: Golden, name: str, share: int, execution: str) -> None:
    golden = file.under(name)
    found, made, gates = golden.under(f"active{share}"), block(golden), []
    made.masker.conv.bias.data += found["bias_added"].item()
    made.execution = execution
    with torch.no_grad():
        out = made(golden["input"], gates)
        logits = made.masker.maskconv(golden["input"])
    (gate,) = gates
    assert torch.equal(gate.hard > 0, found["mask"])
    assert torch.equal(gate.dilated, found["dilated"])
    assert counts(gate) == found["counts"].tolist()
    assert float(logits.abs().min()) == pytest.approx(found["logit_margin"].item(), abs=1e-5)
    close(out, found["output"])


@pytest.mark.parametrize(("file", "name"), CASES)
def test_without_masks(file: Golden, name: str) -> None:
    made, x = block(file.under(name)), file.under(name)["input"]
    out = activate(by_layers(x, made.layers()) + made.downsample(x), made.activation)
    close(out, file.under(name)["not_sparse"])


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_a_step_of_training(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    golden = BLOCKS.under(name)
    made, found, gates = block(golden).train(), golden.under("train"), []
    use_uniform(found, monkeypatch)
    assert found["temp"] == made.masker.temperature
    x = golden["input"].requires_grad_()
    out = made(x, gates)
    assert torch.equal(gates[0].hard.detach(), found["mask"])
    close(out, found["output"])
    loss = (out * pattern(out, found["loss_k"])).sum() + 10 * budget_loss(gates, 0.5, 0)
    assert loss.item() == pytest.approx(found["loss"].item(), rel=1e-5)
    loss.backward()
    close(x.grad, found["grad_input"], 1e-4)
    same_gradients(made, found)
    state = made.state_dict()
    norms = [key for key in state if "running" in key]
    assert all(f"after/{key}" in found for key in norms)
    for key in norms:
        close(state[key], found[f"after/{key}"])


@pytest.mark.parametrize("name", ["0", "1"])
def test_a_step_of_training_for_poses(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    golden = POSE.under(name)
    made, found, gates = block(golden).train(), golden.under("train"), []
    use_uniform(found, monkeypatch)
    x = golden["input"].requires_grad_()
    out = made(x, gates)
    close(out, found["output"])
    sparsity = 0.01 * budget_loss(gates, 0.125, 0.1)
    assert sparsity.item() == pytest.approx(found["sparsity_loss"].item(), rel=1e-5)
    ((out * pattern(out, found["loss_k"])).sum() + sparsity).backward()
    close(x.grad, found["grad_input"], 1e-4)
    same_gradients(made, found)
    (gate,) = gates
    assert gate.cost.item() == float(found["cost_per_image"].sum())
    assert gate.total == int(found["total_per_image"].sum())
