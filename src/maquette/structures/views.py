"""`Views`: pictures of one object."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Views:
    """Pictures of one object, as they were taken: sizes may differ and nothing is cropped.

    Attributes:
        images: tensors (3, H_i, W_i), RGB in [0, 1].
        masks: one entry a picture: a tensor (1, H_i, W_i) in [0, 1], 1 on the object, or None where it is not
            known; None altogether when no mask is known.
        cameras: cameras as many as pictures, in the same order, or None.
        names: file names or other words for the pictures, or None.
        boxes: left, top, width and height in pixels of the part of each picture that shows the object, None where
            nobody said it; None altogether when none is known.
        fovs: degrees along the longer side of each picture, as its camera wrote them down, None where it did not;
            None altogether when none is known. Where there are cameras these count.

    Raises:
        ValueError: no pictures, shapes or numbers that do not fit, values not finite or out of [0, 1].
    """

    images: Sequence[Tensor]
    masks: Sequence[Tensor | None] | None = None
    cameras: Any = None
    names: Sequence[str] | None = None
    fovs: Sequence[float | None] | None = None
    boxes: Sequence[tuple[float, float, float, float] | None] | None = None

    def __post_init__(self) -> None:
        if not self.images:
            raise ValueError("Views need at least one picture")
        for i, image in enumerate(self.images):
            _check_picture(image, 3, f"picture {i}")
        for field in ("masks", "cameras", "names", "fovs", "boxes"):
            values = getattr(self, field)
            if values is not None and len(values) != len(self.images):
                raise ValueError(f"{len(self.images)} pictures but {len(values)} {field}")
        for fov in self.fovs or ():
            if fov is not None and not 0 < fov < 180:
                raise ValueError(f"a field of view must lie between 0 and 180 degrees, got {fov:g}")
        for image, box in zip(self.images, self.boxes or (), strict=False):
            if box is not None:
                _check_box(box, image)
        for i, mask in enumerate(self.masks or ()):
            if mask is None:
                continue
            _check_picture(mask, 1, f"mask {i}")
            if mask.shape[1:] != self.images[i].shape[1:]:
                size, wanted = tuple(mask.shape[1:]), tuple(self.images[i].shape[1:])
                raise ValueError(f"mask {i} is {size} pixels, its picture {wanted}")

    def __len__(self) -> int:
        return len(self.images)

    @property
    def device(self) -> torch.device:
        """Where the pictures are."""
        return self.images[0].device

    @property
    def has_masks(self) -> bool:
        """Whether every picture has a mask."""
        return self.masks is not None and all(mask is not None for mask in self.masks)

    def to(self, device: str | torch.device) -> "Views":
        """Views on another device."""
        masks = self.masks and [None if mask is None else mask.to(device) for mask in self.masks]
        cameras = None if self.cameras is None else self.cameras.to(device)
        return replace(self, images=[image.to(device) for image in self.images], masks=masks, cameras=cameras)


def _check_picture(picture: Tensor, channels: int, what: str) -> None:
    if picture.ndim != 3 or picture.shape[0] != channels or picture.numel() == 0:
        raise ValueError(f"{what} must have shape ({channels}, H, W), got {tuple(picture.shape)}")
    if not picture.is_floating_point():
        raise ValueError(f"{what} must hold floats, got {picture.dtype}")
    low, high = torch.aminmax(picture)
    if not (low >= 0 and high <= 1):
        raise ValueError(f"{what} must lie in [0, 1], got values from {float(low):g} to {float(high):g}")


def _check_box(box: tuple[float, float, float, float], image: Tensor) -> None:
    left, top, width, height = box
    rows, columns = image.shape[1:]
    inside = left >= 0 and top >= 0 and left + width <= columns and top + height <= rows
    if not (width > 0 and height > 0 and inside):
        said = " ".join(f"{side:g}" for side in box)
        raise ValueError(f"a box must lie in its picture of {columns} x {rows} pixels, got {said}")
