"""Whatever a person has as pictures of one object, as `Views`."""

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike, fspath
from typing import Any

import numpy as np
import torch
from PIL.Image import Image
from torch import Tensor

from ..io.any_picture import is_single, picture_tensor
from ..io.errors import BadInput
from ..io.image_files import image_fov
from ..io.local_path import local_path
from ..structures.views import Views

Pictures = Views | str | PathLike[str] | bytes | Image | np.ndarray | Tensor | Sequence[Any]


def as_views(pictures: Pictures, names: Sequence[str] | None = None) -> Views:
    """Pictures of one object as `Views`.

    Args:
        pictures: `Views`; or one picture or several, each a file, its bytes, a Pillow picture, an array or a
            tensor, as `io.any_picture.picture_tensor` takes them. Transparency
            becomes the mask, unless nothing is more
            transparent than opaque; what cannot be seen at all is white.
        names: one a picture, where files do not name them.

    Raises:
        BadInput: a file that is not a picture, or a picture that is transparent everywhere.
        ValueError: no pictures, or shapes and values that are not those of pictures.
    """
    if isinstance(pictures, Views):
        if all(image.dtype == torch.float32 for image in pictures.images):
            return pictures
        return replace(pictures, images=[image.float() for image in pictures.images])
    several: list[Any] = [pictures] if is_single(pictures) else list(pictures)  # type: ignore[arg-type]
    known = [_name(picture, i) for i, picture in enumerate(several)] if names is None else list(names)
    opened = [_with_alpha(picture, name) for picture, name in zip(several, known, strict=True)]
    fovs = [image_fov(local_path(p)) if isinstance(p, str | PathLike) else None for p in several]
    return Views([image for image, _ in opened], [mask for _, mask in opened], names=known, fovs=fovs)


def _name(picture: Any, index: int) -> str:
    return fspath(picture) if isinstance(picture, str | PathLike) else f"picture {index}"


def _with_alpha(picture: Any, name: str) -> tuple[Tensor, Tensor | None]:
    image = picture_tensor(picture, name)
    if image.shape[0] < 4:
        return image.expand(3, -1, -1), None
    colours, alpha = image[:3], image[3:]
    solid = alpha > 0.5
    if not solid.any():
        raise BadInput(name, "the picture is transparent everywhere")
    return torch.where(alpha > 0, colours, 1.0), None if solid.all() else alpha
