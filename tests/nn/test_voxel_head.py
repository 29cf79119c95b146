"""The voxel branch: values of the released code, and the convolution that is taken before the resizing."""

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, conv2d, interpolate

from maquette.nn.voxel_head import VoxelHead, resized_conv
from mesh_rcnn_golden import far, fill, gradients_far, part, ramp, stored, tensors

CASES = {
    "small": {"in_channels": 12, "size": 8, "width": 8, "convs": 2},
    "groupnorm": {"in_channels": 10, "size": 6, "width": 32, "convs": 2, "norm": "group"},
    "noconv": {"in_channels": 6, "size": 10, "width": 8, "convs": 0},
    "full": {"in_channels": 2048},
}


def renamed(name: str) -> str:
    if not name.startswith("voxel_fcn"):
        return name
    layer, _, rest = name.removeprefix("voxel_fcn").partition(".")
    kind = "norms" if rest.startswith("norm.") else "convs"
    return f"{kind}.{int(layer) - 1}.{rest.removeprefix('norm.')}"


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("case", [*list(CASES)[:-1], pytest.param("full", marks=pytest.mark.slow)])
def test_values_of_the_released_code(case: str, folded: bool) -> None:
    arrays = part(stored("voxel_head"), case)
    data = tensors(arrays)
    head = fill(VoxelHead(**CASES[case], folded=folded), arrays, renamed)
    assert sum(p.numel() for p in head.parameters()) == int(data["num_params"])
    x = ramp(data["input_shape"].tolist(), int(data["input_k"])).requires_grad_()
    made = head(x)
    full = case == "full"
    if full:
        assert far(made.flatten()[::97], data["output"]) < 1e-5
        bits = np.unpackbits(arrays["target_bits"])[: made.numel()]
        target = torch.from_numpy(bits).view(made.shape).float()
    else:
        assert far(made, data["output"]) < 1e-5
        target = data["target"].float()
    loss = binary_cross_entropy_with_logits(made, target)
    assert far(loss, data["bce"]) < 1e-5
    loss.backward()
    assert gradients_far(head, arrays, renamed) < (1e-3 if full else 1e-4)
    assert x.grad is not None
    if full:
        assert far(x.grad.norm(), data["grad_input_norm"]) < 1e-3
        # a sum in another order takes other sides of ReLU's edge at a few of 65,536 places
        assert far(x.grad.flatten()[:64], data["grad_input_head"]) < (3e-3 if folded else 1e-3)
    else:
        assert far(x.grad, data["grad_input"]) < 1e-4


def test_parameters_as_published() -> None:
    with torch.device("meta"):
        head = VoxelHead(2048)
    assert sum(p.numel() for p in head.parameters()) == 6_763_824


@pytest.mark.parametrize(("height", "width", "size"), [(5, 5, 24), (3, 7, 12), (12, 12, 12), (1, 1, 4)])
def test_a_convolution_before_the_resizing(height: int, width: int, size: int) -> None:
    torch.manual_seed(0)
    x, weight, bias = torch.randn(2, 6, height, width), torch.randn(4, 6, 3, 3), torch.randn(4)
    resized = interpolate(x, (size, size), mode="bilinear", align_corners=False)
    wanted = conv2d(resized, weight, bias, padding=1)
    assert far(resized_conv(x, weight, bias, size), wanted) < 1e-5


def test_an_odd_size() -> None:
    with pytest.raises(ValueError, match="even"):
        VoxelHead(8, size=7)
