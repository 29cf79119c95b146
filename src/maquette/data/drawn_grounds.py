"""Pictures of places that do not exist, to put behind objects: leaves, rooms, and either with things in them."""

import cv2
import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from .ground_things import Array, things_of

SIDE = 192


def draw_grounds(count: int, seed: int = 0) -> UInt8[Tensor, "ground side side 3"]:
    """Pictures of `SIDE` pixels; the first n of more are those of n.

    A third shows leaves upon each other, two thirds a floor before a wall. A third of all are about something: one or
    two things, or a face, so large that the picture's edge may cut them; half have one to six small things somewhere,
    each with a shadow below. Lamps light them unevenly, colours are pale, some are out of focus.

    Args:
        count: how many.
        seed: of all that is drawn.
    """
    things = things_of(SIDE)
    return torch.stack([torch.from_numpy(_ground(seed, place, things)) for place in range(count)])


def _ground(seed: int, place: int, things: Array) -> Array:
    rng = np.random.Generator(np.random.Philox(key=[seed, place]))
    picture = leaves(SIDE, rng) if rng.random() < 1 / 3 else _room(rng)
    large = int(rng.integers(1, 3)) if rng.random() < 1 / 3 else 0
    small = int(rng.integers(1, 7)) if rng.random() < 1 / 2 else 0
    for share in [*rng.uniform(0.7, 2.2, large), *rng.uniform(0.12, 0.6, small)]:
        picture = _with_thing(picture, things[rng.integers(len(things))], round(share * SIDE), rng)
    picture = _lit(picture, rng)
    if rng.random() < 0.4:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 4))
    return np.asarray((picture.clip(0, 1) * 255).round(), np.uint8)


def leaves(side: int, rng: np.random.Generator) -> Array:
    """(side, side, 3) ellipses, boxes and lines upon each other, of a few colours, some with grain."""
    palette = rng.random((5, 3)) * rng.uniform(0.4, 1)
    picture = np.ascontiguousarray(np.broadcast_to(palette[0], (side, side, 3)).astype(np.float32))
    for _ in range(int(rng.integers(5, 50))):
        colour = (palette[rng.integers(5)] + rng.normal(0, 0.06, 3)).clip(0, 1).tolist()
        x, y = (int(v) for v in rng.integers(-10, side + 10, 2))
        a, b = (int(v) for v in np.exp(rng.uniform(0.7, 3.6, 2)))
        kind = rng.random()
        if kind < 0.45:
            cv2.ellipse(picture, (x, y), (a, b), float(rng.uniform(0, 180)), 0, 360, colour, -1)
        elif kind < 0.75:
            box = cv2.boxPoints(((x, y), (2 * a, 2 * b), float(rng.choice([0, rng.uniform(0, 90)]))))
            cv2.fillPoly(picture, [box.astype(np.int32)], colour)
        else:
            end = tuple(int(v) for v in rng.integers(-10, side + 10, 2))
            cv2.line(picture, (x, y), end, colour, int(rng.integers(1, 4)))
    return picture + (noise_of(side, rng) - 0.5) * rng.uniform(0, 0.4)


def noise_of(side: int, rng: np.random.Generator) -> Array:
    """(side, side, 3) noise of one coarseness, in colours or not, from plain to strong."""
    cells = 2 ** int(rng.integers(1, 7))
    noise = rng.random((cells, cells, 3 if rng.random() < 0.6 else 1)).astype(np.float32)
    wide = cv2.resize(noise, (side, side), interpolation=cv2.INTER_LINEAR).reshape(side, side, -1)
    return np.asarray(np.broadcast_to(0.5 + (wide - 0.5) * rng.uniform(0.05, 1), (side, side, 3)) + 0.0)


