"""Parametric shape families: the built-in data set, unlimited by seed, with nothing to download.

Each family is a file with a dataclass of `parameters` that say what they mean and which values they take,
`draw(rng)`, which draws them, and `build(params)`, which gives closed parts. A new family is a file and a line in
`_FAMILIES`.
"""

from collections.abc import Iterator, Sequence
from types import ModuleType
from zlib import crc32

import numpy as np
import torch

from ...structures import Meshes
from ...structures.shape import Shape
from ...structures.textures_vertex import TexturesVertex
from ..splits import split_of
from . import bed, bench, bottle, cabinet, car, chair, lamp, mug, plane, shelf, sofa, stool, table
from .part import Part

_FAMILIES: dict[str, ModuleType] = {
    "chair": chair,
    "table": table,
    "shelf": shelf,
    "cabinet": cabinet,
    "sofa": sofa,
    "bed": bed,
    "lamp": lamp,
    "bench": bench,
    "stool": stool,
    "mug": mug,
    "bottle": bottle,
    "car": car,
    "plane": plane,
}
NAMES = tuple(_FAMILIES)


def family(name: str) -> ModuleType:
    """The module of a family, with its `draw(rng)` and `build(params)`.

    Raises:
        ValueError: an unknown family.
    """
    if name not in _FAMILIES:
        raise ValueError(f"unknown family {name!r}; known are {', '.join(NAMES)}")
    return _FAMILIES[name]


def make_parts(name: str, seed: int) -> list[Part]:
    """Parts of one shape, in metres, in the family's own frame: Y up, front +Z.

    Args:
        name: a word of `NAMES`.
        seed: number of the shape, >= 0; the same one gives the same shape.

    Raises:
        ValueError: an unknown family, or a negative seed.
    """
    module = family(name)
    if seed < 0:
        raise ValueError(f"the seed must be 0 or more, got {seed}")
    rng = np.random.Generator(np.random.PCG64([crc32(name.encode()), seed]))
    parts: list[Part] = module.build(module.draw(rng))
    return parts


def make(name: str, seed: int) -> Shape:
    """One shape in the object frame, its mesh coloured by vertices.

    Its parts, in the order of `make_parts`, are closed and share no vertices, so that they are the mesh's
    connected components; each has one colour.

    Args:
        name: a word of `NAMES`.
        seed: number of the shape, >= 0; the same one gives the same shape.

    Returns:
        Shape with the id "<name>-<seed>", at least six digits, the category `name`, and a split by a hash of
        its id: 80 % "train", 10 % "val", 10 % "test". Its file's unit is the metre.

    Raises:
        ValueError: as `make_parts`.
    """
    parts = make_parts(name, seed)
    verts = np.concatenate([part.solid.verts for part in parts])
    counts = [len(part.solid.verts) for part in parts]
    starts = np.cumsum([0, *counts[:-1]]).tolist()
    faces = np.concatenate([part.solid.faces + at for part, at in zip(parts, starts, strict=True)])
    colours = np.repeat(np.array([part.material.colour for part in parts]), counts, axis=0)
    low, high = verts.min(0), verts.max(0)
    middle, scale = (low + high) / 2, 1 / float(np.sqrt(((high - low) ** 2).sum()))
    mesh = Meshes(
        [torch.from_numpy(((verts - middle) * scale).astype(np.float32))],
        [torch.from_numpy(faces)],
        TexturesVertex([torch.from_numpy(colours.astype(np.float32))]),
    )
    x, y, z = middle.tolist()
    id = f"{name}-{seed:06d}"
    return Shape(id, name, mesh, split=split_of(id), scale=scale, shift=(x, y, z))


def shapes(count: int, seed: int = 0, names: Sequence[str] = NAMES) -> Iterator[Shape]:
    """Shapes of the families in turn, without end of different ones.

    Args:
        count: of shapes.
        seed: of the first shape of every family, >= 0; the shapes of one family have consecutive seeds.
        names: words of `NAMES`.

    Raises:
        ValueError: as `make_parts`.
    """
    for i in range(count):
        yield make(names[i % len(names)], seed + i // len(names))
