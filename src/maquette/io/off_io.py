"""OFF meshes for `IO`."""

import warnings
from typing import Any

import torch
from torch import Tensor

from ..structures import Meshes
from ..structures.textures_atlas import TexturesAtlas
from ..structures.textures_vertex import TexturesVertex
from .index_checks import warn_of_invalid_indices
from .off_parse import parse_off
from .pluggable_formats import MeshFileFormat
from .streams import PathManager, read_bytes
from .text_lines import format_rows


def off_bytes(
    verts: Tensor,
    faces: Tensor | None = None,
    *,
    verts_colors: Tensor | None = None,
    faces_colors: Tensor | None = None,
    number: str = "%f",
) -> bytes:
    """The content of an OFF file.

    Args:
        verts: (V, 3); faces: (F, 3) or None; verts_colors: (V, 3 or 4), faces_colors: (F, 3 or 4) in [0, 1].
        number: %-format of coordinates and vertex colours.

    Raises:
        ValueError: shapes that do not belong together.
    """
    faces, verts_colors, faces_colors = (
        None if x is None or len(x) == 0 else x.detach().cpu() for x in (faces, verts_colors, faces_colors)
    )
    _check_shapes(verts, faces, verts_colors, faces_colors)
    rows = verts.detach().cpu()
    if verts_colors is not None:
        rows = torch.cat([rows, verts_colors], dim=1)
    parts = [f"off\n{len(verts)} {0 if faces is None else len(faces)} 0\n".encode()]
    if len(verts):
        parts.append(format_rows(" ".join([number] * rows.shape[1]) + "\n", rows))
    if faces is not None:
        warn_of_invalid_indices(faces, len(verts))
        line = "3 %d %d %d"
        table = faces.double()
        if faces_colors is not None:
            table = torch.cat([table, faces_colors.double()], dim=1)
            line += " %f" * faces_colors.shape[1]
        parts.append(format_rows(line + "\n", table))
    return b"".join(parts)


def _check_shapes(
    verts: Tensor, faces: Tensor | None, verts_colors: Tensor | None, faces_colors: Tensor | None
) -> None:
    if len(verts) and (verts.dim() != 2 or verts.size(1) != 3):
        raise ValueError("Argument 'verts' should either be empty or of shape (num_verts, 3).")
    if faces is not None and (faces.dim() != 2 or faces.size(1) != 3):
        raise ValueError("Argument 'faces' if present should have shape (num_faces, 3).")
    if faces_colors is not None and faces is None:
        raise ValueError("Cannot have face colors without faces")
    for name, colors, rows in (("verts", verts_colors, verts), ("faces", faces_colors, faces)):
        if colors is None or rows is None:
            continue
        if colors.dim() != 2 or colors.size(1) not in (3, 4):
            raise ValueError(f"{name}_colors should have shape (num_{name}, C).")
        if len(colors) != len(rows):
            raise ValueError(f"{name}_colors should have the same length as {name}.")


class MeshOffFormat(MeshFileFormat):
    """OFF for `IO`: vertex colours as `TexturesVertex`, face colours as `TexturesAtlas` of size 1.

    Not read: four-dimensional, binary, normals, texture coordinates.
    """

    known_suffixes = (".off",)

    def load(
        self, path: Any, path_manager: PathManager | None, include_textures: bool, **kwargs: Any
    ) -> Meshes:
        data = parse_off(read_bytes(path, path_manager))
        textures: Any = None
        if data.colors is not None:
            if data.faces_colors is not None:
                warnings.warn("Faces colors ignored because vertex colors provided too.", stacklevel=2)
            textures = TexturesVertex([torch.from_numpy(data.colors)])
        elif data.faces_colors is not None:
            textures = TexturesAtlas([torch.from_numpy(data.faces_colors)[:, None, None]])
        verts, faces = torch.from_numpy(data.verts).float(), torch.from_numpy(data.faces)
        return Meshes([verts], [faces], textures if include_textures else None)

    def content(
        self, data: Meshes, binary: bool | None, decimal_places: int | None = None, **kwargs: Any
    ) -> bytes:
        colors: dict[str, Tensor] = {}
        if isinstance(data.textures, TexturesVertex):
            colors["verts_colors"] = data.textures.verts_features_list()[0]
        elif isinstance(data.textures, TexturesAtlas) and data.textures.atlas_list()[0].shape[1] == 1:
            colors["faces_colors"] = data.textures.atlas_list()[0][:, 0, 0]
        number = "%f" if decimal_places is None else f"%.{decimal_places}f"
        return off_bytes(data.verts_list()[0], data.faces_list()[0], number=number, **colors)
