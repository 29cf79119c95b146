"""Making `assets/faces.npz`, the head of `maquette.data.faces`, from a light copy of the ICT face model.

    python -m maquette.bench.studies.face_model ict_facekit_light.npz src/maquette/assets/faces.npz

The copy has the arrays `mean`, `identity`, `expression` (centimetres), `expression_names`, `faces`, `face_material`,
`material_names` and `landmarks68` of ICT-FaceKit's `generic_neutral_mesh.obj` and its shapes. Added here: teeth and a
closed mouth, which the light model lacks, and where lips, brows, beard and so on are, from the landmarks.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ...data.faces.model import LAYERS, STEP

IDENTITIES = 50
LEFT_OUT = ("PupilDilate_L", "PupilDilate_R")
LOWEST, HINDMOST = -14.0, -5.0  # of what is kept, in centimetres
JAW = ("jawOpen", "jawForward", "jawLeft", "jawRight")
GAZE = np.radians(25)  # that a full look to a side turns an eye by
RINGS = (
    0.0,
    0.16,
    0.2,
    0.5,
    0.57,
    0.6,
    0.65,
    0.85,
    1.05,
    1.25,
    1.38,
    1.55,
    1.75,
)  # around pupils, in centimetres
SPOKES = 20
NOISE = {"broad": 3.0, "other broad": 5.0, "fine": 0.8, "other fine": 1.3}  # sizes in centimetres


class Part(NamedTuple):
    """Some vertices with their deltas, and faces among them."""

    mean: np.ndarray
    identity: np.ndarray
    expression: np.ndarray
    faces: np.ndarray
    paint: dict[str, np.ndarray]


def main(words: Sequence[str] | None = None) -> None:
    """Read the light ICT model, write the asset."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("source", type=Path, help="the light copy")
    parser.add_argument("target", type=Path, help="the .npz file to write")
    options = parser.parse_args(words)
    ict = dict(np.load(options.source))
    kept = [i for i, name in enumerate(ict["expression_names"]) if name not in LEFT_OUT]
    names = ict["expression_names"] = ict["expression_names"][kept]
    ict["identity"] = ict["identity"][:IDENTITIES].astype(np.float32).transpose(1, 0, 2)
    ict["expression"] = ict["expression"][kept].astype(np.float32).transpose(1, 0, 2)
    skin, numbers = _skin(ict)
    landmarks = numbers[ict["landmarks68"]]
    parts = [skin, *_eyes(ict), *_teeth(skin, landmarks, names), _mouth(skin, landmarks)]
    starts = np.cumsum([0, *(len(part.mean) for part in parts)])
    mean = np.concatenate([part.mean for part in parts])
    np.savez_compressed(
        options.target,
        mean=mean.astype(np.float32),
        identity=_small(np.concatenate([part.identity for part in parts])),
        expression=_small(np.concatenate([part.expression for part in parts])),
        expression_names=names,
        faces=np.concatenate([p.faces + s for p, s in zip(parts, starts, strict=False)]).astype(np.uint16),
        layers=_layers(mean, landmarks, parts),
        landmarks=landmarks.astype(np.uint16),
    )


def _small(deltas: np.ndarray) -> np.ndarray:
    return np.round(deltas / STEP).astype(np.int16)


def _skin(ict: dict[str, np.ndarray]) -> tuple[Part, np.ndarray]:
    """The front of the head, and the new number of each old vertex, -1 where it is gone."""
    names = list(ict["material_names"])
    head = np.isin(ict["face_material"], [names.index("M_BackHead"), names.index("M_Face")])
    faces = ict["faces"][head]
    lowest, hindmost = (ict["mean"][faces][..., axis].max(axis=1) for axis in (1, 2))
    faces = faces[(lowest > LOWEST) & (hindmost > HINDMOST)]
    used = np.unique(faces)
    numbers = np.full(len(ict["mean"]), -1)
    numbers[used] = np.arange(len(used))
    mean, identity, expression = (ict[name][used] for name in ("mean", "identity", "expression"))
    return Part(mean, identity, expression, numbers[faces], {}), numbers


