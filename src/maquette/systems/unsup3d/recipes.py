"""Complete settings for training Unsup3D: as published for four data sets, the student's, and ours."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ...data.pictures_config import PicturesConfig
from ...training.config import TrainConfig
from ..sizes import check_size
from .config import VARIANTS, FormationConfig, LossConfig, NetworkConfig

_BATCH, _PAIRS = 64, 32
_CELEBA, _SYNFACE, _CAT, _SYNCAR = (count // _BATCH for count in (162_770, 160_000, 11_200, 35_000))


@dataclass(frozen=True)
class Unsup3DConfig:
    """Everything that a run depends on, apart from the data.

    Attributes:
        network: sizes, and how a picture comes about.
        views: how pictures are cut out.
        loss: what is made small.
        training: steps, batches, optimiser.

    Raises:
        ValueError: pictures of another size than the network's.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    views: PicturesConfig = field(default_factory=PicturesConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    training: TrainConfig = field(default_factory=TrainConfig)

    def __post_init__(self) -> None:
        check_size(self.network.size, self.views.size)


def original(variant: str = "original") -> Unsup3DConfig:
    """As published for CelebA: Wu, Rupprecht and Vedaldi, CVPR 2020, and released code.

    Pictures of 64 pixels, batches of 64, Adam at 1e-4 with decay 5e-4 of all parameters, 30 epochs; VGG16's relu3_3
    with ImageNet's weights where they can be had. The depth is sampled half a pixel off, as there.
    """
    return Unsup3DConfig(
        network=NetworkConfig(variant, formation=FormationConfig(sampling="original")),
        training=_training(30 * _CELEBA),
    )


def synface(variant: str = "original") -> Unsup3DConfig:
    """As published for synthetic faces: as CelebA, in epochs of 160,000 pictures."""
    return replace(original(variant), training=_training(30 * _SYNFACE))


def cat(variant: str = "original") -> Unsup3DConfig:
    """As published for cats: 200 epochs, the view may come nearer, and at first mirrored pictures count in full."""
    whole = original(variant)
    formation = replace(whole.network.formation, shift_z=0.1)
    return replace(
        whole,
        network=replace(whole.network, formation=formation),
        loss=LossConfig(flip_start=10 * _CAT),
        training=_training(200 * _CAT),
    )


def syncar(variant: str = "original") -> Unsup3DConfig:
    """As published for synthetic cars: no confidence, a smooth depth, strong light, mirrored pictures in full."""
    whole = original(variant)
    formation = replace(whole.network.formation, border_depth=1.08, diffuse=(0.5, 1.0))
    return replace(
        whole,
        network=replace(whole.network, confidence="none", formation=formation),
        loss=LossConfig(flip=1.0, perceptual=0.01, smoothness=0.1),
        training=_training(100 * _SYNCAR),
    )


def seed004(variant: str = "seed004") -> Unsup3DConfig:
    """As a student's report has it: CelebA's settings, of which it says less or something else.

    The mirrored reconstruction has mirrored colours, but the depth as it is; uncertainties are of pixels alone.
    """
    whole = original(variant)
    formation = replace(whole.network.formation, flip_depth=False)
    return replace(whole, network=replace(whole.network, confidence="pixels", formation=formation))


def best(variant: str = VARIANTS[0]) -> Unsup3DConfig:
    """For small machines: a quarter of the width, features of MobileNetV2, depth sampled at the middles of pixels.

    Light and view have three quarters of the published width, which costs little time: at a quarter, views were found
    that turn a fifth too little, and the loss fell when they alone were changed. The depth begins as a dome: without,
    one of the first trainings took faces for hollow, and turned the other way.

    Nothing begins as a checkerboard, and depth is to be smooth: else normals are noise for many thousand steps.
    Batches of 16, AdamW with a warm-up and a cosine, a moving average of the weights. In 32 bits everywhere: depths
    of bf16 have steps for normals.
    """
    return Unsup3DConfig(
        network=NetworkConfig(variant, width=16, numbers_width=24, smooth_start=True, dome=0.5),
        loss=LossConfig(features="mobilenet_v2", smoothness=0.1),
        training=TrainConfig(
            steps=20_000,
            batch=16,
            views=(1, 1),
            optimiser="adamw",
            lr=1e-3,
            warmup=200,
            schedule="cosine",
            weight_decay=0.01,
            clip=5.0,
            ema=0.998,
            val_every=500,
        ),
    )


def lemul(variant: str = "lemul") -> Unsup3DConfig:
    """LeMul (Ho, Tran, Phung and Hoai, CVPR 2021) for single pictures, as released for CelebA.

    Nothing is taken to be symmetric: a picture and its mirror image show one object twice. Batches of 32, 20 epochs.
    For renderings of faces the published settings are a view of 90 degrees and 10 epochs.
    """
    whole = original(variant)
    steps = 20 * _CELEBA * _BATCH // _PAIRS
    return replace(
        whole,
        network=replace(whole.network, second="pair"),
        loss=LossConfig(flip=1.0, albedo=0.5),
        training=replace(whole.training, steps=steps, batch=_PAIRS),
    )


def supervised(variant: str = "supervised") -> Unsup3DConfig:
    """The network of depth alone, on the true depth: what published tables call supervised. Else as `best`."""
    whole = best(variant)
    formation = replace(whole.network.formation, border=0)
    network = replace(whole.network, parts="depth", confidence="none", formation=formation)
    return replace(whole, network=network, loss=LossConfig(perceptual=0.0, features="none"))


def _training(steps: int) -> TrainConfig:
    """Adam as published."""
    return TrainConfig(
        steps=steps,
        batch=_BATCH,
        views=(1, 1),
        lr=1e-4,
        schedule="constant",
        weight_decay=5e-4,
        decay_biases=True,
    )


RECIPES: dict[str, Callable[[str], Unsup3DConfig]] = {
    "best": best,
    "original": original,
    "synface": synface,
    "cat": cat,
    "syncar": syncar,
    "seed004": seed004,
    "lemul": lemul,
    "supervised": supervised,
}
