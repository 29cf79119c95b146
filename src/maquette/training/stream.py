"""Batches of consecutive steps, made ahead of time by worker processes."""

import multiprocessing
import signal
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence, Sized
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ..data.batch import Batch, Source
from ..io.errors import BadInput
from ..structures.device import Device
from .config import TrainConfig
from .schedule import views_at


class Sample:
    """A batch, or the part of it that one process computes at once; or why there is none.

    A plain class, so that no library looks into it.

    Attributes:
        step: of training, from 0.
        batch: pictures and what is known beside; None where they could not be made.
        problem: path, reason and place of what could not be read.
    """

    def __init__(self, step: int, batch: Batch | None, problem: tuple[str, str, str] | None = None) -> None:
        self.step, self.batch, self.problem = step, batch, problem

    def ready(self, device: torch.device) -> "Sample":
        """The same on another device.

        Raises:
            BadInput: the data could not be read.
        """
        if self.batch is None:
            raise BadInput(*(self.problem or ("data", "cannot be read", "")))
        return Sample(self.step, self.batch.to(device))


class StepBatches(Dataset[Sample]):
    """Sample k is part k % accumulate of this process's share of the batch of step k // accumulate.

    Args:
        source: where batches come from.
        config: sizes, views, seed.
        rank: this process's number.
        world: how many processes share a batch.
        device: where pictures are made.
    """

    def __init__(
        self, source: Source, config: TrainConfig, rank: int = 0, world: int = 1, device: Device = "cpu"
    ) -> None:
        self.source, self.config, self.device = source, config, device
        self.rank, self.world = rank, world

    def __len__(self) -> int:
        return self.config.steps * self.config.accumulate

    def __getitem__(self, k: int) -> Sample:
        config = self.config
        step, piece = divmod(k, config.accumulate)
        part = (self.rank * config.accumulate + piece, self.world * config.accumulate)
        try:
            batch = self.source.training_batch(
                step, config.batch, views_at(config, step), part=part, device=self.device
            )
        except BadInput as error:
            return Sample(step, None, (error.path, error.reason, error.place))
        except OSError as error:
            return Sample(step, None, (str(error.filename or "data"), error.strerror or str(error), ""))
        return Sample(step, batch)


def workers_possible(workers: int, say: Callable[[str], None]) -> int:
    """The same number; 0, said in a line, where the system has no room for what processes share."""
    try:
        multiprocessing.Lock()  # lies in /dev/shm, too
    except OSError as error:
        if workers:
            say(f"no processes that make batches ahead ({error.strerror}); going on as with --workers 0")
        return 0
    return workers


def steps_of(loader: Iterable[Sample], hurries: Callable[[], bool]) -> Generator[Sample, None, None]:
    """The samples of a loader.

    Args:
        loader: `step_loader`.
        hurries: asked when no more are wanted: whether its processes are ended in the middle of a batch, too. The
            loader itself waits five seconds for each.
    """
    others = set(multiprocessing.active_children())
    samples = iter(loader)
    try:
        yield from samples
    finally:
        if hurries():
            _end([child for child in multiprocessing.active_children() if child not in others])


def _end(processes: Sequence[BaseProcess]) -> None:
    """End processes that torch watches over: it would take their end for a failure."""
    if not processes:
        return
    watched = signal.signal(signal.SIGCHLD, signal.SIG_DFL) if hasattr(signal, "SIGCHLD") else None
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()
    if watched is not None:
        signal.signal(signal.SIGCHLD, watched)


def step_loader(batches: StepBatches, start: int, workers: int) -> DataLoader[Sample]:
    """Batches of the steps from `start` to the last.

    Args:
        batches: the steps' batches.
        start: first step.
        workers: processes that make them ahead; 0 makes them where they are needed.
    """
    return DataLoader(
        batches,
        batch_size=None,
        sampler=_Range(start * batches.config.accumulate, len(batches)),
        num_workers=workers,
        multiprocessing_context=_context() if workers else None,
        worker_init_fn=_start_worker if workers else None,
        generator=torch.Generator(),
    )


def _context() -> str | None:
    """Forked processes start at once; None for the platform's own way where there are none."""
    return "fork" if "fork" in multiprocessing.get_all_start_methods() else None


class _Range(Sized):
    """Whole numbers as a sampler gives them."""

    def __init__(self, start: int, stop: int) -> None:
        self._numbers = range(start, stop)

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)


def _start_worker(worker: int) -> None:
    """Leave Ctrl-C to the process that trains, end when it says so, use one core, and send tensors through the pipe,
    not through the system's shared memory, which containers often have little of."""
    ForkingPickler.register(torch.Tensor, _parts)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(
        signal.SIGTERM, signal.SIG_DFL
    )  # the handler of a process that writes checkpoints is no use here
    torch.set_num_threads(1)


def _parts(tensor: Tensor) -> tuple[Callable[..., Tensor], tuple[Any, ...]]:
    """How to make a tensor anew, with its strides: sums over others differ in their last bits."""
    values = torch.empty(0, dtype=tensor.dtype).set_(tensor.untyped_storage()).numpy()
    return _whole, (values, tuple(tensor.shape), tensor.stride(), tensor.storage_offset())


def _whole(values: np.ndarray, shape: Sequence[int], stride: Sequence[int], offset: int) -> Tensor:
    return torch.tensor(values).as_strided(shape, stride, offset)
