"""`Updates`: from a loss to a step of an optimiser, in parts and in several processes."""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import torch
from lightning_fabric import Fabric
from lightning_fabric.wrappers import _FabricOptimizer
from torch import Tensor
from torch.optim import Optimizer

from .config import TrainConfig, check_precision
from .fabric import total
from .schedule import learning_rate


class Updates:
    """What a module's `step` is given as `update`.

    Gradients are those of the mean over the whole batch: over its parts, which are computed one after another, and
    over the processes, which are averaged here and not by DDP, whose hooks expect every parameter in every loss.

    Args:
        fabric: device, precision and processes.
        optimisers: by name; the rates that they have now are scheduled.
        config: parts, schedule and clipping.

    Raises:
        ValueError: several optimisers where losses are scaled and batches come in parts (`check_precision`).
    """

    def __init__(self, fabric: Fabric, optimisers: Mapping[str, Optimizer], config: TrainConfig) -> None:
        check_precision(config, fabric.device.type, len(optimisers))
        self.fabric, self.optimisers, self.config = fabric, dict(optimisers), config
        self._wrapped = {
            name: cast(_FabricOptimizer, fabric.setup_optimizers(one))
            for name, one in self.optimisers.items()
        }
        self._rates = {name: [g["lr"] for g in one.param_groups] for name, one in self.optimisers.items()}
        self._last, self._done = True, set[str]()
        self._changes: Callable[[], None] = lambda: None

    def begin(self, step: int, part: int, changes: Callable[[], None] = lambda: None) -> None:
        """Set the rates of a step, counted from 0, and forget the gradients of the one before.

        Args:
            step: counted from 0.
            part: of its batch.
            changes: called before each optimiser's step.
        """
        self._last, self._done, self._changes = part == self.config.accumulate - 1, set(), changes
        if part:
            return
        for name, optimiser in self.optimisers.items():
            for group, rate in zip(optimiser.param_groups, self._rates[name], strict=True):
                group["lr"] = learning_rate(self.config, step, rate)
            optimiser.zero_grad()

    def __call__(self, name: str, loss: Tensor) -> None:
        """Add the gradients of a loss; behind the last part of a batch take the optimiser's step.

        Called again for the same optimiser it takes another step, by the new loss alone.

        Args:
            name: of the optimiser; gradients of other optimisers' parameters are left alone.
            loss: mean over this part of the batch.

        Raises:
            ValueError: there is no such optimiser, or it has been given its loss of this part already, and batches
                come in several parts.
        """
        again = name in self._done
        if name not in self.optimisers or (again and self.config.accumulate > 1):
            why = "twice in one part of a step" if again else f"known are {', '.join(self.optimisers)}"
            raise ValueError(f"update of the optimiser {name!r}: {why}")
        self._done.add(name)
        optimiser = self.optimisers[name]
        if again:
            optimiser.zero_grad()
        parameters = [p for group in optimiser.param_groups for p in group["params"]]
        part = loss / self.config.accumulate
        if len(self.optimisers) > 1:
            self.fabric.backward(part, inputs=parameters)
        else:
            self.fabric.backward(part)
        if not self._last:
            return
        if self.fabric.world_size > 1:
            average_gradients(self.fabric, parameters)
        wrapped = self._wrapped[name]
        if self.config.clip:
            self.fabric.clip_gradients(
                torch.nn.Identity(), wrapped, max_norm=self.config.clip, error_if_nonfinite=False
            )
        self._changes()
        wrapped.step()


def average_gradients(fabric: Fabric, parameters: Sequence[Tensor]) -> None:
    """Give every process the mean of all processes' gradients; one that any of them lacks counts as 0."""
    there = total(fabric, torch.tensor([float(p.grad is not None) for p in parameters]))
    used = [p for p, count in zip(parameters, there.tolist(), strict=True) if count]
    for parameter in used:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    average_tensors(fabric, [p.grad for p in used if p.grad is not None])


def average_tensors(fabric: Fabric, tensors: Sequence[Tensor]) -> None:
    """Put the mean over all processes in the place of tensors of one kind."""
    if not tensors:
        return
    mean = total(fabric, torch.cat([tensor.flatten() for tensor in tensors]) / fabric.world_size)
    for tensor, values in zip(tensors, mean.split([t.numel() for t in tensors]), strict=True):
        tensor.copy_(values.view_as(tensor))
