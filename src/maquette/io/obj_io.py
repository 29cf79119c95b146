"""Wavefront OBJ files under PyTorch3D's names: `load_obj`, `load_objs_as_meshes`, `save_obj`."""

import os
import warnings
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..structures import Meshes, join_meshes_as_batch
from ..structures.textures_atlas import TexturesAtlas
from ..structures.textures_uv import TexturesUV
from .image_files import png_bytes
from .index_checks import warn_of_invalid_indices
from .mtl_io import MaterialProperties, TextureImages, load_libraries, locate, make_mesh_texture_atlas
from .mtl_parse import library_names
from .obj_parse import ObjData, parse_obj
from .pluggable_formats import MeshFileFormat
from .streams import PathManager, PathOrStr, folder_of, read_bytes, writing
from .text_lines import format_rows

Faces = namedtuple("Faces", "verts_idx normals_idx textures_idx materials_idx")
Properties = namedtuple("Properties", "normals verts_uvs material_colors texture_images texture_atlas")
Device = torch.device | str


def load_obj(
    f: Any,
    load_textures: bool = True,
    create_texture_atlas: bool = False,
    texture_atlas_size: int = 4,
    texture_wrap: str | None = "repeat",
    device: Device = "cpu",
    path_manager: PathManager | None = None,
) -> tuple[Tensor, Faces, Properties]:
    """Read a mesh, and the materials it names, from an OBJ file.

    Polygons become fans of triangles around their first corner.

    Args:
        f: path or stream.
        load_textures: whether to read the material library and its pictures.
        create_texture_atlas: whether to make per-face texture squares from them.
        texture_atlas_size: R, side of the squares.
        texture_wrap: "repeat", "clamp" or None: what happens to texture coordinates outside [0, 1] there.
        device: where the tensors go.
        path_manager: any object with `.open(path, mode)`, or None.

    Returns:
        verts: (V, 3) float32.
        faces: named tuple of (F, 3) int64 `verts_idx`, `normals_idx`, `textures_idx` (-1 where absent) and
            (F,) `materials_idx` (-1 where absent), an index into the names in `aux.material_colors`.
        aux: named tuple of `normals` (N, 3), `verts_uvs` (T, 2), `material_colors` (name -> properties),
            `texture_images` (name -> (H, W, 3)), `texture_atlas` (F, R, R, 3); each None when there is
            nothing.

    Raises:
        ValueError: a malformed line, or a `texture_wrap` that is none of the three.

    Warns of indices out of range and of missing material files. Unlike PyTorch3D, a negative index counts
    back from its own line (see `parse_obj`), and a file without faces gives empty index tensors, not empty
    lists.
    """
    if texture_wrap not in ("repeat", "clamp", None):
        raise ValueError(f"texture_wrap must be one of ['repeat', 'clamp'] or None, got {texture_wrap}")
    data = parse_obj(read_bytes(f, path_manager))
    names, materials = data.material_names, torch.from_numpy(data.materials)
    colors, images = _load_materials(data, folder_of(f), load_textures, device, path_manager)
    if colors and not names:
        names = [next(iter(colors))]
        materials = materials.clamp(min=0)
    verts, normals, uvs = (_floats(x, device) for x in (data.verts, data.normals, data.uvs))
    faces = Faces(
        verts_idx=_indices(data.faces, len(verts), None, device),
        normals_idx=_indices(data.faces_normals, len(normals), ~data.has_normals, device),
        textures_idx=_indices(data.faces_uvs, len(uvs), ~data.has_uvs, device),
        materials_idx=materials.to(device),
    )
    atlas = None
    if create_texture_atlas:
        face_names = np.array([*names, ""])[materials.numpy()]
        atlas = make_mesh_texture_atlas(
            colors, images, face_names, faces.textures_idx, uvs, texture_atlas_size, texture_wrap
        )
    aux = Properties(
        normals=normals if len(normals) else None,
        verts_uvs=uvs if len(uvs) else None,
        material_colors=colors,
        texture_images=images,
        texture_atlas=atlas,
    )
    return verts, faces, aux


def _floats(array: np.ndarray, device: Device) -> Tensor:
    return torch.from_numpy(array.astype(np.float32)).to(device)


