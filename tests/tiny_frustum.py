"""A small frustum with random weights: quick, and sure of nothing."""

from pathlib import Path

import torch

from maquette.systems.frustum.config import NetworkConfig
from maquette.systems.frustum.network import FrustumNetwork
from maquette.systems.frustum.recipes import best
from maquette.systems.frustum.system import FrustumSystem


def tiny_frustum() -> FrustumSystem:
    torch.manual_seed(0)
    return FrustumSystem(FrustumNetwork(NetworkConfig(width=0.1)), best().views)


def tiny_frustum_weights(path: Path) -> Path:
    """Write its weights file."""
    tiny_frustum().save(path)
    return path
