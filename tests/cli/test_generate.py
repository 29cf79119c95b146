"""`maquette generate`: pictures of seeds, grids of mixed ones, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import fakes
from maquette.cli.generate import Generate, parse_numbers
from maquette.cli.refusals import Refusal
from maquette.systems import NAMES, about_system, system_class
from maquette.systems.stylegan2.config import NetworkConfig
from maquette.systems.stylegan2.network import fresh_network
from maquette.systems.stylegan2.system import StyleGAN2System

TINY = NetworkConfig(size=16, width=0.005, channel_max=8, z_dim=6, w_dim=5)


def saved(path: Path, config: NetworkConfig) -> Path:
    """Weights of a network whose noise and biases are not 0."""
    network = fresh_network(config, 3)
    for name, parameter in network.named_parameters():
        if name.endswith(("noise_strength", "torgb.bias")):
            parameter.data.fill_(0.3)
    StyleGAN2System(network).save(path, "float32")
    return path


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return saved(tmp_path_factory.mktemp("weights") / "tiny.safetensors", TINY)


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path)).astype(int)


def test_a_seed_is_always_the_same_picture(maquette, weights, tmp_path):
    ran = maquette("generate", weights, "-o", tmp_path / "a", "--seeds", "3-5,0", "--json", "-")
    assert ran.code == 0, ran.err
    assert [row["seed"] for row in ran.json()["pictures"]] == [3, 4, 5, 0]
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == [f"seed000{k}.png" for k in (0, 3, 4, 5)]
    again = maquette("generate", weights, "-o", tmp_path / "b", "--seeds", "4")
    assert (again.code, "wrote 1 picture into" in again.out) == (0, True)
    one = pixels(tmp_path / "a" / "seed0004.png")
    assert one.shape == (16, 16, 3)
    assert np.array_equal(one, pixels(tmp_path / "b" / "seed0004.png"))
    assert not np.array_equal(one, pixels(tmp_path / "a" / "seed0003.png"))


def test_truncation_and_noise(maquette, weights, tmp_path):
    def made(name: str, *words) -> np.ndarray:
        ran = maquette("generate", weights, "-o", tmp_path / name, "--seeds", "1,2", *words)
        assert ran.code == 0, ran.err
        return np.stack([pixels(tmp_path / name / f"seed000{k}.png") for k in (1, 2)])

    mean = made("mean", "--truncation", 0)
    assert np.array_equal(mean[0], mean[1])
    assert np.array_equal(made("cut", "--truncation", 0, "--cutoff", 0), made("plain"))
    random = made("random", "--truncation", 0, "--noise", "random")
    assert not np.array_equal(random[0], random[1])
    assert not np.array_equal(made("none", "--truncation", 0, "--noise", "none"), mean)


def test_a_grid_of_mixed_pictures(maquette, weights, tmp_path):
    words = ["generate", weights, "--mix", "0-1", "5,6,7", "-o", tmp_path / "mix"]
    ran = maquette(*words, "--layers", "0-5")
    assert ran.code == 0, ran.err
    grid = pixels(tmp_path / "mix" / "grid.png")
    assert grid.shape == (48, 64, 3)
    assert (grid[:16, :16] == 255).all()
    for row in (1, 2):  # all layers are those of the top
        for column in (1, 2, 3):
            cell = (slice(16 * row, 16 * row + 16), slice(16 * column, 16 * column + 16))
            assert np.abs(grid[cell] - grid[:16, cell[1]]).max() <= 1
    assert np.array_equal(pixels(tmp_path / "mix" / "row0001_column0006.png"), grid[32:48, 32:48])
    assert maquette(*words, "--layers", "4-5").code == 0  # writes over what it wrote
    coarse = pixels(tmp_path / "mix" / "grid.png")
    assert not np.array_equal(coarse[16:], grid[16:])


def test_labels(maquette, tmp_path):
    path = saved(tmp_path / "labels.safetensors", replace(TINY, labels=2))
    assert maquette("generate", path, "-o", tmp_path / "a", "--seeds", "0", "--label", 1).code == 0
    for words, says in (
        ((), "--label None: these weights need one from 0 to 1"),
        (("--label", 2), "--label 2: these"),
    ):
        ran = maquette("generate", path, "-o", tmp_path / "b", "--seeds", "0", *words)
        assert (ran.code, says in ran.err, ran.err.count("\n")) == (2, True, 1), ran.err
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--seeds", "5-3"], "--seeds 5-3: use numbers and rising ranges up to 4294967295"),
        (["--seeds", "a"], "--seeds a: use numbers"),
        (["--seeds", "-1"], ""),
        (["--seeds", "0-100000"], "at most 100000 numbers"),
        (["--seeds", "4294967296"], "rising ranges up to"),
        (["--truncation", "nan"], "--truncation nan: use a number from -10 to 10"),
        (["--cutoff", "-2"], "--cutoff -2: at least 0 is needed"),
        (["--layers", "0"], "--layers goes with --mix"),
        (["--mix", "0", "1", "--layers", "3-6"], "--layers 3 to 6: these weights have 0 to 5"),
        (["--mix", "0-99", "0-99"], "--mix: 100 x 100 pictures; at most 1024 fit into a grid"),
        (["--label", "1"], "--label 1: these weights know no classes"),
        (["--device", "toaster"], "--device toaster: not a device"),
    ],
)
def test_wrong_words(maquette, weights, tmp_path, words, says):
    ran = maquette("generate", weights, "-o", tmp_path / "out", *words)
    assert (ran.code, says in ran.err) == (2, True), ran.err
    assert not (tmp_path / "out").exists()


def test_bad_input(maquette, weights, frustum_weights, tmp_path):
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(weights.read_bytes()[:-100])
    foreign = tmp_path / "notes.txt"
    foreign.write_text("x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("x")
    for given, out, says in (
        (tmp_path / "none.safetensors", tmp_path / "out", "no such file"),
        (tmp_path / "full", tmp_path / "out", "is a folder without weights.safetensors"),
        (cut, tmp_path / "out", "not a whole safetensors file"),
        (foreign, tmp_path / "out", "not a whole safetensors file"),
        (
            frustum_weights,
            tmp_path / "out",
            "these are weights of frustum; pictures are generated by stylegan2",
        ),
        (weights, foreign, "is a file; the output is a folder"),
        (weights, tmp_path / "full", "is a folder with other files in it"),
    ):
        ran = maquette("generate", given, "-o", out, "--seeds", "0")
        assert (ran.code, says in ran.err, ran.err.count("\n")) == (3, True, 1), ran.err
        assert not (tmp_path / "out").exists()
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["thesis.txt"]


def test_tensors_of_another_network_are_refused(maquette, weights, tmp_path):
    from safetensors import safe_open
    from safetensors.torch import save_file

    with safe_open(weights, "pt") as opened:
        tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        about = opened.metadata()
    about["config"] = json.dumps(
        {"network": {"size": 32, "width": 0.005, "channel_max": 8, "z_dim": 6, "w_dim": 5}}
    )
    save_file(tensors, tmp_path / "other.safetensors", about)
    ran = maquette("generate", tmp_path / "other.safetensors", "-o", tmp_path / "out")
    assert (ran.code, "tensor generator.synthesis.b32" in ran.err) == (3, True), ran.err


def test_numbers():
    assert parse_numbers("0-3, 7,7", "--seeds", 9) == (0, 1, 2, 3, 7, 7)
    with pytest.raises(Refusal, match="up to 9"):
        parse_numbers("10", "--seeds", 9)


def test_options_of_generators_are_none_of_the_commands():
    own = {name for system in NAMES for name in about_system(system).options.__dataclass_fields__}
    generators = [name for name in NAMES if "generate" in about_system(name).abilities]
    assert generators == ["stylegan2"]
    for name in generators:
        assert not set(about_system(name).options.__dataclass_fields__) & set(Generate.__dataclass_fields__)
    assert "truncation" in own


def test_any_generator_is_asked_by_the_common_face(maquette, tmp_path):
    fakes.mount()
    try:
        kind = system_class("fake_gan")
        torch.manual_seed(0)
        config = kind.config()
        kind(kind.make(config.network), config.network, config.views).save(tmp_path / "fake.safetensors")
        ran = maquette("generate", tmp_path / "fake.safetensors", "-o", tmp_path / "out", "--seeds", "0-1")
        assert ran.code == 0, ran.err
        assert len(list((tmp_path / "out").iterdir())) == 2
        words = ["generate", tmp_path / "fake.safetensors", "-o", tmp_path / "mix", "--mix", "0", "1"]
        refused = maquette(*words)
        assert (refused.code, "--mix: pictures of fake-gan cannot be mixed" in refused.err) == (2, True)
    finally:
        fakes.unmount()
