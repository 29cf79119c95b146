"""A backbone: pictures to maps of features at the strides wanted, from first weights of other people's training."""

import warnings
from collections.abc import Sequence
from os import PathLike

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torchvision.ops import FrozenBatchNorm2d

from ...io.errors import BadInput
from . import networks
from .names import WITH_WIDTH
from .pretrained import pretrained

Tap = int | str
STRIDES = (4, 8, 16, 32)
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Backbone(nn.Module):
    """One of torchvision's networks up to the last of its taps; nothing behind that is built.

    Parameters and statistics have torchvision's names behind `body.`, those of the first weights or of He's rule.

    Args:
        name: of the network.
        width: factor on the channels of MobileNetV2.
        norm: of a batch: "frozen" or "running"; see `backbone`.
        taps: strides, or names of layers of VGG16.

    Attributes:
        channels: of the features at every tap, in the order of `taps`.

    Raises:
        ValueError: a network, width, norm or tap that there is not.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, name: str, width: float = 1.0, norm: str = "frozen", taps: Sequence[Tap] = STRIDES
    ) -> None:
        super().__init__()
        self.name, self.width = name, width
        chain, known = networks.chain(name, width, norm), networks.features(name, width)
        unknown = [tap for tap in taps if tap not in known]
        if unknown or not taps:
            said = f"tap {unknown[0]!r}" if unknown else "no taps"
            raise ValueError(f"{said}: those of {name} are {', '.join(map(str, known))}")
        self.channels = {tap: known[tap][1] for tap in taps}
        self._layers = {tap: known[tap][0] for tap in taps}
        order = [layer for layer, _ in chain.named_children()]
        last = max(order.index(layer) for layer in self._layers.values())
        device = torch.empty(0).device  # that of `with torch.device(...)` around the call, also "meta"
        self.body = chain[: last + 1].to_empty(device=device)
        _draw(self.body)
        # What is not saved is not filled either by weights given to a network on the device "meta".
        device = torch.device("cpu") if device.type == "meta" else device
        self.register_buffer("mean", torch.tensor(MEAN, device=device).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD, device=device).view(3, 1, 1), persistent=False)

    def forward(self, images: Float[Tensor, "batch 3 h w"]) -> dict[Tap, Float[Tensor, "batch _c _h _w"]]:
        """Maps of features by tap, in the order of the taps.

        Args:
            images: RGB in [0, 1]; what ImageNet's pictures have on average is subtracted here.

        Returns:
            at stride s, (batch, `channels[s]`, h / s, w / s), rounded up; down behind VGG's poolings.
        """
        x = (images - self.mean) / self.std
        if self.name == WITH_WIDTH and x.device.type == "cpu":  # a fifth less time; ResNets take more
            x = x.contiguous(memory_format=torch.channels_last)
        found = {}
        for layer, module in self.body.named_children():
            x = module(x)
            if layer in self._layers.values():
                found[layer] = x
        return {tap: found[layer] for tap, layer in self._layers.items()}

    def load(self, weights: str | PathLike[str]) -> None:
        """Take first weights: "torchvision", or a file; see `backbone`.

        Raises:
            BadInput: they cannot be had, or are not of this network.
        """
        given = pretrained(self.name, self.width, weights)
        own = self.body.state_dict()
        self.body.load_state_dict({key: given.get(key, own[key]) for key in own})


def backbone(
    name: str,
    *,
    width: float = 1.0,
    weights: str | PathLike[str] = "none",
    norm: str = "frozen",
    taps: Sequence[Tap] = STRIDES,
) -> Backbone:
    """A network for features of pictures, with its first weights.

    Args:
        name: "mobilenet_v2", "resnet18", "resnet34", "resnet50" or "vgg16".
        width: factor on the channels of MobileNetV2; the others come in one width.
        weights: "none" (drawn by He's rule), "torchvision" (of ImageNet, downloaded unless they lie in torch's
            cache), or a safetensors file: of `maquette backbone import`, or with torchvision's names.
        norm: what batch normalisation is: "frozen", an affine map by the statistics in the weights, for small
            batches (without weights it does nothing at first); "running", statistics of the batch in training.
        taps: which features are given: strides of 2, 4, 8, 16 or 32 pixels, at which the last layer counts (1, too,
            for VGG16); for VGG16 also layers, "relu1_1" to "relu5_3" and "pool1" to "pool5".

    Raises:
        ValueError: a network, width, norm or tap that there is not.
        BadInput: weights that cannot be had, or are not of this network.
    """
    made = Backbone(name, width, norm, taps)
    if weights != "none":
        made.load(weights)
    return made


def start_backbone(network: Backbone, weights: str) -> None:
    """Give a backbone its first weights.

    Args:
        network: with drawn weights.
        weights: "none"; "torchvision" or a file, see `backbone`; "auto": torchvision's, or with a warning none, where
            they cannot be had.

    Raises:
        BadInput: they cannot be had, or are not of this network.
    """
    if weights == "none":
        return
    try:
        network.load("torchvision" if weights == "auto" else weights)
    except BadInput as error:
        if weights != "auto":
            raise
        warnings.warn(f"{error}; the backbone starts from scratch", stacklevel=3)


def _draw(body: nn.Module) -> None:
    """Initial values as torchvision draws them: N(0, sqrt(2 / n)) for n values a unit gives to the next layer."""
    for layer in body.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            layer.reset_parameters()
        elif isinstance(layer, FrozenBatchNorm2d):
            for one, zero in ((layer.weight, layer.bias), (layer.running_var, layer.running_mean)):
                one.fill_(1)
                zero.zero_()
