"""A flat picture of a mesh's surface: charts cut and packed by xatlas, and the place on the mesh of every texel."""

import importlib.util
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..renderer.mesh import rasterize_meshes
from ..structures import Meshes

PACKAGE = "xatlas"
_PADDING = 4  # texels between charts, of an atlas of about a thousand


class Atlas(NamedTuple):
    """Where a mesh's faces lie in a texture.

    Attributes:
        uvs: places in [0, 1], v upwards.
        faces_uvs: for each corner of a face a row of `uvs`.
        size: (height, width) of the texture in texels.
    """

    uvs: Float[Tensor, "place 2"]
    faces_uvs: Int[Tensor, "face 3"]
    size: tuple[int, int]


class Texels(NamedTuple):
    """What the texels of an atlas show.

    Attributes:
        covered: those whose centre lies in a face.
        face: which one, for each covered texel, row by row.
        bary: barycentric coordinates of its centre there.
    """

    covered: Bool[Tensor, "height width"]
    face: Int[Tensor, " texel"]
    bary: Float[Tensor, "texel 3"]

    def of(self, corners: Float[Tensor, "face 3 channel"]) -> Float[Tensor, "texel channel"]:
        """Values at the texels of what is known at the corners of faces."""
        return (self.bary[:, :, None] * corners[self.face]).sum(dim=1)


def can_unwrap() -> bool:
    """Whether xatlas is installed."""
    return importlib.util.find_spec(PACKAGE) is not None


def unwrap(mesh: Meshes, size: int) -> Atlas:
    """Cut the surface of a mesh into charts that lie flat without overlapping.

    Args:
        mesh: one mesh.
        size: texels along the texture's longer side.

    Returns:
        The atlas; faces keep their order, so that the mesh needs no vertices more.

    The work is done by the library xatlas (Young, after Lévy et al., "Least Squares Conformal Maps", 2002).
    """
    import xatlas

    verts = np.ascontiguousarray(mesh.verts_packed().detach().cpu().numpy(), dtype=np.float32)
    faces = np.ascontiguousarray(mesh.faces_packed().cpu().numpy(), dtype=np.uint32)
    low, high = verts.min(axis=0), verts.max(axis=0)
    atlas, pack = xatlas.Atlas(), xatlas.PackOptions()
    pack.padding = _PADDING
    atlas.add_mesh((verts - low) / max(float((high - low).max()), 1e-12), faces)
    atlas.generate(xatlas.ChartOptions(), pack)
    _, index, uvs = atlas[0]
    longest = max(atlas.width, atlas.height)
    shape = (max(round(size * atlas.height / longest), 1), max(round(size * atlas.width / longest), 1))
    places = torch.from_numpy(uvs.astype(np.float32)).to(mesh.device)
    return Atlas(places, torch.from_numpy(index.astype(np.int64)).to(mesh.device), shape)


def find_texels(atlas: Atlas) -> Texels:
    """Which face lies under the centre of every texel, and where."""
    height, width = atlas.size
    extent = atlas.uvs.new_tensor([width, height]) / min(height, width)
    flat = (2 * atlas.uvs - 1) * extent
    flat = torch.stack([-flat[:, 0], flat[:, 1], torch.ones_like(flat[:, 0])], dim=1)
    sheet = Meshes([flat], [atlas.faces_uvs])
    face, _, bary, _ = rasterize_meshes(sheet, (height, width), perspective_correct=False)
    covered = face[0, :, :, 0] >= 0
    return Texels(covered, face[0, :, :, 0][covered], bary[0, :, :, 0][covered])
