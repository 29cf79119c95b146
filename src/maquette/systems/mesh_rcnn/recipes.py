"""Complete settings for training Mesh R-CNN."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ...data.views_config import ViewsConfig, check_pictures
from ...training.config import TrainConfig
from ..sizes import check_size
from .config import VARIANTS, LossConfig, NetworkConfig
from .depths import CLOSE, ratios
from .detect.recipes import RECIPES as DETECT_RECIPES


@dataclass(frozen=True)
class MeshRCNNConfig:
    """Everything that a run depends on, apart from the data.

    Attributes:
        network: which of the networks, and how large.
        views: how its pictures are taken.
        loss: what is made small.
        training: steps, batches, optimiser.
        first_weights: of the backbone: "none", "torchvision" (ImageNet's), a file of `backbone import`, or "auto":
            torchvision's where they can be had.

    Raises:
        ValueError: pictures of another size than the network's, that do not show all that the camera sees, or cannot
            be made; cameras whose objects reach out of the frustum; mirrored objects whose truth is not mirrored; a
            loss without a weight on anything that the network makes.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    views: ViewsConfig = field(default_factory=lambda: ViewsConfig(size=137, flip=0.0))
    loss: LossConfig = field(default_factory=LossConfig)
    training: TrainConfig = field(default_factory=TrainConfig)
    first_weights: str = "none"

    def __post_init__(self) -> None:
        views = self.views
        check_size(self.network.size, views.size)
        if views.framing != "camera" or views.render_size != views.size:
            raise ValueError(
                "views.framing must be camera, and views.render_size be views.size: nothing is cut off"
            )
        nearest, farthest = ratios(self.network.z_range)
        if not nearest <= views.ratio[0] <= views.ratio[1] <= farthest:
            raise ValueError(
                f"views.ratio must lie in [{nearest:.3f}, {farthest:.3f}]: the frustum has both ends"
            )
        if views.flip and not views.flip_voxels:
            raise ValueError("what is true of mirrored pictures is known only with views.flip_voxels")
        check_pictures(views)
        self._check_loss()

    def _check_loss(self) -> None:
        network, loss = self.network, self.loss
        of_mesh = (loss.chamfer, loss.normal, loss.edge)
        if not (network.has_voxels and (loss.voxel or loss.dice)) and not (network.has_mesh and any(of_mesh)):
            raise ValueError(f"no weight of the loss is on what variant {network.variant} makes")


def best(variant: str = VARIANTS[0]) -> MeshRCNNConfig:
    """As published for the best numbers: no weight on edges, so that faces may cross each other.

    ResNet-50 from ImageNet's weights where they can be had; 48^3 voxels; Adam at 1e-4 for 25 epochs of batches of 32;
    5,000 points a mesh; voxels alone for the first 100 steps; R2N2's cameras without augmentation.
    """
    return MeshRCNNConfig(
        network=NetworkConfig(variant),
        training=TrainConfig(
            steps=650_000,
            batch=32,
            views=(1, 1),
            lr=1e-4,
            schedule="constant",
            weight_decay=0.0,
            precision="auto",
            val_every=2000,
        ),
        first_weights="auto",
    )


def pretty(variant: str = VARIANTS[0]) -> MeshRCNNConfig:
    """As published for smooth meshes: `best` with a weight of 0.2 on the squared length of edges."""
    config = best(variant)
    return replace(config, loss=replace(config.loss, edge=0.2))


def small(variant: str = VARIANTS[0]) -> MeshRCNNConfig:
    """`pretty` for a CPU, from scratch in hours: see the README of this folder.

    ResNet-18, 24^3 voxels, 64 features a vertex; 1,000 points a mesh; AdamW with a warm-up and a cosine, a moving
    average of the weights; random lights, colours and textures, half of the objects mirrored. All objects stand at
    one distance, so that the frustum ends close before and behind them; beside cross-entropy Dice, cells from 0.3 on.
    """
    config = pretty(variant)
    return replace(
        config,
        network=NetworkConfig(
            variant,
            backbone="resnet18",
            voxels=24,
            z_range=CLOSE,
            width=128,
            hidden=64,
            channels=128,
            folded=True,
        ),
        views=ViewsConfig(
            size=137,
            ratio=(0.8, 0.8),
            colours="mixed",
            texture=0.2,
            lights=True,
            jitter=0.2,
            flip=0.5,
            flip_voxels=True,
            noise=0.01,
        ),
        loss=replace(config.loss, points=1000, dice=0.15, threshold=0.3, voxel_steps=500),
        training=TrainConfig(
            steps=20_000,
            batch=16,
            views=(1, 1),
            optimiser="adamw",
            lr=5e-4,
            warmup=200,
            schedule="cosine",
            weight_decay=0.01,
            clip=1.0,
            ema=0.998,
            precision="auto",
            val_every=500,
            val_samples=96,
        ),
        first_weights="none",
    )


def tiny(variant: str = VARIANTS[0]) -> MeshRCNNConfig:
    """`small` on MobileNetV2, for machines of one core."""
    config = small(variant)
    return replace(config, network=replace(config.network, backbone="mobilenet_v2"))


RECIPES: dict[str, Callable[..., Any]] = {
    "best": best,
    "pretty": pretty,
    "small": small,
    "tiny": tiny,
    **DETECT_RECIPES,
}
