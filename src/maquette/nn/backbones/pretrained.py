"""First weights of a backbone: of torchvision, or of a file."""

import sys
from collections.abc import Mapping
from os import PathLike

import torchvision
from safetensors import safe_open
from torch import Tensor
from torchvision.models import WeightsEnum

from ...io.errors import BadInput
from ...training.foreign_kind import foreign_kind
from ...training.foreign_weights import ForeignWeights, read_foreign_weights
from ...training.weights_header import FORMAT, read_weights_header
from .matching import match

SYSTEM = "backbone"


def pretrained(name: str, width: float, weights: str | PathLike[str]) -> Mapping[str, Tensor]:
    """Tensors of a network's chain, by name; checked.

    Args:
        name: of the network.
        width: factor on its channels.
        weights: "torchvision", or a safetensors file.

    Raises:
        BadInput: they cannot be had, or are not of this network.
        ValueError: weights of torchvision for a width that it has none for.
    """
    if weights == "torchvision":
        return _of_torchvision(name, width)
    if foreign_kind(weights) == "torch":
        raise BadInput(
            weights, "is a file of torch; `maquette backbone import` makes a safetensors file of it"
        )
    _check_header(name, width, weights)
    return match(read_foreign_weights(weights), name, width).tensors


def _check_header(name: str, width: float, file: str | PathLike[str]) -> None:
    """Refuse a file of ours that says it is of something else; others say nothing."""
    with safe_open(file, framework="numpy") as opened:
        ours = (opened.metadata() or {}).get("format") == FORMAT
    if not ours:
        return
    header = read_weights_header(file, SYSTEM)
    said = header.variant, header.config.get("width")
    if said != (name, width):
        raise BadInput(file, f"is of {said[0]} of width {said[1]}, not of {name} of width {width}")


def _of_torchvision(name: str, width: float) -> Mapping[str, Tensor]:
    """Those of ImageNet by the first recipe, which published systems start from: `IMAGENET1K_V1`."""
    if width != 1:
        raise ValueError(f"torchvision has weights of {name} of width 1 only, not {width}")
    source = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"]
    state = downloaded(source, "; a file can be given instead")
    return match(ForeignWeights(state, in_order=True, path=source.url), name).tensors


def downloaded(source: WeightsEnum, instead: str = "") -> Mapping[str, Tensor]:
    """Weights of torchvision's, downloaded unless they lie in torch's cache.

    Args:
        source: which.
        instead: what a person may do where they cannot be had.

    Raises:
        BadInput: they cannot be had.
    """
    try:
        state: Mapping[str, Tensor] = source.get_state_dict(
            progress=sys.stderr.isatty(), check_hash=True, weights_only=True
        )
    except Exception as error:  # what is in the way of a download has many kinds
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise BadInput(source.url, f"cannot be had: {reason}{instead}") from error
    return state
