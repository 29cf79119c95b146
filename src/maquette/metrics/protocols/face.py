"""`EvaluationProtocol`: what `evaluate` and the reports may know of a protocol."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Self, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from ...data.batch import Batch, Entry, Source
from ...data.pack_data import SIDE
from ...structures import Meshes
from ..averages import averages
from ..measure import Measure

SystemT = TypeVar("SystemT", contravariant=True)
STUDY_VIEWS = (1, 2, 3, 4, 5, 8, 12, 16, 20)
Summary = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Row:
    """What one sample came to.

    Attributes:
        entry: the sample.
        views: number of pictures that the system was given.
        values: its measures by name; those that only a whole split has are missing.
        kept: what the protocol needs once more when all rows are there.
    """

    entry: Entry
    views: int
    values: Mapping[str, float]
    kept: Any = None


@dataclass(frozen=True)
class Case:
    """One sample to look at.

    Attributes:
        kind: "worst", "median" or "best".
        entry: the sample.
        value: of what samples are ranked by.
        batch: the sample alone, on the CPU.
        made: what the system made of it (`EvaluationProtocol.predict_again`).
    """

    kind: str
    entry: Entry
    value: float
    batch: Batch
    made: Any


@dataclass(frozen=True)
class Curve:
    """Lines of a plot.

    Attributes:
        lines: positions and values by name.
        x_label, y_label: what is along the axes.
    """

    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]]
    x_label: str
    y_label: str


@dataclass(frozen=True)
class Section:
    """A part of a page that only one kind of protocol has.

    Attributes:
        title: its head.
        words: what to know before reading it.
        tiles: large numbers, as name, value and what else to know.
        head: names of the columns of a table.
        rows: its cells.
        curve: a plot.
    """

    title: str
    words: str
    tiles: Sequence[tuple[str, str, str]] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    curve: Curve | None = None


class Clock:
    """Seconds spent within a system.

    Args:
        device: where it computes; what is still under way there is waited for.
    """

    def __init__(self, device: str | torch.device) -> None:
        self.seconds, self._device = 0.0, torch.device(device)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time of a block."""
        began = time.perf_counter()
        yield
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        self.seconds += time.perf_counter() - began


class EvaluationProtocol(ABC, Generic[SystemT]):
    """How a kind of system is scored; everything that two numbers must share before they are compared.

    Attributes:
        name: what it is called on the command line.
        source: where it comes from.
        note: what to know before comparing with published numbers.
        views: numbers of pictures an object that are evaluated when none are asked for.
        averaging: mean that the published headline numbers are; the other one is always shown too.
        measures: what each summary has, in order.
        headline: what a run is about.
        needs: what batches must know (`Truth.known`).
        side: cells along the edges of their voxels.
        apart: whether some of the samples, such as those of a class, have numbers of their own.
        given: what the pictures of the samples are to the system.
    """

    name: str
    source: str
    note: str
    views: tuple[int, ...]
    averaging: str
    measures: ClassVar[tuple[Measure, ...]]
    headline: ClassVar[Measure]
    needs: ClassVar[frozenset[str]]
    side: ClassVar[int] = SIDE
    apart: ClassVar[bool] = True
    given: ClassVar[str] = "input"

    @property
    def ranking(self) -> Measure:
        """Decides which samples are worst and best: one of `Row.values`, the headline where nothing is said."""
        return self.headline

    def opened(self, backbone: str | None = None) -> Self:
        """The protocol with what it needs beside data and system, such as a network; one that is open stays so.

        Args:
            backbone: first weights of the network in whose features pictures are compared, as
                `nn.backbones.backbone.backbone` takes them, or "auto"; the protocol's own choice when not given.

        Raises:
            ValueError: it was told of a backbone, and uses none.
            BadInput: weights that cannot be had.
        """
        if backbone is not None:
            raise ValueError(f"protocol {self.name} compares no features")
        return self

    def settings(self) -> Mapping[str, Any]:
        """What the protocol fixes beside views and averaging, by name, as JSON can hold it."""
        return {}

    def facts(self, split: str, views: Sequence[int]) -> list[tuple[str, str]]:
        """What has to stand above every table of its numbers."""
        own = ", ".join(map(str, self.views))
        shown = ", ".join(map(str, views)) + (
            "" if set(views) == set(self.views) else f" (the protocol's own: {own})"
        )
        return [
            ("protocol", f"{self.name} ({self.source})"),
            ("split", split),
            *self.fixed(),
            ("views", f"{shown}; the first n pictures of each object, in their order"),
            ("averaging", self.averages()),
        ]

    def averages(self) -> str:
        """Which means are shown, and which of them is published."""
        return f"sample mean and class mean; published numbers are the {self.averaging}"

    def fixed(self) -> list[tuple[str, str]]:
        """`settings` in words."""
        return [(name, str(value)) for name, value in self.settings().items()]

    def prepared(self, source: Source) -> Source:
        """A source as the protocol uses it; as it is by default.

        Raises:
            ValueError: it cannot be used.
        """
        return source

    @abstractmethod
    def rows(
        self,
        system: SystemT,
        batch: Batch,
        entries: Sequence[Entry],
        counts: Sequence[int],
        seed: int,
        clock: Clock,
    ) -> list[Row]:
        """Score a batch.

        Args:
            system: what is scored.
            batch: held pictures, as many an object as the largest of `counts`.
            entries: of the batch.
            counts: numbers of pictures; with n of them the system is given the first n.
            seed: of what the measures draw.
            clock: runs while the system computes.

        Returns:
            a row for every entry and number of views.
        """

    def together(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows of all samples with the same number of views, with values that only all of them decide."""
        return rows

    def summarise(self, rows: Sequence[Row]) -> Summary:
        """Numbers of many samples with the same number of views: by measure, then by kind of mean.

        A measure that is no mean of samples has one of its own here.
        """
        categories = [row.entry.category for row in rows]
        found = {m.name: averages([row.values[m.name] for row in rows], categories) for m in self.measures}
        return {
            name: {"sample_mean": mean.sample_mean, "class_mean": mean.class_mean}
            for name, mean in found.items()
        }

    def beyond(self, rows: Sequence[Row], source: Source, split: str, seed: int) -> Mapping[str, Any]:
        """What else the numbers hold, as JSON can hold it, from the rows with the fewest views."""
        return {}

    def remarks(self, numbers: Mapping[str, Any]) -> list[str]:
        """Lines about `beyond` for the terminal.

        Args:
            numbers: the whole evaluation, as its JSON file has it.
        """
        return []

    def sections(self, numbers: Mapping[str, Any]) -> list[Section]:
        """Parts about `beyond` for the page; arguments as for `remarks`."""
        return []

    @abstractmethod
    def predict(self, system: SystemT, batch: Batch) -> Any:
        """What the system makes of a batch of one sample, for `pictures`."""

    def predict_again(self, system: SystemT, batch: Batch, row: Row) -> Any:
        """The same for a sample that was scored, whose row may say what it was made from."""
        return self.predict(system, batch)

    @abstractmethod
    def pictures(self, case: Case) -> list[tuple[str, Float[Tensor, "3 height width"]]]:
        """Pictures of a case with their captions: two rows of two beside what the system was given."""

    def models(self, case: Case) -> list[tuple[str, Meshes]]:
        """Shapes of a case with their captions, +Y up and in one frame, for pages to turn; none by default."""
        return []

    def legend(self) -> list[tuple[str, tuple[float, float, float]]]:
        """What colours in the pictures mean."""
        return []
