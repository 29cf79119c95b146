"""The state of a run as tensors and JSON: what a checkpoint holds, and a run resumed from one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.optim import Optimizer

from ..io.errors import BadInput, as_bad_input
from ..io.typed import typed
from .checkpoint_files import Checkpoint, read_checkpoint, write_checkpoint
from .module import TrainingModule
from .progress import Progress
from .update import Updates

_AVERAGE = "averaged."
_OPTIMISER = "optimiser."
_UNFIT = (ValueError, KeyError, TypeError, IndexError, AttributeError, RuntimeError)  # of `load_state_dict`


@dataclass(frozen=True)
class _State:
    """What `state.json` must say."""

    step: int
    progress: Progress
    optimisers: dict[str, list[dict[str, Any]]]
    scaler: dict[str, Any]


class RunState:
    """What steps change and checkpoints keep: networks, their optimisers, and the progress of the run.

    Args:
        fabric: device, precision and processes.
        module: with its first weights; brought to the fabric's device.
    """

    def __init__(self, fabric: Fabric, module: TrainingModule) -> None:
        fabric.to_device(module)
        self.fabric, self.module, self.progress = fabric, module, Progress()
        self.updates = Updates(fabric, module.optimisers(), module.training_config)

    def save(self, path: Path) -> None:
        """Write a checkpoint (`save_state`)."""
        scaler = self.fabric.strategy.precision.state_dict()
        save_state(path, self.module, self.updates.optimisers, self.progress, scaler)

    def restore(self, checkpoint: Checkpoint, path: Path) -> None:
        """Become what the checkpoint at a path holds; `BadInput` where it is of another network or optimiser."""
        restore_module(self.module, checkpoint, path)
        restore_optimisers(self.updates.optimisers, checkpoint, path)
        with as_bad_input(path, *_UNFIT, say="is a checkpoint of another precision"):
            self.fabric.strategy.precision.load_state_dict(checkpoint.state["scaler"])
        self.progress = progress_of(checkpoint)


def save_state(
    path: Path,
    module: TrainingModule,
    optimisers: Mapping[str, Optimizer],
    progress: Progress,
    scaler: Mapping[str, Any],
) -> None:
    """Write a checkpoint: `weights`, `average`, one file an optimiser, and `state.json`.

    Args:
        path: the folder.
        module: networks with their buffers, and the moving average.
        optimisers: by name.
        progress: of the run.
        scaler: of losses in half precision; empty without one.

    Raises:
        BadInput: it cannot be written.
    """
    state = module.state_dict()
    tensors = {
        "weights": {name: value for name, value in state.items() if not name.startswith(_AVERAGE)},
        "average": {name: value for name, value in state.items() if name.startswith(_AVERAGE)},
    }
    groups = {}
    for name, optimiser in optimisers.items():
        of = optimiser.state_dict()
        tensors[_OPTIMISER + name], groups[name] = _named(of["state"]), of["param_groups"]
    about = {"step": module.step_count, "progress": asdict(progress), "optimisers": groups}
    write_checkpoint(path, tensors, {**about, "scaler": dict(scaler)})


def read_state(path: Path) -> Checkpoint:
    """Read a checkpoint, of version 0.1 too.

    Raises:
        BadInput: a file is missing, is not what was written, or says nothing of the run.
    """
    checkpoint = read_checkpoint(path)
    with as_bad_input(path / "state.json", ValueError, KeyError, TypeError, say="is not the state of a run"):
        if "callbacks" in checkpoint.state:
            checkpoint = _of_version_0_1(checkpoint)
        typed(_State, checkpoint.state, more=True)
        if "weights" not in checkpoint.tensors:
            raise ValueError("no weights")
    return checkpoint


def progress_of(checkpoint: Checkpoint) -> Progress:
    """What the run remembers."""
    return typed(Progress, checkpoint.state["progress"], "progress")


def restore_module(module: TrainingModule, checkpoint: Checkpoint, path: Path) -> None:
    """Fill a module from the checkpoint at a path.

    Raises:
        BadInput: it is of another network.
    """
    state = {**checkpoint.tensors["weights"], **checkpoint.tensors.get("average", {})}
    with as_bad_input(path, RuntimeError, say="is a checkpoint of another network"):
        module.load_state_dict(state)
    module.step_count = checkpoint.state["step"]


def restore_optimisers(optimisers: Mapping[str, Optimizer], checkpoint: Checkpoint, path: Path) -> None:
    """Fill optimisers from the checkpoint at a path.

    Raises:
        BadInput: it is of other optimisers.
    """
    groups = checkpoint.state["optimisers"]
    if set(groups) != set(optimisers):
        names = f"{', '.join(groups)}, not of {', '.join(optimisers)}"
        raise BadInput(path, f"is a checkpoint of the optimisers {names}")
    for name, optimiser in optimisers.items():
        with as_bad_input(path, *_UNFIT, say="is a checkpoint of another optimiser"):
            state = _numbered(checkpoint.tensors.get(_OPTIMISER + name, {}))
            optimiser.load_state_dict({"state": state, "param_groups": groups[name]})
        _lay_out(optimiser)


def _lay_out(optimiser: Optimizer) -> None:
    """Put moments into memory as their parameters lie there: kernels that move all of both at once take it so."""
    for parameter, values in optimiser.state.items():
        for name, value in values.items():
            if value.shape == parameter.shape and value.stride() != parameter.stride():
                values[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def _of_version_0_1(checkpoint: Checkpoint) -> Checkpoint:
    """The same in today's names; there was one optimiser, and loss and IoU were all that was measured."""
    tensors, state = checkpoint
    old = state["callbacks"]["Keeper"]
    progress = Progress(
        sums={"loss": old["loss"], "iou": old["iou"]},
        counts={"loss": old["count"], "iou": old["count"]},
        best=old["best_iou"],
        **{name: old[name] for name in ("seconds", "best_step", "worse", "stopped")},
    )
    groups = {"network": state["optimiser_groups"]}
    renamed = {
        _OPTIMISER + "network" if name == "optimiser" else name: group for name, group in tensors.items()
    }
    scaler = state.get("MixedPrecision", {})
    return Checkpoint(
        renamed, {"step": state["step"], "progress": asdict(progress), "optimisers": groups, "scaler": scaler}
    )


def _named(state: Mapping[int, Mapping[str, Any]]) -> dict[str, Tensor]:
    """An optimiser's tensors by "number of the parameter / name"."""
    return {
        f"{number}/{name}": value
        for number, values in state.items()
        for name, value in values.items()
        if isinstance(value, torch.Tensor)
    }


def _numbered(tensors: Mapping[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, _, name = key.partition("/")
        state.setdefault(int(number), {})[name] = value
    return state
