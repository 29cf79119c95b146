"""Complete settings for training the mask network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...data.views_config import ViewsConfig, check_pictures
from ...io.typed import typed
from ...training.config import TrainConfig
from ..sizes import check_size
from .config import NetworkConfig


@dataclass(frozen=True)
class MaskLossConfig:
    """What is made small.

    Attributes:
        dice: weight of one minus the Dice coefficient beside the cross-entropy of pixels.
        shadow: probability that an object throws a shadow on what is behind it.
        soft: probability of a picture that is out of focus or small and scaled up.

    Raises:
        ValueError: a value out of its range.
    """

    dice: float = 1.0
    shadow: float = 0.6
    soft: float = 0.3

    def __post_init__(self) -> None:
        if self.dice < 0 or not (0 <= self.shadow <= 1 and 0 <= self.soft <= 1):
            raise ValueError(f"a weight must not be negative, a probability lie in [0, 1]: {self}")


@dataclass(frozen=True)
class SegmentConfig:
    """Everything that a run depends on, apart from the data.

    Attributes:
        network: how large.
        views: how its pictures are taken.
        loss: what is made small.
        training: steps, batches, optimiser.
        first_weights: of the backbone: "none", "torchvision" (ImageNet's), a file of `backbone import`, or "auto":
            torchvision's where they can be had.

    Raises:
        ValueError: pictures of another size than the network's, or that cannot be made.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    views: ViewsConfig = field(default_factory=lambda: ViewsConfig(size=192, render_size=192))
    loss: MaskLossConfig = field(default_factory=MaskLossConfig)
    training: TrainConfig = field(default_factory=TrainConfig)
    first_weights: str = "auto"

    def __post_init__(self) -> None:
        check_size(self.network.size, self.views.size)
        check_pictures(self.views)


def best(variant: str = "mask") -> SegmentConfig:
    """Drawn shapes of all sizes before drawn rooms, half of them partly hidden or cut off by the picture's edge.

    The backbone keeps ImageNet's features. AdamW with a warm-up and a cosine, a moving average of the weights.
    `--views.photos DIR` puts photographs in the place of the drawn rooms.
    """
    return SegmentConfig(
        network=NetworkConfig(variant),
        views=ViewsConfig(
            size=192,
            framing="object",
            margin=(0.0, 0.5),
            shift=0.3,
            elevation=(-10.0, 60.0),
            backgrounds=("photos", "photos", "photos", "gradient", "noise", "plain"),
            plain=(0.0, 1.0),
            photos="grounds:3000",
            colours="mixed",
            texture=0.4,
            lights=True,
            jitter=0.5,
            noise=0.02,
            occlusion=0.15,
            occluded=(0.05, 0.3),
            occluders=("pieces", "boxes", "photos"),
            cut_off=0.2,
        ),
        training=TrainConfig(
            steps=6000,
            batch=16,
            views=(1, 1),
            optimiser="adamw",
            lr=2e-3,
            warmup=100,
            schedule="cosine",
            weight_decay=0.01,
            clip=1.0,
            ema=0.998,
            val_every=500,
            val_samples=96,
        ),
    )


RECIPES: dict[str, Callable[..., SegmentConfig]] = {"best": best}


def adopt(
    stored: Mapping[str, Any], recipe: Callable[..., SegmentConfig], variant: str | None
) -> dict[str, Any]:
    """The parts of a recipe, but the network as weights have it (`train --init`).

    What stood behind the shapes that they learned from is not kept with them.

    Raises:
        ValueError: settings that are unknown or impossible.
    """
    network = typed(NetworkConfig, stored.get("network", {}), "network")
    fresh = recipe(variant or network.variant)
    views = replace(fresh.views, size=network.size)
    return {name: getattr(fresh, name) for name in ("loss", "training", "first_weights")} | {
        "network": network,
        "views": views,
    }
