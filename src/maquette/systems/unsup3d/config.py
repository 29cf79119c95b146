"""Settings of Unsup3D: how large its networks are, how a picture comes about, and what the loss weighs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

VARIANTS = ("best", "original", "seed004", "lemul", "supervised")
SIZES = (32, 64, 128)
LEVELS = (2, 4, 8, 16)
_MOST_WIDTH, _MOST_DOME = 256, 2.0
Range = tuple[float, float]


@dataclass(frozen=True)
class FormationConfig:
    """How a picture comes about from depth, colours, light and view; the defaults are as published.

    Depths are in units in which the object's middle is about 1 before the camera.

    Attributes:
        depth: least and largest canonical depth.
        border: columns at the left and the right edge of the canonical depth that are set to `border_depth`.
        border_depth: 0.3 of the least and 0.7 of the largest depth in most of the published settings.
        fov: field of view in degrees.
        rotation: degrees that the view may turn by about each axis, either way.
        shift: of the view along x and y, either way.
        shift_z: the same along z.
        ambient: least and largest strength of the ambient light.
        diffuse: least and largest strength of the directed light.
        flip_depth: whether the mirrored reconstruction has a mirrored depth.
        flip_albedo: whether it has mirrored colours.
        sampling: of the depth that the camera sees. "centres": at the middles of pixels, on a surface that reaches to
            the picture's edge. "original": as published, half a pixel to the right and below, as the mean of four
            samples, on a surface that ends at the middles of the outermost pixels.

    Raises:
        ValueError: a number out of its range.
    """

    depth: Range = (0.9, 1.1)
    border: int = 2
    border_depth: float = 1.04
    fov: float = 10.0
    rotation: float = 60.0
    shift: float = 0.1
    shift_z: float = 0.0
    ambient: Range = (0.0, 1.0)
    diffuse: Range = (0.0, 1.0)
    flip_depth: bool = True
    flip_albedo: bool = True
    sampling: Literal["centres", "original"] = "centres"

    def __post_init__(self) -> None:
        if not 0.1 <= self.depth[0] < self.depth[1] <= 10:
            raise ValueError(f"depth must rise within [0.1, 10], got {self.depth}")
        if not self.depth[0] <= self.border_depth <= self.depth[1] or not 0 <= self.border <= 8:
            raise ValueError(
                f"border must lie in [0, 8] and border_depth in {self.depth}, got {self.border}, {self.border_depth}"
            )
        if not 1 <= self.fov <= 90 or not 0 <= self.rotation <= 90:
            raise ValueError(
                f"fov must lie in [1, 90] and rotation in [0, 90], got {self.fov}, {self.rotation}"
            )
        for name in ("shift", "shift_z"):
            if not 0 <= getattr(self, name) < self.depth[0]:
                raise ValueError(f"{name} must lie in [0, {self.depth[0]}), got {getattr(self, name)}")
        for name in ("ambient", "diffuse"):
            least, most = getattr(self, name)
            if not 0 <= least <= most <= 10:
                raise ValueError(f"{name} must rise within [0, 10], got {(least, most)}")

    @property
    def middle(self) -> float:
        """Depth about which the view turns."""
        return sum(self.depth) / 2

    @property
    def margin(self) -> float:
        """How far beyond the range of canonical depths a seen depth may lie."""
        return (self.depth[1] - self.depth[0]) / 2


@dataclass(frozen=True)
class NetworkConfig:
    """The five networks; the defaults are as published, but for the variant.

    Attributes:
        variant: "original", "seed004", "lemul", "supervised" or "best": a name for the settings beside it.
        size: pixels a side of the pictures: 32, 64 or 128.
        width: channels behind the first halving of depth, albedo and confidence.
        numbers_width: the same of light and view, which have half of `width` where that is more, as published.
        smooth_start: let what doubles resolutions begin as interpolation: no checkerboards; not published.
        dome: times the squared distance from the middle in halves of a side, it is added to the raw depth, always:
            training begins with what bulges towards the camera; not published.
        confidence: "both": uncertainties of pixels and of features; "pixels": of pixels alone; "none".
        parts: "all"; "depth": the network of depth alone, of what the camera sees: colours are then those of the
            picture, in even light, and the view is at rest.
        second: of what the second reconstruction of a picture is made: "mirrored": of its own mirrored depth and
            colours; "pair": of those that are found in the mirrored picture; a network that sees both pictures tells
            its uncertainties.
        formation: how a picture comes about.

    Raises:
        ValueError: an unknown variant or kind of confidence, or a number out of its range.
    """

    variant: str = VARIANTS[0]
    size: int = 64
    width: int = 64
    numbers_width: int = 0
    smooth_start: bool = False
    dome: float = 0.0
    confidence: Literal["both", "pixels", "none"] = "both"
    parts: Literal["all", "depth"] = "all"
    second: Literal["mirrored", "pair"] = "mirrored"
    formation: FormationConfig = field(default_factory=FormationConfig)

    def __post_init__(self) -> None:
        known: Mapping[str, Sequence[str | int]] = {"variant": VARIANTS, "size": SIZES}
        for name, choices in known.items():
            if getattr(self, name) not in choices:
                said = ", ".join(map(str, choices))
                raise ValueError(f"{name} must be one of {said}; got {getattr(self, name)!r}")
        if not 8 <= self.width <= _MOST_WIDTH or self.width % 8:
            raise ValueError(f"width must be a multiple of 8 in [8, {_MOST_WIDTH}], got {self.width}")
        if not 0 <= self.dome <= _MOST_DOME:
            raise ValueError(f"dome must lie in [0, {_MOST_DOME:g}], got {self.dome}")
        if not 0 <= self.numbers_width <= _MOST_WIDTH or self.numbers_width % 4:
            raise ValueError(
                f"numbers_width must be a multiple of 4 in [0, {_MOST_WIDTH}], got {self.numbers_width}"
            )


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms; the defaults are as published for CelebA.

    Attributes:
        flip: weight of the mirrored reconstruction.
        flip_start: steps at the beginning of training in which it is 1.
        perceptual: weight of the difference of features; 0 leaves it out.
        smoothness: weight of the steps of the canonical depth.
        albedo: weight of the differences of colours between neighbours that are alike in the picture; for pairs.
        filtered: weight of the difference of pictures behind fixed filters (`filters.filtered`); not published.
        features: network whose features are compared, the last ones of each level: "vgg16" (4 pixels apart relu3_3),
            "mobilenet_v2" or "none".
        first_weights: of that network: "torchvision" (ImageNet's), a file of `maquette backbone import`, "none"
            (drawn), or "auto": torchvision's where they can be had, else drawn, which a warning says.
        levels: pixels between the features that are compared, of 2, 4, 8 and 16; published is 4. Of several the mean
            is taken, in which each counts the same.

    Raises:
        ValueError: a negative weight, levels that there are not, or features that are weighed and are none.
    """

    flip: float = 0.5
    flip_start: int = 0
    perceptual: float = 1.0
    smoothness: float = 0.0
    albedo: float = 0.0
    filtered: float = 0.0
    features: Literal["vgg16", "mobilenet_v2", "none"] = "vgg16"
    first_weights: str = "auto"
    levels: tuple[int, ...] = (4,)

    def __post_init__(self) -> None:
        weights = (self.flip, self.perceptual, self.smoothness, self.albedo, self.filtered, self.flip_start)
        if not all(0 <= weight < float("inf") for weight in weights):
            raise ValueError(f"weights of the loss must be finite and not negative, got {weights}")
        if not self.levels or not {*self.levels} <= {*LEVELS} or len({*self.levels}) < len(self.levels):
            raise ValueError(f"levels must be of {LEVELS}, each once, got {self.levels}")
        if self.perceptual and self.features == "none":
            raise ValueError("without features the weight of the perceptual loss must be 0")
