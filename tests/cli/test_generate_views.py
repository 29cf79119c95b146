"""`maquette view-codes` and `maquette generate --views`: files, what is said, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import fakes
from maquette.systems import system_class
from maquette.systems.stylegan2.config import NetworkConfig
from maquette.systems.stylegan2.network import fresh_network
from maquette.systems.stylegan2.system import StyleGAN2System
from maquette.systems.viewpoint.config import NetworkConfig as ViewpointConfig
from maquette.systems.viewpoint.network import ViewpointNetwork
from maquette.systems.viewpoint.system import ViewpointSystem

TINY = NetworkConfig(size=16, width=0.005, channel_max=8, z_dim=6, w_dim=5)
FIND = ("--views", 4, "--candidates", 12, "--objects", 2, "--backbone", "none", "--quiet")


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    StyleGAN2System(fresh_network(TINY, 3)).save(path, "float32")
    return path


@pytest.fixture(scope="module")
def viewpoint(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("viewpoint") / "viewpoint.safetensors"
    torch.manual_seed(0)
    ViewpointSystem(ViewpointNetwork(ViewpointConfig(size=16, width=4))).save(path)
    return path


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path)).astype(int)


def test_codes_are_found_and_used(maquette, weights, viewpoint, tmp_path):
    none = maquette("generate", weights, "-o", tmp_path / "none", "--views", 1)
    assert (none.code, "no such file of view codes; `maquette view-codes" in none.err) == (3, True)
    found = maquette("view-codes", weights, "--viewpoint", viewpoint, "--json", "-", *FIND)
    assert found.code == 0, found.err
    numbers = found.json()
    assert numbers["file"] == str(weights.with_name("tiny_views.safetensors"))
    assert 1 <= numbers["layers"] <= 5
    assert 1 <= numbers["codes"] <= 4
    ran = maquette("generate", weights, "-o", tmp_path / "out", "--seeds", "3,4", "--views", 1, "--json", "-")
    assert ran.code == 0, ran.err
    first = ran.json()["pictures"][0]
    assert (first["file"], first["seed"]) == ("seed0003_view00.png", 3)
    assert 0 <= first["azimuth"] <= 360
    sheet = pixels(tmp_path / "out" / "views.png")
    assert np.array_equal(sheet[16:], pixels(tmp_path / "out" / "seed0004_view00.png"))
    assert maquette("generate", weights, "-o", tmp_path / "out", "--seeds", "3", "--views", 1).code == 0
    many = maquette("generate", weights, "-o", tmp_path / "many", "--seeds", "3", "--views", 99)
    assert (many.code, f"--views 99: there are view codes of {numbers['codes']}" in many.err) == (2, True)
    crowd = maquette("generate", weights, "-o", tmp_path / "many", "--seeds", "0-99", "--views", 99)
    assert (crowd.code, "at most 1024 pictures in all" in crowd.err) == (2, True)
    elsewhere = tmp_path / "codes.safetensors"
    assert maquette("view-codes", weights, "--viewpoint", viewpoint, "-o", elsewhere, *FIND).code == 0
    words = ("--views", 1, "--view-codes", elsewhere, "--seeds", "3")
    assert maquette("generate", weights, "-o", tmp_path / "other", *words).code == 0
    assert np.array_equal(pixels(tmp_path / "other" / "views.png"), sheet[:16])
    inside = maquette("generate", weights, "-o", tmp_path, *words)
    assert inside.code == 3
    assert "lies in" in inside.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--view-codes", "a.safetensors"], "--view-codes goes with --views"),
        (["--views", "2", "--mix", "0", "1"], "--views and --mix: one of the two"),
        (["--views", "0"], "--views 0: use 1 to 120"),
    ],
)
def test_wrong_words_of_generate(maquette, weights, tmp_path, words, says):
    ran = maquette("generate", weights, "-o", tmp_path / "out", *words)
    assert (ran.code, says in ran.err) == (2, True), ran.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--views", "2"], 2, "--views 2: use 4 to 120 views"),
        (["--objects", "1"], 2, "--objects 1: at least 2"),
        (["--layers", "6"], 2, "--layers 6: these weights have 1 to 5 first layers"),
        (["-o", "codes.txt"], 3, "must end in .safetensors"),
        (["--viewpoint", "none.safetensors"], 3, "no such file"),
        (["--viewpoint", "weights"], 3, "these are weights of stylegan2; viewpoints are told by viewpoint"),
    ],
)
def test_what_view_codes_refuses(maquette, weights, viewpoint, tmp_path, words, code, says):
    out = [] if "-o" in words else ["-o", tmp_path / "out.safetensors"]
    teller = [] if "--viewpoint" in words else ["--viewpoint", viewpoint]
    given = [weights if word == "weights" else word for word in words]
    ran = maquette("view-codes", weights, *out, *teller, *given, "--quiet")
    assert (ran.code, says in ran.err) == (code, True), ran.err
    assert list(tmp_path.iterdir()) == []


def test_weights_that_ship_are_taken_where_none_are_named(maquette, tmp_path):
    assert maquette("generate", "-o", tmp_path / "seen", "--seeds", "3", "--views", "4").code == 0
    assert len(list((tmp_path / "seen").glob("seed0003_view*.png"))) == 4
    told = json.loads(maquette("generate", "-o", tmp_path / "made", "--seeds", "3", "--json", "-").out)
    assert told["weights"] == "shipped"
    ran = maquette("view-codes")
    assert (ran.code, "--out is needed with the weights that ship" in ran.err) == (2, True)


def test_a_generator_without_sides(maquette, viewpoint, tmp_path):
    fakes.mount()
    try:
        kind = system_class("fake_gan")
        config = kind.config()
        kind(kind.make(config.network), config.network, config.views).save(tmp_path / "fake.safetensors")
        ran = maquette("generate", tmp_path / "fake.safetensors", "-o", tmp_path / "out", "--views", 2)
        says = "--views: pictures of fake-gan cannot be seen from several sides"
        assert (ran.code, says in ran.err) == (2, True)
        ran = maquette("view-codes", tmp_path / "fake.safetensors", "--viewpoint", viewpoint)
        assert ran.code == 2
    finally:
        fakes.unmount()
