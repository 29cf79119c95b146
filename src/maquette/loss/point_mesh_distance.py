"""Distances between point clouds and the faces or edges of meshes."""

from jaxtyping import Float, Int
from torch import Tensor

from maquette.kernels.point_mesh import hull_distance
from maquette.structures import Meshes, Pointclouds

_MIN_TRIANGLE_AREA = 5e-3


def point_face_distance(
    points: Float[Tensor, "point 3"],
    points_first_idx: Int[Tensor, " batch"],
    tris: Float[Tensor, "face 3 3"],
    tris_first_idx: Int[Tensor, " batch"],
    max_points: int,
    min_triangle_area: float = _MIN_TRIANGLE_AREA,
) -> Float[Tensor, " point"]:
    """Squared distance from each point to the nearest triangle of the same batch element.

    Exact up to float32; found through a k-d tree of the triangles. Unlike PyTorch3D's, sides shorter than
    1e-4 are not taken for points.

    Args:
        points: packed points. points_first_idx: where each batch element's points begin.
        tris: corners of packed triangles. tris_first_idx: where each batch element's triangles begin.
        max_points: accepted for compatibility.
        min_triangle_area: triangles smaller than this count by their three sides only.
    """
    return hull_distance(points, points_first_idx, tris, tris_first_idx, min_triangle_area, True)


def face_point_distance(
    points: Float[Tensor, "point 3"],
    points_first_idx: Int[Tensor, " batch"],
    tris: Float[Tensor, "face 3 3"],
    tris_first_idx: Int[Tensor, " batch"],
    max_tris: int,
    min_triangle_area: float = _MIN_TRIANGLE_AREA,
) -> Float[Tensor, " face"]:
    """Squared distance from each triangle to the nearest point; arguments as of `point_face_distance`."""
    return hull_distance(points, points_first_idx, tris, tris_first_idx, min_triangle_area, False)


def point_edge_distance(
    points: Float[Tensor, "point 3"],
    points_first_idx: Int[Tensor, " batch"],
    segms: Float[Tensor, "edge 2 3"],
    segms_first_idx: Int[Tensor, " batch"],
    max_points: int,
) -> Float[Tensor, " point"]:
    """Squared distance from each point to the nearest segment; arguments as of `point_face_distance`."""
    return hull_distance(points, points_first_idx, segms, segms_first_idx, 0.0, True)


def edge_point_distance(
    points: Float[Tensor, "point 3"],
    points_first_idx: Int[Tensor, " batch"],
    segms: Float[Tensor, "edge 2 3"],
    segms_first_idx: Int[Tensor, " batch"],
    max_segms: int,
) -> Float[Tensor, " edge"]:
    """Squared distance from each segment to the nearest point; arguments as of `point_face_distance`."""
    return hull_distance(points, points_first_idx, segms, segms_first_idx, 0.0, False)


def point_mesh_edge_distance(meshes: Meshes, pcls: Pointclouds) -> Float[Tensor, ""]:
    """Mean squared distance of points to their nearest edge, plus that of edges to their nearest point.

    Means are taken over each mesh and cloud, then over the batch.

    Raises:
        ValueError: when the batches differ in size.
    """
    _require_same_size(meshes, pcls)
    points, points_first = pcls.points_packed(), _starts(pcls.cloud_to_packed_first_idx(), len(pcls))
    segms = meshes.verts_packed()[meshes.edges_packed()]
    sides = (points, points_first, segms, _starts(meshes.mesh_to_edges_packed_first_idx(), len(meshes)))
    return _mean_of_means(
        point_edge_distance(*sides, 0), pcls.packed_to_cloud_idx(), pcls.num_points_per_cloud()
    ) + _mean_of_means(
        edge_point_distance(*sides, 0), meshes.edges_packed_to_mesh_idx(), meshes.num_edges_per_mesh()
    )


def point_mesh_face_distance(
    meshes: Meshes, pcls: Pointclouds, min_triangle_area: float = _MIN_TRIANGLE_AREA
) -> Float[Tensor, ""]:
    """Mean squared distance of points to their nearest face, plus that of faces to their nearest point.

    Means are taken over each mesh and cloud, then over the batch. Faces smaller than `min_triangle_area`
    count by their three sides only.

    Raises:
        ValueError: when the batches differ in size.
    """
    _require_same_size(meshes, pcls)
    points, points_first = pcls.points_packed(), _starts(pcls.cloud_to_packed_first_idx(), len(pcls))
    tris = meshes.verts_packed()[meshes.faces_packed()]
    sides = (points, points_first, tris, _starts(meshes.mesh_to_faces_packed_first_idx(), len(meshes)))
    return _mean_of_means(
        point_face_distance(*sides, 0, min_triangle_area),
        pcls.packed_to_cloud_idx(),
        pcls.num_points_per_cloud(),
    ) + _mean_of_means(
        face_point_distance(*sides, 0, min_triangle_area),
        meshes.faces_packed_to_mesh_idx(),
        meshes.num_faces_per_mesh(),
    )


def _require_same_size(meshes: Meshes, pcls: Pointclouds) -> None:
    if len(meshes) != len(pcls):
        raise ValueError("meshes and pointclouds must be equal sized batches")


def _starts(first: Int[Tensor, " item"], batch: int) -> Int[Tensor, " batch"]:
    """Where each batch element begins; batches that hold nothing at all have no such table."""
    return first if len(first) == batch else first.new_zeros(batch)


def _mean_of_means(
    values: Float[Tensor, " item"], owner: Int[Tensor, " item"], counts: Int[Tensor, " batch"]
) -> Float[Tensor, ""]:
    """Mean of packed values over each batch element, then over the batch."""
    return (values / counts[owner]).sum() / max(len(counts), 1)
