"""`PerceptualFeatures`: what of two pictures is compared beside their pixels."""

from jaxtyping import Float
from torch import Tensor, nn

from ...nn.backbones.backbone import Backbone, start_backbone
from .config import LossConfig

_TAPS: dict[str, int | str] = {"vgg16": "relu3_3", "mobilenet_v2": 4}


class PerceptualFeatures(nn.Module):
    """Features 4 pixels apart of a network that is not trained: VGG16's relu3_3, as published, or MobileNetV2's.

    Args:
        name: "vgg16" or "mobilenet_v2".
        first_weights: see `LossConfig`.

    Raises:
        BadInput: weights that cannot be had, or are not of this network.
    """

    def __init__(self, name: str, first_weights: str) -> None:
        super().__init__()
        self.tap = _TAPS[name]
        self.backbone = Backbone(name, taps=[self.tap])
        start_backbone(self.backbone, first_weights)
        self.requires_grad_(False).eval()

    def forward(self, images: Float[Tensor, "batch 3 h w"]) -> Float[Tensor, "batch channel _h _w"]:
        """Features of pictures in [0, 1], a quarter as high and wide."""
        found: Tensor = self.backbone(images)[self.tap]
        return found

    def train(self, mode: bool = True) -> "PerceptualFeatures":
        """Nothing: the network stays as it is."""
        return super().train(False)


def perceptual_features(config: LossConfig) -> PerceptualFeatures | None:
    """The network that a loss asks for, if any; errors as above."""
    if config.features == "none":
        return None
    return PerceptualFeatures(config.features, config.first_weights)
