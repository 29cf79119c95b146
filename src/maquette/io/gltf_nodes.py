"""The node tree of a glTF scene: which mesh stands where."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import ParseError
from .gltf_access import access
from .gltf_asset import Asset, extension, numbers


@dataclass(frozen=True, eq=False)
class Placement:
    """A mesh in the scene.

    Attributes:
        mesh: its index.
        matrices: (N, 4, 4) float64, from mesh to scene for column vectors: one for each instance, or for each joint.
        skinned: whether they are of joints, between which its vertices are blended.
        weights: of its morph targets as the node gives them, or None.
    """

    mesh: Any
    matrices: np.ndarray
    skinned: bool
    weights: Any


def find_placements(asset: Asset) -> list[Placement]:
    """The meshes of the default scene, breadth first, without those that are hidden (KHR_node_visibility).

    The place of a skinned mesh follows from its joints alone, as they stand in the file.

    Raises:
        ParseError: a node hangs in the tree twice; a transform that is not finite; joints that are not there.
    """
    matrices: dict[int, np.ndarray] = {}
    shown = _walk(asset, _roots(asset), matrices)
    if any("skin" in asset.item("nodes", index) for index in shown):
        _walk(asset, [root for root in _tops(asset) if root not in matrices], matrices)
    found = []
    for index in shown:
        node = asset.item("nodes", index)
        if "mesh" not in node:
            continue
        instances = extension(node, "EXT_mesh_gpu_instancing")
        if "skin" in node:
            places = _joints(asset, asset.item("skins", node["skin"]), matrices)
        elif instances is not None:
            places = matrices[index] @ _instances(asset, instances["attributes"])
        else:
            places = matrices[index][None]
        found.append(Placement(node["mesh"], places, "skin" in node, node.get("weights")))
    return found


def _walk(asset: Asset, roots: list[int], matrices: dict[int, np.ndarray]) -> list[int]:
    """Add the matrices, from node to scene, of everything that hangs below some nodes; returns what is not hidden."""
    queue, shown = [(np.eye(4), True, index) for index in roots], []
    for parent, seen, index in queue:  # grows while we walk
        node = asset.item("nodes", index)
        if index in matrices:
            raise ParseError("the nodes do not form a tree", f"node {index}")
        with np.errstate(over="ignore", invalid="ignore"):
            matrices[index] = parent @ _local_matrix(node)
        if not np.isfinite(matrices[index]).all():
            raise ParseError("its transform is not finite", f"node {index}")
        seen = seen and (extension(node, "KHR_node_visibility") or {}).get("visible", True) is not False
        shown += [index] * seen
        queue += [(matrices[index], seen, child) for child in node.get("children", [])]
    return shown


def _roots(asset: Asset) -> list[int]:
    if not asset.json.get("scenes"):
        return _tops(asset)
    roots: list[int] = asset.item("scenes", asset.json.get("scene", 0)).get("nodes", [])
    return roots


def _tops(asset: Asset) -> list[int]:
    nodes = asset.json.get("nodes", [])
    children = {child for node in nodes for child in node.get("children", [])}
    return [i for i in range(len(nodes)) if i not in children]


def _local_matrix(node: dict[str, Any]) -> np.ndarray:
    if "matrix" in node:
        return numbers(node, "matrix", 16).reshape(4, 4).T
    matrices = _transforms(
        numbers(node, "translation", 3, [0, 0, 0])[None],
        numbers(node, "rotation", 4, [0, 0, 0, 1])[None],
        numbers(node, "scale", 3, [1, 1, 1])[None],
    )
    matrix: np.ndarray = matrices[0]
    return matrix


def _transforms(shifts: np.ndarray, quaternions: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """(N, 4, 4): scaled (N, 3), then turned by quaternions (N, 4), then shifted (N, 3)."""
    matrices = np.tile(np.eye(4), (len(shifts), 1, 1))
    matrices[:, :3, :3] = rotations_of_quaternions(quaternions) * scales[:, None]
    matrices[:, :3, 3] = shifts
    return matrices


def rotations_of_quaternions(quaternions: np.ndarray) -> np.ndarray:
    """(N, 3, 3) rotations of quaternions (x, y, z, w), which need not be of length 1 (0 gives the identity)."""
    norm = (quaternions**2).sum(axis=1)[:, None, None]
    cross = -np.cross(quaternions[:, None, :3], np.eye(3))
    turn = quaternions[:, 3, None, None] * cross + cross @ cross
    rotation: np.ndarray = np.eye(3) + 2 * np.divide(turn, norm, out=np.zeros_like(turn), where=norm > 0)
    return rotation


def _instances(asset: Asset, attributes: dict[str, Any]) -> np.ndarray:
    """(N, 4, 4) from the mesh to where its node puts it."""
    kinds = {"TRANSLATION": ("VEC3",), "ROTATION": ("VEC4",), "SCALE": ("VEC3",)}
    given = {
        name: access(asset, attributes[name], kind).astype(np.float64)
        for name, kind in kinds.items()
        if name in attributes
    }
    count = {len(values) for values in given.values()}
    if len(count) != 1 or not all(np.isfinite(values).all() for values in given.values()):
        raise ParseError("instances of a mesh need attributes of one length, all finite")
    (n,) = count
    return _transforms(
        given.get("TRANSLATION", np.zeros((n, 3))),
        given.get("ROTATION", np.tile([0.0, 0, 0, 1], (n, 1))),
        given.get("SCALE", np.ones((n, 3))),
    )


def _joints(asset: Asset, skin: dict[str, Any], matrices: dict[int, np.ndarray]) -> np.ndarray:
    """(J, 4, 4) from the mesh, as it was bound to the joints, to where they carry it."""
    joints = skin["joints"]
    if not joints or any(joint not in matrices for joint in joints):
        raise ParseError("a skin has joints that are not there")
    places = np.stack([matrices[joint] for joint in joints])
    if "inverseBindMatrices" not in skin:
        return places
    binds = access(asset, skin["inverseBindMatrices"], ("MAT4",), len(joints)).astype(np.float64)
    result: np.ndarray = places @ binds.reshape(-1, 4, 4).transpose(0, 2, 1)
    if not np.isfinite(result).all():
        raise ParseError("the transform of a joint is not finite")
    return result