def _indices(array: np.ndarray, count: int, absent: np.ndarray | None, device: Device) -> Tensor:
    index = torch.from_numpy(array)
    warn_of_invalid_indices(index, count, None if absent is None else torch.from_numpy(absent))
    return index.to(device)


def _load_materials(
    data: ObjData, folder: str, load_textures: bool, device: Device, path_manager: PathManager | None
) -> tuple[MaterialProperties | None, TextureImages | None]:
    if not load_textures:
        return None, None
    if not data.libraries:
        warnings.warn("No mtl file provided", stacklevel=3)
        return None, None
    paths = []
    for line in data.libraries:
        for name in [line] if locate(folder, line, path_manager) else library_names(line):
            path = locate(folder, name, path_manager)
            if path is None:
                warnings.warn(f"Mtl file does not exist: {os.path.join(folder, name)}", stacklevel=3)
            else:
                paths.append(path)
    if not paths:
        return None, None
    return load_libraries(paths, data.material_names, folder, device, path_manager)


def load_objs_as_meshes(
    files: list[Any],
    device: Device | None = None,
    load_textures: bool = True,
    create_texture_atlas: bool = False,
    texture_atlas_size: int = 4,
    texture_wrap: str | None = "repeat",
    path_manager: PathManager | None = None,
) -> Meshes:
    """Read several OBJ files into one batch.

    Textures are kept as `TexturesAtlas` when `create_texture_atlas`, else as `TexturesUV` with the first
    texture picture of each file, else left out. Arguments are those of `load_obj`.
    """
    meshes = []
    for f in files:
        verts, faces, aux = load_obj(
            f,
            load_textures=load_textures,
            create_texture_atlas=create_texture_atlas,
            texture_atlas_size=texture_atlas_size,
            texture_wrap=texture_wrap,
            path_manager=path_manager,
        )
        textures: Any = None
        if create_texture_atlas:
            textures = TexturesAtlas(atlas=[aux.texture_atlas.to(device)])
        elif aux.texture_images and aux.verts_uvs is not None:
            picture = next(iter(aux.texture_images.values())).to(device)
            textures = TexturesUV(
                maps=picture[None],
                faces_uvs=[faces.textures_idx.to(device)],
                verts_uvs=[aux.verts_uvs.to(device)],
            )
        meshes.append(Meshes([verts.to(device)], [faces.verts_idx.to(device)], textures=textures))
    return meshes[0] if len(meshes) == 1 else join_meshes_as_batch(meshes)


def save_obj(
    f: Any,
    verts: Tensor,
    faces: Tensor,
    decimal_places: int | None = None,
    path_manager: PathManager | None = None,
    *,
    normals: Tensor | None = None,
    faces_normals_idx: Tensor | None = None,
    verts_uvs: Tensor | None = None,
    faces_uvs: Tensor | None = None,
    texture_map: Tensor | None = None,
) -> None:
    """Write a mesh to an OBJ file; with all three texture arguments also `<stem>.mtl` and `<stem>.png`.

    Args:
        f: path (or, without a texture, a stream).
        verts: (V, 3); faces: (F, 3) int64.
        decimal_places: digits after the point; 6 by default.
        path_manager: any object with `.open(path, mode)`, or None.
        normals: (N, 3), with faces_normals_idx: (F, 3) int64.
        verts_uvs: (T, 2), with faces_uvs: (F, 3) int64 and texture_map: (H, W, 3) in [0, 1], first row on
        top.

    Raises:
        ValueError: wrong shapes, or only one of `normals` and `faces_normals_idx`.

    Warns of indices out of range, and of an empty mesh (the file is then empty).
    """
    _check_save_shapes(verts, faces, normals, faces_normals_idx, verts_uvs, faces_uvs, texture_map)
    textured = verts_uvs is not None and faces_uvs is not None and texture_map is not None
    with writing(f, path_manager) as out:
        if textured:
            stem = Path(f).stem
            out.write(f"\nmtllib {stem}.mtl\nusemtl mesh\n\n".encode())
        if len(verts) or len(faces):
            number = f"%.{6 if decimal_places is None else decimal_places}f"
            out.write(format_rows(f"v {number} {number} {number}\n", verts))
            if normals is not None:
                out.write(format_rows(f"vn {number} {number} {number}\n", normals))
            if textured and verts_uvs is not None:
                out.write(format_rows(f"vt {number} {number}\n", verts_uvs))
            warn_of_invalid_indices(faces, len(verts))
            out.write(_face_lines(faces, faces_uvs if textured else None, faces_normals_idx))
        else:
            warnings.warn("Empty 'verts' and 'faces' arguments provided", stacklevel=2)
    if textured and texture_map is not None:
        _save_material(f, texture_map, path_manager)


