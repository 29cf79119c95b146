"""Rooms that do not exist, each with an object in its middle: what `photo_scenes` takes its pictures of.

All is made of things whose faces know their colour and their covering: a square picture that is laid along the axis
that a face is nearest to facing, as wallpaper is, so that nothing needs texture coordinates.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Literal

import cv2
import numpy as np

from ...data import families
from ...data.drawn_grounds import leaves, noise_of
from ...io import load_mesh
from ...renderer import TexturesUV
from ...structures import Meshes

TEXELS = 2048  # of a covering, a side
_TABLE, _THICK, _BELOW = (
    (1.5, 1.2),
    0.06,
    1.0,
)  # half sides of a table, its thickness, the floor below its top
_ROOM, _HIGH = 4.6, 3.2  # half side and height of a room
_SQUARES = 12  # along each side of a large face
_STRONG, _WEAK = 0.8, 0.35  # how much coverings of floors and walls show
_PALE = 0.45  # how much of their colour coverings keep
_LARGE = ("sofa", "cabinet", "bed", "shelf", "table")
_SMALL = ("mug", "bottle", "stool", "car")

Array = np.ndarray
Place = tuple[float, float, float]
Covering = Literal["leaves", "wood", "grain", "tiles"]


@dataclass(frozen=True)
class SceneKind:
    """What one scene is like.

    Attributes:
        name: of the scene.
        object: "fox", or a family and a seed, such as "chair 3".
        covering: of the object.
        strength: how much that shows, in [0, 1].
        on_table: whether it stands on a table, else on the floor.
        upright: whether pictures are higher than wide.
        exif: whether pictures say their focal length.
        repeats: whether the table's cover repeats, which structure from motion takes for the same place.
    """

    name: str
    object: str
    covering: Covering
    strength: float
    on_table: bool = True
    upright: bool = False
    exif: bool = False
    repeats: bool = False


KINDS = (
    SceneKind("mug", "mug 2", "leaves", 0.9, exif=True, repeats=True),
    SceneKind("fox", "fox", "grain", 0.3, on_table=False),
    SceneKind("chair", "chair 0", "wood", 0.4, on_table=False, upright=True, exif=True),
    SceneKind("shelf", "shelf 2", "wood", 0.5, on_table=False, upright=True),
    SceneKind("car", "car 0", "grain", 0.05, exif=True),
    SceneKind("plane", "plane 4", "grain", 0.4),
)


@dataclass(frozen=True, eq=False)
class Thing:
    """Something in a room.

    Attributes:
        verts: (V, 3) in the room, +Y up; the object stands around the origin of y = 0, its diagonal is 1.
        faces: (F, 3).
        local: (V, 3) where vertices are for its covering, which repeats after 1.
        colours: (F, 3) in [0, 1].
        covering: number of its covering.
        strength: how much that shows, in [0, 1].
    """

    verts: Array
    faces: Array
    local: Array
    colours: Array
    covering: int
    strength: float


@dataclass(frozen=True, eq=False)
class Room:
    """Things, the object first, and the coverings that they have, (K, TEXELS, TEXELS, 3) in [0, 1]."""

    things: tuple[Thing, ...]
    coverings: Array


def make_room(kind: SceneKind, seed: int) -> Room:
    """The object, what it stands on, a room and a few other things.

    Args:
        kind: what is wanted.
        seed: of all that is drawn.
    """
    rng = np.random.Generator(np.random.Philox(key=[seed, 0]))
    coverings = [covering(kind.covering, rng), covering("grain", rng)]
    coverings += [covering(name, rng) for name in ("leaves", "wood", "tiles", "leaves")]
    things = [_object(kind), *_walls(kind, rng), *_others(kind, rng)]
    return Room(tuple(things), np.stack(coverings))


def covering(name: Covering, rng: np.random.Generator) -> Array:
    """(TEXELS, TEXELS, 3) of mean about a half."""
    grain = np.mean([_wide(noise_of(TEXELS // 4, rng)) for _ in range(3)], axis=0)
    grain = (grain - grain.mean()) / max(grain.std(), 1e-6)
    fine = _wide(rng.normal(0, 1, (TEXELS // 3, TEXELS // 3)).astype(np.float32))[..., None]
    if name == "grain":
        made = 0.5 + 0.16 * grain + 0.1 * fine
    elif name == "wood":
        long = _wide(rng.normal(0, 1, (12, TEXELS // 4)).astype(np.float32))[..., None]
        made = 0.5 + 0.13 * long + 0.06 * grain + 0.05 * fine
    elif name == "tiles":
        lines = np.arange(TEXELS) * 18 % TEXELS < 0.06 * TEXELS
        shades = np.repeat(
            np.repeat(rng.normal(0.5, 0.12, (18, 18, 3)), TEXELS // 18 + 1, 0), TEXELS // 18 + 1, 1
        )
        made = shades[:TEXELS, :TEXELS] + 0.08 * grain + 0.06 * fine
        made = np.where((lines | lines[:, None])[..., None], 0.8, made)
    else:
        rows = [np.concatenate([leaves(TEXELS // 8, rng) for _ in range(8)], axis=1) for _ in range(8)]
        made = np.concatenate(rows) + 0.03 * fine
    grey = made.mean(axis=2, keepdims=True)
    pale = grey + (made - grey) * (0.1 if name == "wood" else _PALE)
    return np.asarray(np.broadcast_to(pale - pale.mean() + 0.5, (TEXELS, TEXELS, 3)).clip(0, 1), np.float32)


def _wide(noise: Array) -> Array:
    return np.asarray(cv2.resize(noise, (TEXELS, TEXELS), interpolation=cv2.INTER_CUBIC))


def _object(kind: SceneKind) -> Thing:
    verts, faces, colours = _shape(kind.object)
    return Thing(_standing(verts, 1.0), faces, 1.2 * verts, colours, 0, kind.strength)


def _shape(name: str) -> tuple[Array, Array, Array]:
    """Vertices with the diagonal 1, faces, and a colour a face."""
    if name == "fox":
        with as_file(files("maquette") / "assets" / "fox.obj") as path:
            mesh = load_mesh(path)
    else:
        family, number = name.split()
        made = families.make(family, int(number)).mesh
        if made is None:
            raise ValueError(f"{name} has no mesh")
        mesh = made
    verts = mesh.verts_packed().double().numpy()
    return verts / np.linalg.norm(np.ptp(verts, axis=0)), mesh.faces_packed().numpy(), _face_colours(mesh)


def _face_colours(mesh: Meshes) -> Array:
    """(F, 3) in the middle of each face."""
    if mesh.textures is None:
        return np.full((len(mesh.faces_packed()), 3), 0.6)
    if isinstance(mesh.textures, TexturesUV):
        picture, uv = mesh.textures.maps_padded()[0].numpy(), mesh.textures.verts_uvs_padded()[0]
        at = uv[mesh.textures.faces_uvs_padded()[0]].mean(1).numpy() % 1
        rows, columns = picture.shape[:2]
        return np.asarray(
            picture[((1 - at[:, 1]) * (rows - 1)).astype(int), (at[:, 0] * (columns - 1)).astype(int)]
        )
    return np.asarray(mesh.textures.faces_verts_textures_packed(mesh.faces_packed()).mean(1).numpy())


def _standing(verts: Array, size: float, turn_deg: float = 0.0, place: Place = (0, 0, 0)) -> Array:
    """Vertices of a thing that stands somewhere."""
    low, high = verts.min(0), verts.max(0)
    middle = np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2])
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return np.asarray(size * (verts - middle) @ turn.T + place)


def _walls(kind: SceneKind, rng: np.random.Generator) -> Iterator[Thing]:
    """Table, floor, walls and ceiling."""
    floor = -_BELOW if kind.on_table else 0.0
    colours = 0.55 + 0.3 * rng.random((4, 1)) + 0.1 * rng.random((4, 3))
    if kind.on_table:
        (x, z), wood = _TABLE, colours[0] * (1.0, 0.85, 0.65)
        repeat = 1.2 if kind.repeats else 2 * x
        yield _sheet((-x, 0, -z), (2 * x, 0, 0), (0, 0, 2 * z), wood, 3, _STRONG, repeat)
        for corner, along in _around(x, z, 0):
            yield _sheet(corner, along, (0, -_THICK, 0), wood, 3, _STRONG)
        yield _sheet((-0.1, -_BELOW, 0), (0.2, 0, 0), (0, _BELOW, 0), wood, 3, _STRONG)
    r, top = _ROOM, floor + _HIGH
    yield _sheet((-r, floor, -r), (2 * r, 0, 0), (0, 0, 2 * r), 0.8 * colours[1], 2, _STRONG)
    yield _sheet((-r, top, -r), (2 * r, 0, 0), (0, 0, 2 * r), np.full(3, 0.9), 1, 0.1)
    for k, (corner, along) in enumerate(_around(r, r, floor)):
        yield _sheet(corner, along, (0, _HIGH, 0), colours[2 + k % 2], 4 + k % 2, _WEAK)


def _around(x: float, z: float, y: float) -> tuple[tuple[Place, Place], ...]:
    """Corners of a level rectangle of these half sides, each with the way to the next one."""
    return (
        ((-x, y, -z), (2 * x, 0, 0)),
        ((x, y, -z), (0, 0, 2 * z)),
        ((x, y, z), (-2 * x, 0, 0)),
        ((-x, y, z), (0, 0, -2 * z)),
    )


def _sheet(
    corner: Place,
    along: Place,
    up: Place,
    colour: Array,
    covered: int,
    strength: float,
    repeat: float = 2 * _ROOM,
) -> Thing:
    """A parallelogram of small triangles; none is cut by a camera's near plane far from it."""
    steps = np.linspace(0, 1, _SQUARES + 1)
    a, b = np.meshgrid(steps, steps, indexing="ij")
    verts = np.array(corner) + a.reshape(-1, 1) * np.array(along) + b.reshape(-1, 1) * np.array(up)
    n = _SQUARES + 1
    first = (np.arange(_SQUARES)[:, None] * n + np.arange(_SQUARES)).reshape(-1, 1)
    faces = np.concatenate([first + np.array([0, 1, n]), first + np.array([1, n + 1, n])])
    return Thing(verts, faces, verts / repeat, np.tile(colour, (len(faces), 1)), covered, strength)


def _others(kind: SceneKind, rng: np.random.Generator) -> Iterator[Thing]:
    """Small things around the object, large ones along the walls."""
    floor = -_BELOW if kind.on_table else 0.0
    first = rng.uniform(0, 360)
    for k in range(3):
        angle, away = np.radians(first + 120 * k + rng.uniform(-30, 30)), rng.uniform(0.95, 1.1)
        place = (away * np.sin(angle), 0.0, away * np.cos(angle))
        yield _other(_SMALL, rng.uniform(0.25, 0.4), place, rng)
    for k in range(6):
        angle, away = np.radians(60 * k + rng.uniform(-15, 15)), rng.uniform(3.4, 4.0)
        yield _other(_LARGE, rng.uniform(1.2, 2.0), (away * np.sin(angle), floor, away * np.cos(angle)), rng)


def _other(names: tuple[str, ...], size: float, place: Place, rng: np.random.Generator) -> Thing:
    verts, faces, colours = _shape(f"{names[rng.integers(len(names))]} {rng.integers(100, 200)}")
    there = _standing(verts, size, rng.uniform(0, 360), place)
    return Thing(there, faces, verts, colours, int(rng.integers(1, 4)), float(rng.uniform(0.1, 0.6)))
