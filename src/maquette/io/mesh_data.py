"""A mesh with its colours as plain arrays: what the strict reader and writer pass between formats.

Does without torch.
"""

from dataclasses import dataclass, replace

import numpy as np

from .errors import ParseError

_FAR = 64  # times the size: float32 then rounds by a few millionths of it


@dataclass(frozen=True, eq=False)
class MeshData:
    """One mesh. At most one of `verts_colors`, `faces_colors` and `picture` is given.

    Attributes:
        verts: (V, 3) float32, or float64 where a file has more digits; faces: (F, 3) int64.
        verts_colors: (V, 3), faces_colors: (F, 3), float32 sRGB in [0, 1].
        picture: (H, W, 3) float32 texture, first row at v = 1; uvs: (T, 2); faces_uvs: (F, 3) int64 into
        `uvs`.
    """

    verts: np.ndarray
    faces: np.ndarray
    verts_colors: np.ndarray | None = None
    faces_colors: np.ndarray | None = None
    picture: np.ndarray | None = None
    uvs: np.ndarray | None = None
    faces_uvs: np.ndarray | None = None

    def corner_colors(self) -> np.ndarray | None:
        """(F, 3, 3) colours at the faces' corners, or None."""
        colors: np.ndarray | None = None
        if self.verts_colors is not None:
            colors = self.verts_colors[self.faces]
        elif self.faces_colors is not None:
            colors = np.repeat(self.faces_colors[:, None], 3, axis=1)
        elif self.picture is not None and self.uvs is not None:
            colors = look_up(self.picture, self.uvs)[self.faces_uvs]
        return colors

    def vertex_colors(self) -> np.ndarray | None:
        """(V, 3) colours: each vertex takes the mean of its corners' colours. None without colours."""
        if self.verts_colors is not None:
            return self.verts_colors
        corners = self.corner_colors()
        if corners is None:
            return None
        total = np.zeros((len(self.verts), 3))
        np.add.at(total, self.faces.reshape(-1), corners.reshape(-1, 3))
        count = np.bincount(self.faces.reshape(-1), minlength=len(self.verts))[:, None]
        return np.where(count > 0, total / np.maximum(count, 1), 1).astype(np.float32)

    def unwelded(self) -> "MeshData":
        """The same surface with three vertices a face of its own and the colours on them."""
        colors = self.corner_colors()
        return MeshData(
            verts=self.verts[self.faces].reshape(-1, 3),
            faces=np.arange(3 * len(self.faces)).reshape(-1, 3),
            verts_colors=None if colors is None else colors.reshape(-1, 3),
        )


def near_origin(data: MeshData) -> tuple[MeshData, tuple[float, float, float]]:
    """A mesh moved to where float32 holds its shape, as coordinates of a map need it, and by how much it was moved.

    A mesh that is less than 64 times its size away from the origin stays where it is.

    Returns:
        The mesh, with the middle of its bounding box at the origin if it was far away; and where the origin then lies
        in the file's coordinates.
    """
    low, high = (f(data.verts, axis=0).astype(np.float64) for f in (np.min, np.max))
    if np.abs([low, high]).max() <= _FAR * np.linalg.norm(high - low):
        return data, (0.0, 0.0, 0.0)
    middle = (low + high) / 2
    x, y, z = middle.tolist()
    return replace(data, verts=(data.verts - middle).astype(np.float32)), (x, y, z)


def look_up(picture: np.ndarray, uvs: np.ndarray) -> np.ndarray:
    """Colours (T, 3) of a texture at (T, 2) places, between pixels bilinearly (0 and 1 are pixel centres)."""
    size = np.array(picture.shape[:2])
    at = np.clip(np.stack([1 - uvs[:, 1], uvs[:, 0]], axis=1), 0, 1) * (size - 1)
    low = np.floor(at).astype(np.int64)
    high = np.minimum(low + 1, size - 1)
    part = (at - low).astype(np.float32)[:, :, None]
    top = picture[low[:, 0], low[:, 1]] * (1 - part[:, 1]) + picture[low[:, 0], high[:, 1]] * part[:, 1]
    bottom = picture[high[:, 0], low[:, 1]] * (1 - part[:, 1]) + picture[high[:, 0], high[:, 1]] * part[:, 1]
    colors: np.ndarray = top * (1 - part[:, 0]) + bottom * part[:, 0]
    return colors


def check_mesh(data: MeshData) -> None:
    """Refuse a mesh that cannot be worked with.

    Raises:
        ParseError: no vertices, no faces, a coordinate that is not finite (in float32), indices out of range.
    """
    if len(data.verts) == 0:
        raise ParseError("the mesh has no vertices")
    if len(data.faces) == 0:
        raise ParseError("the mesh has no faces")
    with np.errstate(over="ignore"):
        finite = np.isfinite(data.verts.astype(np.float32, copy=False))
    if not finite.all():
        raise ParseError("a coordinate is not a finite number", f"vertex {np.argmin(finite.all(axis=1))}")
    if data.faces.min() < 0 or data.faces.max() >= len(data.verts):
        out = np.flatnonzero(((data.faces < 0) | (data.faces >= len(data.verts))).any(axis=1))
        raise ParseError(
            f"names vertex {_worst(data.faces[out[0]], len(data.verts))} of {len(data.verts)}",
            f"face {out[0]}",
        )
    if data.uvs is not None and data.faces_uvs is not None:
        out = np.flatnonzero(((data.faces_uvs < 0) | (data.faces_uvs >= len(data.uvs))).any(axis=1))
        if len(out):
            raise ParseError("a texture coordinate index is out of range", f"face {out[0]}")
        if not np.isfinite(data.uvs).all():
            raise ParseError("a texture coordinate is not a finite number")


def _worst(face: np.ndarray, count: int) -> int:
    return int(next(i for i in face if not 0 <= i < count))
