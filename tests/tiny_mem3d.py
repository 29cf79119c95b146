"""A small Mem3D with random weights and a memory of a few slots."""

from dataclasses import replace

import torch

from maquette.systems.mem3d.config import NetworkConfig
from maquette.systems.mem3d.network import Mem3DNetwork

SIZE = 64


def tiny_config(variant: str = "best", slots: int = 5, **changes) -> NetworkConfig:
    config = NetworkConfig(
        variant, size=SIZE, backbone="mobilenet_v2", backbone_width=0.25, tap=32, channels=(8, 8, 8),
        pools=0, key=4 if variant == "best" else 0,
        prior=8, decoder=(6, 6, 6, 6), kernel=3, slots=slots, k=3, beta=-1.0, likeness="iou",
    )  # fmt: skip
    return replace(config, **changes)


def tiny_mem3d(variant: str = "best", slots: int = 5, **changes) -> Mem3DNetwork:
    torch.manual_seed(0)
    return Mem3DNetwork(tiny_config(variant, slots, **changes))


def calibrated(network: Mem3DNetwork, images: torch.Tensor) -> Mem3DNetwork:
    """The network, whose statistics are those of some pictures, so that pictures make a difference."""
    for module in network.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.momentum = 1.0
    with torch.no_grad():
        network.train()(images)
    return network.eval()
