"""A small R2N2 with random weights: quick, knows nothing, and takes every object for a cube."""

from pathlib import Path

import torch

from maquette.data.views_config import ViewsConfig
from maquette.systems.r2n2.config import NetworkConfig
from maquette.systems.r2n2.network import R2N2Network
from maquette.systems.r2n2.system import R2N2

VARIANT = "simple-gru-1"


def tiny_r2n2() -> R2N2:
    torch.manual_seed(0)
    network = R2N2Network(NetworkConfig(variant=VARIANT, width=0.05, size=32))
    with torch.no_grad():
        for parameter in list(network.decoder.parameters())[-2:]:
            parameter.mul_(0.01)
    return R2N2(network, ViewsConfig(size=32, framing="object"))


def tiny_weights(path: Path) -> Path:
    """Write its weights file."""
    tiny_r2n2().save(path)
    return path