def _eyes(ict: dict[str, np.ndarray]) -> list[Part]:
    """The front of each eyeball as a round net whose rings follow pupil and iris; it turns with the gaze."""
    parts = []
    for side, name in (("L", "M_ScleraLeft"), ("R", "M_ScleraRight")):
        own = np.unique(ict["faces"][ict["face_material"] == list(ict["material_names"]).index(name)])
        ball = ict["mean"][own]
        low, high = ball.min(axis=0), ball.max(axis=0)
        radius = (high[1] - low[1]) / 2
        middle = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2] + radius])
        angles = 2 * np.pi * np.arange(SPOKES) / SPOKES
        around = np.concatenate([[0], np.repeat(RINGS[1:], SPOKES)])
        turn = np.concatenate([[0], np.tile(angles, len(RINGS) - 1)])
        away = np.stack([np.cos(turn), np.sin(turn)], axis=1) * around[:, None]
        front = np.where(around > radius, 5.5 - 3.6 * around, np.sqrt(np.maximum(radius**2 - around**2, 0)))
        offset = np.concatenate([away, front[:, None]], axis=1)
        mean = middle + offset
        known = np.concatenate([ball, np.ones((len(ball), 1))], axis=1)
        asked = np.concatenate([mean, np.ones((len(mean), 1))], axis=1)
        identity = asked @ np.linalg.lstsq(known, ict["identity"][own].reshape(len(own), -1), rcond=None)[0]
        expression = np.zeros((len(mean), len(ict["expression_names"]), 3))
        outward = 1.0 if side == "L" else -1.0
        for way, turned in (("Out", (outward, 0)), ("In", (-outward, 0)), ("Up", (0, 1)), ("Down", (0, -1))):
            axis = np.array([-turned[1], turned[0], 0.0])
            spun = offset * np.cos(GAZE) + np.cross(axis, offset) * np.sin(GAZE)
            spun += np.outer(offset @ axis, axis) * (1 - np.cos(GAZE))
            expression[:, list(ict["expression_names"]).index(f"eyeLook{way}_{side}")] = spun - offset
        paint = {
            "sclera": np.ones(len(mean)),
            "iris": around < 0.62,
            "limbus": (around > 0.53) & (around < 0.62),
            "pupil": around < 0.18,
            "mouth": around > 1.3,
        }
        parts.append(Part(mean, identity.reshape(len(mean), -1, 3), expression, _net(len(RINGS) - 1), paint))
    return parts


def _net(rings: int) -> np.ndarray:
    """Faces of a middle and rings around it."""
    faces = [(0, 1 + i, 1 + (i + 1) % SPOKES) for i in range(SPOKES)]
    for ring in range(rings - 1):
        for i in range(SPOKES):
            a, b = 1 + ring * SPOKES + i, 1 + ring * SPOKES + (i + 1) % SPOKES
            faces += [(a, a + SPOKES, b), (b, a + SPOKES, b + SPOKES)]
    return np.array(faces)


def _lip_loop(skin: Part, landmarks: np.ndarray) -> np.ndarray:
    """Vertices around the mouth's opening, in order."""
    edges = np.concatenate([skin.faces[:, [i, (i + 1) % 3]] for i in range(3)])
    both = {(int(a), int(b)) for a, b in edges}
    following = {a: b for a, b in both if (b, a) not in both}
    inner = skin.mean[landmarks[62]]
    ends = np.array(list(following))
    links = coo_matrix(
        (np.ones(len(ends)), (ends, [following[a] for a in ends])), shape=(len(skin.mean),) * 2
    )
    loops = connected_components(links, directed=False)[1][ends]
    middles = {n: np.abs(skin.mean[ends[loops == n]].mean(axis=0) - inner).sum() for n in np.unique(loops)}
    start = int(ends[loops == min(middles, key=lambda n: middles[n])][0])
    loop = [start]
    while following[loop[-1]] != start:
        loop.append(following[loop[-1]])
    return np.array(loop)


