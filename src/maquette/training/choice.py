"""What `train` decides where nobody says it: functions of the machine, the data and the seconds of a step alone."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from .config import TrainConfig

DEFAULT_RECIPE = "best"
SMALL_RECIPE = "small"
MINUTES = 60.0
_MANY_SHAPES = 5_000  # from which on a GPU learns more with a larger network than from weights that are there
_FEW_SHAPES = 1_000  # of which weights that are there learn with a fifth of the learning rate
_LOOKS = 400  # at each shape, in drawn pictures; more of them teach little that is true of other shapes
_LEAST_STEPS = 200
_LONGEST_STEP = 4.0  # seconds: Ctrl-C, and a line about the time to go, are to come within five
_LEAST_BATCH = 4
_OF_TIME = 0.9  # for steps; the rest is for validations, checkpoints and the evaluation
_VALIDATIONS = 10
_ROW_SECONDS, _CHECKPOINT_SECONDS = 15.0, 120.0


@dataclass(frozen=True)
class Start:
    """What a run begins with.

    Attributes:
        recipe: whose settings.
        shipped: whether the first weights, and with them the network, are those that ship.
    """

    recipe: str
    shipped: bool


def choose_start(kind: str, shapes: int | None, ships: bool, recipes: Collection[str]) -> Start:
    """Which settings and first weights.

    Without a GPU an hour of training does not teach random weights what those that ship know already, whatever the
    shapes; with one, thousands of shapes are worth a larger network.

    Args:
        kind: of device, such as "cpu".
        shapes: how many there are; None where that is not known.
        ships: whether weights of the system ship.
        recipes: that the system has.
    """
    if kind == "cuda" and shapes is not None and shapes >= _MANY_SHAPES:
        return Start(DEFAULT_RECIPE, False)
    small = kind != "cuda" and SMALL_RECIPE in recipes
    return Start(SMALL_RECIPE if small else DEFAULT_RECIPE, ships)


def seconds_a_step(made: float, computed: float, workers: int, cores: int, on_gpu: bool) -> float:
    """How long steps take one after another, whose batches other processes make meanwhile.

    Args:
        made: seconds that a batch takes.
        computed: seconds that a step with it takes, on all cores or on a GPU.
        workers: processes that make batches; 0: none beside the one that computes.
        cores: of the CPU.
        on_gpu: whether steps leave the cores alone.
    """
    if workers == 0:
        return made + computed
    return max(computed if on_gpu else computed + made / cores, made / min(workers, cores))


def choose_length(
    config: TrainConfig,
    seconds: float,
    minutes: float | None,
    shapes: int,
    warm: bool,
    parts: int = 1,
    said: Collection[str] = (),
) -> TrainConfig:
    """How long a run trains, and how often it looks up; at most the steps of its recipe.

    A step that takes longer than four seconds gets a smaller batch.

    Args:
        config: of the recipe, with what was asked for.
        seconds: of a step with `config.batch`.
        minutes: that were asked for; None for an hour, and for no more than few shapes are worth.
        shapes: that are trained on.
        warm: whether the first weights know something.
        parts: that a batch is computed in, over all processes.
        said: names of the fields that were asked for, and stay as they are.
    """
    batch = config.batch
    while "batch" not in said and seconds > _LONGEST_STEP and batch // 2 >= _LEAST_BATCH:
        if batch % (2 * parts):
            break
        batch, seconds = batch // 2, seconds / 2
    fitting = int(60 * (MINUTES if minutes is None else minutes) * _OF_TIME / max(seconds, 1e-6))
    steps = config.steps if "steps" in said else max(1, min(config.steps, fitting))
    if minutes is None and "steps" not in said:
        steps = min(steps, max(_LEAST_STEPS, _LOOKS * shapes // batch))
    few = warm and shapes < _FEW_SHAPES
    chosen: dict[str, Any] = {
        "batch": batch,
        "steps": steps,
        "lr": config.lr / 5 if few else config.lr,
        "warmup": min(config.warmup, steps // _VALIDATIONS),
        "val_every": max(1, min(config.val_every, steps // _VALIDATIONS)),
        "log_every": _often(config.log_every, _ROW_SECONDS, seconds),
        "checkpoint_every": _often(config.checkpoint_every, _CHECKPOINT_SECONDS, seconds),
    }
    return replace(config, **{name: value for name, value in chosen.items() if name not in said})


def _often(most: int, every: float, seconds: float) -> int:
    """Steps of some seconds that come to `every` seconds, at most `most`."""
    return max(1, min(most, int(every / max(seconds, 1e-6))))
