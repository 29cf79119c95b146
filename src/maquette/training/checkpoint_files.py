"""Checkpoints on disk: a folder of safetensors and one `state.json`, there whole or not at all."""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from ..io.atomic_folder import replacing_folder
from ..io.checksum import sha256_of
from ..io.errors import BadInput, as_bad_input
from ..io.files import need_file
from ..io.json_file import read_json
from ..io.typed import typed
from .weights import read_tensors

FORMAT = "maquette-checkpoint/1"
_STATE = "state.json"
_NAME = re.compile(r"[\w.-]*\w")
_OWN_SUM = "sha256"
_CHANGED = "is not what was written: its SHA-256 has changed"


@dataclass(frozen=True)
class _Files:
    """What every `state.json` says: SHA-256 of the files beside it."""

    files: dict[str, str]

    def __post_init__(self) -> None:
        for name in self.files:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not the name of a file beside it")


class Checkpoint(NamedTuple):
    """What a checkpoint holds.

    Attributes:
        tensors: by file and name.
        state: what JSON can hold.
    """

    tensors: dict[str, dict[str, Tensor]]
    state: dict[str, Any]


def write_checkpoint(
    path: Path, tensors: Mapping[str, Mapping[str, Tensor]], state: Mapping[str, Any]
) -> None:
    """Write a checkpoint under another name beside `path`, bring it to the disk, then rename it.

    `state.json` holds the SHA-256 of every other file, and of what it says itself.

    Args:
        path: the folder.
        tensors: by file (its name without suffix) and name; files without tensors are left out.
        state: what JSON can hold.

    Raises:
        BadInput: it cannot be written; nothing is left behind.
    """
    with (
        replacing_folder(path) as folder,
        as_bad_input(path, OSError, SafetensorError, say="cannot be written"),
    ):
        sums = {}
        for name, group in tensors.items():
            if group:
                file = folder / f"{name}.safetensors"
                save_file({key: _apart(tensor) for key, tensor in group.items()}, file)
                sums[name] = sha256_of(file)
        about = {"format": FORMAT, "files": sums, **state}
        text = json.dumps({**about, _OWN_SUM: _sum_of_words(about)})
        (folder / _STATE).write_text(text, encoding="utf-8")
        for file in (*folder.iterdir(), folder):
            _to_disk(file)
    with as_bad_input(path, OSError, say="cannot be written"):
        _to_disk(Path(path).parent)  # its new name


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        BadInput: a file is missing or is not what was written.
    """
    state = _read_state(path)
    tensors = {}
    for name, expected in state.pop("files").items():
        file = path / f"{name}.safetensors"
        need_file(file)
        with as_bad_input(file, OSError, say="cannot be read"):
            if sha256_of(file) != expected:
                raise BadInput(file, _CHANGED)
        tensors[name] = read_tensors(file)
    return Checkpoint(tensors, state)


def _apart(tensor: Tensor) -> Tensor:
    """Its numbers as safetensors takes them: in the order of its axes, sharing memory with no other."""
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)


def _read_state(path: Path) -> dict[str, Any]:
    file = path / _STATE
    state = read_json(file, dict, nan=True)
    if state.get("format") != FORMAT:
        raise BadInput(file, "is not the state of a checkpoint")
    own_sum = state.pop(_OWN_SUM, None)  # the first checkpoints had none
    if own_sum is not None and own_sum != _sum_of_words(state):
        raise BadInput(file, _CHANGED)
    with as_bad_input(file, ValueError, say="is not the state of a checkpoint"):
        typed(_Files, state, more=True)
    return state


def _sum_of_words(state: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()


def _to_disk(path: Path) -> None:
    """Have the system write what it still holds back of a file or, where folders can be opened, of a folder."""
    if path.is_dir() and not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)  # some want to write what they sync
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