def _mouth(skin: Part, landmarks: np.ndarray) -> Part:
    """A bag behind the lips: rings of the opening's vertices, pushed back, and a middle."""
    loop = _lip_loop(skin, landmarks)
    count, rings = len(loop), (0.0, 1.0, 2.5)
    middle = skin.mean[loop].mean(axis=0)
    mean = [skin.mean[loop] + [0, 0, -depth] for depth in rings]
    mean[1] = middle + (mean[1] - middle) * [1.0, 1.0, 0.9]
    mean[2] = middle + (mean[2] - middle) * [0.8, 1.0, 1.0]
    faces = []
    for ring in range(len(rings) - 1):
        for i in range(count):
            a, b = ring * count + i, ring * count + (i + 1) % count
            faces += [(a, a + count, b), (b, a + count, b + count)]
    last = (len(rings) - 1) * count
    faces += [(last + i, len(rings) * count, last + (i + 1) % count) for i in range(count)]
    end = middle - np.array([0, 0, rings[-1]])

    def of_rings(loops: np.ndarray) -> np.ndarray:
        return np.concatenate([loops] * len(rings) + [loops.mean(axis=0, keepdims=True)])

    deltas = of_rings(skin.identity[loop]), of_rings(skin.expression[loop])
    paint = {"mouth": np.ones(len(rings) * count + 1)}
    return Part(np.concatenate([*mean, end[None]]), *deltas, np.array(faces), paint)


def _teeth(skin: Part, landmarks: np.ndarray, names: np.ndarray) -> list[Part]:
    """Two bent strips: the upper row stays with the skull, the lower goes with the jaw."""
    x = np.linspace(-2.4, 2.4, 17)
    z = 10.45 - 0.36 * x**2
    parts = []
    jaw = np.isin(names, JAW)
    for top, bottom, moves in ((-2.5, -3.5, False), (-3.5, -4.4, True)):
        mean = np.concatenate([np.stack([x, np.full_like(x, y), z], axis=1) for y in (top, bottom)])
        faces = []
        for i in range(len(x) - 1):
            a, b = i, i + len(x)
            faces += [(a, b, a + 1), (a + 1, b, b + 1)]
        lips = landmarks[49:54] if not moves else landmarks[55:60]
        identity = np.repeat(skin.identity[lips].mean(axis=0, keepdims=True), len(mean), axis=0)
        expression = np.zeros((len(mean), len(names), 3))
        if moves:
            expression[:, jaw] = skin.expression[landmarks[7:10]].mean(axis=0)[jaw]
        parts.append(Part(mean, identity, expression, np.array(faces), {"teeth": np.ones(len(mean))}))
    return parts


def _layers(mean: np.ndarray, landmarks: np.ndarray, parts: list[Part]) -> np.ndarray:
    """(V, layer) uint8: how much of each of `LAYERS` a vertex has."""
    layers = dict.fromkeys(LAYERS, np.zeros(len(mean))) | _skin_layers(mean, landmarks)
    start = 0
    for part in parts:
        stop = start + len(part.mean)
        for name, amount in part.paint.items():
            layers[name] = layers[name].copy()
            layers[name][start:stop] = amount
        start = stop
    return np.round(255 * np.stack([layers[name] for name in LAYERS], axis=1)).astype(np.uint8)


