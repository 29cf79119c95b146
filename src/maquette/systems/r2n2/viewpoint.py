"""The azimuth that a picture was taken from, told from the encoder's features."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

_HIDDEN = 128


class Viewpoint(nn.Module):
    """Features of a picture to logits of azimuths: a hidden layer, then a class for each part of the circle.

    Not part of the published network. Classes, unlike a direction, can say "from the front or from behind".

    Args:
        features: of each picture.
        bins: parts of the circle; the k-th one's middle is at 360 k / bins degrees.
    """

    def __init__(self, features: int, bins: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(features, _HIDDEN)
        self.bins = nn.Linear(_HIDDEN, bins)

    def forward(self, features: Float[Tensor, "*picture feature"]) -> Float[Tensor, "*picture bin"]:
        """Logits of the azimuths."""
        logits: Tensor = self.bins(F.leaky_relu(self.hidden(features)))
        return logits


def azimuth_target(azimuth: Float[Tensor, " picture"], bins: int) -> Float[Tensor, "picture bin"]:
    """Each azimuth as shares of the two bins whose middles it lies between.

    Args:
        azimuth: degrees.
        bins: parts of the circle.

    Returns:
        shares, >= 0; each row adds up to 1.
    """
    place = (azimuth % 360) * (bins / 360)
    low = place.floor().long()
    share = (place - low)[:, None]
    one_hot = torch.eye(bins, device=azimuth.device)
    return (1 - share) * one_hot[low % bins] + share * one_hot[(low + 1) % bins]


def azimuth_loss(
    logits: Float[Tensor, "picture bin"], azimuth: Float[Tensor, " picture"]
) -> Float[Tensor, ""]:
    """Mean cross-entropy of azimuths, in nats; knowing nothing costs the logarithm of the number of bins.

    Args:
        logits: what `Viewpoint` says.
        azimuth: true ones, in degrees.
    """
    return F.cross_entropy(logits.float(), azimuth_target(azimuth, logits.shape[-1]))
