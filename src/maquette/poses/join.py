"""Models of structure from motion that have pictures or features in common, moved into one world."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..io.colmap_model import ColmapCamera

_LEAST = 10  # points that two models have in common, to be joined
_DRAWS = 200  # of three common points
_AWAY = 3.0  # times the median distance, beyond which a common point is left out
_SAME_TURN_DEG = 5.0  # between the poses of a shared picture, to be joined
_NEAR = 0.03  # median distance of common points, as a share of the spread of all, to be joined
Matches = Mapping[tuple[str, str], np.ndarray]


@dataclass(frozen=True, eq=False)
class Model:
    """Pictures that were placed together.

    Attributes:
        poses: world to camera, R (3, 3) and t (3,), by picture.
        cameras: of the pictures.
        xyz: (P, 3) points.
        rgb: (P, 3) uint8.
        errors: (P,) pixels between where a point lies in pictures and where it should, on the mean.
        seen: by picture, which of its features is which point.
    """

    poses: dict[str, tuple[np.ndarray, np.ndarray]]
    cameras: dict[str, ColmapCamera]
    xyz: np.ndarray
    rgb: np.ndarray
    errors: np.ndarray
    seen: dict[str, dict[int, int]]


def join_models(models: Sequence[Model], matches: Matches | None = None) -> list[Model]:
    """The largest model, and those others that have points in common with it or with one that does, all in its world.

    Args:
        models: any number; others that contradict are left out.
        matches: by pair of pictures, (M, 2) numbers of features that show the same.
    """
    others = sorted(models, key=lambda model: -len(model.poses))
    joined = [others.pop(0)] if others else []
    found = True
    while found:
        found = False
        for model in others:
            moved = next(
                (m for base in joined if (m := moved_onto(model, base, matches or {})) is not None), None
            )
            if moved is not None:
                joined.append(moved)
                others = [other for other in others if other is not model]
                found = True
                break
    return joined


def moved_onto(model: Model, base: Model, matches: Matches) -> Model | None:
    """A model in the world of another, by points that both have: of the same feature in a picture that they share, or
    of features that match. None where there are too few, or they do not agree.

    Args:
        model, base: in worlds of their own.
        matches: as `join_models` takes them.
    """
    rows = sorted({*_of_shared(model, base), *_of_matches(model, base, matches)})
    if len(rows) < _LEAST:
        return None
    ours, theirs = (np.array(part) for part in zip(*rows, strict=True))
    scale, turn, shift = robust_similarity(model.xyz[ours], base.xyz[theirs])
    away = np.linalg.norm(scale * model.xyz[ours] @ turn.T + shift - base.xyz[theirs], axis=1)
    spread = np.linalg.norm(base.xyz - np.median(base.xyz, axis=0), axis=1)
    if not np.median(away) <= _NEAR * np.median(spread):
        return None
    shared = sorted(model.poses.keys() & base.poses.keys())
    poses = {name: (R @ turn.T, scale * t - R @ turn.T @ shift) for name, (R, t) in model.poses.items()}
    angles = [_angle_deg(poses[name][0], base.poses[name][0]) for name in shared]
    if angles and not np.median(angles) <= _SAME_TURN_DEG:
        return None
    return replace(model, poses=poses, xyz=scale * model.xyz @ turn.T + shift)


def _of_shared(model: Model, base: Model) -> Iterator[tuple[int, int]]:
    for name in model.poses.keys() & base.poses.keys():
        for feature in model.seen[name].keys() & base.seen[name].keys():
            yield model.seen[name][feature], base.seen[name][feature]


def _of_matches(model: Model, base: Model, matches: Matches) -> Iterator[tuple[int, int]]:
    for (first, second), pairs in matches.items():
        for one, other, columns in ((first, second, pairs), (second, first, pairs[:, ::-1])):
            ours, theirs = model.seen.get(one, {}), base.seen.get(other, {})
            if ours and theirs:
                yield from ((ours[a], theirs[b]) for a, b in columns.tolist() if a in ours and b in theirs)


def similarity(source: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Scale s, turn R (3, 3) and shift t (3,) with s R x + t nearest to the targets (Umeyama, PAMI 1991).

    Args:
        source, target: (N, 3) with N at least 3, not all in a line.
    """
    means = source.mean(0), target.mean(0)
    from_, to = source - means[0], target - means[1]
    u, stretch, v = np.linalg.svd(to.T @ from_)
    signs = np.array([1, 1, np.sign(np.linalg.det(u @ v))])
    turn = (u * signs) @ v
    scale = float((stretch * signs).sum() / max((from_**2).sum(), 1e-300))
    return scale, turn, means[1] - scale * turn @ means[0]


def robust_similarity(source: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """That of the points near the least median of squares (Rousseeuw 1984): up to half of them may be wrong."""
    rng = np.random.default_rng(0)

    def away(three: np.ndarray) -> np.ndarray:
        scale, turn, shift = similarity(source[three], target[three])
        distances: np.ndarray = np.linalg.norm(scale * source @ turn.T + shift - target, axis=1)
        return distances

    drawn = (away(rng.choice(len(source), 3, replace=False)) for _ in range(_DRAWS))
    best = min(drawn, key=lambda distances: float(np.median(distances)))
    kept = best <= max(_AWAY * float(np.median(best)), 1e-12)
    return similarity(source[kept], target[kept])


def _angle_deg(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip((np.trace(a @ b.T) - 1) / 2, -1, 1))))
