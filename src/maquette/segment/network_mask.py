"""Masks by the network that ships: what a picture is about, learned from drawn shapes (`mask_net`)."""

from functools import cache
from importlib.resources import as_file, files
from os import PathLike

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ..io.errors import as_bad_input
from ..io.typed import typed
from ..training.weights import fill, load_weights
from .mask_net import STEP, MaskNet

SYSTEM = "segment"
_LONGER = 256  # pixels of a picture's longer side that the network looks at


@torch.no_grad()
def network_masks(
    network: nn.Module, images: Float[Tensor, "picture 3 height width"]
) -> Float[Tensor, "picture 1 height width"]:
    """Probability of the object at each pixel of pictures of any size.

    They are looked at with 256 pixels along the longer side, both sides brought to multiples of 32.

    Args:
        network: in evaluation mode.
        images: RGB in [0, 1].
    """
    size = (images.shape[2], images.shape[3])
    factor = _LONGER / max(size)
    seen = [max(STEP, round(side * factor / STEP) * STEP) for side in size]
    smaller = interpolate(images, seen, mode="bilinear", antialias=True).clamp(0, 1)
    logits = network(smaller.to(next(network.parameters()).device)).float()
    return interpolate(logits, size, mode="bilinear", align_corners=False).sigmoid()


def read_mask_net(weights: str | PathLike[str]) -> MaskNet:
    """The network of a weights file or of the folder of a run, in evaluation mode.

    Raises:
        BadInput: weights that are missing, broken or of another system.
    """
    found = load_weights(weights, SYSTEM)
    with as_bad_input(found.path, ValueError, say="the settings in its header"):
        settings = typed(dict, found.config.get("network", {}), "network")
        width = typed(int, settings.get("width"), "network.width")
    with torch.device("meta"):
        network = MaskNet(width)
    fill(network, found)
    return network.requires_grad_(False).eval()


@cache
def shipped_mask_net() -> MaskNet:
    """The network that ships with maquette, on the CPU."""
    with as_file(files("maquette") / "assets" / f"{SYSTEM}.safetensors") as path:
        return read_mask_net(path)
