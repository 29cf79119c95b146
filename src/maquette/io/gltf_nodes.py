"""The node tree of a glTF scene: which mesh stands where."""

from typing import Any

import numpy as np

from .errors import ParseError


def node_matrices(tree: dict[str, Any]) -> list[tuple[np.ndarray, int]]:
    """The meshes of the default scene, breadth first.

    Returns:
        A list of (4x4 float64 matrix from mesh to scene for column vectors, index of the mesh).

    Raises:
        ParseError: a node hangs in the tree twice.
    """
    nodes = tree.get("nodes", [])
    queue = [(np.eye(4), index) for index in _roots(tree, nodes)]
    seen: set[int] = set()
    found = []
    for parent, index in queue:  # grows while we walk
        if index in seen or not 0 <= index < len(nodes):
            raise ParseError("the nodes do not form a tree", f"node {index}")
        seen.add(index)
        matrix = parent @ _local_matrix(nodes[index])
        if "mesh" in nodes[index]:
            found.append((matrix, nodes[index]["mesh"]))
        queue += [(matrix, child) for child in nodes[index].get("children", [])]
    return found


def _roots(tree: dict[str, Any], nodes: list[dict[str, Any]]) -> list[int]:
    scenes = tree.get("scenes", [])
    if scenes:
        roots: list[int] = scenes[tree.get("scene", 0)].get("nodes", [])
        return roots
    children = {child for node in nodes for child in node.get("children", [])}
    return [i for i in range(len(nodes)) if i not in children]


def _local_matrix(node: dict[str, Any]) -> np.ndarray:
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_of_quaternion(node.get("rotation", [0, 0, 0, 1])) * node.get("scale", [1, 1, 1])
    matrix[:3, 3] = node.get("translation", [0, 0, 0])
    return matrix


def rotation_of_quaternion(quaternion: list[float]) -> np.ndarray:
    """3x3 rotation of a quaternion (x, y, z, w), which need not be of length 1 (0 gives the identity)."""
    x, y, z, w = quaternion
    norm = x * x + y * y + z * z + w * w
    if norm == 0:
        return np.eye(3)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    rotation: np.ndarray = np.eye(3) + 2 / norm * (w * cross + cross @ cross)
    return rotation
