"""`save_mesh`: GLB, OBJ, PLY, OFF or STL by suffix, whole or not at all."""

import re
from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..structures import Meshes
from .atomic import write_together
from .color_space import srgb_to_linear
from .errors import BadInput, as_bad_input
from .gltf_write import GlbPart, glb_bytes, glb_part
from .image_files import png_bytes
from .mesh_data import MeshData
from .mesh_join import join_mesh_data
from .mesh_tensors import from_meshes
from .off_io import off_bytes
from .ply_write import ply_bytes
from .stl_io import stl_bytes
from .text_lines import format_rows


def save_mesh(
    meshes: Meshes,
    path: str | PathLike[str],
    smooth: bool = True,
    names: Sequence[str] | None = None,
    up: str = "+Y",
) -> None:
    """Write meshes, with their colours, to one file; an existing file is replaced only by a whole new one.

    The suffix decides the format:
    .glb   vertex colours (stored linear, as the standard wants) or an embedded texture; colours of faces as
           colours of unwelded vertices; a matt surface. Y up: other axes are turned there by the nodes' matrix.
    .obj   a texture with `<stem>.mtl` and `<stem>.png`; colours of faces as materials; vertex colours as
           "v x y z r g b". Coordinates with 9 digits, which float32 survives unchanged.
    .ply   binary; colours of vertices or faces as bytes; a texture becomes vertex colours.
    .off   as .ply, in text. .stl   binary, no colours.

    The same meshes give the same bytes.

    Args:
        meshes: one or more meshes, joined in the file.
        path: the file to write.
        smooth: whether a GLB stores vertex normals (viewers shade flat without).
        names: of the meshes; several of them become a node each in a GLB. Other formats have no names.
        up: axis of the meshes that points up, "+X" to "-Z"; other formats than GLB do not say.

    Raises:
        BadInput: unknown suffix, no faces, numbers that are not finite, or a place that cannot be written to.
    """
    target = Path(path)
    kind = target.suffix.lower()
    if kind not in (".glb", ".obj", ".ply", ".off", ".stl"):
        raise BadInput(path, "unknown kind of mesh file; use .glb, .obj, .ply, .off or .stl")
    named = zip(from_meshes(meshes), names or [""] * len(meshes), strict=True)
    whole = [(part, name) for part, name in named if len(part.faces)]
    parts = [part for part, _ in whole]
    if not parts:
        raise BadInput(path, "nothing to write: the mesh has no faces")
    if not all(np.isfinite(part.verts).all() for part in parts):
        raise BadInput(path, "nothing written: a coordinate is not a finite number")
    nodes = [name for _, name in whole] if len(meshes) > 1 and names else None
    files = (
        _glb(parts, target, smooth, nodes, up)
        if kind == ".glb"
        else _ENCODERS[kind](join_mesh_data(parts), target)
    )
    with as_bad_input(path, OSError, say="cannot be written"):
        write_together(files)


def _glb(
    parts: list[MeshData], target: Path, smooth: bool, nodes: list[str] | None, up: str
) -> dict[Path, bytes]:
    return {target: glb_bytes([_glb_part(part, smooth) for part in parts], nodes, up)}


def _glb_part(mesh: MeshData, smooth: bool) -> GlbPart:
    part = glb_part(mesh, vertex_normals(mesh.verts, mesh.faces) if smooth else None)
    return part if part.colors is None else replace(part, colors=srgb_to_linear(part.colors))


def vertex_normals(verts: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Unit normals (V, 3), each the mean of its faces' normals weighted by area; +Y where there is none."""
    corners = verts[faces].astype(np.float64)
    crossed = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.zeros((len(verts), 3))
    for corner in range(3):
        np.add.at(total, faces[:, corner], crossed)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    up = np.array([0.0, 1.0, 0.0])
    return np.where(length > 1e-30, total / np.maximum(length, 1e-30), up).astype(np.float32)


def _tensors(mesh: MeshData) -> dict[str, Any]:
    """What PLY and OFF store: vertices, faces, and colours of the faces or else of the vertices."""
    colors = mesh.vertex_colors() if mesh.faces_colors is None else None
    arrays = {
        "verts": mesh.verts,
        "faces": mesh.faces,
        "verts_colors": colors,
        "faces_colors": mesh.faces_colors,
    }
    given = {name: array for name, array in arrays.items() if array is not None}
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in given.items()}


def _ply(mesh: MeshData, target: Path) -> dict[Path, bytes]:
    return {target: ply_bytes(**_tensors(mesh), colors_as_uint8=True)}


def _off(mesh: MeshData, target: Path) -> dict[Path, bytes]:
    # an exponent keeps a point in every number, which tells colours 0..1 from 0..255
    return {target: off_bytes(**_tensors(mesh), number="%.8e")}


def _stl(mesh: MeshData, target: Path) -> dict[Path, bytes]:
    return {target: stl_bytes(mesh.verts, mesh.faces)}


def _obj(mesh: MeshData, target: Path) -> dict[Path, bytes]:
    stem = re.sub(
        r"[\s\ud800-\udfff]", "_", target.stem
    )  # blanks end names there, and not all bytes are text
    library, picture = target.with_name(stem + ".mtl"), target.with_name(stem + ".png")
    if mesh.picture is not None and mesh.uvs is not None and mesh.faces_uvs is not None:
        lines = [f"mtllib {library.name}\n".encode(), format_rows("v %.9g %.9g %.9g\n", mesh.verts)]
        lines += [format_rows("vt %.9g %.9g\n", mesh.uvs), b"usemtl surface\n"]
        corners = np.stack([mesh.faces, mesh.faces_uvs], axis=2) + 1
        lines.append(format_rows("f %d/%d %d/%d %d/%d\n", corners))
        material = f"newmtl surface\nKd 1 1 1\nmap_Kd {picture.name}\n".encode()
        return {target: b"".join(lines), library: material, picture: png_bytes(mesh.picture)}
    if mesh.faces_colors is not None:
        return _obj_with_materials(mesh, mesh.faces_colors, target, library)
    rows, line = mesh.verts, "v %.9g %.9g %.9g\n"
    if mesh.verts_colors is not None:
        rows, line = np.concatenate([mesh.verts, mesh.verts_colors], axis=1), "v" + " %.9g" * 6 + "\n"
    return {target: format_rows(line, rows) + format_rows("f %d %d %d\n", mesh.faces + 1)}


def _obj_with_materials(
    mesh: MeshData, faces_colors: np.ndarray, target: Path, library: Path
) -> dict[Path, bytes]:
    colors, index = np.unique(faces_colors, axis=0, return_inverse=True)
    index = index.reshape(-1)
    lines = [f"mtllib {library.name}\n".encode(), format_rows("v %.9g %.9g %.9g\n", mesh.verts)]
    starts = np.flatnonzero(np.diff(index, prepend=-1))
    for start, faces in zip(starts, np.split(mesh.faces, starts[1:]), strict=True):
        lines.append(f"usemtl color{index[start]}\n".encode() + format_rows("f %d %d %d\n", faces + 1))
    materials = [f"newmtl color{i}\nKd {r:.9g} {g:.9g} {b:.9g}\n" for i, (r, g, b) in enumerate(colors)]
    return {target: b"".join(lines), library: "".join(materials).encode()}


_ENCODERS = {".obj": _obj, ".ply": _ply, ".off": _off, ".stl": _stl}
