"""`maquette evaluate`: files in the run's folder, numbers on stdout, refusals."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from data_layouts import CHAIRS, pix2vox_split, write_r2n2
from maquette.cli.evaluate import _say
from maquette.io import save_mesh
from maquette.structures import Meshes
from maquette.systems.r2n2.config import NetworkConfig
from maquette.systems.r2n2.network import R2N2Network
from maquette.systems.r2n2.system import R2N2
from maquette.utils import ico_sphere

ROWS = [("train", "ball"), ("train", "egg"), ("test", "ball"), ("test", "egg"), ("test", "ball")]


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """Weights of a very small network that has learnt nothing."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    network = R2N2Network(NetworkConfig(variant="simple-gru-1", width=0.05, size=48))
    R2N2(network, training={"recipe": "best"}).save(path)
    return path


@pytest.fixture(scope="module")
def shapes(tmp_path_factory) -> Path:
    """A folder of five meshes and a broken one, with a table."""
    folder = tmp_path_factory.mktemp("shapes")
    lines = ["file,category,split,source"]
    for i, (split, category) in enumerate(ROWS):
        stretch = torch.tensor([1.0, 1.0 + 0.2 * i, 0.6 if category == "egg" else 1.0])
        mesh = ico_sphere(1)
        save_mesh(Meshes([mesh.verts_packed() * stretch], [mesh.faces_packed()]), folder / f"{i}.ply")
        lines.append(f"{i}.ply,{category},{split},{'shapeassembly' if i % 2 else 'scans'}")
    (folder / "broken.ply").write_text("ply\nnothing")
    (folder / "MANIFEST.csv").write_text("\n".join([*lines, "broken.ply,ball,test,scans"]) + "\n")
    return folder


