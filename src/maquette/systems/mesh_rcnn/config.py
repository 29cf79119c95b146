"""`NetworkConfig`: which of the networks of Mesh R-CNN, how fine its voxels, and on which backbone."""

from dataclasses import dataclass
from typing import Literal

from ...nn.backbones.names import NORMS, Norm, check_width
from .depths import Z_RANGE, Range

THRESHOLD = 0.2  # least probability of a solid cell, as published
DYNAMIC = tuple(f"dynamic-{blocks}" for blocks in (3, 4, 5, 6))
VARIANTS = ("light", "full", "voxel-only", "sphere", "pixel2mesh", *DYNAMIC, "control", "shared-map")
BACKBONES = ("resnet18", "resnet34", "resnet50", "mobilenet_v2")
_SIZES = {
    "size": (32, 1024),
    "voxels": (4, 128),
    "width": (1, 4096),
    "hidden": (1, 4096),
    "channels": (4, 4096),
}
_LARGEST_BLOCKS = 64


@dataclass(frozen=True)
class NetworkConfig:
    """One network; the defaults are as published.

    Attributes:
        variant: "light": three graph convolutions a stage, the released network. "full": three residual blocks of two
            a stage. "voxel-only", "sphere", "pixel2mesh": the published baselines. "dynamic-n": one refined map
            instead of four, behind n blocks that work where their masks say. "control": the four maps, and blocks
            added. "shared-map": as "dynamic", and the voxels are told from the refined map, too.
        size: pixels a side of the pictures.
        backbone: torchvision's network that makes the maps.
        backbone_width: factor on the channels of MobileNetV2.
        norm: batch normalisation of the backbone: "running" or "frozen".
        voxels: cells along rows, columns and depth of the frustum; even.
        z_range: projected depths at both ends of the frustum.
        width: channels of the voxel branch.
        hidden: features a vertex.
        channels: of the map that the variants with a single one share.
        blocks: of "control" and "shared-map"; "dynamic-n" has n.
        block: kind of the blocks.
        folded: take linear layers before a map is sampled or resized, not after it: the same result, fewer products.
        original: what the released code does where this one differs: cubes begin at their grid points instead of
            lying around them, voxels without any solid one become a block in the middle, and spheres lie around the
            camera.

    Raises:
        ValueError: an unknown variant, backbone, norm or block, or a number out of its range.
    """

    variant: str = VARIANTS[0]
    size: int = 137
    backbone: str = "resnet50"
    backbone_width: float = 1.0
    norm: Norm = "running"
    voxels: int = 48
    z_range: Range = Z_RANGE
    width: int = 256
    hidden: int = 128
    channels: int = 256
    blocks: int = 3
    block: Literal["bottleneck", "basic"] = "bottleneck"
    folded: bool = False
    original: bool = False

    def __post_init__(self) -> None:
        for name, known in (("variant", VARIANTS), ("backbone", BACKBONES), ("norm", NORMS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}; got {getattr(self, name)!r}")
        check_width(self.backbone, self.backbone_width)
        for name, (least, most) in _SIZES.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must lie in [{least}, {most}], got {getattr(self, name)}")
        if self.voxels % 2:
            raise ValueError(f"voxels must be even, got {self.voxels}")
        low, high = self.z_range
        if not 0 <= low < high <= 1:
            raise ValueError(f"z_range must rise within [0, 1], got {self.z_range}")
        if not 1 <= self.blocks <= _LARGEST_BLOCKS:
            raise ValueError(f"blocks must lie in [1, {_LARGEST_BLOCKS}], got {self.blocks}")

    @property
    def has_voxels(self) -> bool:
        """Whether voxels are predicted; else a sphere is refined."""
        return self.variant not in ("sphere", "pixel2mesh")

    @property
    def has_mesh(self) -> bool:
        """Whether a mesh is refined."""
        return self.variant != "voxel-only"

    @property
    def shares_map(self) -> bool:
        """Whether vertices look at a single map."""
        return self.variant in DYNAMIC or self.variant == "shared-map"

    @property
    def refined_blocks(self) -> int:
        """Blocks behind the backbone."""
        if self.variant in DYNAMIC:
            return int(self.variant.rpartition("-")[2])
        return self.blocks if self.variant in ("control", "shared-map") else 0


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms and how they are taken; 0 leaves a term out.

    Attributes:
        voxel: cross-entropy of the cells, as a mean.
        dice: 1 - Dice coefficient of the cells' probabilities, as a mean over objects; not published.
        threshold: least probability of a solid cell, of which meshes begin.
        chamfer: mean squared distance both ways, of points on the mesh of each stage; a mean over the stages.
        normal: 1 - |cos| between normals of nearest points, likewise; published as 0, as training diverged with it.
        edge: squared length of edges, likewise: 0 is the published "best", 0.2 "pretty".
        points: on every mesh, of the prediction and of the truth.
        voxel_steps: first steps, in which only voxels are learned.
        budget: of the products that dynamic blocks make (`nn.dynamic.budget_loss`), where there are any.
        target: share of their products that dynamic blocks are to make.
        skip: what is done with losses that are not finite, or of more than 50 running means. "skip": nothing moves,
            and the mean is of losses that were taken. "original": as the released code, a step without gradient, in
            which Adam's momentum still moves; NaN is taken into the mean, which ends all comparisons.

    Raises:
        ValueError: a weight that is negative or not finite, no weight at all, or no points.
    """

    voxel: float = 1.0
    dice: float = 0.0
    threshold: float = THRESHOLD
    chamfer: float = 1.0
    normal: float = 0.0
    edge: float = 0.0
    points: int = 5000
    voxel_steps: int = 100
    budget: float = 0.1
    target: float = 0.5
    skip: Literal["skip", "original"] = "skip"

    def __post_init__(self) -> None:
        weights = (self.voxel, self.dice, self.chamfer, self.normal, self.edge, self.budget)
        if not all(0 <= weight < float("inf") for weight in weights) or not any(weights[:5]):
            raise ValueError(f"weights must not be negative, nor all of them 0; got {weights}")
        if not 0 < self.threshold < 1:
            raise ValueError(f"threshold must lie in (0, 1), got {self.threshold}")
        if self.points < 1 or self.voxel_steps < 0 or not 0 <= self.target <= 1:
            raise ValueError(
                f"points must be positive, voxel_steps not negative, target in [0, 1]; got {self.points}, "
                f"{self.voxel_steps} and {self.target}"
            )