def _check_save_shapes(
    verts: Tensor,
    faces: Tensor,
    normals: Tensor | None,
    faces_normals_idx: Tensor | None,
    verts_uvs: Tensor | None,
    faces_uvs: Tensor | None,
    texture_map: Tensor | None,
) -> None:
    def check(name: str, value: Tensor | None, width: int, shape: str, may_be_flat: bool = False) -> None:
        if value is None or (may_be_flat and len(value) == 0):
            return
        if value.dim() != 2 or value.size(1) != width:
            raise ValueError(f"'{name}' should either be empty or of shape ({shape}).")

    if (normals is None) != (faces_normals_idx is None):
        raise ValueError("'normals' and 'faces_normals_idx' must both be None or neither.")
    check("verts", verts, 3, "num_verts, 3", may_be_flat=True)
    check("faces", faces, 3, "num_faces, 3", may_be_flat=True)
    check("faces_normals_idx", faces_normals_idx, 3, "num_faces, 3")
    check("normals", normals, 3, "num_verts, 3")
    check("faces_uvs", faces_uvs, 3, "num_faces, 3")
    check("verts_uvs", verts_uvs, 2, "num_verts, 2")
    if texture_map is not None and (texture_map.dim() != 3 or texture_map.size(2) != 3):
        raise ValueError("'texture_map' should either be empty or of shape (H, W, 3).")


def _face_lines(faces: Tensor, faces_uvs: Tensor | None, faces_normals: Tensor | None) -> bytes:
    """Lines "f v", "f v/t", "f v//n" or "f v/t/n", without a line end after the last."""
    corner = "%d" + ("/%d" if faces_uvs is not None else "/" if faces_normals is not None else "")
    corner += "/%d" if faces_normals is not None else ""
    columns = [x + 1 for x in (faces, faces_uvs, faces_normals) if x is not None]
    if len(faces) == 0:
        return b""
    return format_rows(f"f {corner} {corner} {corner}\n", torch.stack(columns, dim=-1))[:-1]


def _save_material(f: PathOrStr, texture_map: Tensor, path_manager: PathManager | None) -> None:
    stem = Path(f).stem
    kind = type(f) if isinstance(f, str) else Path
    with writing(kind(Path(f).with_suffix(".png")), path_manager) as out:
        out.write(png_bytes(texture_map.detach().cpu().numpy()))
    with writing(kind(Path(f).with_suffix(".mtl")), path_manager) as out:
        out.write(f"newmtl mesh\nmap_Kd {stem}.png\n".encode())


class MeshObjFormat(MeshFileFormat):
    """OBJ for `IO`: `TexturesUV` (or, when asked, `TexturesAtlas`) in, `TexturesUV` out."""

    known_suffixes = (".obj",)

    def load(
        self,
        path: Any,
        path_manager: PathManager | None,
        include_textures: bool,
        create_texture_atlas: bool = False,
        texture_atlas_size: int = 4,
        texture_wrap: str | None = "repeat",
        **kwargs: Any,
    ) -> Meshes:
        return load_objs_as_meshes(
            [path],
            load_textures=include_textures,
            create_texture_atlas=create_texture_atlas,
            texture_atlas_size=texture_atlas_size,
            texture_wrap=texture_wrap,
            path_manager=path_manager,
        )

    def write(
        self,
        data: Meshes,
        path: Any,
        path_manager: PathManager | None,
        binary: bool | None,
        decimal_places: int | None = None,
        **kwargs: Any,
    ) -> None:
        textured: dict[str, Tensor] = {}
        if isinstance(data.textures, TexturesUV):
            textured = {
                "verts_uvs": data.textures.verts_uvs_padded()[0],
                "faces_uvs": data.textures.faces_uvs_padded()[0],
                "texture_map": data.textures.maps_padded()[0],
            }
        verts, faces = data.verts_list()[0], data.faces_list()[0]
        save_obj(path, verts, faces, decimal_places, path_manager, **textured)