@pytest.fixture
def run_folder(tmp_path: Path, weights: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copy(weights, folder)
    return folder


@pytest.mark.parametrize("others", [{}, {"class_mean": 7.25}])
def test_numbers_stand_below_their_measures(others: dict[str, float]) -> None:
    """Whether a measure has one mean or two, and however long its name is."""
    names = ("mesh AP", "a measure with a long name")
    views = {"1": {name: {"sample_mean": 61.5, **others} for name in names}}
    groups = {"all": {"count": 1234567, "views": views}, "made-by-a-program": {"count": 3, "views": views}}
    measures = [{"name": name, "label": name, "digits": 1} for name in names]
    lines: list[str] = []
    protocol = SimpleNamespace(remarks=lambda numbers: [])
    _say({"measures": measures, "groups": groups, "skipped": []}, protocol, SimpleNamespace(say=lines.append))
    _, head, *rows = lines
    if others:
        assert rows.pop() == "sample mean (class mean)"
    cell = "61.5 (7.2)" if others else "61.5"
    for row in rows:
        assert len(row) == len(head)
        for name in names:
            assert row[: head.index(name) + len(name)].endswith(cell)


def test_writes_numbers_and_a_page_into_the_run(maquette, run_folder: Path, shapes: Path):
    ran = maquette(
        "evaluate", "r2n2", run_folder, "--protocol", "r2n2-2016", "--shapes", shapes, "--views", 1, 2
    )
    assert (ran.code, ran.err) == (0, "")
    for words in (
        "split      test",
        "threshold  >= 0.4, fixed",
        "views      1, 2",
        "class mean",
        "all",
        "left out: 1",
    ):
        assert words in ran.out
    numbers = json.loads((run_folder / "eval" / "r2n2-2016.json").read_text())
    assert numbers["groups"]["all"]["count"] == 3
    assert set(numbers["groups"]) == {"all", "hand-made", "shapeassembly"}
    about = numbers["about"]
    assert (about["system"], about["variant"], about["recipe"]) == ("r2n2", "simple-gru-1", "best")
    assert about["parameters"] > 1000
    assert [(Path(row["path"]).name, bool(row["reason"])) for row in numbers["skipped"]] == [
        ("broken.ply", True)
    ]
    assert (run_folder / "eval" / "r2n2-2016.html").read_text().startswith("<!doctype html>")


def test_numbers_alone_on_stdout(maquette, weights: Path, shapes: Path):
    words = ("--protocol", "pix2vox", "--shapes", shapes, "--split", "train", "--json", "-", "--quiet")
    ran = maquette("evaluate", "r2n2", weights, *words)
    assert ran.code == 0
    numbers = ran.json()
    assert numbers["protocol"]["split"] == "train"
    assert numbers["groups"]["all"]["count"] == 2
    assert len(numbers["sweep"]["iou"]) == 4


def test_pictures_on_disk_with_a_broken_one(maquette, tmp_path: Path, weights: Path):
    names = [f"m{i}" for i in range(5)]
    data = write_r2n2(tmp_path / "data", {CHAIRS: names}, views=2, size=137)
    (data / "ShapeNet.json").write_text(pix2vox_split(train=names[:2], test=names[2:]))
    (data / "ShapeNetRendering" / CHAIRS / "m4" / "rendering" / "00.png").write_bytes(b"no picture")
    words = ("--protocol", "pix2vox", "--data", data, "-o", tmp_path / "out", "--quiet")
    assert maquette("evaluate", "r2n2", weights, *words).code == 0
    numbers = json.loads((tmp_path / "out" / "pix2vox.json").read_text())
    assert [sample["id"] for sample in numbers["samples"]] == [f"{CHAIRS}/m2", f"{CHAIRS}/m3"]
    assert len(numbers["skipped"]) == 1
    assert "m4" in numbers["skipped"][0]["path"]


@pytest.mark.parametrize(("protocol", "counts"), [("r2n2-2016", ["1", "2"]), ("seed001", ["2"])])
def test_fewer_pictures_than_the_protocol_asks_for(maquette, tmp_path: Path, weights: Path, protocol, counts):
    data = write_r2n2(tmp_path / "data", {CHAIRS: ["a", "b"]}, views=2, size=137)
    (data / "ShapeNet.json").write_text(pix2vox_split(test=["a", "b"]))
    words = ("--protocol", protocol, "--data", data, "--json", tmp_path / "out.json")
    ran = maquette("evaluate", "r2n2", weights, *words)
    assert ran.code == 0, ran.err
    assert "no object has more than 2 pictures" in ran.out
    numbers = json.loads((tmp_path / "out.json").read_text())
    assert list(numbers["groups"]["all"]["views"]) == counts
    assert not numbers["skipped"]


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["r2n3", "W", "--protocol", "pix2vox", "--shapes", "S"], 2, "known are r2n2"),
        (
            ["r2n2", "W", "--protocol", "best-of", "--shapes", "S"],
            2,
            "r2n2 is scored by r2n2-2016, seed001, pix2vox",
        ),
        (["r2n2", "W", "--protocol", "pix2vox"], 2, "one of --shapes and --data"),
        (
            ["r2n2", "W", "--protocol", "pix2vox", "--shapes", "S", "--data", "S"],
            2,
            "one of --shapes and --data",
        ),
        (["r2n2", "W", "--protocol", "pix2vox", "--shapes", "S", "--views", "0"], 2, "at least 1"),
        (
            ["r2n2", "W", "--protocol", "pix2vox", "--shapes", "S", "--views", "1", "--study"],
            2,
            "one of the two",
        ),
        (["r2n2", "W", "--protocol", "pix2vox", "--shapes", "families:0"], 2, "families:0"),
        (["r2n2", "W", "--protocol", "pix2vox", "--shapes", "S", "--seed", "-1"], 2, "at least 0"),
        (["r2n2", "W", "--protocol", "pix2vox", "--shapes", "S", "--seed", str(2**64)], 2, "is too large"),
        (["r2n2", "W", "--protocol", "pix2vox", "--shapes", "S", "--split-file", "x"], 2, "goes with --data"),
        (["r2n2", "S/nothing", "--protocol", "pix2vox", "--shapes", "S"], 3, "no such file"),
        (["r2n2", "S/0.ply", "--protocol", "pix2vox", "--shapes", "S"], 3, "not a whole safetensors file"),
        (["r2n2", "S", "--protocol", "pix2vox", "--shapes", "S"], 3, "without weights.safetensors"),
        (["r2n2", "W", "--protocol", "pix2vox", "--shapes", "S/nothing"], 3, "no such folder or file"),
        (["r2n2", "W", "--protocol", "pix2vox", "--shapes", "S/0.ply"], 3, "not a packed file"),
        (
            ["r2n2", "W", "--protocol", "pix2vox", "--data", "S"],
            3,
            "is of the layout meshes, which has no pictures",
        ),
        (
            ["r2n2", "W", "--protocol", "pix2vox", "--shapes", "S", "--split", "val"],
            3,
            "nothing in its val split",
        ),
    ],
)
def test_refusals(maquette, tmp_path: Path, weights: Path, shapes: Path, words: list, code: int, reason: str):
    named = [
        str(weights) if word == "W" else word.replace("S", str(shapes), 1) if word[0] == "S" else word
        for word in words
    ]
    ran = maquette("evaluate", *named, "-o", tmp_path / "out")
    assert (ran.code, ran.out) == (code, "")
    assert reason in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_place_for_the_files_is_needed(maquette, tmp_path: Path, weights: Path, shapes: Path):
    words = ("evaluate", "r2n2", weights, "--protocol", "pix2vox", "--shapes", shapes)
    assert "-o DIR or --json FILE" in maquette(*words).err
    (tmp_path / "file").write_text("")
    assert "is a file" in maquette(*words, "-o", tmp_path / "file").err
    assert "is a file" in maquette(*words, "-o", tmp_path / "file" / "out").err


