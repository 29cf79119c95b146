from pathlib import Path

import pytest
import torch

from data_layouts import CHAIRS, pix2vox_split, write_future3d, write_pix3d, write_shapenet, write_wedge
from maquette.data.check import check_data
from maquette.data.pack import write_pack
from maquette.data.prepare import prepare
from maquette.io.errors import BadInput

TOP = torch.tensor([-1.0, 1.5, 2.0]) / 29**0.5  # of the fixtures' slab, in the object frame


def tops(pack) -> list[torch.Tensor]:
    meshes = [pack.shape(i).mesh.verts_packed() for i in range(len(pack))]
    return [verts[verts[:, 1].argmax()] for verts in meshes]


@pytest.mark.parametrize(
    ("write", "ids", "source"),
    [
        (
            lambda root: write_shapenet(root, {CHAIRS: ["a", "b"]}),
            [f"{CHAIRS}/a", f"{CHAIRS}/b"],
            "ShapeNetCore.v1",
        ),
        (lambda root: write_pix3d(root, ["A", "B"]), ["chair/A", "chair/B"], "Pix3D"),
        (lambda root: write_future3d(root, {"x": "Sofa", "y": "Bed"}), ["x", "y"], "3D-FUTURE"),
        (lambda root: write_wedge(root / "cup/a.obj", "+Z"), ["cup/a"], ""),
    ],
    ids=["shapenetcore", "pix3d", "3d-future", "meshes"],
)
def test_every_front_is_turned_to_z(tmp_path: Path, write, ids: list[str], source: str) -> None:
    write(tmp_path)
    packed = prepare(tmp_path)
    assert [entry.id for entry in packed.pack.entries] == ids
    assert {entry.source for entry in packed.pack.entries} == {source}
    assert packed.skipped == ()
    for top in tops(packed.pack):
        assert torch.allclose(top, TOP, atol=1e-4)


def test_splits_and_broken_meshes(tmp_path: Path) -> None:
    write_shapenet(tmp_path, {CHAIRS: list("abcd")})
    folder = tmp_path / "ShapeNetCore.v1" / CHAIRS
    (folder / "a/model.obj").write_text("v 1\n")
    (folder / "d/model.obj").unlink()
    file = tmp_path / "split.json"
    file.write_text(pix2vox_split(train=["a", "b"], test=["c", "d"]))
    seen = []
    packed = prepare(tmp_path, str(file), lambda done, total, id: seen.append(id))
    assert [(entry.id[-1], entry.split) for entry in packed.pack.entries] == [("b", "train"), ("c", "test")]
    assert [Path(problem.path).parent.name for problem in packed.skipped] == ["d", "a"]
    assert [id[-1] for id in seen] == ["a", "b", "c"]
    write_pack(packed.pack, tmp_path / "out.pack")
    assert check_data(tmp_path / "out.pack").counts() == {"chair": {"train": 1, "val": 0, "test": 1}}


def test_the_lists_of_pix3d(tmp_path: Path) -> None:
    write_pix3d(tmp_path, ["A", "B", "C", "D"])
    splits = [entry.split for entry in prepare(tmp_path, "s2").pack.entries]
    assert splits == ["train", "train", "test", "test"]
    with pytest.raises(BadInput, match="this layout has no split 's3'"):
        prepare(tmp_path, "s3")


def test_nothing_to_pack(tmp_path: Path) -> None:
    write_future3d(tmp_path, {"x": "Sofa"})
    (tmp_path / "x/normalized_model.obj").write_text("v 1\n")
    with pytest.raises(BadInput, match=r"none of 1 meshes can be packed; .*normalized_model\.obj: line 1"):
        prepare(tmp_path)
    with pytest.raises(BadInput, match="no split"):
        prepare(tmp_path, "sorted")
