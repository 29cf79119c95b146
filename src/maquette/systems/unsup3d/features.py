"""`PerceptualFeatures`: what of two pictures is compared beside their pixels."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn

from ...nn.backbones.backbone import Backbone, start_backbone
from .config import LossConfig


class PerceptualFeatures(nn.Module):
    """Features of a network that is not trained; 4 pixels apart VGG16's are relu3_3, as published.

    Args:
        name: "vgg16" or "mobilenet_v2".
        first_weights, levels: see `LossConfig`.

    Raises:
        BadInput: weights that cannot be had, or are not of this network.
    """

    def __init__(self, name: str, first_weights: str, levels: Sequence[int] = (4,)) -> None:
        super().__init__()
        self.backbone = Backbone(name, taps=levels)
        start_backbone(self.backbone, first_weights)
        self.requires_grad_(False).eval()

    def forward(self, images: Float[Tensor, "batch 3 h w"]) -> list[Float[Tensor, "batch _channel _h _w"]]:
        """Features of pictures in [0, 1], one map a level."""
        return list(self.backbone(images).values())

    def train(self, mode: bool = True) -> "PerceptualFeatures":
        """Nothing: the network stays as it is."""
        return super().train(False)


def perceptual_features(config: LossConfig) -> PerceptualFeatures | None:
    """The network that a loss asks for, if any; errors as above."""
    if config.features == "none":
        return None
    return PerceptualFeatures(config.features, config.first_weights, config.levels)
