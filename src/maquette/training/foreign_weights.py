"""Weights that other programs wrote: a state of torch, by its restricted unpickler, or safetensors."""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

import torch
from torch import Tensor

from ..io.errors import BadInput
from .foreign_kind import foreign_kind
from .weights import read_tensors

_WRAPPERS = ("state_dict", "model", "model_state_dict", "net")
_CULPRIT = re.compile(r"GLOBAL ([\w.]+)")


@dataclass(frozen=True)
class ForeignWeights:
    """Tensors under the names that somebody else gave them; nothing of them is checked yet.

    Attributes:
        tensors: by name.
        in_order: whether they come in the order of the network that was saved: safetensors sorts by name.
        path: where they come from.
    """

    tensors: Mapping[str, Tensor]
    in_order: bool
    path: str | PathLike[str]


def read_foreign_weights(path: str | PathLike[str]) -> ForeignWeights:
    """Read a file that `torch.save` wrote of a state, bare or in a dictionary under one of the usual names, or
    a safetensors file.

    What is more than tensors, numbers and words is not loaded, so that nothing in the file can run.

    Raises:
        BadInput: it cannot be read, holds what could run, or holds no tensors.
    """
    if foreign_kind(path) == "safetensors":
        return ForeignWeights(read_tensors(path), in_order=False, path=path)
    tensors = _state(_load(path))
    if not tensors:
        raise BadInput(path, f"holds no tensors by name, bare or as one of {', '.join(_WRAPPERS)}")
    return ForeignWeights(tensors, in_order=True, path=path)


def _load(path: str | PathLike[str]) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a broken or hostile file makes torch stumble over
        culprit = _CULPRIT.search(str(error))
        if culprit:  # torch's own words advise to load it all the same
            reason = f"holds {culprit[1]}, which could run anything; only a state_dict of tensors is read"
        else:
            reason = "not a state of tensors that torch can read safely, or broken"
        raise BadInput(path, reason) from error


def _state(loaded: Any) -> dict[str, Tensor]:
    """The tensors of the dictionary itself, else of the first of those in it that has any."""
    if not isinstance(loaded, Mapping):
        return {}
    inner = (_tensors(loaded[key]) for key in _WRAPPERS if isinstance(loaded.get(key), Mapping))
    return _tensors(loaded) or next(filter(None, inner), {})


def _tensors(state: Mapping[Any, Any]) -> dict[str, Tensor]:
    return {
        name: value for name, value in state.items() if isinstance(name, str) and isinstance(value, Tensor)
    }
