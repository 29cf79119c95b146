"""Outputs that are inputs are refused before any work."""

import os
import shutil

import pytest

from maquette.cli.refusals import need_spared
from maquette.io import BadInput


def test_files_that_are_read_are_not_written_over(tmp_path):
    read, link, hard, other = (tmp_path / name for name in ("a", "link", "hard", "other"))
    read.touch()
    other.touch()
    link.symlink_to(read)
    os.link(read, hard)
    for out in (read, link, hard, tmp_path / "x" / ".." / "a", tmp_path / "." / "a"):
        (tmp_path / "x").mkdir(exist_ok=True)
        named = "the file" if out == read else read
        with pytest.raises(
            BadInput, match=f"^{out}: is {named}, which is read; give the output another name$"
        ):
            need_spared([None, read], [other, None, out])
    need_spared([read, tmp_path / "missing"], [other, tmp_path / "missing", None])


def test_commands_spare_what_they_read(maquette, ball, views, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    picture, page = tmp_path / "a_preview.png", tmp_path / "a.binvox"
    picture.write_bytes(ball.read_bytes())
    os.link(ball, page)
    shutil.copy(views / "cameras.json", "kept.json")
    commands = [
        ("mold", ball, "-o", "./ball.ply"),
        ("mold", ball, "-o", "new.ply", "--json", ball),
        ("mold", views, "-o", "new.ply", "--json", "views/cameras.json"),
        ("mold", picture, "-o", "a.glb"),
        ("voxelize", ball, "-o", "a.binvox"),
        ("backbone", "import", "a.safetensors", "-o", "b.safetensors", "--json", tmp_path / "a.safetensors"),
        ("data", "pack", "a.pack", "-o", tmp_path / "a.pack"),
        ("data", "prepare", views, "--split", "a.pack", "-o", "b.pack", "--json", "a.pack"),
        ("compare", "a.json", "-o", "a.html"),
        ("info", "r2n2", "--weights", shipped := tmp_path / "r2n2.safetensors", "--json", shipped),
        ("export", "r2n2", "--weights", shipped, "-o", "a.onnx", "--json", shipped),
        ("evaluate", "r2n2", shipped, "--shapes", "families:9", "--json", shipped),
        ("reconstruct", picture, "-o", "b.glb", "--json", picture),
    ]
    from maquette.systems import shipped_weights

    shutil.copy(shipped_weights("r2n2"), shipped)
    for name in ("a.safetensors", "a.pack", "a.json"):
        (tmp_path / name).touch()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for words in commands:
        ran = maquette(*words)
        assert (ran.code, ran.err.count("\n"), "which is read" in ran.err) == (3, 1, True), (words, ran.err)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_numbers_do_not_take_the_place_of_a_device(maquette, ball, tmp_path):
    os.mkfifo(tmp_path / "n.json")
    ran = maquette("voxelize", ball, "-o", tmp_path / "a.binvox", "--json", tmp_path / "n.json")
    assert (ran.code, "n.json: is a pipe or a device, not a file" in ran.err) == (3, True)
    assert (tmp_path / "n.json").is_fifo()
