"""`maquette generate --project`, `--latents` and `maquette encoder`: files, what is said, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import fakes
from maquette.systems import system_class
from maquette.systems.project_options import ProjectOptions
from maquette.systems.stylegan2.config import NetworkConfig
from maquette.systems.stylegan2.network import fresh_network
from maquette.systems.stylegan2.system import StyleGAN2System
from maquette.training.weights import load_weights, save_weights

TINY = {"width": 0.005, "channel_max": 8, "z_dim": 6, "w_dim": 5}
QUICK = ("--steps", 3, "--backbone", "none")


def saved(path: Path, size: int = 16, **more) -> Path:
    StyleGAN2System(fresh_network(NetworkConfig(size=size, **(TINY | more)), 3)).save(path, "float32")
    return path


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return saved(tmp_path_factory.mktemp("weights") / "tiny.safetensors")


@pytest.fixture(scope="module")
def photo(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)).save(path)
    return path


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path)).astype(int)


def test_there_and_back(maquette, weights, photo, tmp_path):
    out = tmp_path / "out"
    ran = maquette("generate", weights, "--project", photo, "-o", out, *QUICK, "--json", tmp_path / "n.json")
    assert (ran.code, ran.err) == (0, "")
    assert f"{photo}: the square in its middle, 20 pixels a side, is scaled to 16" in ran.out
    names = {"projected.png", "target.png", "progress.png", "latents.safetensors"}
    assert {path.name for path in out.iterdir()} == names
    (row,) = json.loads((tmp_path / "n.json").read_text())["pictures"]
    assert (row["steps"], row["encoder"]) == (3, None)
    assert row["features"] == "mobilenet_v2, weights drawn at random (seed 0)"
    shown = (pixels(out / "projected.png") - pixels(out / "target.png")) / 255
    assert row["pixels"] == pytest.approx(float(np.sqrt((shown**2).mean())), abs=5e-3)
    assert load_weights(out / "latents.safetensors").tensors["w"].shape == (1, 5)
    back = maquette("generate", weights, "--latents", out / "latents.safetensors", "-o", tmp_path / "back")
    assert back.code == 0, back.err
    assert np.array_equal(pixels(tmp_path / "back" / "latents.png"), pixels(out / "projected.png"))


def test_a_picture_of_the_right_size_is_not_remarked_on(maquette, weights, tmp_path):
    maquette("generate", weights, "--seeds", "4", "-o", tmp_path / "a")
    words = ("--project", tmp_path / "a" / "seed0004.png", "-o", tmp_path / "b")
    ran = maquette("generate", weights, *words, *QUICK)
    assert (ran.code, "scaled" in ran.out) == (0, False)
    assert np.array_equal(pixels(tmp_path / "b" / "target.png"), pixels(tmp_path / "a" / "seed0004.png"))


def test_an_encoder_guesses(maquette, weights, photo, tmp_path):
    encoder = tmp_path / "e.safetensors"
    ran = maquette("encoder", weights, "-o", encoder, "--steps", 2)
    assert (ran.code, ran.err) == (0, "")
    assert f"wrote {encoder}: errors of the last step: w " in ran.out
    words = ("--project", photo, "--encoder", encoder, "--backbone", "none", "-o", tmp_path / "out")
    guessed = maquette("generate", weights, *words, "--json", "-")
    assert guessed.code == 0, guessed.err
    (row,) = guessed.json()["pictures"]
    assert (row["steps"], row["encoder"]) == (0, str(encoder))
    other = saved(tmp_path / "other.safetensors", 32)
    refused = maquette("generate", other, *words)
    assert (refused.code, refused.err.count("\n")) == (3, 1)
    assert "is an encoder for 16 pixels and w of 5; these weights have 32 and 5" in refused.err


def test_latents_of_other_sizes(maquette, weights, tmp_path):
    file = tmp_path / "latents.safetensors"
    noise = {f"noise.{i}": torch.zeros(1, 1, size, size) for i, size in enumerate((4, 8, 8, 16, 16))}
    for tensors, kind, says in (
        ({"w": torch.zeros(1, 7)}, "stylegan2_latents", "has w of 1 x 7; these weights need 1 or 6 x 5"),
        ({"w": torch.zeros(4, 5)}, "stylegan2_latents", "has w of 4 x 5; these weights need 1 or 6 x 5"),
        (noise, "stylegan2_latents", "has no w; these weights need"),
        (
            {"w": torch.zeros(1, 5), "noise.0": torch.zeros(1, 1, 4, 4)},
            "stylegan2_latents",
            "has noise of another size; these weights make 16 pixels",
        ),
        ({"w": torch.zeros(1, 5)}, "frustum", "these are weights of frustum, not of stylegan2_latents"),
    ):
        save_weights(file, tensors, kind, "x", {}, "float32")
        ran = maquette("generate", weights, "--latents", file, "-o", tmp_path / "out")
        assert (ran.code, says in ran.err, ran.err.count("\n")) == (3, True, 1), ran.err
        assert not (tmp_path / "out").exists()
    for tensors in ({"w": torch.zeros(6, 5)}, {"w": torch.zeros(1, 5)} | noise):
        save_weights(file, tensors, "stylegan2_latents", "x", {}, "float32")
        assert maquette("generate", weights, "--latents", file, "-o", tmp_path / "out").code == 0


def test_refusals(maquette, weights, photo, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    labelled = saved(tmp_path / "labelled.safetensors", labels=2)
    held = tmp_path / "held"
    assert maquette("generate", weights, "--seeds", "4", "-o", held).code == 0
    inside = held / "seed0004.png"
    for given, words, code, says in (
        (weights, ["--steps", 3], 2, "--steps goes with --project"),
        (weights, ["--encoder", photo], 2, "--encoder goes with --project"),
        (weights, ["--project", photo, "--mix", "0", "1"], 2, "--project and --mix: one of the two"),
        (weights, ["--project", photo, "--steps", -1], 2, "--steps -1: at least 0 is needed"),
        (weights, ["--project", tmp_path / "none.png"], 3, "none.png: no such file"),
        (weights, ["--project", broken, *QUICK], 3, "broken.png"),
        (weights, ["--latents", photo], 3, "photo.png: not a whole safetensors file"),
        (
            weights,
            ["--project", photo, "--encoder", weights, "--backbone", "none"],
            3,
            "not of stylegan2_encoder",
        ),
        (weights, ["--project", photo, "--backbone", weights], 3, "tiny.safetensors"),
        (labelled, ["--project", photo, *QUICK], 2, "--label None: these weights need one from 0 to 1"),
    ):
        ran = maquette("generate", given, "-o", tmp_path / "out", *words)
        assert (ran.code, says in ran.err, ran.err.count("\n")) == (code, True, 1), ran.err
        assert not (tmp_path / "out").exists()
    ran = maquette("generate", weights, "-o", held, "--project", inside, *QUICK)
    assert (ran.code, "which is replaced" in ran.err, inside.exists()) == (3, True, True), ran.err
    ran = maquette("encoder", weights, "-o", tmp_path / "e.txt")
    assert (ran.code, "must end in .safetensors" in ran.err) == (3, True)
    ran = maquette("encoder", labelled, "-o", tmp_path / "e.safetensors", "--steps", 1)
    assert (ran.code, "--label None: these weights need one" in ran.err) == (2, True)
    assert not (tmp_path / "e.safetensors").exists()


def test_generators_that_cannot(maquette, photo, tmp_path):
    fakes.mount()
    try:
        kind = system_class("fake_gan")
        config = kind.config()
        path = tmp_path / "fake.safetensors"
        kind(kind.make(config.network), config.network, config.views).save(path)
        for words in (
            ("generate", path, "-o", tmp_path / "out", "--project", photo),
            ("encoder", path, "-o", tmp_path / "e.safetensors"),
        ):
            ran = maquette(*words)
            assert (ran.code, "pictures of fake-gan cannot be projected" in ran.err) == (2, True), ran.err
    finally:
        fakes.unmount()


def test_usual_steps():
    own = [
        ProjectOptions(),
        ProjectOptions(encoder=Path("e")),
        ProjectOptions(7, encoder=Path("e")),
        ProjectOptions(0),
    ]
    assert [options.count for options in own] == [1000, 0, 7, 0]
