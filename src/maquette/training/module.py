"""`TrainingModule`: what a system is trained by."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim import Optimizer

from ..data.batch import Batch, Entry
from ..data.pack_data import SIDE
from ..metrics.measure import Measure
from .config import TrainConfig
from .optimiser import make_optimiser

Update = Callable[[str, Tensor], None]
Gather = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Taken:
    """What of other weights a network has taken over.

    Attributes:
        taken: names of tensors that are those now.
        fresh: names of tensors that keep their first values: there are none like them, or of another shape.
        unused: names among the other weights that the network does not have.
    """

    taken: tuple[str, ...]
    fresh: tuple[str, ...]
    unused: tuple[str, ...]


class TrainingModule(nn.Module, ABC):
    """Networks that are trained, the moving average of what is kept of them, and what is measured.

    Everything that a run must remember beyond its optimisers is a parameter or a buffer, and finite: a run ends where
    one is not, before it is kept. Random numbers are drawn from torch's generators, which are seeded anew for every
    part of every step.

    Args:
        network: all that is trained.
        training: settings.
        kept: the part of it that is evaluated, averaged and written as weights; all of it when not given.

    Attributes:
        needs: what batches must know of their objects (`Truth.known`).
        side: cells along the edges of the voxels that it learns from, where shapes can be had so fine.
        goal: decides which validation is the best; a name that `judge` gives.
        protocol: by which the run is evaluated at its end; the system's first where it is empty.
        step_count: steps that are done.
    """

    needs: frozenset[str] = frozenset()
    side: int = SIDE
    goal: Measure
    protocol: str = ""

    def __init__(self, network: nn.Module, training: TrainConfig, kept: nn.Module | None = None) -> None:
        super().__init__()
        self.network, self.training_config = network, training
        self._kept = (network if kept is None else kept,)  # in a tuple: it is part of the network already
        self.averaged = copy.deepcopy(self.kept).requires_grad_(False) if training.ema else None
        self.step_count = 0

    @property
    def kept(self) -> nn.Module:
        """The part of the network that is evaluated and kept, with the weights of the last step."""
        return self._kept[0]

    @property
    def best_network(self) -> nn.Module:
        """What to evaluate and keep: with averaged weights where they are averaged."""
        return self.kept if self.averaged is None else self.averaged

    @property
    def share_done(self) -> float:
        """Share of the steps that are done, 0 to 1."""
        return min(1.0, self.step_count / self.training_config.steps)

    def meet(self, entries: Sequence[Entry]) -> None:
        """Learn, before the first step, which objects `Batch.index` counts."""

    def optimisers(self) -> dict[str, Optimizer]:
        """The optimisers by name, each of parameters of its own; the rates they have now are their largest."""
        return {"network": make_optimiser(self.network, self.training_config)}

    @abstractmethod
    def step(self, batch: Batch, update: Update) -> Mapping[str, Float[Tensor, ""]]:
        """One step, or one part of it where batches are computed in parts.

        Args:
            batch: with what the module `needs`.
            update: to be called with each optimiser's name and its loss, a mean over the batch. Finds the gradients
                of that optimiser's parameters alone; behind the last part it takes the optimiser's step. Once each;
                where batches come in one part, each further loss is a step of its own.

        Returns:
            numbers for the log, by name, without gradients. One called "loss" ends the run where it is not finite.
        """

    def after_step(self, gather: Gather) -> None:
        """Change state that no gradient writes, such as a memory; the only place to do so.

        Args:
            gather: joins a tensor of each process along its first axis, in the order of their parts of the batch.
        """

    @abstractmethod
    def judge(self, network: nn.Module, batch: Batch) -> Mapping[str, Float[Tensor, " sample"]]:
        """Numbers of each object, of a network like the one that is kept; changes nothing."""

    def show(self, network: nn.Module, batch: Batch) -> Float[Tensor, "3 height width"] | None:
        """A sheet for the log, RGB in [0, 1], of a few objects; None for none."""
        return None

    def remarks(self, means: Mapping[str, float]) -> Sequence[str]:
        """What a person should know of a validation, a line each; said once while it stays so.

        Args:
            means: of what `judge` gave.
        """
        return ()

    @abstractmethod
    def save_weights(self, path: str | PathLike[str], network: nn.Module, about: Mapping[str, Any]) -> None:
        """Write a network's weights as the system's weights file.

        Args:
            path: the file to write or replace.
            network: `best_network`.
            about: the run, as JSON can hold it; kept in the file.

        Raises:
            BadInput: it cannot be written.
        """

    def start_from(self, tensors: Mapping[str, Tensor]) -> Taken:
        """Take over first weights, for what is kept and for its moving average; by name, where shapes agree.

        Args:
            tensors: by their names in the kept network's state; others, and those of another shape, are left.

        Returns:
            names that were taken, that keep their values, and that the network does not have.
        """
        own = self.kept.state_dict()
        taken = {
            name: tensors[name] for name in own if name in tensors and tensors[name].shape == own[name].shape
        }
        for network in (self.kept, self.averaged):
            if network is not None:
                network.load_state_dict(taken, strict=False)
        fresh = tuple(name for name in own if name not in taken)
        return Taken(tuple(taken), fresh, tuple(name for name in tensors if name not in own))

    @torch.no_grad()
    def follow(self) -> None:
        """Behind a step: bring the moving average nearer, and count the step.

        Parameters and running statistics move; all other state, such as a memory, is copied as it is.
        """
        if self.averaged is not None:
            decay = min(self.training_config.ema, (1 + self.step_count) / (10 + self.step_count))
            own, kept = (
                [*network.parameters(), *running_statistics(network)]
                for network in (self.averaged, self.kept)
            )
            torch._foreach_lerp_(own, [tensor.detach() for tensor in kept], 1 - decay)
            moved = {id(tensor) for tensor in own}
            for to, by in zip(self.averaged.buffers(), self.kept.buffers(), strict=True):
                if id(to) not in moved:
                    to.copy_(by)
        self.step_count += 1


def passing_state(network: nn.Module) -> list[Tensor]:
    """All that passes forward change: running statistics, and what parametrisations such as spectral norms keep."""
    lists = [m for m in network.modules() if isinstance(m, nn.utils.parametrize.ParametrizationList)]
    return [*running_statistics(network), *(buffer for one in lists for buffer in one.buffers())]


def running_statistics(network: nn.Module) -> list[Tensor]:
    """Means and variances that batch normalisation keeps, which its passes forward change."""
    layers = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._NormBase)]
    return [
        statistic
        for layer in layers
        for statistic in (layer.running_mean, layer.running_var)
        if statistic is not None
    ]