def _skin_layers(mean: np.ndarray, landmarks: np.ndarray) -> dict[str, np.ndarray]:
    points = mean[landmarks]
    x, y, z = mean.T
    wide = np.abs(x)
    lips = _step(0.06 - _distance(mean, points[48:60]), 0.24) * (z > 9)
    eyes = np.minimum(_distance(mean, points[36:42]), _distance(mean, points[42:48]))
    eyes = np.where(z > 7, eyes, 9.0)
    flush = sum(
        strength * np.exp(-(((np.stack([wide, y, z], axis=1) - at) / radius) ** 2).sum(axis=1))
        for at, radius, strength in (
            ((4.7, 0.2, 8.2), 2.2, 0.9),
            ((0.0, 0.6, 12.6), 1.4, 1.0),
            ((0.0, -6.3, 10.8), 1.5, 0.4),
            ((8.4, 1.5, 1.5), 2.5, 0.8),
        )
    )
    line = np.where(wide < 2.6, -1.7 - 0.1 * wide, -2.6 + 0.75 * (wide - 2.6))
    beard = (
        _step(line - y, 1.4) * _step(y + 9.6, 1.6) * _step(z - 1.2, 2.6) * (1 - lips) * _step(8.0 - wide, 0.6)
    )
    hair = (y - z - 0.9) / np.sqrt(2) - 0.5 * np.exp(-(((wide - 5.5) / 1.5) ** 2)) + 0.2 * np.cos(wide)
    hair = np.minimum(hair, 2 * (7.9 - wide + 0.3 * np.maximum(y - 5, 0)))
    noise = {name: _noise(mean, size, seed) for seed, (name, size) in enumerate(NOISE.items())}
    return noise | {
        "freckles": _step(_noise(mean, 0.32, 7) - 0.68, 0.16) * np.clip(flush * 1.5, 0.15, 1),
        "flush": np.clip(flush, 0, 1),
        "sockets": np.exp(-((np.maximum(eyes, 0) / 0.9) ** 2)) * (eyes > 0),
        "beard": beard,
        "lips": lips,
        "brows": _brows(mean, points),
        "hair": np.clip(0.5 + hair / 6, 0, 1),
        "lashes": _step(0.1 - eyes, 0.12),
    }


def _noise(points: np.ndarray, size: float, seed: int) -> np.ndarray:
    """Smooth random numbers from 0 to 1 in space, that change over about `size` centimetres."""
    rng = np.random.default_rng(seed)
    table = rng.random((32, 32, 32))
    at = points / size + rng.random(3) * 32
    cell = np.floor(at).astype(int)
    t = at - cell
    t = t * t * (3 - 2 * t)
    total: np.ndarray = np.zeros(len(points))
    for corner in np.ndindex(2, 2, 2):
        share = np.where(corner, t, 1 - t).prod(axis=1)
        total += share * table[tuple(((cell + corner) % 32).T)]
    return total


def _step(at: np.ndarray, width: float) -> np.ndarray:
    """0 below 0, 1 above the width, smooth in between."""
    t = np.clip(at / width + 0.5, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _distance(mean: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """Distance from an outline as it is seen from the front, negative within."""
    p, a = mean[:, None, :2], outline[None, :, :2]
    b = np.roll(a, -1, axis=1)
    along = np.clip(((p - a) * (b - a)).sum(2) / ((b - a) ** 2).sum(2), 0, 1)
    away = np.linalg.norm(p - a - along[..., None] * (b - a), axis=2).min(axis=1)
    crosses = (a[..., 1] > p[..., 1]) != (b[..., 1] > p[..., 1])
    rise = np.where(crosses, b[..., 1] - a[..., 1], 1.0)
    right = p[..., 0] < a[..., 0] + (p[..., 1] - a[..., 1]) / rise * (b[..., 0] - a[..., 0])
    inside = (crosses & right).sum(axis=1) % 2 == 1
    return np.asarray(np.where(inside, -away, away))


def _brows(mean: np.ndarray, points: np.ndarray) -> np.ndarray:
    """1 along the brows, 0 in 0.9 cm and beyond: thickness is up to the one who paints."""
    best = np.zeros(len(mean))
    for chain in (points[17:22], points[22:27][::-1]):
        start, end = chain[:-1, :2], chain[1:, :2]
        p = mean[:, None, :2] - np.array([0, 0.1])
        along = np.clip(((p - start) * (end - start)).sum(-1) / ((end - start) ** 2).sum(-1), 0, 1)
        away = np.linalg.norm(p - start - along[..., None] * (end - start), axis=2)
        part = away.argmin(axis=1)
        inward = (part + np.take_along_axis(along, part[:, None], 1)[:, 0]) / len(start)
        best = np.maximum(best, 1 - away.min(axis=1) / (0.55 + 0.35 * inward))
    return np.clip(best, 0, 1) * (mean[:, 2] > 5)


if __name__ == "__main__":
    main()
