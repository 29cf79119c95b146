"""`maquette evaluate` with occluders and on photographs of chairs, with the weights that ship."""

import json
from pathlib import Path

import pytest

from data_layouts import CHAIRS, pix2vox_split, write_r2n2
from maquette.data.make.jobs import jobs_of_families
from maquette.data.make.pix3d import ScenesMakeConfig, make_pix3d
from maquette.data.pack import write_pack
from tests.data.pack_shapes import small_pack


@pytest.fixture(scope="module")
def pack(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "shapes.pack"
    write_pack(small_pack(), path)
    return path


@pytest.mark.parametrize("protocol", ["occlusion", "occlusion-masked"])
def test_less_and_less_can_be_seen(maquette, tmp_path: Path, pack: Path, protocol: str) -> None:
    ran = maquette("evaluate", "r2n2", "--protocol", protocol, "--shapes", pack, "-o", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert "hidden     0, 20, 40, 60 % of the object's visible pixels" in ran.out
    numbers = json.loads((tmp_path / "out" / f"{protocol}.json").read_text())
    rows = numbers["occlusion"]["shares"]
    assert [row["share"] for row in rows] == [0, 0.2, 0.4, 0.6]
    assert all(abs(row["share"] - row["reached"]) < 0.02 for row in rows)
    assert all(0 <= row[name]["class_mean"] <= 1 for row in rows for name in ("iou", "f1"))
    assert "The more is hidden" in (tmp_path / "out" / f"{protocol}.html").read_text()


def test_one_picture_at_the_threshold_of_mem3d(maquette, pack: Path) -> None:
    words = ("--protocol", "mem3d", "--shapes", pack, "--json", "-", "--quiet")
    numbers = maquette("evaluate", "r2n2", *words).json()
    about = numbers["protocol"]
    assert (about["threshold"], about["views"], about["averaging"]) == (0.3, [1], "class mean")


def test_pictures_on_disk_hide_nothing(maquette, tmp_path: Path) -> None:
    data = write_r2n2(tmp_path / "data", {CHAIRS: ["a"]}, views=1, size=137)
    (data / "ShapeNet.json").write_text(pix2vox_split(test=["a"]))
    ran = maquette("evaluate", "r2n2", "--protocol", "occlusion", "--data", data, "-o", tmp_path / "out")
    assert (ran.code, "occlusion" in ran.err, len(ran.err.splitlines())) == (3, True, 1)
    assert not (tmp_path / "out").exists()


def test_chairs_of_pix3d(maquette, tmp_path: Path, pack: Path) -> None:
    root = tmp_path / "set"
    make_pix3d(jobs_of_families(2, 3, ("chair", "sofa")), root, ScenesMakeConfig(views=2, size=96))
    words = ("--protocol", "pix3d-chairs", "-o", tmp_path / "out")
    ran = maquette("evaluate", "r2n2", "--data", root, *words)
    assert ran.code == 0, ran.err
    assert "2 of the 2,894 that are published" in ran.out
    numbers = json.loads((tmp_path / "out" / "pix3d-chairs.json").read_text())
    assert numbers["groups"]["all"]["count"] == numbers["pix3d"]["found"] == 2
    assert numbers["pix3d"]["with_voxels"] == numbers["pix3d"]["models"] == 1
    assert numbers["pix3d"]["own_voxels_iou"] > 0.6
    wrong = maquette("evaluate", "r2n2", "--shapes", pack, *words)
    assert (wrong.code, "photographs in the layout of Pix3D" in wrong.err) == (3, True)
    assert len(wrong.err.splitlines()) == 1
