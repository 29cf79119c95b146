"""Files of first weights, made of those that others publish."""

from os import PathLike
from pathlib import Path

from ...io.checksum import sha256_of
from ...training.foreign_weights import ForeignWeights
from ...training.weights import save_weights
from .matching import Match, match, recognise
from .networks import root
from .pretrained import SYSTEM


def import_backbone(
    weights: ForeignWeights, out: str | PathLike[str], name: str | None = None, width: float = 1.0
) -> Match:
    """Write the tensors of a network without its classifier as a weights file, under torchvision's names.

    Args:
        weights: what was read of somebody else's file.
        out: the .safetensors file to write or replace; float32, as others' values may have any range.
        name: of the network; recognised by its tensors where it is not given.
        width: factor on the channels, for the network that comes in several.

    Returns:
        what was written, with the names of the network's chain.

    Raises:
        BadInput: the weights are not of that network, or of none; or `out` cannot be written.
    """
    found = recognise(weights, width) if name is None else match(weights, name, width)
    tensors = {root(found.name) + own: tensor for own, tensor in found.tensors.items()}
    config = {"width": width, "origin": Path(weights.path).name, "sha256": sha256_of(weights.path)}
    save_weights(out, tensors, SYSTEM, found.name, config, "float32")
    return found
