"""Whatever a person has as pictures of one object, as `Views`."""

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike, fspath
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..io.errors import BadInput
from ..io.image_files import image_fov
from ..io.images import load_image
from ..structures.views import Views

Pictures = Views | str | PathLike[str] | np.ndarray | Tensor | Sequence[Any]


def as_views(pictures: Pictures, names: Sequence[str] | None = None) -> Views:
    """Pictures of one object as `Views`.

    Args:
        pictures: `Views`; or one picture or several, each a file, an array (H, W) or (H, W, 1, 3 or 4) of whole
            numbers without sign or of floats in [0, 1], or a tensor (1, 3 or 4, H, W) in [0, 1]. Transparency
            becomes the mask, unless nothing is more transparent than opaque; what cannot be seen at all is white.
        names: one a picture, where files do not name them.

    Raises:
        BadInput: a file that is not a picture, or a picture that is transparent everywhere.
        ValueError: no pictures, or shapes and values that are not those of pictures.
    """
    if isinstance(pictures, Views):
        if all(image.dtype == torch.float32 for image in pictures.images):
            return pictures
        return replace(pictures, images=[image.float() for image in pictures.images])
    single = isinstance(pictures, str | PathLike) or (
        isinstance(pictures, np.ndarray | Tensor) and pictures.ndim <= 3
    )
    several: list[Any] = [pictures] if single else list(pictures)  # type: ignore[arg-type]
    known = [_name(picture, i) for i, picture in enumerate(several)] if names is None else list(names)
    opened = [_with_alpha(picture, name) for picture, name in zip(several, known, strict=True)]
    fovs = [image_fov(picture) if isinstance(picture, str | PathLike) else None for picture in several]
    return Views([image for image, _ in opened], [mask for _, mask in opened], names=known, fovs=fovs)


def _name(picture: Any, index: int) -> str:
    return fspath(picture) if isinstance(picture, str | PathLike) else f"picture {index}"


def _with_alpha(picture: Any, name: str) -> tuple[Tensor, Tensor | None]:
    image = _as_tensor(picture)
    if image.ndim != 3 or image.shape[0] not in (1, 3, 4):
        raise ValueError(f"{name} must have 1, 3 or 4 channels and two axes, got shape {tuple(image.shape)}")
    if image.shape[0] < 4:
        return image.expand(3, -1, -1), None
    colours, alpha = image[:3], image[3:]
    solid = alpha > 0.5
    if not solid.any():
        raise BadInput(name, "the picture is transparent everywhere")
    return torch.where(alpha > 0, colours, 1.0), None if solid.all() else alpha


def _as_tensor(picture: Any) -> Tensor:
    if isinstance(picture, str | PathLike):
        return load_image(picture)
    if isinstance(picture, np.ndarray):
        scale = np.iinfo(picture.dtype).max if picture.dtype.kind == "u" else 1
        last = picture[..., None] if picture.ndim == 2 else picture
        return torch.from_numpy(np.ascontiguousarray(np.moveaxis(last, -1, 0), dtype=np.float32)) / scale
    if isinstance(picture, Tensor):
        return picture.float()
    raise ValueError(f"a picture must be a file, an array or a tensor, got {type(picture).__name__}")
