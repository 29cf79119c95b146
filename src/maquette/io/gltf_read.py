"""The triangles of a glTF scene, where the scene puts them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import ParseError
from .gltf_access import access, whole_numbers
from .gltf_asset import Asset
from .gltf_look import Look, read_look
from .gltf_nodes import Placement, find_placements
from .gltf_pose import morphed, placed

_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_MALFORMED = (KeyError, IndexError, TypeError, AttributeError, ValueError, OverflowError)


@dataclass(frozen=True, eq=False)
class Primitive:
    """One triangle mesh of the scene, in scene coordinates.

    Attributes:
        name: the mesh's name or None.
        verts: (V, 3) float64; faces: (F, 3) int64.
        look: its colours; those of vertices and texture coordinates have a row for each vertex.
    """

    name: str | None
    verts: np.ndarray
    faces: np.ndarray
    look: Look


@dataclass(frozen=True, eq=False)
class _Local:
    """A primitive as it is stored, which all nodes share that show it."""

    source: dict[str, Any]
    verts: np.ndarray
    faces: np.ndarray
    look: Look


def read_primitives(asset: Asset, include_textures: bool = True) -> list[Primitive]:
    """The triangles of the default scene (the first, or all root nodes, where none is named).

    Strips and fans become triangles; points and lines are left out. A node that mirrors turns its faces round. Morph
    targets are added with the weights that the file gives, skins stand in their rest pose: on the joints where the
    file has them, whatever the transform of their own node. What is found and not used is in `asset.left_out`.

    Raises:
        ParseError: anything malformed, missing or unsupported.
    """
    meshes: dict[int, list[_Local]] = {}
    found = []
    try:
        for placement in find_placements(asset):
            mesh = asset.item("meshes", placement.mesh)
            if placement.mesh not in meshes:
                meshes[placement.mesh] = _read_mesh(asset, mesh, include_textures)
            weights = mesh.get("weights") if placement.weights is None else placement.weights
            found += [_place(asset, mesh, part, placement, weights) for part in meshes[placement.mesh]]
    except ParseError:
        raise
    except _MALFORMED as error:
        raise ParseError(f"malformed glTF ({type(error).__name__}: {error})") from error
    return found


def _read_mesh(asset: Asset, mesh: dict[str, Any], textures: bool) -> list[_Local]:
    found = []
    for primitive in mesh["primitives"]:
        mode, attributes = primitive.get("mode", _TRIANGLES), primitive["attributes"]
        if mode not in (_TRIANGLES, _STRIP, _FAN):
            asset.left_out["points and lines"] = None
            continue
        if "POSITION" not in attributes:
            continue
        verts = access(asset, attributes["POSITION"], ("VEC3",))
        indices = np.arange(len(verts))
        if "indices" in primitive:
            indices = whole_numbers(access(asset, primitive["indices"], ("SCALAR",))[:, 0], "indices")
        look = read_look(asset, primitive, len(verts)) if textures else Look()
        found.append(_Local(primitive, verts, _triangles(indices, mode), look))
    return found


def _place(asset: Asset, mesh: dict[str, Any], part: _Local, placement: Placement, weights: Any) -> Primitive:
    verts = morphed(asset, part.source, part.verts, weights)
    moved, mirrored = placed(asset, part.source["attributes"], verts, placement)
    count = len(moved)
    asset.spend(count * part.faces.size)
    faces = np.stack([part.faces[:, ::-1] if turned else part.faces for turned in mirrored])
    faces = (faces + np.arange(count)[:, None, None] * len(verts)).reshape(-1, 3)
    return Primitive(mesh.get("name"), moved.reshape(-1, 3), faces, part.look.repeated(count))


def _triangles(indices: np.ndarray, mode: int) -> np.ndarray:
    if mode == _TRIANGLES:
        if len(indices) % 3:
            raise ParseError("the number of indices is not a multiple of 3")
        return indices.reshape(-1, 3)
    step = np.arange(max(len(indices) - 2, 0))
    if mode == _FAN:
        return np.stack([indices[step * 0], indices[step + 1], indices[step + 2]], axis=1)
    odd = step % 2
    return np.stack([indices[step], indices[step + 1 + odd], indices[step + 2 - odd]], axis=1)
