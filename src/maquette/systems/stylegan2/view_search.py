"""Finding view codes: by what a network says of where a generator's pictures were taken from.

First how many layers carry the viewpoint: with so many layers of one sample and the others of another, the viewpoint
is to follow the first, and what the picture is of the second. Then many samples' first layers are tried with the same
few objects, and those are kept that show all of them from one side, at even azimuths.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ...metrics.picture_features import feature_network, picture_features
from ...metrics.protocols.viewpoint import Viewpoints, ViewpointTeller, angle_between
from ...nn.backbones.backbone import Backbone
from ..orbit_options import OrbitOptions
from .view_codes import ViewCodes, seen_from

NEAR = 15.0  # degrees within which a viewpoint is the same
_ALIKE = 45.0  # degrees around the first mean, outside of which an angle does not count in the second
_LEAST = 0.5  # share of the objects that a code has to show from one side
_FOLLOWED = 0.8  # share of pictures whose viewpoint goes with so many first layers, for these to be enough
_CODES = 16  # codes by which layers are chosen
_CANDIDATES, _TRIED, _JUDGES = 10_000_000, 20_000_000, 30_000_000  # first seeds
_APART = 100_000  # between the seeds of two searches

Styles = Callable[[Sequence[int]], Tensor]  # of seeds, (seed, style, w_dim)
Draw = Callable[[Tensor], Tensor]  # pictures of styles, RGB in [0, 1]
Watch = Callable[[int, str], None]


@dataclass(frozen=True)
class Search:
    """What a search needs.

    Attributes:
        styles: gives those of seeds.
        draw: makes pictures of styles.
        teller: says where pictures were taken from.
        how: it is looked for.
        watch: told pictures done, and what is being done.
    """

    styles: Styles
    draw: Draw
    teller: ViewpointTeller
    how: OrbitOptions
    watch: Watch

    def seeds(self, first: int, count: int) -> Float[Tensor, "seed style w_dim"]:
        """Styles of a kind's seeds."""
        start = first + _APART * self.how.seed
        return self.styles(range(start, start + count))


def pictures_to_make(how: OrbitOptions, styles: int) -> int:
    """How many pictures a search makes, for a generator of so many style vectors."""
    chosen = 0 if how.layers is not None else (styles - 1) * min(_CODES, how.candidates) * how.objects
    return chosen + (how.candidates + how.count) * how.objects


@torch.inference_mode()
def find_view_codes(search: Search) -> ViewCodes:
    """Find view codes.

    Returns:
        at most `how.count`, whose measures are of other objects than those that they were chosen by.

    Raises:
        BadInput: weights of the backbone that cannot be had.
        ValueError: layers that the generator has not, or no style that shows its objects from one side.
    """
    how = search.how
    tried, judges = search.seeds(_TRIED, how.objects), search.seeds(_JUDGES, how.objects)
    candidates = search.seeds(_CANDIDATES, how.candidates)
    total = candidates.shape[1]
    if how.layers is not None and how.layers >= total:
        raise ValueError(f"layers {how.layers}: these weights have 1 to {total - 1} first layers")
    features = feature_network(how.backbone)
    done = Counter(search.watch)
    scores = (
        []
        if how.layers is not None
        else _layer_scores(search, candidates[:_CODES], tried, features.network, done)
    )
    layers = how.layers or layers_of(scores)
    chosen = _chosen(search, candidates[:, :layers], tried, done)
    network = None if len(chosen) < 2 else features.network
    told, seen = _told(search, judges, chosen.styles, done, "judging", network)
    off = angle_between(told.azimuth, chosen.azimuth)
    measured = {
        "layers": layers,
        "layer_scores": scores,
        "codes": len(chosen),
        "largest_gap": largest_gap(chosen.azimuth),
        "usable": float((off <= NEAR).float().mean()),
        "median_error": float(off.median()),
        "identity": None if seen is None else identity(seen, len(chosen)),
        "features": features.words,
    }
    agreement = (off <= NEAR).float().mean(0)
    return ViewCodes(chosen.styles, chosen.azimuth, chosen.elevation, agreement, measured)


def layers_of(scores: Sequence[Mapping[str, Any]]) -> int:
    """How many first layers carry the viewpoint: the fewest that it follows, for what is behind them is the object's.

    Args:
        scores: of each number of layers, how far the viewpoint follows them, and how far the object stays; where none
            is followed by four pictures in five, the largest product counts.
    """
    enough = [score for score in scores if score["follows"] >= _FOLLOWED]
    best = (
        min(enough, key=lambda score: score["layers"])
        if enough
        else max(scores, key=lambda score: score["follows"] * score["stays"])
    )
    return int(best["layers"])


