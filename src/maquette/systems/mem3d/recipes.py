"""Complete settings for training Mem3D: as published, and our best on small machines."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ...data.views_config import ViewsConfig, check_pictures
from ...training.config import TrainConfig
from ..sizes import check_size
from .config import VARIANTS, LossConfig, NetworkConfig

_EPOCH = 958  # steps in which 32 at a time all 30,643 training shapes of R2N2's ShapeNet come once


@dataclass(frozen=True)
class Mem3DConfig:
    """Everything that a run depends on, apart from the data.

    Attributes:
        network: its prior, and how large it is.
        views: how its pictures are taken.
        loss: what is made small.
        training: steps, batches, optimiser.
        first_weights: of the backbone: "none", "torchvision" (ImageNet's), a file of `backbone import`, or "auto":
            torchvision's where they can be had.
        unseen: whether, in training, no object is told what the memory holds of its own shape: then the network
            learns to use what it remembers of others, as it must for objects that it has never seen.

    Raises:
        ValueError: pictures of another size than the network's, or that cannot be made.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    views: ViewsConfig = field(default_factory=lambda: ViewsConfig(size=224, render_size=224))
    loss: LossConfig = field(default_factory=LossConfig)
    training: TrainConfig = field(default_factory=TrainConfig)
    first_weights: str = "none"
    unseen: bool = False

    def __post_init__(self) -> None:
        check_size(self.network.size, self.views.size)
        check_pictures(self.views)


def original(variant: str = "original") -> Mem3DConfig:
    """As far as published: Yang et al., Mem3D, CVPR 2021; what is not known is that of the same authors' Pix2Vox++.

    ResNet-50 from ImageNet's weights where they can be had, pictures of 224 pixels, 4,000 slots with keys of 12,544
    numbers, an LSTM of 2,048; Adam at 1e-3, halved after 150 of 250 epochs, batches of 32; cross-entropy and
    triplets. `seed003` and `none` are the same without the memory.
    """
    return Mem3DConfig(
        network=NetworkConfig(variant),
        training=TrainConfig(
            steps=250 * _EPOCH,
            batch=32,
            views=(1, 1),
            lr=1e-3,
            schedule="milestones",
            milestones=(150 * _EPOCH,),
            factor=0.5,
            weight_decay=0.0,
        ),
        first_weights="auto",
    )


def best(variant: str = VARIANTS[0]) -> Mem3DConfig:
    """What learns most in hours on a CPU; see the README of this folder.

    MobileNetV2, up to a sixteenth of the resolution, on pictures of 96 pixels, framed around the object; keys are
    what shapes look like in 8^3 cells, and which to look for is learned from the likeness, as IoU, of all that is
    remembered; the 16 most similar shapes, never the object's own, are weighed by attention, which learns from how
    like the truth their mean is. Half of the objects are hidden by a tenth to six tenths, a
    fifth reaches beyond the picture. AdamW with a warm-up and a cosine, cross-entropy and Dice, a moving average of
    the weights.
    """
    return Mem3DConfig(
        network=NetworkConfig(
            variant,
            size=96,
            backbone="mobilenet_v2",
            tap=16,
            channels=(192, 192, 128),
            pools=1,
            key=8,
            prior=256,
            decoder=(62, 62, 30, 6),
            kernel=3,
            k=16,
            beta=-1.0,
            likeness="iou",
        ),
        views=ViewsConfig(
            size=96,
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
            occlusion=0.5,
            occluders=("pieces", "boxes", "erased"),
            cut_off=0.2,
        ),
        loss=LossConfig(dice=1.0, triplet=0.1, ranking=0.5, prior=1.0, positive=0.5),
        training=TrainConfig(
            steps=20_000,
            batch=16,
            views=(1, 1),
            optimiser="adamw",
            lr=1e-3,
            warmup=200,
            schedule="cosine",
            weight_decay=0.03,
            clip=1.0,
            ema=0.998,
            precision="auto",
            val_every=500,
        ),
        first_weights="auto",
        unseen=True,
    )


RECIPES: dict[str, Callable[[str], Mem3DConfig]] = {"best": best, "original": original}
