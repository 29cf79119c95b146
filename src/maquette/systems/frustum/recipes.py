"""Complete settings for training the frustum's network."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ...data.views_config import ViewsConfig, check_pictures
from ...training.config import TrainConfig
from ..sizes import check_size
from .config import VARIANTS, LossConfig, NetworkConfig


@dataclass(frozen=True)
class FrustumConfig:
    """Everything that a run depends on, apart from the data.

    Attributes:
        network: how fine and how wide.
        views: how its pictures are taken.
        loss: what is made small.
        training: steps, batches, optimiser.

    Raises:
        ValueError: pictures of another size than the network's, or that cannot be made, or of mirrored objects whose
            truth is not mirrored.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    views: ViewsConfig = field(default_factory=lambda: ViewsConfig(size=96, framing="object", flip=0.0))
    loss: LossConfig = field(default_factory=LossConfig)
    training: TrainConfig = field(default_factory=TrainConfig)

    def __post_init__(self) -> None:
        check_size(self.network.size, self.views.size)
        if self.views.framing != "object":
            raise ValueError("views.framing must be object: the frustum lies behind the square around it")
        if self.views.flip and not self.views.flip_voxels:
            raise ValueError("what is true of mirrored pictures is known only with views.flip_voxels")
        check_pictures(self.views)


def best(variant: str = VARIANTS[0]) -> FrustumConfig:
    """What learns most in the same time; see the README of this folder.

    Cameras from level to 45 degrees above, at distances at which the object's ball fills 20 to 66 degrees; random
    lights, colours and textures before a plain background; half of the objects mirrored, all of them stretched by
    up to 1.35. AdamW with a cosine, a moving average of the weights.
    """
    network = NetworkConfig(variant)
    return FrustumConfig(
        network=network,
        views=ViewsConfig(
            size=network.size,
            framing="object",
            shift=0.03,
            elevation=(0.0, 45.0),
            ratio=(0.55, 1.6),
            plain=(0.6, 1.0),
            colours="mixed",
            texture=0.2,
            lights=True,
            jitter=0.2,
            stretch=1.35,
            flip=0.5,
            flip_voxels=True,
            noise=0.01,
        ),
        training=TrainConfig(
            steps=40_000,
            batch=16,
            views=(1, 1),
            optimiser="adamw",
            lr=1e-3,
            warmup=100,
            schedule="cosine",
            weight_decay=0.03,
            clip=1.0,
            ema=0.998,
            precision="auto",
            val_every=500,
            val_samples=180,
        ),
    )


RECIPES: dict[str, Callable[[str], FrustumConfig]] = {"best": best}
