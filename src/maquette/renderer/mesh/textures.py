"""Textures of meshes, under PyTorch3D's path."""

import warnings

from torch import Tensor

from ...structures.textures_atlas import TexturesAtlas as TexturesAtlas
from ...structures.textures_base import TexturesBase as TexturesBase
from ...structures.textures_base import pad_list as _list_to_padded_wrapper  # noqa: F401 - PyTorch3D's name
from ...structures.textures_uv import TexturesUV as TexturesUV
from ...structures.textures_vertex import TexturesVertex as TexturesVertex


def Textures(
    maps: list[Tensor] | Tensor | None = None,
    faces_uvs: Tensor | list[Tensor] | None = None,
    verts_uvs: Tensor | list[Tensor] | None = None,
    verts_rgb: Tensor | None = None,
) -> TexturesBase:
    """Deprecated: make `TexturesUV` of maps and places, or `TexturesVertex` of vertex colours.

    Args:
        maps, faces_uvs, verts_uvs: as `TexturesUV` takes them; all three or none.
        verts_rgb: (N, V, C) colours, used when one of the others is missing.

    Raises:
        ValueError: neither is complete.
    """
    warnings.warn(
        "Textures is deprecated; use TexturesUV, TexturesAtlas or TexturesVertex.",
        PendingDeprecationWarning,
        stacklevel=2,
    )
    if maps is not None and faces_uvs is not None and verts_uvs is not None:
        return TexturesUV(maps=maps, faces_uvs=faces_uvs, verts_uvs=verts_uvs)
    if verts_rgb is not None:
        return TexturesVertex(verts_features=verts_rgb)
    raise ValueError("Textures needs verts_rgb, or all three of maps, faces_uvs and verts_uvs")
