"""torchvision's networks without their classifiers, each as a chain of layers, and where in it which features are."""

import itertools
from collections import OrderedDict
from collections.abc import Mapping
from functools import cache
from typing import cast

import torch
import torchvision
from torch import nn
from torchvision.ops import FrozenBatchNorm2d

from .names import NAMES, NORMS, check_width

_SIDE = 64


def chain(name: str, width: float = 1.0, norm: str = "frozen") -> nn.Sequential:
    """All layers of a network that see pictures, on the device "meta": they take no memory and no time.

    Args:
        name: of the network.
        width: factor on the channels of MobileNetV2.
        norm: "running" is batch normalisation as usual; "frozen" an affine map by its stored statistics. VGG16
            has neither.

    Raises:
        ValueError: an unknown name or norm, or a width that the network does not come in.
    """
    if name not in NAMES:
        raise ValueError(f"there is no backbone {name!r}; known are {', '.join(NAMES)}")
    if norm not in NORMS:
        raise ValueError(f"norm {norm!r}: use one of {', '.join(NORMS)}")
    check_width(name, width)
    norm_layer = FrozenBatchNorm2d if norm == "frozen" else nn.BatchNorm2d
    with torch.device("meta"):
        if name == "vgg16":
            return cast(nn.Sequential, torchvision.models.vgg16().features)
        if name == "mobilenet_v2":
            mobilenet = torchvision.models.mobilenet_v2(width_mult=width, norm_layer=norm_layer)
            return cast(nn.Sequential, mobilenet.features)
        whole = getattr(torchvision.models, name)(norm_layer=norm_layer)
    layers = itertools.takewhile(lambda layer: layer[0] != "avgpool", whole.named_children())
    return nn.Sequential(OrderedDict(layers))


def root(name: str) -> str:
    """What torchvision's names of a network's tensors have before those of its chain."""
    return "" if name.startswith("resnet") else "features."


@cache
def layout(name: str, width: float = 1.0) -> Mapping[str, torch.Size]:
    """Shape of every tensor of a network's chain but the counters of its batch norms, by name and in order."""
    return {key: tensor.shape for key, tensor in chain(name, width, "frozen").state_dict().items()}


@cache
def features(name: str, width: float = 1.0) -> Mapping[int | str, tuple[str, int]]:
    """What can be taken out of a network's chain: its layer and its number of channels, by what it is called.

    A stride calls the last layer whose pixels are that far apart in the picture. VGG's activations and poolings
    are called relu1_1 to relu5_3 and pool1 to pool5, too.
    """
    x = torch.empty(1, 3, _SIDE, _SIDE, device="meta")
    by_stride: dict[int | str, tuple[str, int]] = {}
    by_name: dict[int | str, tuple[str, int]] = {}
    layers = chain(name, width)
    names = _vgg_names(layers) if name == "vgg16" else {}
    with torch.no_grad():
        for key, layer in layers.named_children():
            x = layer(x)
            by_stride[_SIDE // x.shape[-1]] = (key, x.shape[1])
            if key in names:
                by_name[names[key]] = (key, x.shape[1])
    return by_stride | by_name


def _vgg_names(chain: nn.Sequential) -> dict[str, str]:
    """VGG's names of layers, by torchvision's, which count all of them.

    Convolutions have none: torchvision's activations work in place and overwrite what those gave.
    """
    names, block, row = {}, 1, 0
    for key, layer in chain.named_children():
        if isinstance(layer, nn.Conv2d):
            row += 1
        elif isinstance(layer, nn.ReLU):
            names[key] = f"relu{block}_{row}"
        elif isinstance(layer, nn.MaxPool2d):
            names[key] = f"pool{block}"
            block, row = block + 1, 0
    return names
