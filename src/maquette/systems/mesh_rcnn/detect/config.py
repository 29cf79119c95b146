"""`DetectConfig`: the detector, and the heads that give each object a shape; `DetectLossConfig`: what they learn."""

from dataclasses import asdict, dataclass
from typing import Literal

from ....data.scenes_config import PIX3D_CLASSES

VARIANT = "detect"


@dataclass(frozen=True)
class DetectConfig:
    """One network; the defaults are those of Mesh R-CNN's released settings for Pix3D.

    Attributes:
        variant: "detect".
        classes: what is looked for.
        backbone: one of torchvision's networks (`nn.backbones`).
        width: factor on the channels of MobileNetV2.
        norm: "frozen" with first weights of others, "running" from scratch.
        freeze: whether stem and first stage keep their weights.
        channels: of the pyramid's maps.
        hidden: of the two dense layers that classify boxes, and of the two that tell depths.
        head: channels of the convolutions for masks and voxels.
        convs: how many each has.
        anchors: sides of boxes to begin with, one a level of the pyramid (strides 4 to 64).
        anchor_samples: anchors of a picture that its loss is of.
        samples: proposals of a picture that losses are of; a quarter of them shows objects.
        shaped: of these, how many at most learn mask, depth and shape; 0 for all, as published.
        ignore: overlap below which anchors and proposals are no background either: other objects of the same kind
            that nobody marked may be there. 0 for pictures in which all is marked.
        proposals: before and behind suppression: kept of each level in training, else, and of all together.
        score: least probability of a detection.
        overlap: of boxes of one class, above which the less sure one is dropped.
        most: detections of a picture.
        shape: "mesh-rcnn": voxels, then stages that move their surface; "voxels" alone; stages from a "sphere", or
            from one whose faces are split between them ("pixel2mesh").
        voxels: cells along each edge, even.
        threshold: probability of a solid cell.
        stages: of graph convolutions, three each.
        features: of each vertex.
        sphere: how often the icosahedron is split.
        dynamic: blocks that refine what vertices look at, each where its mask says so (`nn.dynamic`); 0 as published.
        original: start from cubes where the released code puts them: a cell too far to the right and down.

    Raises:
        ValueError: a value out of its range.
    """

    variant: str = VARIANT
    classes: tuple[str, ...] = PIX3D_CLASSES
    backbone: Literal["resnet18", "resnet34", "resnet50", "mobilenet_v2"] = "resnet50"
    width: float = 1.0
    norm: Literal["frozen", "running"] = "frozen"
    freeze: bool = True
    channels: int = 256
    hidden: int = 1024
    head: int = 256
    convs: int = 4
    anchors: tuple[int, ...] = (32, 64, 128, 256, 512)
    anchor_samples: int = 256
    samples: int = 64
    shaped: int = 0
    ignore: float = 0.2
    proposals: tuple[int, int, int] = (2000, 1000, 1000)
    score: float = 0.05
    overlap: float = 0.5
    most: int = 100
    shape: Literal["mesh-rcnn", "voxels", "sphere", "pixel2mesh"] = "mesh-rcnn"
    voxels: int = 24
    threshold: float = 0.2
    stages: int = 3
    features: int = 128
    sphere: int = 4
    dynamic: int = 0
    original: bool = False

    def __post_init__(self) -> None:
        if self.variant != VARIANT:
            raise ValueError(f"variant must be {VARIANT}, got {self.variant!r}")
        if not self.classes or len(set(self.classes)) < len(self.classes):
            raise ValueError(f"classes must be different words, got {self.classes}")
        if len(self.anchors) != _LEVELS or min(self.anchors) < 1:
            raise ValueError(f"anchors must be {_LEVELS} positive sides, got {self.anchors}")
        if self.voxels < 4 or self.voxels % 2:
            raise ValueError(f"voxels must be even and at least 4, got {self.voxels}")
        if not 0 <= self.sphere <= _FINEST:
            raise ValueError(f"sphere must lie in [0, {_FINEST}], got {self.sphere}")
        for name in _COUNTS:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if min(self.shaped, self.dynamic, min(self.proposals) - 1) < 0:
            counts = f"{self.shaped}, {self.dynamic} and {self.proposals}"
            raise ValueError(f"shaped, dynamic and proposals must be counts, got {counts}")
        for name in ("score", "overlap", "threshold", "ignore"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must lie in [0, 1), got {getattr(self, name)}")

    @property
    def has_voxels(self) -> bool:
        """Whether voxels are predicted."""
        return self.shape in ("mesh-rcnn", "voxels")

    @property
    def has_stages(self) -> bool:
        """Whether meshes are refined."""
        return self.shape != "voxels"


@dataclass(frozen=True)
class DetectLossConfig:
    """Weights of the terms; the defaults are those of Mesh R-CNN's released settings for Pix3D.

    Attributes:
        depth: of the depth's smooth L1.
        voxels: of the voxels' cross entropy.
        dice: of one minus their Dice coefficient; not published.
        chamfer: of the squared distances between points of both surfaces, summed over stages.
        normals: of one minus the cosine between their normals.
        edge: of the squared lengths of edges.
        budget: of the products that dynamic blocks make (`nn.dynamic.budget_loss`), where there are any.
        target: share of their products that is wanted.
        points: sampled on each surface.
        farthest: coordinate of a sampled true point in the cube beyond which the batch's meshes teach nothing, as
            their box is too bad.
        box_beta: of the boxes' smooth L1.

    Raises:
        ValueError: a negative weight, or no points.
    """

    depth: float = 1.0
    voxels: float = 3.0
    dice: float = 0.0
    chamfer: float = 1.0
    normals: float = 0.1
    edge: float = 1.0
    budget: float = 0.1
    target: float = 0.5
    points: int = 5000
    farthest: float = 5.0
    box_beta: float = 1.0

    def __post_init__(self) -> None:
        if min(asdict(self).values()) < 0 or self.target > 1 or self.points < 1 or self.farthest <= 0:
            raise ValueError(
                f"weights must not be negative, points and farthest be positive, target be a share: {self}"
            )


_LEVELS, _FINEST = 5, 5
_COUNTS = ("channels", "hidden", "head", "convs", "samples", "anchor_samples", "most", "stages", "features")
