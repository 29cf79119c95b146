"""Residual blocks against the formula written down with plain convolutions."""

import pytest
import torch
from torch.nn import functional as F

from maquette.nn.residual import ResidualBlock2d, UnpoolResidualBlock3d
from maquette.nn.unpool_conv3d import unpool3d


def act(x):
    return F.leaky_relu(x, 0.01)


@pytest.mark.parametrize("skip", ["none", "identity", "conv"])
def test_pictures(skip: str) -> None:
    block = ResidualBlock2d(4, 4 if skip == "identity" else 6, 7 if skip == "none" else 3, skip)
    x = torch.randn(2, 4, 5, 6)
    y = act(block.conv2(act(block.conv1(x))))
    added = {"none": torch.zeros(()), "identity": x, "conv": block.skip(x)}[skip]
    torch.testing.assert_close(block(x), y + added)


@pytest.mark.parametrize("out", [4, 6])
@pytest.mark.parametrize("norm", ["none", "group"])
def test_voxels(out: int, norm: str) -> None:
    block = UnpoolResidualBlock3d(4, out, norm)
    x = torch.randn(2, 4, 3, 3, 3, requires_grad=True)
    u = unpool3d(x)
    y = block.norm1(F.conv3d(u, block.conv1.weight, block.conv1.bias, padding=1))
    y = act(block.norm2(block.conv2(act(y))))
    wanted = y + (u if out == 4 else F.conv3d(u, block.skip.weight, block.skip.bias))
    found = block(x)
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)
    parameters = [x, *block.parameters()]
    scale = torch.randn_like(found)
    ours = torch.autograd.grad((found * scale).sum(), parameters)
    theirs = torch.autograd.grad((wanted * scale).sum(), parameters)
    for mine, plain in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, plain, rtol=1e-3, atol=1e-4)
