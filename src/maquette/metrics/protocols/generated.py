"""Protocol `generated`: pictures out of nothing, compared as a set with held pictures of the data."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple, Protocol, Self, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from ...data.batch import Batch, Entry, Source
from ...data.readable import readable_batches
from ...io.errors import as_bad_input
from ..measure import Measure
from ..mfid import mfid
from ..picture_features import NETWORK, FeatureNetwork, feature_network, picture_features
from ..precision_recall import NEIGHBOURS, realism, within_manifold
from .face import Case, Clock, EvaluationProtocol, Row, Section, Summary

MFID = Measure("mfid", "mfid", "Frechet distance of our features, no FID", higher=False)
PRECISION = Measure("precision", "precision", "generated pictures among held ones")
RECALL = Measure("recall", "recall", "held pictures among generated ones")
REALISM = Measure("realism", "realism", "how near a generated picture is to held ones", digits=2)
_SIDE = 128  # pixels of what the network sees
_APART = 1000  # from an object's first seed to the next one's
_SEEDS = 2**32
_AT_ONCE = 32
_COLLAPSED = 0.05


@runtime_checkable
class GeneratingSystem(Protocol):
    """What a system has to have to be scored on generated pictures."""

    @property
    def weights(self) -> str:
        """Where its weights came from."""
        ...

    def generate(self, count: int, seed: int = 0, options: Any = None) -> Float[Tensor, "picture 3 h w"]:
        """Pictures of so many seeds, from `seed` on, RGB in [0, 1]."""
        ...


class _Pair(NamedTuple):
    """Features of an object's held pictures and of as many generated ones, and the first one's seed."""

    real: Float[Tensor, "view feature"]
    made: Float[Tensor, "view feature"]
    seed: int


@dataclass(frozen=True)
class GeneratedProtocol(EvaluationProtocol[GeneratingSystem]):
    """How sets of generated pictures are scored (`EvaluationProtocol`): as many as there are held ones.

    `mfid` is a Frechet distance (`metrics.mfid`), precision and recall are by nearest neighbours
    (`metrics.precision_recall`), all of them of features of one network, whose weights the numbers name.
    Samples are ranked by the realism of the picture that was generated with their seed.

    Attributes:
        features: the network; None before `opened`.
    """

    name: str = "generated"
    source: str = "maquette, after Heusel et al., NeurIPS 2017, and Kynkaanniemi et al., NeurIPS 2019"
    note: str = (
        "mfid is no FID, whose features are those of another network: it can be compared with nothing that is "
        "published, and with numbers of the same features and the same held pictures alone."
    )
    views: tuple[int, ...] = (1,)
    averaging: str = "all pictures together for mfid, sample mean for precision and recall"
    features: FeatureNetwork | None = None
    measures: ClassVar[tuple[Measure, ...]] = (MFID, PRECISION, RECALL)
    headline: ClassVar[Measure] = MFID
    needs: ClassVar[frozenset[str]] = frozenset()
    apart: ClassVar[bool] = False
    given: ClassVar[str] = "held"

    @property
    def ranking(self) -> Measure:
        """Realism."""
        return REALISM

    def opened(self, backbone: str | None = None) -> Self:
        """The protocol with its network (`EvaluationProtocol.opened`)."""
        if backbone is None and self.features is not None:
            return self
        return replace(self, features=feature_network(backbone or "auto"))

    def settings(self) -> Mapping[str, Any]:
        """Neighbours, and what their distances are of."""
        return {"k": NEIGHBOURS, "side": _SIDE, "features": self._words}

    def fixed(self) -> list[tuple[str, str]]:
        """The same in words."""
        return [
            ("features", f"{self._words}; the mean of its last map, of pictures of {_SIDE} pixels"),
            ("neighbours", f"k = {NEIGHBOURS} for precision and recall"),
            ("generated", "as many pictures as there are held ones, untruncated, each of a seed of its own"),
        ]

    def averages(self) -> str:
        """There is one of each."""
        return self.averaging

    def rows(
        self,
        system: GeneratingSystem,
        batch: Batch,
        entries: Sequence[Entry],
        counts: Sequence[int],
        seed: int,
        clock: Clock,
    ) -> list[Row]:
        """Features of a batch and of its generated pictures; all rows together have values (`together`)."""
        views = batch.images.shape[1]
        with clock.running():
            seeds = [(seed + _APART * int(place)) % _SEEDS for place in batch.index]
            made = torch.stack([_generated(system, views, own) for own in seeds])
        real, made = (self._features(images) for images in (batch.images, made))
        return [
            Row(entry, count, {}, _Pair(real[i, :count], made[i, :count], seeds[i]))
            for count in counts
            for i, entry in enumerate(entries)
        ]

    def together(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Precision and realism of the pictures generated for each sample, and recall of its held ones."""
        real, made = _sets(rows)
        views, count = len(rows[0].kept.real), len(rows)
        columns = {name: value.view(count, views).mean(1).tolist() for name, value in _scores(real, made)}
        return [
            replace(row, values={name: column[i] for name, column in columns.items()})
            for i, row in enumerate(rows)
        ]

    def summarise(self, rows: Sequence[Row]) -> Summary:
        """The distance of both sets, and means of the other measures."""
        distance = _distance(*_sets(rows))
        shares = {m.name: _mean(row.values[m.name] for row in rows) for m in (PRECISION, RECALL)}
        return {name: {"all": value} for name, value in {MFID.name: distance, **shares}.items()}

    def beyond(self, rows: Sequence[Row], source: Source, split: str, seed: int) -> Mapping[str, Any]:
        """What training pictures would score in the place of generated ones, and recall by class."""
        real, _ = _sets(rows)
        training = self._training(source, split, len(rows), len(rows[0].kept.real))
        scored = None
        if training is not None:
            shares = {name: float(value.mean()) for name, value in _scores(real, training)}
            scored = {MFID.name: _distance(real, training), **shares, "pictures": len(training)}
        recalls = {
            category: _mean(row.values[RECALL.name] for row in rows if row.entry.category == category)
            for category in sorted({row.entry.category for row in rows})
        }
        return {"pictures": len(real), "features": real.shape[1], "training": scored, "class_recall": recalls}

    def remarks(self, numbers: Mapping[str, Any]) -> list[str]:
        """The same, for the terminal, and what to think of it."""
        lines = []
        if numbers["training"]:
            lines.append(f"training pictures in their place: {', '.join(_told(numbers['training']))}")
        (recall,) = next(iter(numbers["groups"]["all"]["views"].values()))[RECALL.name].values()
        if math.isnan(recall):
            lines.append(f"{numbers['pictures']} pictures are too few for {NEIGHBOURS} neighbours")
        elif recall < _COLLAPSED:
            lines.append(
                "hardly a held picture is among the generated ones: the generator may have collapsed"
            )
        if numbers["pictures"] <= numbers["features"]:
            lines.append(
                f"mfid of {numbers['pictures']} pictures with {numbers['features']} features is too large; "
                "compare it with that of the same held pictures alone"
            )
        return lines

    def sections(self, numbers: Mapping[str, Any]) -> list[Section]:
        """The same, for the page."""
        found = []
        if numbers["training"]:
            words = "Training pictures in the place of generated ones: as near as pictures of these data are."
            head = [m.label for m in self.measures]
            cells = [m.text(numbers["training"][m.name]) for m in self.measures]
            found.append(Section("What training pictures would score", words, head=head, rows=[cells]))
        words = "Share of each class's held pictures that lie among the generated ones."
        rows = [
            [name or "(none)", RECALL.text(value)]
            for name, value in sorted(numbers["class_recall"].items(), key=lambda item: item[1])
        ]
        return [*found, Section("What is covered", words, head=["class", RECALL.label], rows=rows)]

    def predict(self, system: GeneratingSystem, batch: Batch) -> Float[Tensor, "3 height width"]:
        """The picture of seed 0, whatever the sample."""
        return _generated(system, 1, 0)[0].cpu()

    def predict_again(
        self, system: GeneratingSystem, batch: Batch, row: Row
    ) -> Float[Tensor, "3 height width"]:
        """The first picture that was generated for a sample."""
        return _generated(system, 1, row.kept.seed)[0].cpu()

    def pictures(self, case: Case) -> list[tuple[str, Float[Tensor, "3 height width"]]]:
        """The generated picture alone: there is none that it should be."""
        return [("generated", case.made)]

    @property
    def _words(self) -> str:
        return self.features.words if self.features else f"{NETWORK}, whose weights are named once it is open"

    def _features(self, images: Float[Tensor, "batch view 3 h w"]) -> Float[Tensor, "batch view feature"]:
        assert self.features is not None
        network = self.features.network.to(images.device)
        seen = interpolate(images.flatten(0, 1), size=(_SIDE, _SIDE), mode="bilinear", antialias=True)
        return picture_features(network, seen).view(*images.shape[:2], -1)

    def _training(self, source: Source, split: str, count: int, views: int) -> Tensor | None:
        """Features of as many training objects, spread over their list; None where there are too few to compare."""
        places = [i for i, entry in enumerate(source.entries) if entry.split == "train" != split]
        if not places or count <= NEIGHBOURS:
            return None
        places = places[:: max(1, len(places) // count)][:count]
        batches = readable_batches(source, places, views, _AT_ONCE, "cpu", [])
        found = [self._features(batch.images).flatten(0, 1) for batch, _ in batches]
        features = torch.cat(found) if found else torch.zeros(0, 1)
        return features if len(features) > NEIGHBOURS else None


def _generated(system: GeneratingSystem, count: int, seed: int) -> Float[Tensor, "picture 3 height width"]:
    """Pictures of so many seeds; where the weights cannot give any without being told more, one line says so."""
    with as_bad_input(system.weights, ValueError, say="cannot be evaluated"):
        return system.generate(count, seed)


def _sets(rows: Sequence[Row]) -> tuple[Tensor, Tensor]:
    """Features of all held and of all generated pictures."""
    return torch.cat([row.kept.real for row in rows]), torch.cat([row.kept.made for row in rows])


def _scores(real: Tensor, made: Tensor) -> list[tuple[str, Tensor]]:
    """Measures of each picture by name; NaN where there are no more pictures than neighbours."""
    if min(len(real), len(made)) <= NEIGHBOURS:
        nothing = real.new_full((len(made),), math.nan)
        return [(measure.name, nothing) for measure in (PRECISION, RECALL, REALISM)]
    centre = real.double().mean(0)  # distances lose fewer digits about it
    real, made = real - centre, made - centre
    return [
        (PRECISION.name, within_manifold(made, real).double()),
        (RECALL.name, within_manifold(real, made).double()),
        (REALISM.name, realism(made, real)),
    ]


def _distance(real: Tensor, made: Tensor) -> float:
    return float(mfid(made, real)) if min(len(real), len(made)) > 1 else math.nan


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)


def _told(training: Mapping[str, float]) -> list[str]:
    return [f"{m.label} {m.text(training[m.name])}" for m in (MFID, PRECISION, RECALL)]


GENERATED = GeneratedProtocol()