def circular_mean(
    azimuth: Float[Tensor, "object code"], weight: Float[Tensor, "object code"]
) -> Float[Tensor, " code"]:
    """Mean directions in degrees in [0, 360): of all angles, then of those within 45 degrees of it.

    Args:
        azimuth: degrees.
        weight: of each.
    """
    mean = _direction(azimuth, weight)
    near = (angle_between(azimuth, mean) <= _ALIKE).float()
    return torch.where(near.any(0), _direction(azimuth, weight * near), mean)


def identity(features: Float[Tensor, "picture feature"], codes: int) -> float:
    """How far objects stay the same under other codes: how many are known again.

    A picture is known again under another code where, of the pictures with that code, the one of its own object has
    the nearest features; the mean of each code's is taken from them before, for it tells of the side alone.

    Args:
        features: of pictures, all codes of one object after the other.
        codes: how many, at least 2.

    Returns:
        share of (picture, other code), in [0, 1]; by chance one in as many as there are objects.
    """
    own = features.view(-1, codes, features.shape[1])
    own = (own - own.mean(0)).transpose(0, 1)
    apart = torch.cdist(own[:, None], own[None])  # (code, other code, object, other object)
    known = apart.argmin(3) == torch.arange(own.shape[1])
    return float(known[~torch.eye(codes, dtype=torch.bool)].float().mean())


def largest_gap(azimuth: Float[Tensor, " code"]) -> float:
    """Degrees of the largest part of the circle in which no angle lies."""
    turned = (azimuth % 360).sort().values
    return float(torch.cat([turned, turned[:1] + 360]).diff().max())


class Counter:
    """Counts pictures for a watcher."""

    def __init__(self, watch: Watch) -> None:
        self._watch, self._done = watch, 0

    def __call__(self, count: int, what: str) -> None:
        """So many more are done."""
        self._done += count
        self._watch(self._done, what)


def _layer_scores(
    search: Search, candidates: Tensor, tried: Tensor, network: Backbone, done: Counter
) -> list[dict[str, Any]]:
    """Of each number of first layers, how far the viewpoint follows them, and how far the object stays."""
    scores = []
    for layers in range(1, candidates.shape[1]):
        told, seen = _told(search, tried, candidates[:, :layers], done, f"{layers} layers", network)
        assert seen is not None
        mean = circular_mean(told.azimuth, told.confidence)
        follows = float((angle_between(told.azimuth, mean) <= NEAR).float().mean())
        stays = identity(seen, len(candidates))
        scores.append({"layers": layers, "follows": follows, "stays": stays})
    return scores


def _chosen(search: Search, candidates: Tensor, tried: Tensor, done: Counter) -> ViewCodes:
    """Of the candidates whose objects are seen from one side the best in each part of the circle."""
    told, _ = _told(search, tried, candidates, done, "candidates")
    azimuth = circular_mean(told.azimuth, told.confidence)
    near = (angle_between(told.azimuth, azimuth) <= NEAR).float()
    agreement = near.mean(0)
    elevation = (told.elevation * near).sum(0) / near.sum(0).clamp(min=1)
    merit = agreement + 0.5 * (told.confidence * near).mean(0)
    width = 360 / search.how.count
    best = []
    for part in range(search.how.count):
        inside = (angle_between(azimuth, torch.tensor(part * width)) <= width / 2) & (agreement >= _LEAST)
        if bool(inside.any()):
            best.append(int((merit - 10 * (~inside)).argmax()))
    numbers = sorted(set(best), key=lambda i: float(azimuth[i]))
    if not numbers:
        raise ValueError("objects: no styles of the first layers show all of them from one side")
    return ViewCodes(candidates, azimuth, elevation, agreement).choose(numbers)


def _told(
    search: Search, objects: Tensor, codes: Tensor, done: Counter, what: str, network: Backbone | None = None
) -> tuple[Viewpoints, Tensor | None]:
    """Where every object is seen from with every code, (object, code), and a network's features of the pictures,
    an object after another; no more than one object's pictures are kept at a time."""
    told, features = [], []
    for styles in objects:
        images = search.draw(seen_from(styles[None], codes)[0])
        told.append(search.teller.viewpoints(images))
        if network is not None:
            features.append(picture_features(network, images))
        done(len(codes), what)
    seen = Viewpoints(*(torch.stack(one) for one in zip(*told, strict=True)))
    return seen, torch.cat(features) if features else None


def _direction(azimuth: Tensor, weight: Tensor) -> Tensor:
    angle = torch.deg2rad(azimuth)
    mean = torch.atan2((weight * angle.sin()).sum(0), (weight * angle.cos()).sum(0))
    return torch.rad2deg(mean) % 360
