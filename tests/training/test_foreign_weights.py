"""Files that others wrote: what is tensors is read, and nothing in them runs."""

import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from maquette.io.errors import BadInput
from maquette.training.foreign_kind import foreign_kind
from maquette.training.foreign_weights import read_foreign_weights

STATE = {"b.weight": torch.arange(6.0).view(2, 3), "a.steps": torch.tensor(3)}


class Hostile:
    """What runs a command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("wrapper", [None, "state_dict", "model", "model_state_dict", "net"])
def test_states_of_torch(tmp_path, new: bool, wrapper: str | None) -> None:
    path = tmp_path / "state.pt"
    whole = {**STATE, "epoch": 3} if wrapper is None else {"epoch": 3, "optimizer": {}, wrapper: STATE}
    torch.save(whole, path, _use_new_zipfile_serialization=new)
    assert foreign_kind(path) == "torch"
    found = read_foreign_weights(path)
    assert (found.in_order, found.path, list(found.tensors)) == (True, path, list(STATE))
    assert all(torch.equal(tensor, STATE[name]) for name, tensor in found.tensors.items())


@pytest.mark.parametrize("start", [b"\x80\1", b"PK"])
def test_safetensors(tmp_path, start: bytes) -> None:
    path = tmp_path / "state.pt"  # told by content, and not by its first bytes, which count the header's
    save_file(STATE, path, {"note": ""})
    more = int.from_bytes(start, "little") - int.from_bytes(path.read_bytes()[:8], "little")
    save_file(STATE, path, {"note": "x" * more})
    assert path.read_bytes().startswith(start)
    assert foreign_kind(path) == "safetensors"
    found = read_foreign_weights(path)
    assert not found.in_order
    assert found.tensors.keys() == STATE.keys()


@pytest.mark.parametrize("write", ["torch", "old torch", "pickle", "old pickle"])
def test_what_could_run_does_not(tmp_path, write: str) -> None:
    path, mark = tmp_path / "evil.pt", tmp_path / "mark"
    evil = {"epoch": 3, "evil": Hostile(f"touch {mark}")}
    if "torch" in write:
        torch.save(evil, path, _use_new_zipfile_serialization=write == "torch")
    else:
        path.write_bytes(pickle.dumps(evil, protocol=2 if write == "old pickle" else 4))
    with pytest.raises(BadInput, match=r"holds .*system, which could run|not a state of tensors") as caught:
        read_foreign_weights(path)
    assert not mark.exists()
    assert "\n" not in str(caught.value)
    assert "weights_only" not in str(caught.value)  # no advice to load it all the same


def packed(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}." + b"\0" * 1_000_000)


def another_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")


def half(path: Path) -> None:
    torch.save({"a": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])


def in_itself(path: Path) -> None:
    outer: dict = {}
    outer["model"] = outer
    torch.save(outer, path)


WRITE = {
    "missing": (lambda path: None, "No such file"),
    "a folder": (Path.mkdir, "is a folder"),
    "empty": (Path.touch, "neither a whole safetensors file nor one of torch"),
    "text": (
        lambda path: path.write_text("<html>404</html>"),
        "neither a whole safetensors file nor one of torch",
    ),
    "noise": (lambda path: path.write_bytes(b"\x80" + bytes(range(256))), "not a state of tensors"),
    "half": (half, "a broken file of torch"),
    "another zip": (another_zip, "not one that torch wrote"),
    "packed": (packed, "a compressed archive"),
    "a module": (
        lambda path: torch.save(torch.nn.Linear(2, 2), path),
        "holds torch.nn.modules.linear.Linear",
    ),
    "an array": (lambda path: torch.save({"a": np.zeros(3)}, path), "holds numpy"),
    "a list": (lambda path: torch.save([torch.zeros(3)], path), "holds no tensors by name"),
    "numbers": (lambda path: torch.save({"model": {"epoch": 3}, "net": 2}, path), "holds no tensors by name"),
    "in itself": (in_itself, "holds no tensors by name"),
}


@pytest.mark.parametrize("case", WRITE)
def test_files_that_are_no_weights(tmp_path, case: str) -> None:
    write, said = WRITE[case]
    path = tmp_path / "bad.pt"
    write(path)
    with pytest.raises(BadInput, match=said) as caught:
        read_foreign_weights(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
