"""Pictures of a texture map with the places of the vertices marked in it."""

from typing import Any, Literal

import numpy as np
from PIL import Image, ImageDraw

from ..structures.textures_uv import TexturesUV


def texturesuv_image_matplotlib(
    texture: TexturesUV,
    *,
    texture_index: int = 0,
    radius: float = 1,
    color: Any = (1.0, 0.0, 0.0),
    subsample: int | None = 10000,
    origin: Literal["upper", "lower"] = "upper",
) -> None:
    """Draw the map into matplotlib's current axes, with a disc at every entry of `verts_uvs`.

    Args:
        texture: of one mesh, with one map.
        texture_index: which mesh of the batch.
        radius: of the discs, in pixels of the map.
        color: any colour of matplotlib.
        subsample: at most so many discs, chosen at random (numpy's random state); None draws all.
        origin: "upper" or "lower", as in `imshow`.
    """
    import matplotlib.pyplot as plt
    from matplotlib.patches import Circle

    axes = plt.gca()
    axes.imshow(texture.maps_padded()[texture_index].detach().cpu().numpy(), origin=origin)
    for x, y in _places(texture, texture_index, subsample):
        axes.add_patch(Circle((x, y), radius, color=color, clip_on=False))  # also those beside the map


def texturesuv_image_PIL(
    texture: TexturesUV,
    *,
    texture_index: int = 0,
    radius: float = 1,
    color: Any = "red",
    subsample: int | None = 10000,
) -> Image.Image:
    """The map as a Pillow picture, with a disc at every entry of `verts_uvs`.

    Args:
        texture, texture_index, radius, subsample: as in `texturesuv_image_matplotlib`.
        color: any colour of Pillow.
    """
    levels = texture.maps_padded()[texture_index].detach().cpu().clamp(0, 1) * 255
    picture = Image.fromarray(levels.numpy().astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for x, y in _places(texture, texture_index, subsample):
        draw.ellipse([(x - radius, y - radius), (x + radius, y + radius)], fill=color)
    return picture


def _places(texture: TexturesUV, index: int, limit: int | None) -> list[list[float]]:
    """Columns and rows of at most `limit` vertices in the map."""
    centers = texture.centers_for_image(index=index).detach().numpy()
    if limit is not None and len(centers) > limit:
        centers = centers[np.random.choice(len(centers), limit, replace=False)]  # noqa: NPY002 - as PyTorch3D does
    places: list[list[float]] = centers.tolist()
    return places
