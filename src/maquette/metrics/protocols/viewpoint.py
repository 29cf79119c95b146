"""Protocol `viewpoint`: where pictures were taken from, compared with their true cameras."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from ...data.batch import Batch, Entry, Source
from ...renderer.views import azimuth_from_r2n2
from ..measure import Measure
from .face import Case, Clock, EvaluationProtocol, Row, Section, Summary

AZIMUTH = Measure("azimuth", "azimuth", "median azimuth error in degrees", higher=False, digits=1)
FOLDED = Measure("folded", "mod 180", "the same where opposite sides count as one", higher=False, digits=1)
WITHIN_15 = Measure("within_15", "<=15", "share of azimuths at most 15 degrees off")
WITHIN_30 = Measure("within_30", "<=30", "share of azimuths at most 30 degrees off")
OPPOSITE = Measure("opposite", ">150", "share of azimuths more than 150 degrees off", higher=False)
ELEVATION = Measure("elevation", "elevation", "median elevation error in degrees", higher=False, digits=1)
_SHARES = (1.0, 0.75, 0.5, 0.25)
_CIRCLE, _HALF = 360, 180
_NEAR, _FAIR, _BEHIND = 15, 30, 150
_PLAIN, _TOLD, _TRUE = 0.95, (0.85, 0.35, 0.0), (0.3, 0.3, 0.3)
_LONG, _BROAD = 0.85, 0.05

Angles = Float[Tensor, " picture"]
Hand = tuple[float, tuple[float, float, float]]  # degrees and a colour


class Viewpoints(NamedTuple):
    """Where pictures were taken from.

    Attributes:
        azimuth: degrees in [0, 360): 0 from +Z, the object's front, 90 from +X.
        elevation: degrees above the horizon.
        confidence: in [0, 1]: 1 is sure; 0 is nothing known, or undecided between opposite sides.
    """

    azimuth: Angles
    elevation: Angles
    confidence: Angles


@runtime_checkable
class ViewpointTeller(Protocol):
    """What a system has to have to be scored on viewpoints."""

    def viewpoints(self, images: Float[Tensor, "picture 3 side side"]) -> Viewpoints:
        """Where pictures of one object each, RGB in [0, 1], were taken from."""
        ...


@dataclass(frozen=True)
class ViewpointProtocol(EvaluationProtocol[ViewpointTeller]):
    """How viewpoints are scored (`EvaluationProtocol`), by the first held picture of each object.

    Objects that look alike from several sides have no azimuth that a picture tells: nothing is left out for them, and
    classes stand apart in the tables.
    """

    name: str = "viewpoint"
    source: str = "maquette"
    note: str = (
        "Held pictures of shapes have 3D-R2N2's cameras: their elevations lie between 25 and 30 degrees, whatever "
        "was trained with, so that the elevation's error says little beside that of the constant view."
    )
    views: tuple[int, ...] = (1,)
    averaging: str = "median of the angles, sample mean of the shares"
    measures: ClassVar[tuple[Measure, ...]] = (AZIMUTH, FOLDED, WITHIN_15, WITHIN_30, OPPOSITE, ELEVATION)
    headline: ClassVar[Measure] = AZIMUTH
    needs: ClassVar[frozenset[str]] = frozenset({"cameras"})

    def averages(self) -> str:
        """There is one of each measure."""
        return self.averaging

    def rows(
        self,
        system: ViewpointTeller,
        batch: Batch,
        entries: Sequence[Entry],
        counts: Sequence[int],
        seed: int,
        clock: Clock,
    ) -> list[Row]:
        """Score a batch (`EvaluationProtocol.rows`), by the first picture of each object."""
        with clock.running():
            told = system.viewpoints(batch.images[:, 0])
        azimuth, elevation = (truth[:, 0] for truth in true_viewpoints(batch))
        scores = viewpoint_scores(told.azimuth, told.elevation, azimuth, elevation)
        scores["confidence"] = told.confidence
        return [
            Row(
                entry,
                count,
                {name: float(column[i]) for name, column in scores.items()},
                (float(azimuth[i]), float(elevation[i])),
            )
            for count in counts
            for i, entry in enumerate(entries)
        ]

    def summarise(self, rows: Sequence[Row]) -> Summary:
        """Medians of the errors, means of the shares."""
        return {name: {"samples": value} for name, value in _summary([row.values for row in rows]).items()}

    def beyond(self, rows: Sequence[Row], source: Source, split: str, seed: int) -> Mapping[str, Any]:
        """What the best constant view would score on the same samples, and the scores of the surest samples."""
        azimuth, elevation = (
            torch.tensor(values) for values in zip(*(row.kept for row in rows), strict=True)
        )
        ranked = sorted(rows, key=lambda row: -row.values["confidence"])
        surest = {}
        for share in _SHARES:
            few = ranked[: max(1, round(share * len(ranked)))]
            least = few[-1].values["confidence"]
            surest[f"{share:g}"] = {"confidence": least, **_summary([row.values for row in few])}
        return {"constant_view": constant_view(azimuth, elevation), "surest": surest}

    def remarks(self, numbers: Mapping[str, Any]) -> list[str]:
        """The same, for the terminal."""
        return [
            f"{name}: " + ", ".join(f"{m.label} {cell}" for m, cell in zip(self.measures, cells, strict=True))
            for name, *cells in [self._constant(numbers), *self._surest(numbers)]
        ]

    def sections(self, numbers: Mapping[str, Any]) -> list[Section]:
        """The same, for the page."""
        head = ["", *(measure.label for measure in self.measures)]
        guess = "The one view that has the least median error on these very samples, for all of them."
        sure = "Samples by what the system says of its own confidence, the surest first."
        return [
            Section("A constant view", guess, head=head, rows=[self._constant(numbers)]),
            Section("The surest samples", sure, head=head, rows=self._surest(numbers)),
        ]

    def predict(self, system: ViewpointTeller, batch: Batch) -> Viewpoints:
        """The viewpoint of one picture."""
        return Viewpoints(*(one.cpu() for one in system.viewpoints(batch.images[:, 0])))

    def pictures(self, case: Case) -> list[tuple[str, Float[Tensor, "3 height width"]]]:
        """Where the camera stands: from above, the front below, and from the side; predicted and true."""
        size, (azimuth, elevation) = case.batch.images.shape[-1], true_viewpoints(case.batch)
        told: Viewpoints = case.made
        true = (float(azimuth[0, 0]), float(elevation[0, 0]))
        found = (float(told.azimuth[0]), float(told.elevation[0]))
        return [
            (f"predicted azimuth {found[0]:.0f}", above(size, (found[0], _TOLD))),
            (f"target azimuth {true[0]:.0f}", above(size, (true[0], _TRUE))),
            (f"predicted elevation {found[1]:.0f}", _dial(size, (found[1] + 90, _TOLD))),
            (f"target elevation {true[1]:.0f}", _dial(size, (true[1] + 90, _TRUE))),
        ]

    def _constant(self, numbers: Mapping[str, Any]) -> list[str]:
        return ["constant view", *(m.text(numbers["constant_view"][m.name]) for m in self.measures)]

    def _surest(self, numbers: Mapping[str, Any]) -> list[list[str]]:
        return [
            [
                f"surest {float(share):.0%}, confidence >= {scores['confidence']:.2f}",
                *(m.text(scores[m.name]) for m in self.measures),
            ]
            for share, scores in numbers["surest"].items()
        ]


def true_viewpoints(
    batch: Batch,
) -> tuple[Float[Tensor, "batch view"], Float[Tensor, "batch view"]]:
    """Azimuth, counted as `Viewpoints.azimuth`, and elevation of every picture, in degrees.

    Raises:
        ValueError: a batch that does not know its cameras.
    """
    azimuth, elevation, _ = batch.cameras.unbind(-1)
    return azimuth_from_r2n2(azimuth), elevation


def angle_between(one: Tensor, other: Tensor) -> Tensor:
    """Degrees between two azimuths in degrees, in [0, 180]."""
    return ((one - other + _HALF) % _CIRCLE - _HALF).abs()


def viewpoint_scores(
    azimuth: Angles, elevation: Angles, true_azimuth: Angles, true_elevation: Angles
) -> dict[str, Angles]:
    """The measures of each picture, by name: errors in degrees, and 1 where a share counts it; angles in degrees."""
    off = angle_between(azimuth, true_azimuth)
    return {
        "azimuth": off,
        "folded": torch.minimum(off, _HALF - off),
        "within_15": (off <= _NEAR).float(),
        "within_30": (off <= _FAIR).float(),
        "opposite": (off > _BEHIND).float(),
        "elevation": (elevation - true_elevation).abs(),
    }


def constant_view(azimuth: Angles, elevation: Angles) -> dict[str, float]:
    """What one view for all pictures scores: the whole degree of least median azimuth error, the median elevation.

    Args:
        azimuth: true ones, degrees.
        elevation: true ones, degrees.
    """
    guesses = torch.arange(float(_CIRCLE))
    errors = angle_between(guesses[:, None], azimuth).median(1).values
    best = guesses[errors.argmin()].expand_as(azimuth)
    middle = elevation.median().expand_as(elevation)
    scores = viewpoint_scores(best, middle, azimuth, elevation)
    columns = {name: column.tolist() for name, column in scores.items()}
    return _summary([{name: column[i] for name, column in columns.items()} for i in range(len(azimuth))])


def above(size: int, *hands: Hand) -> Float[Tensor, "3 size size"]:
    """Where cameras stand around an object, seen from above: its front is below, +X to the right.

    Args:
        size: pixels a side.
        hands: azimuth in degrees, as `Viewpoints.azimuth` counts, and colour of each.
    """
    return _dial(size, *hands)


def _dial(size: int, *hands: Hand) -> Float[Tensor, "3 size size"]:
    """Hands from the middle; degrees from below, against the clock."""
    line = (torch.arange(size) + 0.5) * 2 / size - 1
    down, right = torch.meshgrid(line, line, indexing="ij")
    picture = torch.full((3, size, size), _PLAIN)
    for degrees, colour in hands:
        angle = torch.deg2rad(torch.tensor(degrees))
        along = right * angle.sin() + down * angle.cos()
        across = (right * angle.cos() - down * angle.sin()).abs()
        here = (along > 0) & (along < _LONG) & (across < _BROAD)
        picture = torch.where(here, torch.tensor(colour)[:, None, None], picture)
    return picture


def _summary(values: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Each measure over samples: the median of angles, the mean of shares."""
    medians = {AZIMUTH, FOLDED, ELEVATION}
    return {
        m.name: (statistics.median if m in medians else statistics.fmean)([one[m.name] for one in values])
        for m in ViewpointProtocol.measures
    }


VIEWPOINT = ViewpointProtocol()
