"""Complete settings for training the viewpoint network."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ...data.views_config import ViewsConfig, check_pictures
from ...training.config import TrainConfig
from ..sizes import check_size
from .config import NetworkConfig


@dataclass(frozen=True)
class LossConfig:
    """What is made small.

    Attributes:
        elevation: weight of the elevation's negative log-likelihood beside the azimuth's.

    Raises:
        ValueError: a weight that is negative or not finite.
    """

    elevation: float = 0.3

    def __post_init__(self) -> None:
        if not 0 <= self.elevation < float("inf"):
            raise ValueError(f"the weight must be finite and not negative, got {self.elevation}")


@dataclass(frozen=True)
class ViewpointConfig:
    """Everything that a run depends on, apart from the data.

    Attributes:
        network: how large.
        views: how its pictures are taken.
        loss: what is made small.
        training: steps, batches, optimiser.

    Raises:
        ValueError: pictures of another size than the network's, or that cannot be made, or mirrored pictures whose
            azimuths are not.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    views: ViewsConfig = field(default_factory=lambda: ViewsConfig(size=64, render_size=64, flip=0.0))
    loss: LossConfig = field(default_factory=LossConfig)
    training: TrainConfig = field(default_factory=TrainConfig)

    def __post_init__(self) -> None:
        check_size(self.network.size, self.views.size)
        if self.views.flip and not self.views.flip_voxels:
            raise ValueError("azimuths of mirrored pictures are known only with views.flip_voxels")
        check_pictures(self.views)


def best(variant: str = "view") -> ViewpointConfig:
    """For pictures of any look: objects in random colours, textures and lights before backgrounds of three kinds.

    From 10 degrees below to 60 above, the object not quite in the middle, of different sizes. AdamW with a warm-up
    and a cosine, a moving average of the weights.
    """
    return ViewpointConfig(
        network=NetworkConfig(variant),
        views=ViewsConfig(
            size=64,
            framing="object",
            margin=(0.02, 0.3),
            shift=0.1,
            elevation=(-10.0, 60.0),
            backgrounds=("plain", "gradient", "noise"),
            plain=(0.0, 1.0),
            colours="mixed",
            texture=0.3,
            lights=True,
            jitter=0.3,
            flip=0.0,
            noise=0.02,
        ),
        training=_training(12_000),
    )


def drawn64(variant: str = "view") -> ViewpointConfig:
    """For the pictures of a generator that learned from drawn ones (StyleGAN2's recipe of this name): drawn as those.

    3D-R2N2's cameras, own colours, light from above the camera, one grey background.
    """
    return ViewpointConfig(
        network=NetworkConfig(variant),
        views=ViewsConfig(size=64, render_size=64, plain=(240 / 255, 240 / 255), flip=0.0),
        training=_training(6000),
    )


def _training(steps: int) -> TrainConfig:
    return TrainConfig(
        steps=steps,
        batch=32,
        views=(1, 1),
        optimiser="adamw",
        lr=2e-3,
        warmup=100,
        schedule="cosine",
        weight_decay=0.01,
        clip=5.0,
        ema=0.99,
        val_every=250,
        val_samples=192,
    )


RECIPES: dict[str, Callable[..., ViewpointConfig]] = {"best": best, "drawn64": drawn64}
