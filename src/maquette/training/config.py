"""`TrainConfig`: everything about training that is not the network, the pictures or the loss."""

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class TrainConfig:
    """How a network is trained; the defaults are those of 3D-R2N2 (Choy et al., ECCV 2016, and released code).

    Attributes:
        steps: of the optimiser.
        batch: objects a step, over all processes.
        accumulate: parts that a step's batch is computed in, one after another, to save memory; the same step.
        views: least and most pictures an object; one number is drawn for each step.
        seed: of the first weights and of all that is drawn.
        optimiser: "adam" or "sgd" (with momentum .9), with `weight_decay` times the weight added to its gradient, or
            "adamw", decoupled.
        lr: learning rate.
        warmup: steps in which the learning rate rises from 0.
        schedule: "constant"; "milestones": less after each; "cosine": down to 0 at the last step.
        milestones: steps.
        factor: of the learning rate at each of them.
        weight_decay: of weights with two or more axes.
        decay_biases: whether everything else decays too.
        clip: largest norm of the gradient; 0 for no limit.
        ema: decay a step of the moving average of the weights, which is what is evaluated and kept; 0 for none.
        precision: of the network's arithmetic: 32 bits, bf16 or, on GPUs, 16 (fp16); "auto" is bf16 on CUDA and 32
            elsewhere.
        deterministic: same bits in every run on CUDA too, which is slower; on a CPU they always are.
        val_every: steps between two validations.
        val_samples: objects of the validation split that are looked at, spread evenly over it.
        val_views: pictures of each.
        checkpoint_every: steps between two checkpoints; there is one at every best validation too.
        log_every: steps between two rows of metrics.csv, each with the means over these steps.
        patience: validations without a better one (in the module's goal) after which training stops and the best
            weights are kept; 0 for never.
        stop_loss: mean loss of a row above which training stops as failed; 0 for never.

    Raises:
        ValueError: a value out of its range.
    """

    steps: int = 60_000
    batch: int = 36
    accumulate: int = 1
    views: tuple[int, int] = (1, 5)
    seed: int = 0
    optimiser: Literal["adam", "adamw", "sgd"] = "adam"
    lr: float = 1e-4
    warmup: int = 0
    schedule: Literal["constant", "milestones", "cosine"] = "milestones"
    milestones: tuple[int, ...] = (20_000, 60_000)
    factor: float = 0.1
    weight_decay: float = 5e-5
    decay_biases: bool = False
    clip: float = 0.0
    ema: float = 0.0
    precision: Literal["32", "16", "bf16", "auto"] = "32"
    deterministic: bool = False
    val_every: int = 2000
    val_samples: int = 256
    val_views: int = 1
    checkpoint_every: int = 500
    log_every: int = 20
    patience: int = 0
    stop_loss: float = 0.0

    def __post_init__(self) -> None:
        for name in _AT_LEAST_1:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in _FINITE:
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must be finite and not negative, got {getattr(self, name)}")
        if not 1 <= self.views[0] <= self.views[1]:
            raise ValueError(f"views must be a rising pair of positive numbers, got {self.views}")
        if not self.ema < 1:
            raise ValueError(f"ema must lie in [0, 1), got {self.ema}")
        if self.batch % self.accumulate:
            raise ValueError(f"a batch of {self.batch} has no {self.accumulate} equal parts (accumulate)")


def check_precision(config: TrainConfig, device: str, optimisers: int = 1) -> None:
    """Refuse a precision that cannot be had.

    Args:
        config: of the training.
        device: the kind that it runs on, such as "cuda".
        optimisers: how many there are.

    Raises:
        ValueError: fp16 on a CPU, or with several optimisers and parts of batches.
    """
    if config.precision == "16" and device == "cpu":
        raise ValueError("precision 16: fp16 is for GPUs; what a CPU has in 16 bits is bf16")
    if config.precision == "16" and optimisers > 1 and config.accumulate > 1:
        cannot = f"{optimisers} optimisers cannot share parts of a batch (accumulate)"
        raise ValueError(f"precision 16: {cannot}, as fp16 scales their losses; bf16 does not")


def as_computed(config: TrainConfig, device: str) -> TrainConfig:
    """The settings of a run that is there already, as its device has computed them.

    Up to version 0.1 precision 16 on a CPU was taken, and was bf16.
    """
    return replace(config, precision="bf16") if config.precision == "16" and device == "cpu" else config


_AT_LEAST_1 = (
    "steps",
    "batch",
    "accumulate",
    "val_every",
    "val_samples",
    "val_views",
    "checkpoint_every",
    "log_every",
)
_FINITE = ("seed", "lr", "warmup", "factor", "weight_decay", "clip", "ema", "patience", "stop_loss")
