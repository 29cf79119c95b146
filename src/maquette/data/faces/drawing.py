"""Pictures of people, with what is true of them: from coefficients through the kernels to a batch's truth."""

import math

import numpy as np
import torch
from torch import Tensor

from ...kernels.blend_shapes import blend_shapes
from ...kernels.draw_smooth import SmoothShapes, draw_smooth
from ...kernels.lanes import Lanes, in_lanes
from ...kernels.paint_layers import paint_layers
from ...kernels.smooth_normals import smooth_normals
from ..batch import Truth
from .model import STEP, FaceModel
from .people import People
from .takes import Takes

FIELD_OF_VIEW = 10.0  # degrees between the middles of the outermost pixels, as in Unsup3D
MIDDLE = (0.0, 1.0, 6.5)  # of the head, in its frame, where Unsup3D's views turn it: at depth 1
_TO_DRAW = np.array([1.0, -1.0, -1.0])  # from OpenCV's axes to right, up and back
_TO_CAMERA = (-1.0, 1.0, -1.0)  # from there to PyTorch3D's axes


def draw_faces(people: People, takes: Takes, model: FaceModel, size: int) -> tuple[Tensor, Truth]:
    """Draw a picture of each of P people.

    Args:
        people: one a picture.
        takes: how each is taken.
        model: the head, on the device that draws.
        size: pixels a side, >= 2.

    Returns:
        (P, 3, size, size) pictures in [0, 1], and the truth with one view each: masks, depth, normals, albedo,
        lights, poses and windows.
    """
    device = model.mean.device
    turns = rotations(takes.pose[:, :3])
    towards = _turned(turns, takes.light[:, 2:])
    shapes = _shapes(people, takes, turns, towards, model, size)
    drawn = draw_smooth(shapes, size)
    to_camera = torch.tensor(_TO_CAMERA, device=device)
    lights = np.concatenate([takes.light[:, :2], towards * np.array(_TO_CAMERA)], axis=1)
    truth = Truth(
        masks=drawn.alpha[:, None, None],
        depth=drawn.depth[:, None, None],
        normals=(drawn.normals * to_camera[:, None, None])[:, None],
        albedo=drawn.albedo[:, None],
        lights=_tensor(lights, device)[:, None],
        poses=_tensor(takes.pose, device)[:, None],
        windows=shapes.window[:, None],
    )
    return drawn.images, truth


def landmarks_of(people: People, takes: Takes, model: FaceModel, size: int) -> Tensor:
    """(P, 68, 2) columns and rows of the 68 landmarks in pixels of such pictures, hidden or not."""
    turns = rotations(takes.pose[:, :3])
    marks = (in_lanes(rows[model.landmarks]) for rows in (model.mean, model.deltas))
    at = _posed(people, takes, turns, *marks)
    focal, _, middle, _ = window_of(size)
    return middle + focal * torch.stack([at[..., 0], -at[..., 1]], dim=-1) / (1 - at[..., 2:])


def rotations(angles: np.ndarray) -> np.ndarray:
    """Unsup3D's rotations R = Rz Ry Rx in the axes that drawing uses: right, up, back.

    Args:
        angles: (P, 3) about x (right), y (down) and z (away from the camera), in radians.

    Returns:
        (P, 3, 3) for columns.
    """
    (a, b, c), one, none = angles.T, np.ones(len(angles)), np.zeros(len(angles))
    x = [one, none, none, none, np.cos(a), -np.sin(a), none, np.sin(a), np.cos(a)]
    y = [np.cos(b), none, np.sin(b), none, one, none, -np.sin(b), none, np.cos(b)]
    z = [np.cos(c), -np.sin(c), none, np.sin(c), np.cos(c), none, none, none, one]
    about_x, about_y, about_z = (np.stack(rows, axis=1).reshape(-1, 3, 3) for rows in (x, y, z))
    return np.asarray(_TO_DRAW[:, None] * _product(_product(about_z, about_y), about_x) * _TO_DRAW)


def window_of(size: int) -> tuple[float, float, float, float]:
    """Focal lengths and place of the optical axis in pixels of the camera of Unsup3D."""
    focal = (size - 1) / 2 / math.tan(math.radians(FIELD_OF_VIEW / 2))
    return focal, focal, size / 2, size / 2


def _shapes(
    people: People, takes: Takes, turns: np.ndarray, towards: np.ndarray, model: FaceModel, size: int
) -> SmoothShapes:
    device = model.mean.device
    verts = _posed(people, takes, turns, model.drawn.mean, model.drawn.deltas)
    paint = (_tensor(part, device) for part in people[1:])
    return SmoothShapes(
        verts=verts,
        normals=smooth_normals(verts, model.faces, *model.around),
        colours=paint_layers(model.drawn.layers, *paint),
        faces=model.faces,
        window=torch.tensor(window_of(size), device=device).expand(len(verts), 4).contiguous(),
        light=_tensor(np.concatenate([towards, takes.light[:, 1:2]], axis=1), device),
        ambient=_tensor(takes.light[:, 0], device),
        kind=torch.from_numpy(takes.kind.astype(np.int32)).to(device),
        behind=_tensor(takes.behind, device),
        pattern=_tensor(takes.pattern, device),
        grain=torch.from_numpy(takes.grain).to(device),
    )


def _posed(people: People, takes: Takes, turns: np.ndarray, mean: Lanes, deltas: Lanes) -> Tensor:
    """Vertices as drawing takes them: the camera at 1 on the z axis, x to the right, y up."""
    device = mean.device
    matrices = turns * takes.scale[:, None, None]
    shifts = takes.pose[:, 3:] * _TO_DRAW - _turned(matrices, np.broadcast_to(MIDDLE, (len(turns), 3)))
    coefficients = _tensor(np.concatenate([people.identity, takes.expression], axis=1), device)
    move = _tensor(matrices, device), _tensor(shifts, device)
    return blend_shapes(mean, deltas, STEP, coefficients, *move)


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Products of matrices, summed in one order whatever their number."""
    return np.asarray(
        a[:, :, 0, None] * b[:, None, 0] + a[:, :, 1, None] * b[:, None, 1] + a[:, :, 2, None] * b[:, None, 2]
    )


def _turned(matrices: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return _product(matrices, columns[:, :, None])[..., 0]


def _tensor(array: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32)).to(device)
