"""`maquette backbone import`: a file that backbones start from, or one line and nothing left behind."""

import os

import pytest
import torch
from safetensors.torch import load_file, save_file

from maquette.nn.backbones.backbone import backbone
from maquette.training.weights_header import read_weights_header

WIDTH = ("--width", 0.25)


@pytest.fixture
def net():
    return backbone("mobilenet_v2", width=0.25, norm="running", taps=(32,)).eval()


@pytest.fixture
def state(net) -> dict[str, torch.Tensor]:
    """As others save it: wrapped by their tools, with a classifier."""
    state = {f"module.features.{key}": tensor for key, tensor in net.body.state_dict().items()}
    return {**state, "module.classifier.1.weight": torch.zeros(10, 1280)}


def test_from_a_file_of_torch_to_features(maquette, net, state, tmp_path) -> None:
    source, out = tmp_path / "their.pth", tmp_path / "ours.safetensors"
    torch.save({"state_dict": state, "epoch": 90}, source)
    ran = maquette("backbone", "import", source, "-o", out, *WIDTH, "--json", "-")
    assert ran.code == 0, ran.err
    numbers = ran.json()
    assert (numbers["name"], numbers["matched_by"], numbers["tensors"]) == ("mobilenet_v2", "name", 260)
    assert numbers["left_out"] == ["module.classifier.1.weight"]
    assert numbers["bytes"] == out.stat().st_size
    assert "mobilenet_v2, 260 tensors by name, 1 left out" in ran.err
    header = read_weights_header(out, "backbone")
    assert header.variant == "mobilenet_v2"
    assert header.config == {"width": 0.25, "origin": "their.pth", "sha256": numbers["source_sha256"]}
    assert all(key.startswith("features.") for key in load_file(out))
    images = torch.rand(1, 3, 40, 40)
    found = backbone("mobilenet_v2", width=0.25, weights=out, norm="running", taps=(32,)).eval()(images)
    assert torch.equal(found[32], net(images)[32])


def test_from_safetensors_in_place_and_quietly(maquette, state, tmp_path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({key: tensor.contiguous() for key, tensor in state.items()}, path)
    words = ("backbone", "import", path, "-o", path, "--name", "mobilenet_v2", *WIDTH, "--quiet")
    first, second = maquette(*words), maquette(*words)
    assert (first.code, first.out, first.err) == (second.code, second.out, second.err) == (0, "", "")
    assert list(tmp_path.iterdir()) == [path]


class Hostile:
    def __init__(self, mark) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


def hostile(path, state):
    torch.save({"state_dict": state, "hook": Hostile(path.with_name("mark"))}, path)


def half(path, state):
    torch.save(state, path)
    path.write_bytes(path.read_bytes()[:10_000])


def not_finite(path, state):
    torch.save(
        {key: tensor * torch.nan if key.endswith("0.0.weight") else tensor for key, tensor in state.items()},
        path,
    )


def another_shape(path, state):
    torch.save({key: tensor[:-1] if tensor.ndim else tensor for key, tensor in state.items()}, path)


BAD = {
    hostile: "holds posix.system, which could run anything",
    half: "a broken file of torch",
    not_finite: "tensor module.features.0.0.weight: holds values that are not finite",
    another_shape: "holds no network that is known here",
    lambda path, state: torch.save({"weight": torch.zeros(3)}, path): "holds no network that is known here",
    lambda path, state: path.write_text("hello"): "neither a whole safetensors file nor one of torch",
}


@pytest.mark.parametrize(("write", "said"), BAD.items())
def test_bad_files_are_refused_in_one_line(maquette, state, tmp_path, write, said) -> None:
    path = tmp_path / "bad.pth"
    write(path, state)
    ran = maquette("backbone", "import", path, "-o", tmp_path / "out.safetensors", *WIDTH)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(f"maquette: {path}: {said}")
    assert ran.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_named_network_is_told_what_is_wrong(maquette, state, tmp_path) -> None:
    path = tmp_path / "bad.pth"
    another_shape(path, state)
    ran = maquette(
        "backbone", "import", path, "-o", tmp_path / "o.safetensors", "--name", "mobilenet_v2", *WIDTH
    )
    assert ran.code == 3
    assert (
        "tensor module.features.0.0.weight: has shape (7, 3, 3, 3), the network needs (8, 3, 3, 3)" in ran.err
    )


def test_places_and_words_are_checked_first(maquette, tmp_path) -> None:
    missing = tmp_path / "none.pth"
    assert maquette("backbone", "import", missing, "-o", tmp_path / "out.pt").code == 3
    assert maquette("backbone", "import", missing, "-o", tmp_path / "out.safetensors").code == 3
    assert (
        maquette("backbone", "import", missing, "-o", tmp_path / "o.safetensors", "--name", "alexnet").code
        == 2
    )
    ran = maquette("backbone")
    assert (ran.code, ran.err) == (2, "")
    assert "  import  " in ran.out
    assert maquette("backbone", "--help").code == 0
