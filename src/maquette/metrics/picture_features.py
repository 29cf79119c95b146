"""Features of whole pictures: what distances between sets of pictures are measured in."""

import torch
from jaxtyping import Float
from torch import Tensor

from ..nn.backbones.backbone import Backbone

_CHUNK = 32  # pictures at once


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
