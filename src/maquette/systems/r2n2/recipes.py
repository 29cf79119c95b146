"""Complete settings for training 3D-R2N2: as published, as one reimplementation has them, and our best."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...data.views_config import ViewsConfig, check_pictures
from ...io.typed import typed
from ...training.config import TrainConfig
from ..sizes import check_size
from .config import NetworkConfig

_FRAMING = ("size", "framing", "margin")
_FRAMING_OF_CAMERA = ("render_size",)


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms of the loss (`maquette.loss.voxel_*`); 0 leaves a term out.

    Attributes:
        cross_entropy: mean over all cells, as published.
        dice: one minus the soft overlap of each object.
        focal: cross-entropy in which cells that are right count little.
        azimuth: of the azimuths that the network tells (`NetworkConfig.view_bins`), a cross-entropy; without effect
            where it tells none.

    Raises:
        ValueError: a negative weight, or none of the voxels' that is positive.
    """

    cross_entropy: float = 1.0
    dice: float = 0.0
    focal: float = 0.0
    azimuth: float = 0.0

    def __post_init__(self) -> None:
        *voxels, _ = values = (self.cross_entropy, self.dice, self.focal, self.azimuth)
        if not all(0 <= value < float("inf") for value in values) or not any(voxels):
            raise ValueError(
                f"weights of the loss must not be negative, nor all of the voxels' 0; got {values}"
            )


@dataclass(frozen=True)
class R2N2Config:
    """Everything that a run of 3D-R2N2 depends on, apart from the data.

    Attributes:
        network: which of the networks, and how wide.
        views: how its pictures are taken.
        loss: what is made small.
        training: steps, batches, optimiser.

    Raises:
        ValueError: pictures of another size than the network's, or that cannot be made; azimuths that
            the network tells, but without a weight in the loss.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    views: ViewsConfig = field(default_factory=ViewsConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    training: TrainConfig = field(default_factory=TrainConfig)

    def __post_init__(self) -> None:
        check_size(self.network.size, self.views.size)
        if self.network.view_bins and not self.loss.azimuth:
            bins = self.network.view_bins
            raise ValueError(f"with network.view_bins {bins}, loss.azimuth must be positive")
        if self.network.view_bins and self.views.flip and not self.views.flip_voxels:
            raise ValueError("azimuths of mirrored pictures are known only with views.flip_voxels")
        check_pictures(self.views)


def original(variant: str = "residual-gru-3") -> R2N2Config:
    """As published: Choy et al., 3D-R2N2, ECCV 2016, with the numbers of the released code.

    Adam with 5e-5 of every weight (not of biases) added to its gradient, 1e-4, a tenth of it after 20,000 and
    again after 60,000 steps; 60,000 steps of 36 objects (24 for the residual networks); 1 to 5 views a batch;
    backgrounds of one light colour, crops of 127 from 137 pixels, pictures mirrored without their voxels; stop
    when the loss exceeds 2.
    """
    return R2N2Config(
        network=NetworkConfig(variant=variant),
        training=TrainConfig(batch=24 if variant.startswith("residual") else 36, stop_loss=2.0),
    )


def seed001(variant: str = "residual-gru-3") -> R2N2Config:
    """As in a reimplementation trained on 3D-FUTURE: batches of 64, 1 to 20 views from all around, no augmentation.

    Its report gives the learning rate as 1e-10, with which nothing would be learned; the commands of its code say
    1e-4, which is used here. Adam with 5e-5 of every weight, biases too, added to its gradient. The last skip
    connection of the residual decoder starts one convolution later than published. Its pictures come from a
    camera of 60 degrees at 2.7 units from an object of largest coordinate 1, before white, without crop; an
    object appears about as large at 0.8 of R2N2's distance, which is used here. The report's cameras stand evenly
    around the object, its code's on one curve of equal azimuth and elevation; here both angles are drawn evenly in
    degrees, which crowds the poles: a third of the pictures is from beyond 60 degrees. Its code never reduces the
    learning rate.
    """
    return R2N2Config(
        network=NetworkConfig(variant=variant, tail="seed001"),
        views=ViewsConfig(
            render_size=127,
            elevation=(-90.0, 90.0),
            ratio=(0.8, 0.8),
            plain=(1.0, 1.0),
            flip=0.0,
            replacement=False,
        ),
        training=TrainConfig(
            batch=64, views=(1, 20), schedule="constant", decay_biases=True, val_views=20, val_samples=128
        ),
    )


def best(variant: str = "residual-gru-3") -> R2N2Config:
    """What generalises best of the three recipes after equal, short times; see the README of this folder.

    Pictures are framed around the object, before a plain background (which a mask gives every picture), and drawn
    with random cameras, lights, colours and textures; mirrored together with their voxels; group normalisation;
    AdamW with a warm-up and a cosine; the sum of cross-entropy and Dice; a moving average of the weights. Beside the
    voxels the network learns to tell each picture's azimuth.
    """
    return R2N2Config(
        network=NetworkConfig(variant=variant, norm="group", view_bins=36),
        views=ViewsConfig(
            framing="object",
            shift=0.03,
            elevation=(0.0, 45.0),
            plain=(0.6, 1.0),
            colours="mixed",
            texture=0.2,
            lights=True,
            jitter=0.2,
            flip=0.5,
            flip_voxels=True,
            noise=0.01,
        ),
        loss=LossConfig(cross_entropy=1.0, dice=1.0, azimuth=0.2),
        training=TrainConfig(
            steps=40_000,
            batch=16,
            optimiser="adamw",
            lr=1e-3,
            warmup=200,
            schedule="cosine",
            weight_decay=0.03,
            clip=1.0,
            ema=0.999,
            precision="auto",
            val_every=1000,
        ),
    )


def small(variant: str = "simple-gru-3") -> R2N2Config:
    """`best` for a network that a CPU trains in hours: that of the weights that ship, at pictures of 96 pixels."""
    found = best(variant)
    network = replace(found.network, width=0.25, encoder_width=0.5, size=96)
    return replace(found, network=network, views=replace(found.views, size=96))


RECIPES: dict[str, Callable[[str], R2N2Config]] = {
    "original": original,
    "seed001": seed001,
    "best": best,
    "small": small,
}


def adopt(
    stored: Mapping[str, Any], recipe: Callable[..., R2N2Config], variant: str | None
) -> dict[str, Any]:
    """The parts of a recipe, but the network and the framing of pictures as weights have them (`train --init`).

    Raises:
        ValueError: settings that are unknown or impossible.
    """
    network = typed(NetworkConfig, stored.get("network", {}), "network")
    views = typed(ViewsConfig, stored.get("views", {"size": network.size}), "views")
    if network.size != views.size:
        raise ValueError(f"network.size is {network.size}, views.size {views.size}")
    network = replace(network, variant=variant or network.variant)
    fresh = recipe(network.variant)
    names = _FRAMING + (_FRAMING_OF_CAMERA if views.framing == "camera" else ())
    framed = replace(fresh.views, **{name: getattr(views, name) for name in names})
    return {"network": network, "views": framed, "loss": fresh.loss, "training": fresh.training}
