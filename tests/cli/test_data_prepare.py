import hashlib
from pathlib import Path

from data_layouts import CHAIRS, write_r2n2, write_shapenet
from maquette.data.pack_file import read_pack


def test_packs_a_known_data_set(maquette, tmp_path: Path) -> None:
    root = write_shapenet(tmp_path / "data", {CHAIRS: list("abcde")})
    (root / f"ShapeNetCore.v1/{CHAIRS}/b/model.obj").write_text("v 1\n")
    out = tmp_path / "chairs.pack"
    ran = maquette("data", "prepare", root, "-o", out)
    assert ran.code == 0
    assert "b/model.obj: line 1" in ran.out
    assert f"wrote {out}: 4 shapes (3 train, 0 val, 1 test)" in ran.out
    assert [entry.id[-1] for entry in read_pack(out).entries] == list("acde")
    numbers = maquette("data", "prepare", root, "-o", out, "--json", "-").json()
    assert (numbers["shapes"], numbers["categories"], len(numbers["skipped"])) == (4, 1, 1)
    assert numbers["bytes"] == out.stat().st_size
    assert numbers["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert f"SHA-256 {numbers['sha256']}" in ran.out


def test_refuses_before_it_writes(maquette, tmp_path: Path) -> None:
    root = write_r2n2(tmp_path / "data", {CHAIRS: ["a"]})
    out = tmp_path / "x.pack"
    ran = maquette("data", "prepare", root, "-o", out)
    assert ran.code == 3
    assert "r2n2, which is read as it is (`--data`)" in ran.err
    assert maquette("data", "prepare", tmp_path / "gone", "-o", out).code == 3
    assert maquette("data", "prepare", root, "-o", tmp_path / "x.zip").code == 3
    assert not out.exists()


def test_shapes_beside_pictures(maquette, tmp_path: Path) -> None:
    root = write_shapenet(write_r2n2(tmp_path / "data", {CHAIRS: list("abcde")}), {CHAIRS: list("abcde")})
    (root / f"ShapeNetCore.v1/{CHAIRS}/b/model.obj").write_text("v 1\n")
    out = root / "ShapeNetShapes"
    ran = maquette("data", "prepare", root, "-o", out)
    assert (ran.code, ran.err) == (0, "")
    assert "b/model.obj: line 1" in ran.out
    assert f"wrote {out}: 4 shapes, 1 skipped" in ran.out
    assert sorted(path.stem for path in out.rglob("*.pack")) == list("acde")
    numbers = maquette("data", "prepare", root, "-o", out, "--json", "-").json()
    assert (numbers["shapes"], len(numbers["skipped"])) == (4, 1)
    ran = maquette("data", "prepare", root, "-o", tmp_path / "all.pack")
    assert "4 shapes (3 train, 0 val, 1 test)" in ran.out
    assert len(read_pack(tmp_path / "all.pack").entries) == 4


def test_finer_voxels(maquette, tmp_path: Path) -> None:
    root = write_shapenet(write_r2n2(tmp_path / "data", {CHAIRS: ["a"]}), {CHAIRS: ["a"]})
    files = {(): (32, 64), ("--side", 48): (48, 48)}
    for words, sides in files.items():
        outs = tmp_path / f"x{sides[0]}.pack", tmp_path / f"x{sides[0]}"
        for out, side in zip(outs, sides, strict=True):
            assert maquette("data", "prepare", root, "-o", out, *words).code == 0
            pack = read_pack(out if out.is_file() else out / CHAIRS / "a.pack")
            assert pack.side == side
    ran = maquette("data", "prepare", root, "-o", tmp_path / "y.pack", "--side", 7)
    assert (ran.code, "--side 7" in ran.err) == (2, True)
