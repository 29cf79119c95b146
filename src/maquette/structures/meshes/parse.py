"""What the constructor of `Meshes` is given, checked and brought into one shape."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..utils import padded_to_packed


@dataclass
class MeshInput:
    """Vertices and faces in the form they were given, with the sizes of every mesh."""

    device: torch.device
    verts_counts: list[int]
    faces_counts: list[int]
    verts_list: list[Tensor] | None = None
    faces_list: list[Tensor] | None = None
    verts_padded: Tensor | None = None
    faces_padded: Tensor | None = None


def parse_verts_faces(verts: list[Tensor] | Tensor, faces: list[Tensor] | Tensor) -> MeshInput:
    """Check vertices and faces given as lists or padded tensors.

    Raises:
        ValueError: neither two lists nor two tensors; different lengths or devices; wrong last axis; padding of
            faces that is not at the end; a face of a vertex that its mesh does not have.
    """
    if isinstance(verts, list) and isinstance(faces, list):
        return _parse_lists(verts, faces)
    if torch.is_tensor(verts) and torch.is_tensor(faces):
        return _parse_padded(verts, faces)
    raise ValueError(
        "Verts and Faces must be either a list or a tensor with shape (batch_size, N, 3)"
        " where N is either the maximum number of verts or faces respectively."
    )


def _parse_lists(verts: list[Tensor], faces: list[Tensor]) -> MeshInput:
    if not verts:
        return MeshInput(torch.device("cpu"), [], [], verts_list=verts, faces_list=[])
    _check_lengths(verts, faces)
    device = verts[0].device
    if any(item.device != device for item in (*verts, *faces)):
        raise ValueError("All Verts and Faces tensors should be on same device.")
    if any(len(item) > 0 and item.shape[1:] != (3,) for item in (*verts, *faces)):
        raise ValueError("Verts or Faces tensors have incorrect dimensions.")
    kept = [_without_padding(f, len(v)) for v, f in zip(verts, faces, strict=True)]
    return MeshInput(
        device, [len(v) for v in verts], [len(f) for f in kept], verts_list=verts, faces_list=kept
    )


def _check_lengths(verts: list[Tensor] | Tensor, faces: list[Tensor] | Tensor) -> None:
    if len(verts) != len(faces):
        raise ValueError(f"Verts and Faces must have the same length, got {len(verts)} and {len(faces)}.")


def _without_padding(faces: Tensor, num_verts: int) -> Tensor:
    """Faces as int64 without rows that hold a negative index; the same tensor when there are none."""
    faces = faces.to(torch.int64)
    if _is_unpadded(faces, num_verts):
        return faces
    return faces[(faces >= 0).all(1)]


def _is_unpadded(faces: Tensor, num_verts: int) -> bool:
    """Whether no index is negative; kernels read vertices by these numbers without looking at them again."""
    if faces.numel() == 0:
        return True
    low, high = (int(bound) for bound in faces.aminmax())
    if high >= num_verts:
        raise ValueError(f"A face has vertex {high}, but its mesh has {num_verts} vertices.")
    return low >= 0


def _parse_padded(verts: Tensor, faces: Tensor) -> MeshInput:
    if verts.shape[2] != 3 or faces.shape[2] != 3:
        raise ValueError("Verts or Faces tensors have incorrect dimensions.")
    if verts.device != faces.device:
        raise ValueError(
            f"Verts and Faces tensors should be on same device. \n Got {verts.device} and {faces.device}."
        )
    _check_lengths(verts, faces)
    faces = faces.to(torch.int64)
    num_meshes, num_verts = verts.shape[:2]
    counts = _count_padded_faces(faces, num_verts)
    return MeshInput(verts.device, [num_verts] * num_meshes, counts, verts_padded=verts, faces_padded=faces)


def _count_padded_faces(faces: Tensor, num_verts: int) -> list[int]:
    if _is_unpadded(faces, num_verts):
        return [faces.shape[1]] * faces.shape[0]
    real = (faces >= 0).all(2)
    if bool((~real[:, :-1] & real[:, 1:]).any()):
        raise ValueError("Padding of faces must be at the end")
    return real.sum(1).tolist()


def parse_verts_normals(verts_normals: list[Tensor] | Tensor, verts_counts: list[int]) -> Tensor:
    """Check given vertex normals and pack them.

    Raises:
        ValueError: neither list nor tensor, or shapes that do not fit the vertices.
    """
    if isinstance(verts_normals, list):
        fits = len(verts_normals) == len(verts_counts) and all(
            isinstance(item, Tensor) and item.shape == (count, 3)
            for item, count in zip(verts_normals, verts_counts, strict=True)
        )
        if not fits:
            raise ValueError("Invalid verts_normals input")
        return torch.cat(verts_normals, 0)
    if torch.is_tensor(verts_normals):
        if verts_normals.ndim != 3 or verts_normals.shape[2] != 3 or len(verts_normals) != len(verts_counts):
            raise ValueError("Vertex normals tensor has incorrect dimensions.")
        return padded_to_packed(verts_normals, split_size=verts_counts)
    raise ValueError("verts_normals must be a list or tensor")
