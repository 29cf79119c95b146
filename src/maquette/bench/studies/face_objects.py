"""Whole drawn objects, and scenes of them, that `face_finder` learns are no faces."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ...data import families
from ...data.mesh_folder import read_mesh_folder
from ...data.mesh_set import turned
from ...io import BadInput, load_mesh
from ...renderer.views import bounding_ball, cameras_from_r2n2, render_views
from ...structures import Meshes

_SIDE = 128  # pixels of a drawn object
_OF_FAMILY, _CARS = 4, 30  # objects of each family, and of that of cars
_VIEWS, _CAR_VIEWS = 2, 6
_WHEELED = {"car", "bus_truck", "vehicle", "train", "tank"}
_FACED = {"person", "animal", "robot", "fish", "toy", "helmet"}  # which may have faces of their own
_FREE = ("kenney", "kaykit", "quaternius_fbx")  # whose shapes are CC0

Array = np.ndarray


def draw_objects(rng: np.random.Generator, shapes: Path | None = None) -> Array:
    """(O, 128, 128, 4) objects from all sides, their colours and where they are opaque; half of them are vehicles.

    Args:
        rng: draws the sides.
        shapes: a folder of meshes, of whose training split those that are free for any use are drawn, too.
    """
    pictures = []
    for mesh, wheeled in (*_of_families(), *(_of_folder(shapes) if shapes else ())):
        count = _CAR_VIEWS if wheeled else _VIEWS
        center, radius = bounding_ball(mesh)
        mesh = mesh.offset_verts(-center).scale_verts(0.5 / radius)
        azimuth, elevation, ratio = (
            torch.from_numpy(rng.uniform(low, high, count)).float()
            for low, high in ((0, 360), (-5, 40), (0.5, 0.95))
        )
        seen = render_views(mesh, cameras_from_r2n2(azimuth, elevation, ratio), 2 * _SIDE, background=0.0)
        drawn = avg_pool2d(torch.cat([seen.images, seen.masks[:, None].float()], dim=1), 2)
        pictures.append(_filled(drawn))
    return np.concatenate(pictures)


def scene_of_objects(picture: Array, objects: Array, rng: np.random.Generator) -> Array:
    """A picture with one to three objects in it, each in other colours, from half as large as it to twice."""
    side = picture.shape[0]
    picture = picture.copy()
    for _ in range(int(rng.integers(1, 4))):
        drawn = objects[rng.integers(len(objects))]
        scale = side * np.exp(rng.uniform(np.log(0.5), np.log(2.2))) / _SIDE
        if scale < 0.75:
            drawn, scale = cv2.resize(drawn, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), 2 * scale
        turn = rng.normal(0, 0.06)
        matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        at = rng.uniform(0.1, 0.9, 2) * side
        move = np.concatenate([matrix, (at - matrix @ np.full(2, drawn.shape[0] / 2))[:, None]], axis=1)
        shown = cv2.warpAffine(drawn, move, (side, side), flags=cv2.INTER_LINEAR)
        alpha = shown[..., 3:]
        colours = shown[..., :3] / alpha.clip(1e-3)
        if rng.random() < 0.6:  # another paint, and what mirrors in it
            colours = colours * np.exp(rng.normal(0, 0.4, 3))
            shine = rng.random((int(rng.integers(2, 24)), int(rng.integers(2, 24)))).astype(np.float32)
            wide = cv2.resize(shine, (side, side), interpolation=cv2.INTER_CUBIC)
            colours = colours + (wide[..., None] - 0.5) * rng.uniform(0, 0.6)
        picture += (colours.clip(0, 1) - picture) * alpha
    return np.asarray(picture, np.float32)


def _of_families() -> Iterator[tuple[Meshes, bool]]:
    for name in families.NAMES:
        for seed in range(_CARS if name == "car" else _OF_FAMILY):
            mesh = families.make(name, seed).mesh
            assert mesh is not None
            yield mesh, name == "car"


def _of_folder(folder: Path) -> Iterator[tuple[Meshes, bool]]:
    for one in read_mesh_folder(folder):
        entry = one.entry
        free = str(entry.source).startswith(_FREE)
        if entry.split == "train" and free and entry.category not in _FACED:
            with suppress(BadInput):
                yield turned(load_mesh(one.path, root=one.root), one.axes), entry.category in _WHEELED


def _filled(drawn: Tensor) -> Array:
    """Cut to the square around each object; (N, 128, 128, 4)."""
    cut: Sequence[Array] = [_square(one) for one in drawn.permute(0, 2, 3, 1).numpy()]
    return np.stack(cut)


def _square(drawn: Array) -> Array:
    rows, columns = np.nonzero(drawn[..., 3] > 0.5)
    if len(rows) == 0:
        return drawn
    middle = (columns.min() + columns.max() + 1) / 2, (rows.min() + rows.max() + 1) / 2
    scale = 0.94 * _SIDE / (max(np.ptp(rows), np.ptp(columns)) + 1)
    move = np.array([[scale, 0, _SIDE / 2 - scale * middle[0]], [0, scale, _SIDE / 2 - scale * middle[1]]])
    return np.asarray(cv2.warpAffine(drawn, move, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR))
