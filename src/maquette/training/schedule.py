"""What depends on the step alone: the learning rate, and the number of views."""

import math

import numpy as np

from .config import TrainConfig

_VIEWS_STREAM = 7  # keeps these draws apart from others of the same seed


def learning_rate(config: TrainConfig, step: int, largest: float | None = None) -> float:
    """Learning rate of a step, counted from 0, where `largest` (`config.lr` when not given) is the schedule's top.

    largest min(1, (step + 1) / warmup) times the schedule's factor: 1; `config.factor` to the number of milestones
    reached; or (1 + cos(pi x)) / 2 with x from 0 behind the warm-up to 1 at the end.
    """
    rate = config.lr if largest is None else largest
    if config.warmup:
        rate = rate * min(1.0, (step + 1) / config.warmup)
    if config.schedule == "milestones":
        return rate * config.factor ** sum(step >= milestone for milestone in config.milestones)
    if config.schedule == "cosine":
        passed = (step - config.warmup) / max(1, config.steps - config.warmup)
        return rate * (1 + math.cos(math.pi * min(max(passed, 0.0), 1.0))) / 2
    return rate


def views_at(config: TrainConfig, step: int) -> int:
    """Number of pictures of each object of a step's batch: uniform between the two ends, drawn from the seed."""
    low, high = config.views
    return int(np.random.default_rng((config.seed, _VIEWS_STREAM, step)).integers(low, high + 1))
