"""Complete settings for training StyleGAN2: as published, for photographs of cars, and for drawn shapes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ...data.views_config import ViewsConfig, check_pictures
from ...io.typed import typed
from ...training.config import TrainConfig
from ..sizes import check_size
from .config import AugmentConfig, LossConfig, NetworkConfig

_FILTERED = 32  # least side, in pixels, of pictures that augmentation filters
_PUBLISHED_KIMG = 25_000
_FINE_TUNING_KIMG = 100.0
PROJECTED = LossConfig(hinge=True, discriminator_rate=0.12, r1=0.0, path=0.0)  # with such a discriminator


@dataclass(frozen=True)
class StyleGAN2Config:
    """Everything that a run depends on, apart from the data.

    Attributes:
        network: how large.
        views: how pictures of shapes are taken; of pictures on disk the square in the middle is scaled to `size`.
        loss: what is made small.
        augment: how what the discriminator sees is changed.
        training: steps, batches, learning rate; its `ema` is the decay of the averaged generator a step.

    Raises:
        ValueError: settings that do not go together.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    views: ViewsConfig = field(default_factory=ViewsConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    training: TrainConfig = field(default_factory=TrainConfig)

    def __post_init__(self) -> None:
        check_pictures(self.views)
        network, training = self.network, self.training
        check_size(network.size, self.views.size)
        if network.labels or network.channels != 3 or network.discriminator == "none":
            raise ValueError("training needs pictures in colours without labels, and a discriminator")
        if training.precision != "32":
            raise ValueError(f"training.precision {training.precision}: this system trains in 32 bits")
        if self.augment.pipe == "bgcfnc" and network.size < _FILTERED:
            raise ValueError(f"augment.pipe bgcfnc filters pictures of {_FILTERED} pixels or more")
        if training.accumulate > 1:
            raise ValueError(
                "a batch is one part here (training.accumulate 1): penalties take steps of their own"
            )
        if not training.ema:
            raise ValueError("training.ema must be positive: pictures are made by the averaged generator")
        part, group = training.batch // training.accumulate, network.compared
        if group and part % min(group, part):
            raise ValueError(f"a batch of {part} has no equal groups of {network.group} (network.group)")


def original(variant: str = "original", size: int = 64) -> StyleGAN2Config:
    """The published automatic settings of one GPU (Karras et al., NeurIPS 2020, and released code).

    Args:
        variant: name of the network.
        size: pixels a side.
    """
    batch = max(min(4096 // size, 32), 1)
    return StyleGAN2Config(
        network=NetworkConfig(variant, size, width=1.0 if size >= 512 else 0.5, group=min(batch, 4)),
        views=drawn(size),
        training=_training(
            batch, _PUBLISHED_KIMG, half_life=batch * 10 / 32, lr=0.002 if size >= 1024 else 0.0025
        ),
    )


def cars64(variant: str = "cars64") -> StyleGAN2Config:
    """For a folder of some thousand photographs, such as of cars: a quarter of the width, mirrored pictures too.

    1,395,288 parameters of the generator; for a GPU, or a CPU with patience.
    """
    network = NetworkConfig(variant, width=0.125, channel_max=128, z_dim=128, w_dim=128)
    return StyleGAN2Config(
        network=network, views=replace(drawn(64), flip=0.5), training=_training(32, 5000, half_life=10.0)
    )


def drawn64(variant: str = "drawn64") -> StyleGAN2Config:
    """For small machines, and pictures that are drawn of shapes as they are needed: 275,144 parameters.

    Its discriminator looks at features (`projected`), which takes many times fewer pictures; no penalties.
    Such pictures never repeat, so that nothing is augmented; of pictures on disk `--augment.pipe bgc` makes more.
    """
    network = NetworkConfig(
        variant, width=1 / 32, channel_max=64, z_dim=64, w_dim=64, clamp=0.0, discriminator="projected"
    )
    return StyleGAN2Config(
        network=network,
        views=drawn(64),
        loss=PROJECTED,
        augment=AugmentConfig(pipe="none"),
        training=_training(16, 800, half_life=5.0, val_every=500),
    )


def drawn(size: int) -> ViewsConfig:
    """Pictures of shapes from known sides, as R2N2 takes them, before its plain background.

    Training pictures are taken as held ones are, so that the two can be compared.

    Args:
        size: pixels a side.
    """
    return ViewsConfig(size=size, render_size=size, plain=(240 / 255, 240 / 255), flip=0.0)


def adopt(stored: Mapping[str, Any], recipe: Callable[..., Any], variant: str | None) -> dict[str, Any]:
    """What fine-tuning takes over of a weights file: its network, and its pictures where it tells of them.

    Whether they are mirrored is the recipe's.
    The discriminator is the recipe's where the file has none. As published, the strength of augmentation moves five
    times as fast, and the averaged weights have their whole half-life from the start. A discriminator of another kind
    than the recipe's has the loss of its kind.

    Raises:
        ValueError: settings that are unknown or impossible.
    """
    fresh: StyleGAN2Config = recipe()
    network = typed(NetworkConfig, stored.get("network", {}), "network")
    if network.discriminator == "none":
        network = replace(network, discriminator=fresh.network.discriminator)
    network = replace(network, variant=variant or network.variant)
    is_projected, loss = network.discriminator == "projected", fresh.loss
    if is_projected != (fresh.network.discriminator == "projected"):
        loss = PROJECTED if is_projected else LossConfig()
    views = typed(ViewsConfig, stored.get("views", {}), "views") if "views" in stored else drawn(network.size)
    views = replace(views, flip=fresh.views.flip)
    parts = {part.name: getattr(fresh, part.name) for part in fields(fresh)}
    tuned = {
        "augment": replace(fresh.augment, kimg=_FINE_TUNING_KIMG),
        "loss": replace(loss, ramp=0.0),
    }
    return {**parts, **tuned, "network": network, "views": views}


def _training(
    batch: int, kimg: int, half_life: float, lr: float = 0.0025, val_every: int = 1000
) -> TrainConfig:
    """Adam for thousands of pictures; the averaged weights forget half of themselves in `half_life` thousand."""
    return TrainConfig(
        steps=1000 * kimg // batch,
        batch=batch,
        views=(1, 1),
        lr=lr,
        schedule="constant",
        weight_decay=0.0,
        ema=0.5 ** (batch / (1000 * half_life)),
        val_every=val_every,
        val_samples=256,
    )


RECIPES: dict[str, Callable[..., StyleGAN2Config]] = {
    "best": drawn64,
    "original": original,
    "cars64": cars64,
    "drawn64": drawn64,
}
