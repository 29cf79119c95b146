"""Seconds of a step, measured before a run begins."""

import time
from typing import NamedTuple

import torch
from lightning_fabric import Fabric
from torch import Tensor

from ..data.batch import Source
from ..structures.device import Device
from .module import TrainingModule
from .trainer import answering

_ENOUGH_SECONDS = 6.0
_MOST = 4


class StepSeconds(NamedTuple):
    """What a whole batch takes, of this process's share.

    Attributes:
        made: until its pictures are there.
        computed: a step with them.
    """

    made: float
    computed: float


def time_step(
    fabric: Fabric, module: TrainingModule, source: Source, made_on: Device, world: int = 1
) -> StepSeconds:
    """Make some steps and give the shortest times; the first one, in which kernels compile, counts only where it is
    long enough to be alone.

    Args:
        fabric: device and precision.
        module: is changed, and of no use afterwards.
        source: of batches.
        made_on: where pictures are made.
        world: processes that share a batch.
    """
    config = module.training_config
    fabric.to_device(module)
    module.train()
    optimisers = module.optimisers()

    def update(name: str, loss: Tensor) -> None:
        optimisers[name].zero_grad()
        parameters = [p for group in optimisers[name].param_groups for p in group["params"]]
        loss.backward(inputs=parameters)
        optimisers[name].step()

    views = round(sum(config.views) / 2)
    part = (0, world * config.accumulate)
    found: list[StepSeconds] = []
    began = time.monotonic()
    with answering(module.network):
        for step in range(_MOST):
            start = time.monotonic()
            batch = source.training_batch(step, config.batch, views, part=part, device=made_on).to(
                fabric.device
            )
            _wait(fabric.device)
            middle = time.monotonic()
            with fabric.autocast():
                module.step(batch, update)
            module.follow()
            _wait(fabric.device)
            found.append(StepSeconds(middle - start, time.monotonic() - middle))
            if time.monotonic() - began > _ENOUGH_SECONDS:
                break
    warm = found[1:] or found
    made, computed = (min(times) * config.accumulate for times in zip(*warm, strict=True))
    return StepSeconds(made, computed)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
