"""`FaceModel`: the head that all synthetic faces are shapes of, as it lies in `assets/faces.npz`."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int, Int16, UInt8
from torch import Tensor

from ...kernels.lanes import Lanes, in_lanes

STEP = 0.0005  # of deltas, in centimetres
LAYERS = (
    *("broad", "other broad", "fine", "other fine", "freckles"),
    *("flush", "sockets", "beard", "lips", "brows", "hair", "lashes"),
    *("sclera", "iris", "limbus", "pupil", "teeth", "mouth"),
)


class Links(NamedTuple):
    """Faces around each vertex: those of vertex v are `faces[starts[v]:starts[v + 1]]`."""

    starts: Int[Tensor, " vert_and_one"]
    faces: Int[Tensor, " corner"]


class Drawn(NamedTuple):
    """The head in lanes: mean, deltas and layers as `FaceModel` has them."""

    mean: Lanes
    deltas: Lanes
    layers: Lanes


@dataclass(frozen=True, eq=False)
class FaceModel:
    """A head whose vertices are linear in who it is and what it does, and where on it which paint goes.

    Its frame: x to the person's left, y up, z to the front, in centimetres.

    Attributes:
        mean: of vertices.
        deltas: of vertices for one unit of each shape, in units of `STEP`: first identity (a standard deviation
            each), then expression (from none, 0, to full, 1).
        faces: counter-clockwise from outside.
        around: faces around each vertex.
        layers: how much of each of `LAYERS` a vertex has, in units of 1 / 255.
        landmarks: vertices at the 68 landmarks of iBUG 300-W.
        expressions: names of the shapes of expression.
        drawn: as kernels read it.
    """

    mean: Float[Tensor, "vert 3"]
    deltas: Int16[Tensor, "vert shape 3"]
    faces: Int[Tensor, "face 3"]
    around: Links
    layers: UInt8[Tensor, "vert layer"]
    landmarks: Int[Tensor, "68"]
    expressions: tuple[str, ...]
    drawn: Drawn

    @property
    def identities(self) -> int:
        """How many shapes are identity's."""
        return self.deltas.shape[1] - len(self.expressions)

    def to(self, device: torch.device) -> "FaceModel":
        """The same on another device."""
        tensors = (self.mean, self.deltas, self.faces, self.layers, self.landmarks)
        mean, deltas, faces, layers, landmarks = (tensor.to(device) for tensor in tensors)
        around = Links(*(part.to(device) for part in self.around))
        drawn = Drawn(*(part.to(device) for part in self.drawn))
        return FaceModel(mean, deltas, faces, around, layers, landmarks, self.expressions, drawn)


@cache
def load_model() -> FaceModel:
    """The head that ships: the front of the ICT face model's, with teeth and a closed mouth."""
    with (
        as_file(files("maquette") / "assets" / "faces.npz") as path,
        np.load(path) as npz,
    ):
        arrays = {name: npz[name] for name in npz.files}
    faces, mean, layers = (torch.from_numpy(arrays[name]) for name in ("faces", "mean", "layers"))
    deltas = torch.from_numpy(np.concatenate([arrays["identity"], arrays["expression"]], axis=1))
    return FaceModel(
        mean,
        deltas,
        faces.int(),
        _around(faces, len(mean)),
        layers,
        torch.from_numpy(arrays["landmarks"].astype(np.int64)),
        tuple(str(name) for name in arrays["expression_names"]),
        Drawn(*(in_lanes(rows) for rows in (mean, deltas, layers))),
    )


def _around(faces: Tensor, verts: int) -> Links:
    corners = faces.flatten().long()
    order = corners.argsort(stable=True)
    starts = torch.zeros(verts + 1, dtype=torch.int32)
    starts[1:] = corners.bincount(minlength=verts).cumsum(0)
    return Links(starts, (order // 3).int())
