"""Complete settings for training the detector."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ....data.scenes_config import ScenesConfig
from ....training.config import TrainConfig
from .config import DetectConfig, DetectLossConfig

_FOUR = ("bed", "chair", "sofa", "table")


@dataclass(frozen=True)
class DetectRunConfig:
    """Everything that a run depends on, apart from the data.

    Attributes:
        network: how large, and what is looked for.
        views: how pictures are scaled and changed.
        loss: weights of its terms.
        training: steps, batches, optimiser.
        first_weights: "none"; "coco": those of torchvision's Mask R-CNN, for ResNet-50; "auto": the same where they
            can be had; or of the backbone alone: "torchvision" (ImageNet's), a file of `backbone import`.

    Raises:
        ValueError: classes of the network that are not those of the pictures.
    """

    network: DetectConfig = field(default_factory=DetectConfig)
    views: ScenesConfig = field(default_factory=ScenesConfig)
    loss: DetectLossConfig = field(default_factory=DetectLossConfig)
    training: TrainConfig = field(default_factory=TrainConfig)
    first_weights: str = "none"

    def __post_init__(self) -> None:
        if self.network.classes != self.views.classes:
            raise ValueError(
                f"network and pictures have classes {self.network.classes} and {self.views.classes}"
            )


def detect(variant: str = "detect") -> DetectRunConfig:
    """As published for Pix3D: 11,000 steps of 16 pictures, SGD at .02 that falls at 8,000 and 10,000.

    The rate rises from 0 over the first 1,000 steps, not from a tenth of it; pictures have 640 to 800 pixels along
    the shorter side.
    """
    return DetectRunConfig(
        network=DetectConfig(variant),
        training=TrainConfig(
            steps=11_000,
            batch=16,
            views=(1, 1),
            optimiser="sgd",
            lr=0.02,
            warmup=1000,
            schedule="milestones",
            milestones=(8000, 10_000),
            weight_decay=1e-4,
            decay_biases=True,
            val_every=1000,
            val_samples=200,
        ),
        first_weights="auto",
    )


def detect_small(variant: str = "detect") -> DetectRunConfig:
    """For a CPU and from scratch: four categories, MobileNetV2, pictures of at most 160 pixels.

    Statistics of the batch in its norms, narrow heads, few proposals, of which 2 a picture learn shapes; what
    overlaps no object is background; beside cross-entropy Dice. AdamW with a cosine and a moving average of the
    weights.
    """
    return DetectRunConfig(
        network=DetectConfig(
            variant,
            classes=_FOUR,
            backbone="mobilenet_v2",
            norm="running",
            freeze=False,
            channels=64,
            hidden=256,
            head=64,
            convs=3,
            anchors=(16, 32, 64, 96, 128),
            anchor_samples=128,
            samples=24,
            shaped=2,
            ignore=0.0,
            proposals=(200, 100, 100),
            score=0.1,
            most=10,
            voxels=16,
            features=64,
        ),
        views=ScenesConfig(classes=_FOUR, shorter=(96, 108, 120), held=120, longest=160, jitter=0.3),
        loss=DetectLossConfig(points=600, dice=1.0),
        training=TrainConfig(
            steps=12_000,
            batch=8,
            views=(1, 1),
            optimiser="adamw",
            lr=1e-3,
            warmup=200,
            schedule="cosine",
            weight_decay=0.02,
            clip=5.0,
            ema=0.998,
            val_every=500,
            val_samples=60,
            checkpoint_every=500,
        ),
    )


RECIPES: dict[str, Callable[..., DetectRunConfig]] = {"detect": detect, "detect-small": detect_small}
