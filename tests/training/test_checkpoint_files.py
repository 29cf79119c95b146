"""Checkpoints on disk: there and back, whole or not at all."""

import json
import os

import pytest
import torch
from safetensors import SafetensorError

from maquette.io.errors import BadInput
from maquette.training import checkpoint_files
from maquette.training.checkpoint_files import read_checkpoint, write_checkpoint

FULL = "No space left on device"


@pytest.fixture
def tensors() -> dict[str, dict[str, torch.Tensor]]:
    return {
        "weights": {
            "a": torch.randn(3, 4),
            "b": torch.randn(4).bfloat16(),
            "c": torch.randn(1, 2, 3, 3).to(memory_format=torch.channels_last),
        },
        "optimiser": {"0/step": torch.ones(())},
    }


@pytest.fixture
def written(tmp_path, tensors):
    write_checkpoint(tmp_path / "step", tensors, {"step": 7, "third": 1 / 3})
    return tmp_path / "step"


def test_comes_back_with_the_same_bits(written, tensors):
    found = read_checkpoint(written)
    assert found.state["step"] == 7
    assert found.state["third"] == 1 / 3
    for name, group in tensors.items():
        for key, tensor in group.items():
            assert torch.equal(found.tensors[name][key], tensor)
            assert found.tensors[name][key].dtype == tensor.dtype


def test_files_without_tensors_are_left_out(tmp_path):
    write_checkpoint(tmp_path / "step", {"weights": {"a": torch.ones(1)}, "average": {}}, {})
    assert sorted(entry.name for entry in (tmp_path / "step").iterdir()) == [
        "state.json",
        "weights.safetensors",
    ]


@pytest.mark.parametrize("name", ["weights.safetensors", "state.json"])
def test_a_missing_file_is_named(written, name):
    (written / name).unlink()
    with pytest.raises(BadInput, match=name):
        read_checkpoint(written)


def test_one_changed_bit_is_noticed(written):
    file = written / "weights.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(BadInput, match="SHA-256 has changed"):
        read_checkpoint(written)


def test_one_changed_digit_of_the_state_is_noticed(written):
    file = written / "state.json"
    file.write_text(file.read_text().replace('"step": 7', '"step": 8'))
    with pytest.raises(BadInput, match=r"state\.json: is not what was written: its SHA-256 has changed"):
        read_checkpoint(written)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "other", "files": {}}'])
def test_a_broken_state_is_bad_input(written, text):
    (written / "state.json").write_text(text)
    with pytest.raises(BadInput, match=r"state\.json"):
        read_checkpoint(written)


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), SafetensorError("No space left on device")]
)
def test_a_full_disk_leaves_nothing_behind_and_the_old_one_intact(written, tensors, error, monkeypatch):
    def fail(*args):
        raise error

    before = json.loads((written / "state.json").read_text())
    monkeypatch.setattr(checkpoint_files, "save_file", fail)
    for target in (written, written.with_name("next")):
        with pytest.raises(BadInput, match="cannot be written: No space left on device"):
            write_checkpoint(target, tensors, {"step": 8})
    assert [entry.name for entry in written.parent.iterdir()] == [written.name]
    assert json.loads((written / "state.json").read_text()) == before
    read_checkpoint(written)


def test_where_folders_cannot_be_opened_only_files_are_synced(tmp_path, tensors, monkeypatch):
    opened, open_any = [], os.open

    def open_file(path, flags, *args, **kwargs):
        opened.append((os.path.isdir(path), flags & os.O_RDWR))
        return open_any(path, flags, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.delattr(os, "O_DIRECTORY")
        patch.setattr(os, "open", open_file)
        write_checkpoint(tmp_path / "step", tensors, {"step": 7})
    assert opened == [(False, os.O_RDWR)] * 3
    assert read_checkpoint(tmp_path / "step").state["step"] == 7
