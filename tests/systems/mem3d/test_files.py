"""Memories in weights files: compressed, named, and checked."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from maquette.io.errors import BadInput
from maquette.systems.mem3d.system import Mem3DSystem
from tiny_mem3d import tiny_mem3d


@pytest.fixture(scope="module", params=[4, 0], ids=["shapes for keys", "features for keys"])
def written(request, tmp_path_factory):
    network = tiny_mem3d(key=request.param)
    grids = torch.zeros(3, 32, 32, 32, dtype=torch.bool)
    grids[0, 3:9], grids[1, :, 4:20], grids[2, 5:6, 7:30] = True, True, True
    network.memory.write(torch.randn(3, network.memory.keys.shape[1]), grids, torch.tensor([4, 1, -1]))
    network.memory.ids = ("a", "<b>", "c", "d", "e")
    path = tmp_path_factory.mktemp("w") / "weights.safetensors"
    Mem3DSystem(network).save(path)
    return network, path


def test_what_is_read_is_what_was_written(written):
    network, path = written
    memory = Mem3DSystem.load(path).network.memory
    assert torch.equal(memory.values, network.memory.values)
    assert torch.equal(memory.ages, network.memory.ages)
    torch.testing.assert_close(memory.keys[:3], network.memory.keys[:3], atol=2e-3, rtol=0)
    torch.testing.assert_close(memory.keys[:3].norm(dim=1), torch.ones(3))
    assert [memory.ids[i] if i >= 0 else None for i in memory.shapes[:3].tolist()] == ["e", "<b>", None]
    assert set(memory.ids) == {"e", "<b>"}, "names of shapes that are not there are not kept"


def test_shapes_take_little_room(written):
    _, path = written
    with safe_open(path, "pt") as file:
        assert file.get_tensor("memory.values").numel() < 3 * 32**3 / 8 / 4


def changed(path, out, **tensors):
    with safe_open(path, "pt") as file:
        held = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        about = file.metadata()
    for name, change in tensors.items():
        if name != "ids":
            held[f"memory.{name}"] = change(held[f"memory.{name}"])
    if "ids" in tensors:
        config = json.loads(about["config"])
        config["memory"]["ids"] = tensors["ids"]
        about["config"] = json.dumps(config)
    save_file(held, out, about)
    return out


FAULTS = {
    "cut": {"values": lambda x: x[: len(x) // 2].clone()},
    "noise": {"values": lambda x: 255 - x},
    "too little": {"values": lambda x: torch.zeros(0, dtype=torch.uint8)},
    "another type": {"values": lambda x: x.float()},
    "an age": {"ages": lambda x: x - 5},
    "ages of others": {"ages": lambda x: x[:2].clone()},
    "fractional ages": {"ages": lambda x: x.float()},
    "a name": {"shapes": lambda x: x + 7},
    "names": {"ids": "ab"},
    "numbers for names": {"ids": [1, 2]},
    "keys": {"keys": lambda x: x[..., :2].clone()},
    "other keys": {"keys": lambda x: x.flatten()[1:].clone()},
    "a number for ages": {"ages": lambda x: x[0].clone()},
    "a number for keys": {"keys": lambda x: x.flatten()[0].clone()},
    "keys of one axis": {"keys": lambda x: torch.zeros(5)},
    "whole numbers for keys": {"keys": lambda x: x.long()},
    "a cut end": {"values": lambda x: x[:-2].clone()},
    "another size": {"keys": lambda x: torch.cat([x, x])},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_broken_memories_are_refused(fault, written, tmp_path):
    with pytest.raises(BadInput) as error:
        Mem3DSystem.load(changed(written[1], tmp_path / "w.safetensors", **FAULTS[fault]))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


def test_keys_that_are_not_finite_are_refused(tmp_path):
    network = tiny_mem3d()
    network.memory.keys[0, 0] = torch.nan
    Mem3DSystem(network).save(tmp_path / "w.safetensors")
    with pytest.raises(BadInput, match="keys that its memory does not have"):
        Mem3DSystem.load(tmp_path / "w.safetensors")
