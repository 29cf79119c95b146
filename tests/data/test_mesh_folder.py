import os
from pathlib import Path

import pytest

from maquette.data.mesh_axes import OBJECT_AXES
from maquette.data.mesh_folder import read_mesh_folder, read_turned
from maquette.data.splits import split_of
from maquette.io.errors import BadInput


def files(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a mesh that nobody opens")
    return root


def entries(root: Path) -> dict:
    return {mesh.entry.id: mesh.entry for mesh in read_mesh_folder(root)}


def test_folders_are_categories_and_a_hash_gives_the_split(tmp_path: Path) -> None:
    files(
        tmp_path,
        "chair/oak.ply",
        "chair/old/elm.OBJ",
        "cup.glb",
        "notes.txt",
        ".hidden/x.ply",
        "chair/.y.ply",
    )
    found = entries(tmp_path)
    assert {id: entry.category for id, entry in found.items()} == {
        "chair/oak": "chair",
        "chair/old/elm": "chair",
        "cup": "",
    }
    assert all(entry.split == split_of(id) for id, entry in found.items())
    assert read_mesh_folder(tmp_path)[0].path == tmp_path / "chair/oak.ply"


def test_the_table_says_more_and_chooses(tmp_path: Path) -> None:
    files(tmp_path, "chair/oak.ply", "chair/elm.ply", "extra.ply")
    (tmp_path / "MANIFEST.csv").write_text(
        "file,name,category,split,family,source,licence\n"
        'chair/oak.ply,"Oak,\nold",armchair,val,f1,here,CC0\n'
        "chair/elm.ply,Elm,,,f2,,\n"
        "chair/gone.ply,Gone,,test,,,\n"
    )
    found = entries(tmp_path)
    assert list(found) == ["chair/elm", "chair/oak"]
    oak, elm = found["chair/oak"], found["chair/elm"]
    assert (oak.category, oak.split, oak.family, oak.source) == ("armchair", "val", "f1", "here")
    assert (elm.category, elm.split, elm.family) == ("chair", split_of("f2"), "f2")


def test_a_family_stays_in_the_split_that_the_table_gives_to_one_of_it(tmp_path: Path) -> None:
    for word in ("train", "val", "test"):
        files(tmp_path, "chair/oak.ply", "chair/oak_arms.ply")
        rows = f"chair/oak.ply,{word},oak\nchair/oak_arms.ply,,oak\nchair/gone.ply,,oak\n"
        (tmp_path / "MANIFEST.csv").write_text(f"file,split,family\n{rows}")
        assert {entry.split for entry in entries(tmp_path).values()} == {word}


def test_trees_like_shapenetcore(tmp_path: Path) -> None:
    files(tmp_path, "0300/a1/model.obj", "0300/b2/models/model_normalized.obj", "0300/b2/models/model.mtl")
    assert {entry.id: entry.category for entry in entries(tmp_path).values()} == {
        "0300/a1": "0300",
        "0300/b2": "0300",
    }


def test_two_files_of_one_object_are_one_family(tmp_path: Path) -> None:
    files(tmp_path, "cup/mug.ply", "cup/mug.obj")
    found = entries(tmp_path)
    assert set(found) == {"cup/mug.ply", "cup/mug.obj"}
    assert {entry.family for entry in found.values()} == {"cup/mug"}
    assert len({entry.split for entry in found.values()}) == 1


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("name,split\noak,train\n", "has no column 'file'"),
        ("file\n../oak.ply\n", "line 2: file '../oak.ply' is not a path within the folder"),
        ("file\noak.ply\noak.ply\n", "line 3: oak.ply is listed twice"),
        ("file,split\noak.ply,dev\n", "line 2: split 'dev' is none of train, val, test"),
        ("file,split,family\na.ply,train,f\nb.ply,test,f\n", "line 3: family 'f' is in train and in test"),
        ("file,up,front\noak.ply,+Z,+Z\n", "line 2: up +Z and front +Z are along the same axis"),
        ("file,up,front\noak.ply,+Z,left\n", "line 2: front 'left' is none of +X, -X"),
        ("file,up\noak.ply,+Z\n", "line 2: up and front are told together"),
        (b"file\n\xffoak.ply\n", "utf-8"),
        ("file\nelm.ply\n", "no mesh of the table is there"),
        ("", "the file is empty"),
    ],
)
def test_malformed_tables(tmp_path: Path, table: str | bytes, reason: str) -> None:
    files(tmp_path, "oak.ply")
    (tmp_path / "manifest.csv").write_bytes(table.encode() if isinstance(table, str) else table)
    with pytest.raises(BadInput, match=r"manifest\.csv") as caught:
        read_mesh_folder(tmp_path)
    assert reason in str(caught.value)


def test_a_table_of_turned_meshes_tells_the_axes_of_each(tmp_path: Path) -> None:
    table = tmp_path / "turned.csv"
    table.write_text("file,up,front\noak.ply,+Y,-X\nelm.ply,,\n")
    with pytest.raises(BadInput, match=r"turned\.csv: up and front of elm\.ply are missing"):
        read_turned(table)
    table.write_text("file,front\noak.ply,-X\n")
    with pytest.raises(BadInput, match=r"line 2: up and front are told together"):
        read_turned(table)


def test_the_table_of_the_studies_shapes_turns_each_of_them() -> None:
    turned = read_turned(Path(__file__).parents[2] / "benchmarks/data/turned_shapes.csv")
    assert list(turned) == sorted(turned)
    assert OBJECT_AXES not in turned.values()
    assert turned["chair/ikea_manual__Chair_froset.ply"].front == "-X"


def test_no_folder_and_no_mesh(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no mesh in it"):
        read_mesh_folder(tmp_path)
    with pytest.raises(BadInput, match="no such folder"):
        read_mesh_folder(tmp_path / "gone")


def test_names_that_are_not_text_are_named(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"chair\xff.ply")).write_text("a mesh")
    except OSError:
        pytest.skip("file names are always text here")
    with pytest.raises(BadInput, match=r"chair.udcff\.ply in it is not UTF-8"):
        read_mesh_folder(tmp_path)


def test_folders_that_cannot_be_read_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files(tmp_path, "chair/oak.ply", "locked/elm.ply")
    real = os.scandir

    def scandir(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(BadInput, match="locked: Permission denied"):
        read_mesh_folder(tmp_path)


def test_a_link_that_leads_in_circles_ends(tmp_path: Path) -> None:
    files(tmp_path, "chair/oak.ply")
    (tmp_path / "chair/again").symlink_to(tmp_path)
    assert list(entries(tmp_path)) == ["chair/oak"]
