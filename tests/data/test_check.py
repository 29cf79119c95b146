from pathlib import Path

import pytest
from PIL import Image

from data_layouts import (
    CHAIRS,
    RIFLES,
    write_pix3d,
    write_r2n2,
    write_r2n2_model,
    write_shapenet,
    write_wedge,
)
from maquette.data.check import check_data
from maquette.data.manifest import write_manifest
from maquette.io.errors import BadInput


@pytest.fixture
def r2n2(tmp_path: Path) -> Path:
    return write_r2n2(tmp_path, {CHAIRS: list("abcde"), RIFLES: ["r"]})


def reasons(report) -> dict[str, str]:
    return {Path(problem.path).name: problem.reason for problem in report.problems}


def test_counts_by_category_and_split(r2n2: Path) -> None:
    report = check_data(r2n2)
    assert report.layout == "r2n2"
    assert report.counts() == {
        "chair": {"train": 4, "val": 0, "test": 1},
        "rifle": {"train": 0, "val": 0, "test": 1},
    }
    assert report.problems == ()
    assert report.notes[0] == "of the published objects there are 5 of 6,778 chair, 1 of 2,372 rifle"
    assert report.notes[1].startswith("categories that are not there: airplane, bench,")


def test_names_everything_that_is_broken(r2n2: Path) -> None:
    pictures = r2n2 / "ShapeNetRendering" / CHAIRS
    broken = pictures / "a/rendering/01.png"
    broken.write_bytes(broken.read_bytes()[:-20])
    (pictures / "b/rendering/02.png").write_bytes(b"nonsense")
    (pictures / "c/rendering/rendering_metadata.txt").write_text("1 2 3\n")
    (r2n2 / "ShapeNetVox32" / CHAIRS / "d/model.binvox").unlink()
    write_r2n2_model(r2n2, RIFLES, "4a32519f44dc84aabafe26e2eb69ebf4")
    report = check_data(r2n2)
    assert reasons(report) == {
        "rendering_metadata.txt": "line 1: not five numbers: azimuth, elevation, turn, ratio, field of view",
        "model.binvox": "listed as broken by the data set's authors",
        "01.png": "the picture is cut off",
        "02.png": "not a picture in a known format",
    }
    assert len(report.problems) == 5  # two are called model.binvox
    assert [entry.id for entry in report.usable] == [f"{CHAIRS}/e", f"{RIFLES}/r"]
    assert len(check_data(r2n2, "names").usable) == 4


def test_decoding_finds_what_headers_hide(tmp_path: Path) -> None:
    Image.effect_noise((64, 64), 90).save(tmp_path / "good.jpg")
    data = (tmp_path / "good.jpg").read_bytes()
    (tmp_path / "short.jpg").write_bytes(data[: len(data) // 2])
    assert check_data(tmp_path, "headers").problems == ()
    assert "cannot be decoded" in reasons(check_data(tmp_path, "all"))["short.jpg"]


def test_a_picture_at_which_the_decoder_fails_is_one_problem(tmp_path: Path) -> None:
    Image.effect_noise((64, 64), 90).save(tmp_path / "good.bmp")
    data = (tmp_path / "good.bmp").read_bytes()
    (tmp_path / "odd.bmp").write_bytes(data[:14] + b"\7" + data[15:])
    report = check_data(tmp_path)
    assert [entry.id for entry in report.usable] == ["good.bmp"]
    assert reasons(report) == {"odd.bmp": "the picture cannot be decoded: Unsupported BMP header type (7)"}


def test_the_manifest_is_verified(r2n2: Path) -> None:
    write_manifest(r2n2)
    count = len((r2n2 / "SHA256SUMS").read_text().splitlines())
    assert f"{count} files are as SHA256SUMS says" in check_data(r2n2).notes
    path = r2n2 / f"ShapeNetRendering/{CHAIRS}/a/rendering/00.png"
    Image.new("RGBA", (32, 32)).save(path)
    report = check_data(r2n2)
    assert f"{count - 1} files are as SHA256SUMS says" in report.notes
    assert reasons(report)["00.png"].startswith("has changed")
    assert check_data(r2n2, "names").problems == ()


def test_meshes_and_their_table(tmp_path: Path) -> None:
    for name in ("chair/a.obj", "chair/b.obj", "extra.obj"):
        write_wedge(tmp_path / name, "+Z")
    (tmp_path / "chair/flat.obj").write_text("v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n")
    (tmp_path / "chair/b.obj").write_text("v 1 2\n")
    rows = "file,split\nchair/a.obj,val\nchair/b.obj,train\nchair/flat.obj,train\nchair/gone.obj,test\n"
    (tmp_path / "manifest.csv").write_text(rows)
    report = check_data(tmp_path)
    assert report.counts() == {"chair": {"train": 0, "val": 1, "test": 0}}
    found = reasons(report)
    assert found.pop("b.obj").startswith("line 1")
    assert found == {
        "gone.obj": "is missing, but manifest.csv lists it",
        "flat.obj": "the mesh has no extent",
    }
    assert report.notes == ("1 meshes are not in manifest.csv and are left out",)


def test_a_broken_mesh_is_named_once_and_takes_its_pictures_along(tmp_path: Path) -> None:
    write_pix3d(tmp_path, ["good", "bad"])
    (tmp_path / "model/chair/bad/model.obj").write_text("v 1\n")
    seen = []
    report = check_data(tmp_path, progress=lambda done, total, id: seen.append((done, total)))
    assert len(report.problems) == 1
    assert [entry.family for entry in report.usable] == ["chair/good"] * 2
    bare = "0 pictures of meshes with voxels"
    assert report.notes == ("2 meshes", "lists of Mesh R-CNN: s1, s2", bare)
    assert seen == [(i, 4) for i in range(1, 5)]


def test_voxels_of_pix3d_are_read(tmp_path: Path) -> None:
    write_pix3d(tmp_path, ["good", "bad"])
    (tmp_path / "model/chair/bad/voxel.mat").write_bytes(b"nothing")
    report = check_data(tmp_path)
    assert list(reasons(report)) == ["voxel.mat"]
    assert [entry.family for entry in report.usable] == ["chair/good"] * 2
    assert report.notes[-1] == "2 pictures of meshes with voxels"


def test_solid_voxels_of_shapenet_are_read(tmp_path: Path) -> None:
    write_shapenet(tmp_path, {CHAIRS: ["a", "b"]})
    path = tmp_path / f"ShapeNetCore.v1.binvox/{CHAIRS}/a/model.presolid.binvox"
    path.write_bytes(path.read_bytes()[:-1])
    report = check_data(tmp_path)
    assert list(reasons(report)) == ["model.presolid.binvox"]
    assert [entry.id for entry in report.usable] == [f"{CHAIRS}/b"]
    assert report.notes == ("2 have solid voxels",)


def test_nothing_usable_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text("v 1\n")
    with pytest.raises(BadInput, match=r"nothing that can be used; 1 problems, first .*a\.obj"):
        check_data(tmp_path)
