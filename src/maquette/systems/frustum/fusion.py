"""Several pictures of known cameras become one shape: what the network says of each, put together in the world.

Each picture says how probable it is that the cells of its frustum are solid. Two things make more of several than the
sum of their log-odds:

- What one picture sees beside the object is empty, whatever others say: silhouettes rule.
- The network is surer of how much of a ray is solid than of where. Where other pictures rule out a part of what a ray
  held, the rest takes over: the log-odds along each ray are raised or lowered alike until as much of it is solid as
  the network said. Of the distributions that are empty where silhouettes say so, this is the nearest to the network's
  with that sum (iterative proportional fitting: Csiszar, Annals of Probability 1975).

The second is repeated with what the others say added, log-odds to log-odds.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from scipy import ndimage
from torch import Tensor
from torch.nn.functional import pad

from ...lift.surface import outwards, without_specks
from ...ops.marching_cubes import marching_cubes
from ...structures import Meshes
from .grid import EXTENT
from .witness import Witness, middles, seen_at, seen_by, settled, told_at

CELLS = 128
_ROUNDS = 3  # of hearing the others; in the first their masks alone
_SURE = 0.1  # least probability that a picture gives either answer: none outvotes all others
_FAINTEST = 1e-3  # of a cell, before the log-odds of its ray are raised
_FULL = 0.98  # of what is left of a ray can be solid
_FARTHEST = 12.0  # log-odds that a ray is raised or lowered by
_HALVINGS = 16  # of the interval in which that is looked for
_COARSE = 64  # cells along each edge of the grid in which the box around the object is found
_TOUCHED = 0.05  # share of the object in the least of the masks from which on a cell may be solid
_FEWEST = 0.01  # share of these cells that is solid at least
_MET = 0.5  # log-odds that something on each ray of a mask reaches before all is smoothed
_ON = 0.3  # share of its pixels that makes a ray one of the mask's
_SMOOTH = 0.2  # standard deviation of the smoothing, in cells of a frustum
_APART = "the masks do not meet: no place is seen in all pictures; are the cameras right?"
_CLEAR = 1e-3  # least distance of values from the level: at it triangles go, and the surface opens


def fuse(witnesses: Sequence[Witness], threshold: float, cells: int = CELLS) -> Meshes:
    """One mesh of what several pictures show.

    Args:
        witnesses: two or more, in a world in which the object lies about the origin.
        threshold: probability from which on a cell is solid.
        cells: of the world's grid, along the longest edge of the box around the object.

    Returns:
        one closed mesh in that world, with faces that look outwards.

    Raises:
        ValueError: there is no place at which all pictures see the object.
    """
    placed = [settled(witness, _but(witnesses, i)) for i, witness in enumerate(witnesses)]
    return _surface(reconciled(placed, threshold), threshold, cells)


def reconciled(witnesses: Sequence[Witness], threshold: float) -> list[Witness]:
    """The same pictures with fields that have heard of each other; the threshold speaks neither way."""
    cells = [middles(*witness.field.shape) for witness in witnesses]
    left = [
        seen_by(_but(witnesses, i), witness.points(cells[i])).view_as(witness.field) * (witness.field > 0)
        for i, witness in enumerate(witnesses)
    ]
    heard = list(witnesses)
    for number in range(_ROUNDS):
        said = [torch.zeros_like(witness.field) for witness in witnesses]
        for i, witness in enumerate(witnesses if number else ()):
            here = left[i] > 0
            points = witness.points(cells[i][here.flatten()])
            said[i][here] = _log_odds(_but(heard, i), points, threshold)
        heard = [
            replace(witness, field=_refilled(witness.field, share, more))
            for witness, share, more in zip(witnesses, left, said, strict=True)
        ]
    return heard


def _but(witnesses: Sequence[Witness], i: int) -> list[Witness]:
    return [*witnesses[:i], *witnesses[i + 1 :]]


def _log_odds(
    witnesses: Sequence[Witness], points: Float[Tensor, "n 3"], threshold: float
) -> Float[Tensor, " n"]:
    """Mean over pictures of what they say of points of the world, above the threshold."""
    told = [_logit(told_at(witness.field, witness.cells(points))) for witness in witnesses]
    return torch.stack(told).mean(dim=0) - torch.tensor(threshold).logit()


def _logit(share: Tensor) -> Tensor:
    return share.clamp(_SURE, 1 - _SURE).logit()


def _refilled(
    field: Float[Tensor, "depth row column"],
    left: Float[Tensor, "depth row column"],
    said: Float[Tensor, "depth row column"],
) -> Float[Tensor, "depth row column"]:
    """A field with log-odds added, whose rays hold as much as before as far as what is left of them can.

    Args:
        field: probabilities.
        left: share of each cell that may be solid at all.
        said: log-odds that are added.
    """
    wanted = torch.minimum(field.sum(dim=0), _FULL * left.sum(dim=0))
    logits = field.clamp(_FAINTEST, 1 - _FAINTEST).logit() + said
    low, high = torch.full_like(wanted, -_FARTHEST), torch.full_like(wanted, _FARTHEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        short = ((logits + middle).sigmoid() * left).sum(dim=0) < wanted
        low, high = torch.where(short, middle, low), torch.where(short, high, middle)
    return (logits + low).sigmoid() * left


def _surface(witnesses: Sequence[Witness], threshold: float, cells: int) -> Meshes:
    """Marching cubes on the mean log-odds, cut to the outlines of all masks."""
    low, high, level = _box(witnesses, threshold)
    points, shape, step = _grid(low, high, cells)
    inside = _inside(witnesses, points)
    within = inside > 0
    odds = _met(witnesses, points[within], _log_odds(witnesses, points[within], threshold) - level)
    field = _logit(inside)
    finest = min(witness.side / witness.field.shape[-1] for witness in witnesses)
    odds = _smoothed(odds, within.view(shape), _SMOOTH * finest / step)
    field[within] = torch.minimum(field[within], odds)
    whole, _ = without_specks(pad(field.view(shape), [1] * 6, value=float(_logit(torch.zeros(())))), 0.0)
    whole = whole.masked_fill(whole.abs() < _CLEAR, -_CLEAR)
    verts, faces = marching_cubes(whole.permute(2, 1, 0)[None].contiguous(), 0.0, return_local_coords=False)
    if not len(faces[0]):
        raise ValueError(_APART)
    places = low + (verts[0] - 0.5) * step  # the first cell is one of the border's
    return Meshes([places], [outwards(places, faces[0])])


def _box(
    witnesses: Sequence[Witness], threshold: float
) -> tuple[Float[Tensor, " 3"], Float[Tensor, " 3"], float]:
    """Corners of a box around what is solid, and the level of the log-odds from which on it is: 0 if all is well."""
    corner = torch.full((3,), EXTENT / 2 * max(witness.side for witness in witnesses))
    points, _, step = _grid(-corner, corner, _COARSE)
    points = points[seen_by(witnesses, points) > _TOUCHED]
    if not len(points):
        raise ValueError(_APART)
    odds = _log_odds(witnesses, points, threshold)
    level = min(0.0, float(odds.quantile(1 - _FEWEST)))
    solid = points[odds >= level]
    return solid.amin(dim=0) - step, solid.amax(dim=0) + step, level


def _grid(
    low: Float[Tensor, " 3"], high: Float[Tensor, " 3"], cells: int
) -> tuple[Float[Tensor, "n 3"], tuple[int, int, int], float]:
    """Middles of the cells of a box, their number along x, y and z, and their edge; the longest has `cells`."""
    step = float((high - low).max()) / cells
    x, y, z = (max(1, round(float(edge) / step)) for edge in high - low)
    axes = [low[k] + (torch.arange(n) + 0.5) * step for k, n in enumerate((x, y, z))]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).view(-1, 3), (x, y, z), step


def _inside(witnesses: Sequence[Witness], points: Float[Tensor, "n 3"]) -> Float[Tensor, " n"]:
    """The least that the outline of any mask has at points of the world."""
    inside, left = torch.ones(len(points)), torch.arange(len(points))
    for witness in witnesses:
        inside[left] = inside[left].minimum(seen_at(witness.outline, witness.cells(points[left])))
        left = left[inside[left] > 0]
    return inside


def _met(
    witnesses: Sequence[Witness], points: Float[Tensor, "n 3"], odds: Float[Tensor, " n"]
) -> Float[Tensor, " n"]:
    """Log-odds raised along the rays of each mask on which nothing would be solid, until something is."""
    for witness in witnesses:
        cells, rays = witness.cells(points), witness.coverage.shape[-1]
        column, row = (cells[:, :2] * rays).long().clamp(0, rays - 1).unbind(dim=1)
        most = odds.new_full((rays * rays,), _MET).scatter_reduce(
            0, row * rays + column, odds, "amax", include_self=False
        )
        short = (_MET - most.view(1, rays, rays)).clamp_min(0) * (witness.coverage > _ON)
        odds = odds + seen_at(short, cells)
    return odds


def _smoothed(
    odds: Float[Tensor, " n"], within: Bool[Tensor, "x y z"], deviation: float
) -> Float[Tensor, " n"]:
    """Values of the n cells of a grid that are `within`, under a Gaussian that hears none but these."""
    grid = odds.new_zeros(within.shape)
    grid[within] = odds
    total, weight = (
        torch.from_numpy(ndimage.gaussian_filter(part.numpy(), deviation)) for part in (grid, within.float())
    )
    return total[within] / weight[within]
