"""`ViewsConfig`: how training pictures are taken and changed."""

from dataclasses import dataclass
from typing import Literal

Range = tuple[float, float]
OccluderKind = Literal["pieces", "boxes", "photos", "erased"]
_RANGES = {
    "margin": (0.0, 10.0),
    "azimuth": (-3600.0, 3600.0),
    "elevation": (-90.0, 90.0),
    "ratio": (0.3, 10.0),  # at 2 / 7 the camera would touch the object's bounding ball
    "plain": (0.0, 1.0),
    "occluded": (0.0, 0.8),
}
_MOST = {
    "shift": 10.0,
    "texture": 1.0,
    "jitter": 1.0,
    "flip": 1.0,
    "noise": 1.0,
    "occlusion": 1.0,
    "cut_off": 1.0,
}
_MOST_STRETCH = 4.0


@dataclass(frozen=True)
class ViewsConfig:
    """How training pictures are taken and changed; the defaults are those of 3D-R2N2 (Choy et al., ECCV 2016).

    Attributes:
        size: pixels a side of the pictures that the network sees.
        framing: "camera": pictures of `render_size`, of which a square of `size` is cut out, at random in
            training and from the middle otherwise. "object": the square around the object, widened by
            `margin`, scaled to `size`.
        render_size: pixels a side before cutting ("camera").
        margin: border on every side of the object's box as a fraction of its longer side ("object"); drawn
            from this range in training, its middle otherwise.
        shift: largest displacement of the object from the middle, as a fraction of the longer side ("object").
        azimuth: degrees, in R2N2's sense, of training pictures; without augmentation the three ranges are R2N2's own.
        elevation: degrees.
        ratio: distance of the camera as a fraction of 1.75 bounding-box diagonals.
        backgrounds: kinds drawn from with equal chance: "plain", "gradient", "noise", "photos".
        plain: range in [0, 1] of each channel of a plain background; pictures without augmentation have 240 / 255.
        photos: folder of photographs for backgrounds and occluders, or "grounds:N": drawn ones.
        colours: "shape": the shape's own; "random": one a part; "mixed": one or the other with equal chance.
        texture: probability of a procedural texture on a part.
        lights: whether the light is drawn; otherwise it comes from above the camera.
        jitter: strength of the jitter of brightness, contrast, saturation and hue, 0 for none.
        stretch: largest ratio of the factors by which an object is stretched along x, y and z; 1 for none.
        flip: probability of a mirrored picture.
        flip_voxels: whether the voxels are mirrored with the picture; 3D-R2N2 leaves them.
        noise: standard deviation of noise on the pictures, in [0, 1].
        occlusion: probability that something stands before the object, in drawn pictures (`data.occlusion`).
        occluded: share of the object's visible pixels that it hides, drawn from this range, in [0, 0.8].
        occluders: kinds drawn from with equal chance: "pieces", other training shapes; "boxes", rectangles of a
            colour or two; "photos", patches of photographs; "erased", the background in the outline of another
            shape: what a mask of the visible part leaves of a picture.
        cut_off: probability that the picture ends before the object does, which loses up to 30 % of its pixels: with
            framing "camera" the picture's edge cuts it, with "object" the background is beyond the edge.
        replacement: whether a sample may have the same of an object's pictures on disk twice; without, they repeat
            only where there are fewer of them than views.
        source_weights: how often a shape of a source is wanted in comparison with one of the others (1).
    """

    size: int = 127
    framing: Literal["camera", "object"] = "camera"
    render_size: int = 137
    margin: Range = (0.05, 0.25)
    shift: float = 0.0
    azimuth: Range = (0.0, 360.0)
    elevation: Range = (25.0, 30.0)
    ratio: Range = (0.65, 0.95)
    backgrounds: tuple[Literal["plain", "gradient", "noise", "photos"], ...] = ("plain",)
    plain: Range = (225 / 255, 1.0)
    photos: str | None = None
    colours: Literal["shape", "random", "mixed"] = "shape"
    texture: float = 0.0
    lights: bool = False
    jitter: float = 0.0
    stretch: float = 1.0
    flip: float = 0.5
    flip_voxels: bool = False
    noise: float = 0.0
    occlusion: float = 0.0
    occluded: Range = (0.1, 0.6)
    occluders: tuple[OccluderKind, ...] = ("pieces", "boxes")
    cut_off: float = 0.0
    replacement: bool = True
    source_weights: tuple[tuple[str, float], ...] = ()


def check_pictures(config: ViewsConfig) -> None:
    """Refuse settings of which no picture can be made.

    Raises:
        ValueError: a square larger than the picture that it is cut out of, backgrounds that are not there, ranges
            that fall, cameras within the object, or numbers that are not finite or not in their range.
    """
    if config.size < 1 or (config.framing == "camera" and config.render_size < config.size):
        raise ValueError(f"pictures of {config.size} cannot be cut out of {config.render_size} pixels")
    for name, (least, most) in _RANGES.items():
        first, last = getattr(config, name)
        if not least <= first <= last <= most:
            raise ValueError(f"{name} must rise within [{least:g}, {most:g}], got {first:g} to {last:g}")
    for name, most in _MOST.items():
        if not 0 <= getattr(config, name) <= most:
            raise ValueError(f"{name} must lie in [0, {most:g}], got {getattr(config, name):g}")
    if not 1 <= config.stretch <= _MOST_STRETCH:
        raise ValueError(f"stretch must lie in [1, {_MOST_STRETCH:g}], got {config.stretch:g}")
    for source, weight in config.source_weights:
        if not 0 < weight < float("inf"):
            raise ValueError(f"source_weights must be positive, got {weight:g} for {source}")
    if not config.backgrounds:
        raise ValueError("at least one kind of background is needed")
    if config.occlusion and not config.occluders:
        raise ValueError("at least one kind of occluder is needed")
    if needs_photos(config) and config.photos is None:
        raise ValueError("backgrounds and occluders of photographs need a folder of them")


def needs_photos(config: ViewsConfig) -> bool:
    """Whether backgrounds or occluders are of photographs."""
    return "photos" in config.backgrounds or (config.occlusion > 0 and "photos" in config.occluders)
