"""Protocol `unsup3d`: depth maps from one picture, compared with the true ones by SIDE and MAD."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import normalize

from ...data.batch import Batch, Entry, Source, known
from ...ops.depth_maps import normals_of_depth
from ..depth_scores import eroded, mean_angle_deviation, scale_invariant_depth_error
from ..measure import Measure
from .depth_baselines import BASELINES, mean_depth
from .face import Case, Clock, EvaluationProtocol, Row, Section, Summary

FOV = 10.0  # degrees between the middles of the outermost pixels
SIDE = Measure("side", "SIDE e-2", "scale-invariant depth error in hundredths", higher=False)
MAD = Measure("mad", "MAD", "mean angle deviation of normals in degrees", higher=False, digits=2)
ANGLE = Measure("angle", "angle", "the same of normals of length 1", higher=False, digits=2)
_DRAWN = "drawn_angle"
_TO_OURS = (
    1.0,
    1.0,
    -1.0,
)  # from normals towards the camera, x left and y up, to those away from it, x right, y down
_PERCENT = 100


class SeenDepth(NamedTuple):
    """What a system says of pictures.

    Attributes:
        depth: along the camera's axis, above 0, in any unit.
        seen: where it says that there is a surface.
    """

    depth: Float[Tensor, "batch height width"]
    seen: Bool[Tensor, "batch height width"]


@runtime_checkable
class DepthSystem(Protocol):
    """What a system has to have to be scored on depth maps."""

    def depths(self, images: Float[Tensor, "batch 3 height width"]) -> SeenDepth:
        """The depth of what pictures show, RGB in [0, 1], at each of their pixels."""
        ...


class _Kept(NamedTuple):
    """What is kept of a sample: its true depth, and how far its normals are from drawn ones, where there are any."""

    depth: Tensor
    floor: float | None


@dataclass(frozen=True)
class DepthProtocol(EvaluationProtocol[DepthSystem]):
    """How Unsup3D scores depth (`EvaluationProtocol`), over pixels whose 3 x 3 neighbours are all known and seen.

    SIDE does not see a factor on all depths. MAD compares normals of both depth maps, which the same differences
    give, as published: these are a little shorter than 1, so that of pictures of 64 pixels even the true depth comes
    to 5 or 6 degrees. Beside it stands the angle between normals of length 1. Where the data have the normals of the
    surface that was drawn, there is also the angle to these, with that of the true depth's normals, below which no
    depth map of so many pixels can be expected to fall.
    """

    name: str = "unsup3d"
    source: str = "Wu, Rupprecht and Vedaldi, CVPR 2020, and released code"
    note: str = (
        "Published: Unsup3D .793 +- .140 and 16.51 +- 1.56, supervised .410 +- .103 and 10.78 +- 1.01, constant "
        "depth 2.723 +- .371 and 43.34 +- 2.25, mean depth 1.990 +- .556 and 23.26 +- 2.85, on renderings of the "
        "Basel face model, which are other pictures than maquette's faces. The released code finds what is known "
        "in a picture by the largest depth of its whole batch; here the data say it."
    )
    views: tuple[int, ...] = (1,)
    averaging: str = "sample mean, and standard deviation over samples (n - 1)"
    measures: ClassVar[tuple[Measure, ...]] = (SIDE, MAD, ANGLE)
    headline: ClassVar[Measure] = SIDE
    needs: ClassVar[frozenset[str]] = frozenset({"depth"})

    def settings(self) -> Mapping[str, Any]:
        """Field of view."""
        return {"fov": FOV}

    def fixed(self) -> list[tuple[str, str]]:
        """The same in words, and which pixels count."""
        return [
            ("camera", f"{FOV:g} degrees between the middles of the outermost pixels"),
            ("pixels", "those whose 3 x 3 neighbours all have a true depth and a seen one"),
        ]

    def averages(self) -> str:
        """There is one alone."""
        return self.averaging

    def rows(
        self,
        system: DepthSystem,
        batch: Batch,
        entries: Sequence[Entry],
        counts: Sequence[int],
        seed: int,
        clock: Clock,
    ) -> list[Row]:
        """Score a batch (`EvaluationProtocol.rows`), by the first picture of each object."""
        with clock.running():
            made = system.depths(batch.images[:, 0])
        true, normals = known(batch.truth.depth)[:, 0, 0], drawn_normals(batch)
        columns = depth_scores(made.depth, true, made.seen)
        floor = [None] * len(true)
        if normals is not None:
            mask = mask_of(true, made.seen)
            columns[_DRAWN] = mean_angle_deviation(unit_normals(made.depth), normals, mask).tolist()
            floor = mean_angle_deviation(unit_normals(true), normals, mask).tolist()
        return [
            Row(
                entry,
                count,
                {name: column[i] for name, column in columns.items()},
                _Kept(true[i].cpu(), floor[i]) if count == min(counts) else None,
            )
            for count in counts
            for i, entry in enumerate(entries)
        ]

    def summarise(self, rows: Sequence[Row]) -> Summary:
        """Mean and standard deviation over samples."""
        return {m.name: _spread([row.values[m.name] for row in rows], "sample_mean") for m in self.measures}

    def beyond(self, rows: Sequence[Row], source: Source, split: str, seed: int) -> Mapping[str, Any]:
        """What guesses would score on the same samples, and angles to the normals of the drawn surface."""
        true = torch.stack([row.kept.depth for row in rows])
        guesses = {"constant": torch.ones_like(true[0]), "mean": mean_depth(source, true.shape[-1])}
        found = {}
        for name, guess in guesses.items():
            if guess is not None:
                scores = depth_scores(guess.expand_as(true), true, torch.ones_like(true, dtype=torch.bool))
                found[name] = {measure: _spread(values) for measure, values in scores.items()}
        drawn = None
        if all(row.kept.floor is not None for row in rows):
            floor = _spread([row.kept.floor for row in rows])
            drawn = {**_spread([row.values[_DRAWN] for row in rows]), "floor": floor["mean"]}
        return {"baselines": found, "drawn_normals": drawn}

    def remarks(self, numbers: Mapping[str, Any]) -> list[str]:
        """The same, for the terminal."""
        labels = [measure.label for measure in self.measures]
        lines = [
            f"{guess}: " + ", ".join(f"{label} {value}" for label, value in zip(labels, values, strict=True))
            for guess, *values in _guesses(numbers)
        ]
        drawn = numbers["drawn_normals"]
        if drawn:
            angle = f"{drawn['mean']:.2f} +- {drawn['std']:.2f}; the true depth's own {drawn['floor']:.2f}"
            lines.append(f"angle to the normals that were drawn: {angle}")
        return lines

    def sections(self, numbers: Mapping[str, Any]) -> list[Section]:
        """The same, for the page."""
        words = "Scores of guesses on the same samples, in the place of what the picture was read to show."
        head = ["guess", *(measure.label for measure in self.measures)]
        found = [Section("What guesses would score", words, head=head, rows=_guesses(numbers))]
        drawn = numbers["drawn_normals"]
        if drawn:
            words = "The angle to the normals of the surface that was drawn, of the predicted and of the true depth."
            cells = [f"{drawn['mean']:.2f} +- {drawn['std']:.2f}", f"{drawn['floor']:.2f}"]
            found.append(Section("Drawn normals", words, head=["predicted", "true depth"], rows=[cells]))
        return found

    def predict(self, system: DepthSystem, batch: Batch) -> SeenDepth:
        """Depth of one picture."""
        made = system.depths(batch.images[:, 0])
        return SeenDepth(made.depth.cpu(), made.seen.cpu())

    def pictures(self, case: Case) -> list[tuple[str, Float[Tensor, "3 height width"]]]:
        """Depth (near is white; the predicted one has the scale that SIDE allows) and normals, predicted and true."""
        true, (depth, seen) = known(case.batch.truth.depth)[:, 0, 0], case.made
        both = mask_of(true, seen) > 0
        scaled = depth * (true.log() - depth.log())[both].mean().exp() if both.any() else depth
        least, most = (true[true > 0].min(), true.max()) if (true > 0).any() else (true.min(), true.max())
        shown = []
        for what, own, where in (("predicted", scaled, seen), ("target", true, true > 0)):
            near = ((most - own) / (most - least).clamp_min(1e-6)).clamp(0, 1) * where
            normals = (1 - unit_normals(own).permute(0, 3, 1, 2)) / 2 * where[:, None]
            shown += [(f"{what} depth", near.expand(3, -1, -1)), (f"{what} normals", normals[0])]
        return [shown[0], shown[2], shown[1], shown[3]]


def mask_of(true: Float[Tensor, "batch h w"], seen: Bool[Tensor, "batch h w"]) -> Float[Tensor, "batch h w"]:
    """1 where all 3 x 3 neighbours have a true depth (above 0) and a seen one, else 0."""
    return eroded((true > 0).to(true.dtype)) * eroded(seen.to(true.dtype))


def depth_scores(
    depth: Float[Tensor, "batch h w"], true: Float[Tensor, "batch h w"], seen: Bool[Tensor, "batch h w"]
) -> dict[str, list[float]]:
    """The measures of each depth map, by name; arguments as above."""
    mask = mask_of(true, seen)
    side = _PERCENT * scale_invariant_depth_error(depth, true, mask)
    mad = mean_angle_deviation(normals_of_depth(depth, FOV), normals_of_depth(true, FOV), mask)
    angle = mean_angle_deviation(unit_normals(depth), unit_normals(true), mask)
    return {"side": side.tolist(), "mad": mad.tolist(), "angle": angle.tolist()}


def unit_normals(depth: Float[Tensor, "batch h w"]) -> Float[Tensor, "batch h w 3"]:
    """`normals_of_depth`, brought to length 1."""
    return normalize(normals_of_depth(depth, FOV), dim=-1)


def drawn_normals(batch: Batch) -> Float[Tensor, "batch h w 3"] | None:
    """Known normals of the first pictures, in the axes of `ops.depth_maps`, away from the camera; None for none."""
    normals = batch.truth.normals
    return None if normals is None else normals[:, 0].permute(0, 2, 3, 1) * normals.new_tensor(_TO_OURS)


def _spread(values: Sequence[float], mean: str = "mean") -> dict[str, float]:
    std = statistics.stdev(values) if len(values) > 1 else 0.0
    return {mean: statistics.fmean(values), "std": std}


def _guesses(numbers: Mapping[str, Any]) -> list[list[str]]:
    """A row a guess: what it is, and its measures."""
    return [
        [
            BASELINES[name],
            *(
                f"{m.text(values[m.name]['mean'])} +- {m.text(values[m.name]['std'])}"
                for m in DepthProtocol.measures
            ),
        ]
        for name, values in numbers["baselines"].items()
    ]


UNSUP3D = DepthProtocol()
