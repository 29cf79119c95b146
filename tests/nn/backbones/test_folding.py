"""Norms within convolutions: the same values, and no norm left behind a convolution."""

import pytest
import torch
from torch import nn
from torchvision.ops import FrozenBatchNorm2d

from maquette.nn.backbones.backbone import backbone
from maquette.nn.backbones.folding import folded


@pytest.mark.parametrize("norm", ["frozen", "running"])
def test_a_folded_backbone_gives_the_same_features(norm: str) -> None:
    network = backbone("mobilenet_v2", width=0.25, norm=norm, taps=(8, 16)).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d | FrozenBatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.5, 2)
            module.bias.data.normal_()
    images = torch.rand(2, 3, 48, 64)
    with torch.no_grad():
        before = network(images)
        after = folded(network)(images)
    for tap, features in before.items():
        torch.testing.assert_close(after[tap], features, rtol=1e-4, atol=1e-4)
    assert not [m for m in network.modules() if isinstance(m, nn.BatchNorm2d | FrozenBatchNorm2d)]


def test_a_norm_that_follows_no_convolution_stays() -> None:
    network = nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3), nn.Conv2d(3, 2, 1, bias=False), nn.BatchNorm2d(2))
    folded(network.eval())
    assert [type(layer) for layer in network] == [nn.ReLU, nn.BatchNorm2d, nn.Conv2d, nn.Identity]
    assert network[2].bias is not None
