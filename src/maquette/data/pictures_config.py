"""`PicturesConfig`: how single pictures, of which no shape is known, are cut out and changed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PicturesConfig:
    """How single pictures are cut out and changed.

    Attributes:
        size: pixels a side of the square that the network sees.
        margin: border around the object's box as a fraction of its longer side, where a data set has boxes; a
            picture without one is cut to the square in its middle.
        shift: largest displacement of the square in training, as a fraction of its side.
        flip: probability of a mirrored picture in training.
        faces: whether to look for faces in pictures without a box, and to cut out the surest one as Unsup3D's demo
            does, its eyes level; a picture without any is passed over in training, else cut to its middle.

    Raises:
        ValueError: a value out of its range.
    """

    size: int = 64
    margin: float = 0.0
    shift: float = 0.0
    flip: float = 0.5
    faces: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.size <= 4096:
            raise ValueError(f"size must lie in [1, 4096], got {self.size}")
        for name, most in (("margin", 10.0), ("shift", 1.0), ("flip", 1.0)):
            if not 0 <= getattr(self, name) <= most:
                raise ValueError(f"{name} must lie in [0, {most:g}], got {getattr(self, name)}")
