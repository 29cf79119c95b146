"""`ScenesConfig`: how pictures are scaled and changed that show objects somewhere in them."""

from dataclasses import dataclass

PIX3D_CLASSES = ("bed", "bookcase", "chair", "desk", "misc", "sofa", "table", "tool", "wardrobe")
_LARGEST = 4096


@dataclass(frozen=True)
class ScenesConfig:
    """How whole pictures are scaled and changed; the defaults are those of Mesh R-CNN on Pix3D.

    Attributes:
        classes: what is looked for; pictures of anything else are left out.
        shorter: lengths of the shorter side in pixels, one of which is drawn for each picture of training.
        held: length of the shorter side of all other pictures.
        longest: of the longer side; a picture that would be longer is scaled down to it.
        flip: probability of a mirrored picture in training.
        jitter: largest change of brightness and of each colour in training, as a factor's distance from 1.

    Raises:
        ValueError: no classes, one of them twice, or a value out of its range.
    """

    classes: tuple[str, ...] = PIX3D_CLASSES
    shorter: tuple[int, ...] = (640, 672, 704, 736, 768, 800)
    held: int = 800
    longest: int = 1333
    flip: float = 0.5
    jitter: float = 0.0

    def __post_init__(self) -> None:
        if not self.classes or len(set(self.classes)) < len(self.classes):
            raise ValueError(f"classes must be different words, got {self.classes}")
        for name in ("shorter", "held", "longest"):
            value = getattr(self, name)
            sides = value if isinstance(value, tuple) else (value,)
            if not sides or not all(8 <= side <= _LARGEST for side in sides):
                raise ValueError(f"{name} must lie in [8, {_LARGEST}], got {value}")
        for name in ("flip", "jitter"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie in [0, 1], got {getattr(self, name)}")

    def scaled(self, size: tuple[int, int], shorter: int) -> tuple[int, int]:
        """Height and width of a picture of `size` whose shorter side becomes `shorter`, within `longest`."""
        factor = min(shorter / min(size), self.longest / max(size))
        height, width = (max(1, int(side * factor + 0.5)) for side in size)
        return height, width
