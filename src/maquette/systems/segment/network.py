"""The mask network as its settings have it."""

from ...segment.mask_net import MaskNet
from .config import NetworkConfig

THRESHOLD = 0.5  # probability from which on a pixel is the object's


def made(config: NetworkConfig) -> MaskNet:
    """A network of its settings."""
    return MaskNet(config.width, config.frozen)
