"""Features of whole pictures: what distances between sets of pictures are measured in."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ..io.checksum import sha256_of
from ..io.errors import BadInput, LeftOut
from ..nn.backbones.backbone import Backbone, Tap, backbone

NETWORK = "mobilenet_v2"
_STRIDE = 32
_CHUNK = 32  # pictures at once
_DRAWN = "weights drawn at random (seed 0)"
_COARSE, _FINE, _PICTURES = 4, 64, 64  # of what a drawn network gets its statistics from


@dataclass(frozen=True)
class FeatureNetwork:
    """A network for `picture_features`, and what it is in words, which have to stand beside every number.

    Attributes:
        network: the backbone.
        words: its name, and where its weights come from.
    """

    network: Backbone = field(repr=False)
    words: str


def feature_network(weights: str = "auto", taps: Sequence[Tap] = (_STRIDE,)) -> FeatureNetwork:
    """MobileNetV2 of width 1, up to its last tap, in its mode of evaluation.

    Args:
        weights: "torchvision" (of ImageNet), a safetensors file of `maquette backbone import`, "none" (drawn at
            random, always the same), or "auto": torchvision's, or with a warning none, where they cannot be had.
        taps: strides of the maps that it gives; the last map when not given.

    Raises:
        BadInput: weights that cannot be had, or are not of this network.
    """
    if weights == "auto":
        try:
            return feature_network("torchvision", taps)
        except BadInput as error:
            warnings.warn(f"{error}; features are those of {_DRAWN}", LeftOut, stacklevel=2)
            return feature_network("none", taps)
    if weights == "none":
        return FeatureNetwork(_drawn(taps), f"{NETWORK}, {_DRAWN}")
    network = backbone(NETWORK, weights=weights, taps=taps).eval()
    if weights == "torchvision":
        return FeatureNetwork(network, f"{NETWORK}, torchvision's weights of ImageNet")
    return FeatureNetwork(
        network, f"{NETWORK}, weights of {Path(weights).name}, SHA-256 {sha256_of(weights)[:12]}"
    )


def _drawn(taps: Sequence[Tap]) -> Backbone:
    """Random weights, the same in every call; without statistics its features would vanish from layer to layer.

    Those are of smooth pictures of random colours.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        network = backbone(NETWORK, taps=taps, norm="running").train()
        for layer in network.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.momentum = 1.0
        coarse = torch.rand(_PICTURES, 3, _COARSE, _COARSE)
        network(interpolate(coarse, size=(_FINE, _FINE), mode="bilinear"))
    return network.eval()


@torch.no_grad()
def picture_features(
    network: Backbone, images: Float[Tensor, "picture 3 h w"]
) -> Float[Tensor, "picture feature"]:
    """The last map of a backbone, averaged over its places, of each picture.

    Only sets whose pictures have one size, seen by one network with the same weights, can be compared.

    Args:
        network: its last tap counts; put into its mode of evaluation for the time of the call.
        images: RGB in [0, 1], anywhere; they are taken to the network's device a few at a time.

    Returns:
        features on the CPU; of MobileNetV2 of width 1 at stride 32, 1,280 a picture.
    """
    last = list(network.channels)[-1]
    trained = network.training
    network.eval()
    try:
        chunks = [network(chunk.to(network.mean.device))[last] for chunk in images.split(_CHUNK)]
        return torch.cat([chunk.mean((2, 3)).cpu() for chunk in chunks])
    finally:
        network.train(trained)
