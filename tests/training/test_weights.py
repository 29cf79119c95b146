"""Weights files: the same tensors come back; what is wrong with a file is said in one line."""

import json
import os

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from maquette.io.errors import BadInput
from maquette.training.weights import fill, load_weights, rounding_error, save_weights, to_int8
from maquette.training.weights_header import read_weights_header

CONFIG = {"network": {"variant": "residual-gru-3", "width": 0.25}, "threshold": 0.4}


@pytest.fixture
def tensors():
    return {"a.weight": torch.randn(8, 3, 3, 3), "a.bias": torch.randn(8), "steps": torch.tensor(7)}


@pytest.fixture
def file(tmp_path, tensors):
    path = tmp_path / "w.safetensors"
    save_weights(path, tensors, "r2n2", "residual-gru-3", CONFIG)
    return path


@pytest.mark.parametrize(("precision", "loss"), [("float32", 0.0), ("float16", 1e-3), ("int8", 2e-2)])
def test_round_trip(tmp_path, tensors, precision, loss):
    path = tmp_path / "w.safetensors"
    save_weights(path, tensors, "r2n2", "simple-gru-1", CONFIG, precision)
    weights = load_weights(path, "r2n2")
    assert (weights.system, weights.variant, weights.config) == ("r2n2", "simple-gru-1", CONFIG)
    assert weights.tensors.keys() == tensors.keys()
    assert weights.tensors["steps"] == 7
    errors = rounding_error({k: v for k, v in tensors.items() if v.is_floating_point()}, precision)
    for name, error in errors.items():
        found, wanted = weights.tensors[name], tensors[name]
        assert found.dtype == torch.float32
        assert float((found - wanted).norm() / wanted.norm()) == pytest.approx(error, abs=1e-7)
        assert error <= loss
    assert (errors["a.weight"] > 0) == (precision != "float32")
    assert list(tmp_path.iterdir()) == [path]


def test_the_same_tensors_are_the_same_bytes(file, tensors, tmp_path):
    for i in range(5):  # by chance they would be the same once in 120
        save_weights(tmp_path / f"{i}.safetensors", tensors, "r2n2", "residual-gru-3", CONFIG)
        assert (tmp_path / f"{i}.safetensors").read_bytes() == file.read_bytes()
    length = int.from_bytes(file.read_bytes()[:8], "little")
    assert (length % 8, file.stat().st_size) == (0, 8 + length + 2 * (8 * 27 + 8) + 8)


@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
def test_tied_tensors_have_a_copy_under_each_name(tmp_path, precision):
    one, two = nn.Linear(3, 3), nn.Linear(3, 3)
    two.weight = one.weight
    one.register_buffer("steps", torch.tensor(7))
    two.register_buffer("steps", one.steps)
    state = nn.ModuleList([one, two]).state_dict()
    save_weights(tmp_path / "w.safetensors", state, "r2n2", "simple-gru-1", CONFIG, precision)
    found = load_weights(tmp_path / "w.safetensors").tensors
    assert found.keys() == state.keys()
    for name in ("weight", "steps"):
        assert torch.equal(found[f"0.{name}"], found[f"1.{name}"])
    torch.testing.assert_close(found["1.weight"], one.weight.detach(), atol=0.01, rtol=0.01)


def test_int8_needs_a_quarter_and_errs_by_half_a_step():
    values = torch.randn(4, 50) * torch.tensor([1e-3, 1.0, 50.0, 0.0])[:, None]
    whole, scale = to_int8(values)
    assert whole.dtype == torch.int8
    assert (whole.float() * scale[:, None] - values).abs().amax(1).le(scale * 0.5001).all()
    assert (whole[3] == 0).all()
    with pytest.raises(ValueError, match="finite"):
        to_int8(torch.tensor([[1.0, float("inf")]]))


def test_the_header_is_read_alone(file):
    header = read_weights_header(file)
    assert (header.system, header.variant, header.precision) == ("r2n2", "residual-gru-3", "float16")
    assert header.config == CONFIG


def test_the_folder_of_a_run(tmp_path, tensors):
    with pytest.raises(BadInput, match=r"folder without weights\.safetensors"):
        load_weights(tmp_path)
    save_weights(tmp_path / "weights.safetensors", tensors, "r2n2", "", {})
    assert load_weights(tmp_path).tensors.keys() == tensors.keys()


