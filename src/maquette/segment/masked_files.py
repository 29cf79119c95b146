"""Pictures and masks between files and tensors, at bounded sizes."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from ..io.errors import BadInput
from ..io.image_files import image_size, mask_in, read_pixels
from ..io.images import save_image

_SEEN = 0.5  # opacity from which on a pixel is the object's


def read_masked(
    file: Path, mask: Path | None, largest: int
) -> tuple[Float[Tensor, "3 height width"], Float[Tensor, "1 height width"] | None]:
    """A picture's colours, and its mask: that of a file, or its transparency; None where it has neither.

    Args:
        file: the picture.
        mask: its mask's file, of the same size; None where there is none.
        largest: pixels of the longer side to which larger pictures are reduced.

    Raises:
        BadInput: a file that cannot be read, or a mask of another size.
    """
    pixels = read_pixels(file, largest)
    colours = pixels[..., :3] if pixels.shape[2] >= 3 else np.repeat(pixels[..., :1], 3, axis=2)
    inside = mask_of(file, pixels, mask, largest)
    image = torch.from_numpy(np.ascontiguousarray(colours, np.float32)).permute(2, 0, 1)
    return image, None if inside is None else torch.from_numpy(np.asarray(inside, np.float32))[None]


def mask_of(
    file: Path, pixels: np.ndarray, mask: Path | None, largest: int | None = None
) -> np.ndarray | None:
    """(H, W) booleans of a mask's file, or of the transparency of a picture's pixels; None where it has neither.

    Args:
        file: the picture.
        pixels: (H, W, C) of it.
        mask: its mask's file, of the same size; None where there is none.
        largest: as `read_masked` has it.

    Raises:
        BadInput: a mask that cannot be read, is empty, or is of another size.
    """
    if mask is None:
        see_through = pixels.shape[2] == 4 and (pixels[..., 3] <= _SEEN).any()
        return mask_in(pixels, file) if see_through else None
    if image_size(mask) != image_size(file):
        (width, height), (columns, rows) = image_size(mask), image_size(file)
        raise BadInput(mask, f"is {width} x {height} pixels, but its picture is {columns} x {rows}")
    return mask_in(read_pixels(mask, largest), mask)


def save_mask(mask: Float[Tensor, "1 height width"], picture: Path, file: Path) -> None:
    """Write a mask in the pixels of its picture, black and white.

    Args:
        mask: 1 on the object; perhaps of fewer pixels.
        picture: whose size it gets.
        file: to write.

    Raises:
        BadInput: a place that cannot be written to.
    """
    columns, rows = image_size(picture)
    if mask.shape[1:] != (rows, columns):
        mask = interpolate(mask[None].float(), (rows, columns), mode="bilinear", align_corners=False)[0]
    file.parent.mkdir(parents=True, exist_ok=True)
    save_image(mask > _SEEN, file)
