"""`maquette data pack`: counts, skipped meshes, joining, refusals."""

import hashlib

import torch

from maquette.data.pack import read_pack
from tests.data.pack_shapes import mesh_folder


def test_a_folder_becomes_one_file(maquette, tmp_path):
    folder = mesh_folder(tmp_path / "meshes")
    ran = maquette("data", "pack", folder, "-o", tmp_path / "a.pack", "--json", "-")
    assert ran.code == 0
    numbers = ran.json()
    assert (numbers["shapes"], numbers["categories"], numbers["faces"]) == (2, 2, 80 + 36)
    assert sum(numbers["splits"].values()) == 2
    assert {entry["file"].rsplit("/", 1)[-1] for entry in numbers["skipped"]} == {"broken.ply", "point.obj"}
    assert numbers["bytes"] == (tmp_path / "a.pack").stat().st_size
    assert numbers["sha256"] == hashlib.sha256((tmp_path / "a.pack").read_bytes()).hexdigest()
    assert f"SHA-256 {numbers['sha256']}" in ran.err
    assert "2 meshes were skipped" in ran.err
    assert "broken.ply: " in ran.err
    assert len(read_pack(tmp_path / "a.pack")) == 2


def test_packs_are_joined_and_chosen_from(maquette, tmp_path):
    for name in ("a", "b"):
        folder = mesh_folder(tmp_path / name)
        (folder / "ball" / "one.ply").rename(folder / "ball" / f"{name}.ply")
        table = (folder / "MANIFEST.csv").read_text()
        (folder / "MANIFEST.csv").write_text(table.replace("ball/one.ply", f"ball/{name}.ply"))
    assert maquette("data", "pack", tmp_path / "a", "-o", tmp_path / "a.pack", "--quiet").code == 0
    words = ("data", "pack", tmp_path / "a.pack", tmp_path / "b", "-o", tmp_path / "both.pack")
    ran = maquette(*words)
    assert ran.code == 3
    assert "two packs have a shape 'stool/one'" in ran.err
    (tmp_path / "b" / "stool" / "one.ply").unlink()
    assert maquette(*words, "--categories", "ball").code == 0
    assert [entry.id for entry in read_pack(tmp_path / "both.pack").entries] == ["ball/a", "ball/b"]
    ran = maquette(*words, "--sources", "theirs")
    assert ran.code == 3
    assert "none of 3 shapes" in ran.err


def test_finer_voxels_hold_the_coarser_ones(maquette, tmp_path):
    folder = mesh_folder(tmp_path / "meshes")
    for side in (32, 64):
        words = ("-o", tmp_path / f"{side}.pack", "--side", side, "--quiet")
        assert maquette("data", "pack", folder, *words).code == 0
    coarse, fine = (read_pack(tmp_path / f"{side}.pack") for side in (32, 64))
    assert (coarse.side, fine.side) == (32, 64)
    assert fine.solid(torch.arange(2)).shape == (2, 64, 64, 64)
    agree = fine.solid(torch.arange(2), 32) == coarse.solid(torch.arange(2))
    assert agree.float().mean() > 0.999
    words = (tmp_path / "32.pack", tmp_path / "64.pack", "-o", tmp_path / "both.pack")
    ran = maquette("data", "pack", *words)
    assert ran.code == 3


def test_mesh_files_by_themselves(maquette, tmp_path):
    folder = mesh_folder(tmp_path / "meshes")
    files = [folder / "ball" / "one.ply", folder / "stool" / "one.ply"]
    ran = maquette("data", "pack", *files, "-o", tmp_path / "a.pack")
    assert ran.code == 0, ran.err
    assert [entry.id for entry in read_pack(tmp_path / "a.pack").entries] == ["one", "stool/one"]


def test_meshes_of_a_table_are_turned(maquette, tmp_path):
    folder = mesh_folder(tmp_path / "meshes")
    table = tmp_path / "turned.csv"
    table.write_text("file,up,front\nstool/one.ply,+Y,+X\nstool/two.ply,+Y,-X\n")
    for name, words in (("as_it_is", ()), ("turned", ("--turned", table))):
        ran = maquette("data", "pack", folder, "-o", tmp_path / f"{name}.pack", *words)
        assert ran.code == 0
        assert (f"1 meshes are turned as {table} says\n" in ran.out) == (name == "turned")
    before, after = (read_pack(tmp_path / f"{name}.pack") for name in ("as_it_is", "turned"))
    ball, stool = (before.shape(i).mesh.verts_packed() for i in (0, 1))
    x, y, z = stool.unbind(1)
    assert torch.equal(after.shape(0).mesh.verts_packed(), ball)
    assert torch.allclose(after.shape(1).mesh.verts_packed(), torch.stack([-z, y, x], 1), atol=1e-4)
    table.write_text("file,up,front\nstool/two.ply,+Y,-X\n")
    ran = maquette("data", "pack", folder, "-o", tmp_path / "x.pack", "--turned", table)
    assert (ran.code, ran.err) == (
        3,
        f"maquette: {table}: names no mesh of the folders that are packed\n",
    )
    assert not (tmp_path / "x.pack").exists()


def test_refusals(maquette, tmp_path):
    (tmp_path / "meshes").mkdir()
    out = ("-o", tmp_path / "a.pack")
    for words, code, says in (
        ((tmp_path / "none", *out), 3, "there is no such folder or packed file"),
        ((tmp_path / "meshes", *out), 3, "no mesh in it"),
        ((*out,), 2, "name at least one folder"),
        (
            (tmp_path / "meshes", *out, "--up=-Y", "--front=+Y"),
            2,
            "--up=-Y --front=+Y: up -Y and front +Y are along",
        ),
        ((tmp_path / "meshes", *out, "--up", "top"), 2, "up 'top' is none of +X, -X"),
        ((tmp_path / "meshes", "-o", tmp_path / "a.zip"), 3, "must end in .pack"),
        ((tmp_path / "meshes", *out, "--side", "33"), 2, "--side 33: use an even number from 2 to 256"),
    ):
        ran = maquette("data", "pack", *words)
        assert ran.code == code
        assert says in ran.err
        assert len(ran.err.splitlines()) == 1
    (tmp_path / "meshes" / "broken.off").write_text("OFF\n3 1")
    ran = maquette("data", "pack", tmp_path / "meshes", *out)
    assert ran.code == 3
    assert "none of 1 meshes can be used" in ran.err
    assert not (tmp_path / "a.pack").exists()