def _room(rng: np.random.Generator) -> Array:
    """A floor that runs away from the camera, before a wall or, in one of four, to the upper edge."""
    horizon = 0.0 if rng.random() < 1 / 4 else rng.uniform(0.1, 0.75) * SIDE
    picture, wall = _covering(rng), _covering(rng)
    far, spread = rng.uniform(0.1, 0.6) * SIDE, rng.uniform(0.5, 3) * SIDE
    corners = np.array([[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]], np.float32)
    middle = SIDE / 2 + rng.normal(0, 0.2 * SIDE)
    seen = np.array(
        [[middle - far, horizon], [middle + far, horizon], [middle + spread, SIDE], [middle - spread, SIDE]],
        np.float32,
    )
    lies = cv2.getPerspectiveTransform(corners, seen)
    floor = cv2.warpPerspective(
        picture, lies, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT
    )
    height = int(horizon)
    floor[:height] = wall[:height]
    if height and rng.random() < 0.5:
        floor[max(0, height - int(rng.integers(1, 8))) : height] = rng.random(3)
    return cv2.GaussianBlur(floor, (0, 0), 0.7)


def _covering(rng: np.random.Generator) -> Array:
    """What a floor or a wall is covered with."""
    first, second = rng.random((2, 3)).astype(np.float32)
    second = first + (second - first) * rng.uniform(0.05, 1)
    kind = rng.integers(5)
    if kind == 0:
        return np.asarray(leaves(SIDE, rng), np.float32)
    if kind == 1:
        return np.broadcast_to(first, (SIDE, SIDE, 3)).copy()
    if kind == 2:
        return np.asarray(first + (noise_of(SIDE, rng) - 0.5) * rng.uniform(0.1, 0.8), np.float32)
    cells = np.arange(SIDE) * int(rng.integers(3, 25)) // SIDE % 2
    share = (cells ^ cells[:, None]) if kind == 3 else np.broadcast_to(cells, (SIDE, SIDE))
    grain = (noise_of(SIDE, rng) - 0.5) * rng.uniform(0, 0.3)
    return np.asarray(first + share[..., None] * (second - first) + grain, np.float32)


def _with_thing(picture: Array, thing: Array, side: int, rng: np.random.Generator) -> Array:
    """A thing (h, w, 4), its colours multiplied by alpha, somewhere in a picture, with its shadow."""
    if rng.random() < 1 / 3:
        thing = _painted(thing, rng)
    if rng.random() < 1 / 2:
        thing = thing[:, ::-1]
    way = cv2.INTER_AREA if side < len(thing) else cv2.INTER_LINEAR
    scaled = cv2.resize(np.ascontiguousarray(thing), (side, side), interpolation=way)
    left, top = np.array([0.5, 0.55]) * (SIDE - side) + rng.uniform(-0.45, 0.45, 2) * SIDE
    there = cv2.warpAffine(scaled, np.array([[1, 0, left], [0, 1, top]], np.float32), (SIDE, SIDE))
    fall = np.array([[1, 0, rng.normal(0, 0.1) * side], [0, 1, 0.08 * side]], np.float32)
    shadow = cv2.warpAffine(there[..., 3], fall, (SIDE, SIDE))
    shadow = cv2.GaussianBlur(shadow, (0, 0), max(1.0, 0.06 * side)) * rng.uniform(0, 0.7)
    return np.asarray(picture * (1 - shadow[..., None]) * (1 - there[..., 3:]) + there[..., :3], np.float32)


def _painted(thing: Array, rng: np.random.Generator) -> Array:
    """A thing with leaves all over it, more or less."""
    cover = cv2.resize(leaves(SIDE, rng).astype(np.float32), thing.shape[:2])
    colours = thing[..., :3] * (1 + rng.uniform(0.3, 1) * (1.6 * cover - 1))
    return np.concatenate([colours, thing[..., 3:]], axis=2).clip(0, 1)


def _lit(picture: Array, rng: np.random.Generator) -> Array:
    lamps = rng.random((3, 3)).astype(np.float32)
    wide = cv2.resize(lamps, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)[..., None]
    picture = picture * (1 + (wide - 0.5) * rng.uniform(0, 1.2)) * rng.uniform(0.6, 1.3)
    grey = picture.mean(axis=2, keepdims=True)
    return np.asarray(grey + (picture - grey) * rng.uniform(0, 0.9), np.float32)