def test_files_that_are_not_weights(tmp_path, file, tensors):
    with pytest.raises(BadInput, match="no such file"):
        load_weights(tmp_path / "none.safetensors")
    with pytest.raises(BadInput, match="weights of r2n2, not of mem3d"):
        load_weights(file, "mem3d")
    bad = tmp_path / "bad.safetensors"
    whole = file.read_bytes()
    for broken in (b"", b"GIF89a", whole[:-1], whole[:100], whole + b"0", b"\xff" * 64):
        bad.write_bytes(broken)
        with pytest.raises(BadInput, match="not a whole safetensors file") as caught:
            load_weights(bad)
        assert "\n" not in str(caught.value)
    for about, words in (
        (None, "no format"),
        ({"format": "pt"}, "'pt'"),
        ({"format": "maquette/1", "config": "{"}, "settings in its header"),
        ({"format": "maquette/1", "config": "[1]"}, "settings in its header"),
        ({"format": "maquette/1", "config": '{"threshold": NaN}'}, "NaN is no number"),
    ):
        save_file(tensors, bad, about)
        with pytest.raises(BadInput, match=words):
            load_weights(bad)


def test_tensors_that_do_not_fit_a_network(tmp_path):
    path, network = tmp_path / "w.safetensors", nn.Linear(3, 2)
    whole = {name: tensor + 1 for name, tensor in network.state_dict().items()}

    def load(**changes):
        tensors = {name: t for name, t in {**whole, **changes}.items() if t is not None}
        save_weights(path, tensors, "r2n2", "", {}, "float32")
        fill(network, load_weights(path))

    load()
    assert torch.equal(network.weight, whole["weight"])
    for changes, words in (
        ({"bias": None}, "tensor bias: is missing"),
        ({"bias": None, "weight": None}, r"tensor weight: is missing \(and 1 more\)"),
        ({"other": torch.ones(1)}, "tensor other: is not of this network"),
        ({"weight": torch.ones(2, 4)}, r"tensor weight: has shape \(2, 4\), the network needs \(2, 3\)"),
    ):
        with pytest.raises(BadInput, match=words):
            load(**changes)


def test_a_network_without_memory_takes_that_of_the_weights(tmp_path):
    with torch.device("meta"):
        network = nn.Linear(3, 2)
    tensors = {"weight": torch.rand(2, 3), "bias": torch.rand(2)}
    save_weights(tmp_path / "w.safetensors", tensors, "r2n2", "", {}, "float32")
    fill(network, load_weights(tmp_path / "w.safetensors"))
    assert torch.equal(network(torch.eye(3)), tensors["weight"].T + tensors["bias"])


def test_whole_numbers_are_no_weights(tmp_path):
    about = {"format": "maquette/1", "system": "r2n2", "variant": "", "config": json.dumps({})}
    whole = {"weight": torch.ones(2, 3, dtype=torch.int32), "bias": torch.ones(2)}
    save_file(whole, tmp_path / "w.safetensors", about)
    with pytest.raises(BadInput, match="tensor weight: holds whole numbers"):
        fill(nn.Linear(3, 2), load_weights(tmp_path / "w.safetensors"))


def test_values_that_a_file_should_not_hold(tmp_path, tensors):
    path = tmp_path / "w.safetensors"
    with pytest.raises(ValueError, match="float16"):
        save_weights(path, {"a": torch.tensor([1e6])}, "r2n2", "", {})
    with pytest.raises(ValueError, match="finite"):
        save_weights(path, {"a": torch.full((1, 1), float("nan"))}, "r2n2", "", {}, "int8")
    with pytest.raises(BadInput, match="cannot be written"):
        save_weights("/dev/null/w.safetensors", tensors, "r2n2", "", {})
    assert list(tmp_path.iterdir()) == []
    about = {"format": "maquette/1", "system": "r2n2", "variant": "", "config": json.dumps({})}
    save_file({"a": torch.tensor([float("nan")])}, path, about)
    with pytest.raises(BadInput, match="not finite"):
        load_weights(path)
    save_file({"a": torch.ones(2, 2, dtype=torch.int8), "a.int8_scale": torch.ones(3)}, path, about)
    with pytest.raises(BadInput, match="scale does not fit"):
        load_weights(path)


@pytest.mark.skipif(not hasattr(os, "fchmod"), reason="needs permissions of files")
def test_a_weights_file_has_the_permissions_of_any_other(tmp_path, file):
    other = tmp_path / "other"
    other.write_bytes(b"")
    assert file.stat().st_mode == other.stat().st_mode
