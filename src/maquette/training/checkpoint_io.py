"""Lightning's checkpoints as folders that hold nothing pickled."""

from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import CheckpointIO
from torch import Tensor

from .checkpoint_files import read_checkpoint, write_checkpoint

_AVERAGE = "averaged."
_LEFT_OUT = ("state_dict", "optimizer_states", "loops")


class FolderCheckpoints(CheckpointIO):
    """Writes what Lightning collects of a run with one optimiser as a folder, and reads it back.

    `weights`, `average` (of the weights) and `optimiser` are safetensors; the rest is JSON. How far Lightning's
    own loops are is left out: batches are numbered by the step of training (`StepBatches`), so that a resumed
    run is a new loop over the batches that are left.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a checkpoint; see `write_checkpoint`."""
        weights = checkpoint["state_dict"]
        (optimiser,) = checkpoint["optimizer_states"]
        tensors = {
            "weights": {name: value for name, value in weights.items() if not name.startswith(_AVERAGE)},
            "average": {name: value for name, value in weights.items() if name.startswith(_AVERAGE)},
            "optimiser": _named(optimiser["state"]),
        }
        state = {name: value for name, value in checkpoint.items() if name not in _LEFT_OUT}
        write_checkpoint(Path(path), tensors, {**state, "optimiser_groups": optimiser["param_groups"]})

    def load_checkpoint(self, path: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Read a checkpoint as Lightning wants it; see `read_checkpoint`."""
        tensors, state = read_checkpoint(Path(path))
        groups = state.pop("optimiser_groups")
        optimiser = {"state": _numbered(tensors.pop("optimiser", {})), "param_groups": groups}
        weights = {**tensors.pop("weights"), **tensors.pop("average", {})}
        return {**state, "state_dict": weights, "optimizer_states": [optimiser]}

    def remove_checkpoint(self, path: Any) -> None:
        """Not used: `RunFolder` removes checkpoints."""
        raise NotImplementedError


def _named(state: dict[int, dict[str, Tensor]]) -> dict[str, Tensor]:
    """An optimiser's tensors by "number of the parameter / name"."""
    return {
        f"{number}/{name}": value
        for number, values in state.items()
        for name, value in values.items()
        if isinstance(value, torch.Tensor)
    }


def _numbered(tensors: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, _, name = key.partition("/")
        state.setdefault(int(number), {})[name] = value
    return state