def test_weights_of_another_system(maquette, tmp_path: Path, shapes: Path):
    from maquette.training.weights import save_weights

    save_weights(tmp_path / "w.safetensors", {"a": torch.zeros(1)}, "mesh_rcnn", "light", {})
    words = ("--protocol", "pix2vox", "--shapes", shapes, "-o", tmp_path)
    ran = maquette("evaluate", "r2n2", tmp_path / "w.safetensors", *words)
    assert (ran.code, "weights of mesh_rcnn, not of r2n2" in ran.err) == (3, True)


def test_all_samples_unreadable(maquette, tmp_path: Path, weights: Path):
    data = write_r2n2(tmp_path / "data", {CHAIRS: ["a", "b"]}, views=1, size=137)
    (data / "ShapeNet.json").write_text(pix2vox_split(train=["a"], test=["b"]))
    picture = data / "ShapeNetRendering" / CHAIRS / "b" / "rendering" / "00.png"
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(picture)
    picture.write_bytes(picture.read_bytes()[:30])
    ran = maquette(
        "evaluate", "r2n2", weights, "--protocol", "pix2vox", "--data", data, "-o", tmp_path / "out"
    )
    assert ran.code == 3
    assert not (tmp_path / "out").exists()


def test_a_run_is_scored_on_its_own_data(maquette, run_folder: Path, shapes: Path):
    words = ("evaluate", "r2n2", run_folder, "--protocol", "pix2vox", "--json", "-", "--quiet")
    assert "one of --shapes and --data" in maquette(*words).err
    config = {"format": "maquette-run/1", "data": {"shapes": str(shapes), "data": None, "split_file": None}}
    (run_folder / "config.json").write_text(json.dumps(config))
    assert maquette(*words).json()["about"]["data"] == str(shapes)
    (run_folder / "config.json").write_text(json.dumps({"format": "maquette-run/1"}))
    assert "config.json: is not the configuration of a run: data is missing" in maquette(*words).err


def test_shapes_of_the_families(maquette, weights: Path):
    words = ("--protocol", "pix2vox", "--shapes", "families:24", "--json", "-", "--quiet")
    ran = maquette("evaluate", "r2n2", weights, *words)
    assert ran.code == 0
    assert {sample["source"] for sample in ran.json()["samples"]} == {"families"}
