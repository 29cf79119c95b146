"""What `maquette train` says of its data, and what it leaves behind where they cannot be used."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_layouts import CHAIRS, pix2vox_split, write_r2n2
from maquette.cli.console import Console
from maquette.cli.evaluate import Evaluate, _with_own_data
from maquette.cli.train_data import _absolute, _has_to_be_packed, _open, prepare, with_stored_data
from maquette.cli.train_settings import read_settings
from maquette.training.run_folder import RunFolder


def test_objects_that_are_left_out_are_named(tmp_path, capsys):
    root = write_r2n2(tmp_path / "data", {CHAIRS: list("abcde")}, views=2)
    (root / "ShapeNetVox32" / CHAIRS / "b" / "model.binvox").write_bytes(b"#binvox 1")
    settings = read_settings(["r2n2", "--data", str(root), "-o", str(tmp_path / "run")])
    assert len(_open(settings, frozenset({"voxels"}), frozenset(), 32, Console()).source.entries) == 4
    said = capsys.readouterr().out
    assert "b/model.binvox: header: the header has no line 'data'" in said
    assert "4 objects: 3 train, 0 val, 1 test; 1 left out" in said


def unusable(tmp_path: Path, kind: str) -> list[object]:
    """Words that are good until the data are opened."""
    if kind == "meshes":
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "a.ply").write_text("ply")
        return ["--shapes", tmp_path / "data"]
    if kind == "photos":
        return [
            "--shapes",
            "families:9",
            "--views.backgrounds",
            "photos",
            "--views.photos",
            tmp_path / "none",
        ]
    root = write_r2n2(tmp_path / "data", {CHAIRS: ["a"]}, views=2)
    if kind == "layout":
        shutil.rmtree(root / "ShapeNetVox32")
    return ["--data", root]


@pytest.mark.parametrize("was_there", [False, True])
@pytest.mark.parametrize("kind", ["meshes", "photos", "layout", "split"])
def test_unusable_data_leave_nothing_behind(maquette, tmp_path, kind, was_there):
    run_folder = tmp_path / "run"
    if was_there:
        run_folder.mkdir()
    ran = maquette("train", "r2n2", *unusable(tmp_path, kind), "-o", run_folder)
    assert ran.code == 3
    assert len(ran.err.splitlines()) == 1, ran.err
    assert run_folder.exists() == was_there
    assert not list(run_folder.glob("*"))


def test_a_run_that_is_moved_keeps_its_own_shapes(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    settings = read_settings(["r2n2", "--shapes", "families:9", "-o", str(first)])
    prepared, _ = prepare(
        settings, RunFolder(first), frozenset({"voxels"}), frozenset(), 32, Console(quiet=True)
    )
    assert prepared.options.shapes == str(first / "shapes.pack")
    first.rename(second)
    resumed = with_stored_data(read_settings(["r2n2", "--resume", "-o", str(second)]))
    assert resumed.shapes == str(second / "shapes.pack")
    scored = _with_own_data(Evaluate(system="r2n2", weights=second, protocol="r2n2-2016"))
    assert scored.shapes == str(second / "shapes.pack")


def test_a_pack_that_lies_elsewhere_stays_there(tmp_path):
    assert RunFolder(tmp_path).shapes({"shapes": "/data/chairs.pack"}) == "/data/chairs.pack"
    assert RunFolder(tmp_path).shapes({"shapes": None}) is None


def test_people_keep_their_name_in_a_run(tmp_path):
    assert RunFolder(tmp_path).shapes({"shapes": "faces:90"}) == "faces:90"
    assert _absolute("shapes", "faces:90") == "faces:90"
    assert not _has_to_be_packed("faces:90")
    assert _has_to_be_packed("families:90")


def test_more_views_than_any_validation_object_has_are_refused_at_the_start(maquette, tmp_path):
    root = write_r2n2(tmp_path / "data", {CHAIRS: list("abc")}, views=2)
    (root / "ShapeNet.json").write_text(pix2vox_split(train=["a"], val=["b"], test=["c"]))
    words = ["train", "r2n2", "--recipe", "seed001", "--data", root, "-o", tmp_path / "run"]
    ran = maquette(*words)
    assert ran.code == 2
    assert "--training.val-views 20: no object of the validation split has more than 2 pictures" in ran.err
    assert not (tmp_path / "run").exists()


def test_the_folder_of_photographs_is_kept_as_an_absolute_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["r2n2", "--shapes", "families:3", "-o", "run", "--views.photos", "photos"]
    assert read_settings(words).config.views.photos == str(tmp_path / "photos")


def test_pictures_that_cannot_be_scored_train_without_an_evaluation(maquette, tmp_path):
    """Unsup3D learns from pictures alone; its protocol needs their depth."""
    (tmp_path / "faces").mkdir()
    rng = np.random.default_rng(0)
    for i in range(30):
        Image.fromarray(rng.integers(0, 255, (8, 8, 3), np.uint8)).save(tmp_path / "faces" / f"{i}.png")
    small = ["--width", 8, "--size", 32, "--batch", 2, "--steps", 1, "--threads", 1, "--workers", 0]
    small += ["--recipe", "best", "--loss.features", "none", "--loss.perceptual", 0]
    without = maquette("train", "unsup3d", "--data", tmp_path / "faces", *small, "-o", tmp_path / "run")
    assert (without.code, without.err) == (0, "")
    assert f"no evaluation at the end: {tmp_path / 'faces'} has no depth" in without.out
    assert not (tmp_path / "run" / "eval").exists()
    scored = maquette("train", "unsup3d", "--shapes", "faces:30", *small, "-o", tmp_path / "scored")
    assert (scored.code, scored.err) == (0, "")
    assert (tmp_path / "scored" / "eval" / "unsup3d.json").is_file()
    refused = maquette(
        "evaluate", "unsup3d", tmp_path / "run", "--data", tmp_path / "faces", "--json", tmp_path / "json"
    )
    assert (refused.code, "has no depth, which is needed" in refused.err) == (3, True)


def test_pictures_is_another_name_of_data(maquette, tmp_path):
    for flag in ("--data", "--pictures"):
        ran = maquette("train", "stylegan2", flag, tmp_path / "none", "-o", tmp_path / "run")
        assert (ran.code, ran.err) == (3, f"maquette: {tmp_path / 'none'}: there is no such folder\n")
