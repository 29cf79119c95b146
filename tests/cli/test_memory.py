"""`maquette memory`: what is shown, listed, added and dropped, and what is refused without anything left behind."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from maquette.data.pack import pack_shapes, write_pack
from maquette.data.views_config import ViewsConfig
from maquette.systems.mem3d.system import Mem3DSystem
from maquette.training.weights_header import read_weights_header
from tiny_mem3d import SIZE, tiny_mem3d
from tiny_r2n2 import tiny_weights
from train_fixture import ellipsoids

NASTY = "<script>\x1b[2J\n"


def write_weights(path: Path, variant: str = "best") -> Path:
    """Weights with three shapes in five slots; the second one's id is that of the third one's slot."""
    network = tiny_mem3d(variant)
    if network.memory is not None:
        torch.manual_seed(1)
        grids = torch.zeros(3, 32, 32, 32, dtype=torch.bool)
        grids[0, 3:9], grids[1, :, 4:20], grids[2, 5:6, 7:30] = True, True, True
        keys = torch.randn(3, network.memory.keys.shape[1])
        network.memory.write(keys, grids, torch.tensor([0, 1, -1]), merge=False)
        network.memory.ids = (NASTY, "2")
    path.parent.mkdir(exist_ok=True)
    Mem3DSystem(network, ViewsConfig(size=SIZE, framing="object")).save(path)
    return path


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """The folder of a run."""
    return write_weights(tmp_path_factory.mktemp("w") / "run" / "weights.safetensors").parent


@pytest.fixture(scope="module")
def picture(tmp_path_factory) -> Path:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 50, 4), np.uint8)
    pixels[..., 3] = 0
    pixels[8:30, 10:40, 3] = 255
    path = tmp_path_factory.mktemp("p") / "a.png"
    Image.fromarray(pixels).save(path)
    return path


def test_what_is_remembered_is_listed(maquette, weights):
    ran = maquette("memory", "list", weights)
    assert ran.code == 0, ran.err
    assert [line.split("  ")[-1] for line in ran.out.splitlines()] == [
        r"<script>\x1b[2J\n",
        "2",
        "(unknown)",
        "3 of 5 slots are filled",
    ]
    numbers = maquette("memory", "list", weights / "weights.safetensors", "--json", "-").json()
    assert numbers["slots"] == 5
    assert numbers["shapes"][0] == {"slot": 0, "id": NASTY, "age": 2, "cells": 6 * 32 * 32}
    assert [shape["id"] for shape in numbers["shapes"]] == [NASTY, "2", None]


def test_what_a_picture_brings_back_is_shown(maquette, weights, picture, tmp_path):
    sheet = tmp_path / "sheet.png"
    ran = maquette("memory", "show", weights, picture, "-o", sheet, "--json", tmp_path / "a.json")
    assert ran.code == 0, ran.err
    assert "\x1b" not in ran.out
    assert Image.open(sheet).size == (4 * 256, 256 + 32)
    told = json.loads((tmp_path / "a.json").read_text())
    assert told["pictures"] == [str(picture)]
    similar = [shape["similarity"] for shape in told["shapes"]]
    assert len(similar) == 3
    assert similar == sorted(similar, reverse=True)


def test_the_same_picture_twice_is_the_same_object(maquette, weights, picture):
    words = ("--count", 1, "--json", "-")
    once = maquette("memory", "show", weights, picture, *words).json()
    twice = maquette("memory", "show", weights, picture, picture, *words).json()
    assert len(once["shapes"]) == 1
    assert once["shapes"] == twice["shapes"]


def test_shapes_of_ones_own_are_added_and_dropped(maquette, weights, ball, tmp_path):
    before = (weights / "weights.safetensors").read_bytes()
    pack = tmp_path / "two.pack"
    few = pack_shapes(ellipsoids()).select(keep=lambda entry: entry.id in ("shape-0", "shape-1"))
    write_pack(few, pack)
    new = tmp_path / "new.safetensors"
    ran = maquette("memory", "add", weights, ball, pack, "-o", new, "--views", 2, "--json", "-")
    assert ran.code == 0, ran.err
    told = ran.json()
    assert [shape["id"] for shape in told["added"]] == ["shape-0", "shape-1", "ball"]
    assert [shape["id"] for shape in told["replaced"]] == [NASTY], "the oldest one has made room"
    assert (told["filled"], told["slots"]) == (5, 5)
    assert "shapes added: 3, 1 of the oldest made room\n" in ran.err
    assert f"SHA-256 {told['sha256']}\n" in ran.err
    assert (weights / "weights.safetensors").read_bytes() == before
    assert read_weights_header(new).precision == "float16"
    ids = [shape["id"] for shape in maquette("memory", "list", new, "--json", "-").json()["shapes"]]
    assert ids == ["ball", "2", None, "shape-0", "shape-1"]

    fewer = tmp_path / "fewer.safetensors"
    ran = maquette("memory", "drop", new, "ball", "2", "4", "-o", fewer, "--json", "-")
    assert ran.code == 0, ran.err
    assert [shape["id"] for shape in ran.json()["dropped"]] == ["ball", "2", "shape-1"], "an id before a slot"
    shapes = maquette("memory", "list", fewer, "--json", "-").json()["shapes"]
    assert [(shape["slot"], shape["id"]) for shape in shapes] == [(2, None), (3, "shape-0")]


def test_a_reconstruction_shows_what_it_read(maquette, weights, picture, tmp_path):
    ran = maquette("reconstruct", picture, "--weights", weights, "-o", tmp_path / "a.glb", "--show-memory")
    assert ran.code == 0, ran.err
    report = json.loads((tmp_path / "a_report.json").read_text())
    assert {shape["id"] for shape in report["memory"]} == {None, "2", NASTY}
    assert Image.open(tmp_path / "a_preview.png").size == (5 * 256, 2 * 256 + 32)


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_the_precision_stays_and_all_else_does(maquette, weights, tmp_path, precision):
    old, new = tmp_path / "old.safetensors", tmp_path / "new.safetensors"
    Mem3DSystem.load(weights).save(old, precision)
    assert maquette("memory", "drop", old, "0", "-o", new, "--quiet").code == 0
    headers = [read_weights_header(path) for path in (old, new)]
    assert [header.precision for header in headers] == [precision] * 2
    same = [{**header.config, "memory": None} for header in headers]
    assert same[0] == same[1]
    first, second = (Mem3DSystem.load(path).network.state_dict() for path in (old, new))
    for name, tensor in first.items():
        if not name.startswith("memory."):
            torch.testing.assert_close(second[name], tensor, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("drop", "RUN", "0", "<i>", "9", "-o", "NEW"), 3, "remembers no '<i>', '9'; `memory list` has"),
        (("drop", "RUN", "-o", "NEW"), 2, "name at least one id or slot"),
        (("drop", "RUN", "0", "-o", "RUN/weights.safetensors"), 3, "which is read"),
        (("drop", "RUN", "0", "-o", "new.pt"), 3, "must end in .safetensors"),
        (("add", "RUN", "none.obj", "-o", "NEW"), 3, "there is no such mesh, folder or packed file"),
        (("add", "RUN", "flat.off", "-o", "NEW"), 3, "flat.off: the mesh has no area"),
        (("add", "RUN", "six.pack", "-o", "NEW"), 3, "six.pack: 6 shapes do not fit into 5 slots"),
        (("add", "RUN", "coarse.pack", "-o", "NEW"), 3, "voxels of 16 cells an edge; the memory has 32"),
        (("add", "RUN", "six.pack", "-o", "NEW", "--views", "0"), 2, "--views 0: use 1 to 256"),
        (("add", "RUN", "-o", "NEW"), 2, "name at least one mesh"),
        (("show", "RUN", "flat.off"), 3, "flat.off"),
        (("show", "RUN", "PICTURE", "-o", "NEW"), 3, "must end in .png"),
        (("show", "RUN", "PICTURE", "--count", "0"), 2, "--count 0: at least 1 is needed"),
        (("list", "none.safetensors"), 3, "none.safetensors: no such file"),
        (("list", "flat.off"), 3, "flat.off: not a whole safetensors file"),
        (
            ("list", "r2n2.safetensors"),
            3,
            "these are weights of r2n2, variant simple-gru-1, which has no memory",
        ),
        (("list", "bare.safetensors"), 3, "these are weights of mem3d, variant none, which has no memory"),
        (("lost", "RUN"), 2, "there is no command 'memory lost'; did you mean 'list'?"),
    ],
)
def test_what_is_refused(maquette, refused, words, code: int, said: str):
    folder, named = refused
    places = {"RUN": named[0], "PICTURE": named[1], "NEW": folder / "new.safetensors"}
    files = {path.name: path for path in folder.iterdir()}
    words = [places.get(word, files.get(word, str(word).replace("RUN", str(named[0])))) for word in words]
    ran = maquette("memory", *words)
    assert ran.code == code, ran.err
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1
    assert set(folder.iterdir()) == set(files.values()), "nothing is left behind"


@pytest.fixture(scope="module")
def refused(tmp_path_factory, weights, picture):
    """A folder of what is refused, and the places of what is not."""
    folder = tmp_path_factory.mktemp("refused")
    (folder / "flat.off").write_text("OFF\n3 1 0\n0 0 0\n1 0 0\n2 0 0\n3 0 1 2\n")
    tiny_weights(folder / "r2n2.safetensors")
    write_weights(folder / "bare.safetensors", "none")
    shapes = [shape for i, shape in enumerate(ellipsoids()) if i < 6]
    write_pack(pack_shapes(shapes), folder / "six.pack")
    write_pack(pack_shapes(shapes[:1], side=16), folder / "coarse.pack")
    return folder, (weights, picture)


def test_weights_that_ship_are_meant_by_a_word(maquette, weights, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for place in (tmp_path / "none.safetensors", weights / "weights.safetensors"):
        for module in ("maquette.cli.weights_input", "maquette.systems.weights_file"):
            monkeypatch.setattr(f"{module}.shipped_weights", lambda name, place=place: place)
        ran = maquette("memory", "list", "shipped")
        if place.exists():
            assert (ran.code, "3 of 5 slots are filled\n" in ran.out) == (0, True)
        else:
            assert ran.code == 3
            assert "no weights ship with this version; WEIGHTS names a file" in ran.err


def test_an_empty_memory_brings_nothing_back(maquette, weights, picture, tmp_path):
    one, none = tmp_path / "one.safetensors", tmp_path / "none.safetensors"
    assert maquette("memory", "drop", weights, "0", "2", "-o", one).code == 0
    assert maquette("memory", "drop", one, "2", "-o", none).code == 0, (
        "nothing has the id now: it is the slot"
    )
    ran = maquette("memory", "show", none, picture, "-o", tmp_path / "sheet.png")
    assert ran.code == 0, ran.err
    assert "nothing in the memory is similar enough to be read\n" in ran.out
    assert Image.open(tmp_path / "sheet.png").size == (256, 256 + 32)
