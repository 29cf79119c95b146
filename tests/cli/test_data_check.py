from pathlib import Path

import pytest

from data_layouts import CHAIRS, write_r2n2


@pytest.fixture
def r2n2(tmp_path: Path) -> Path:
    return write_r2n2(tmp_path / "data", {CHAIRS: list("abcde")})


def test_says_what_is_there(maquette, r2n2: Path) -> None:
    ran = maquette("data", "check", r2n2)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == f"{r2n2}: layout r2n2"
    assert lines[2].split() == ["chair", "4", "0", "1"]
    assert lines[-1] == "5 can be used, 0 problems"


def test_names_the_broken_ones(maquette, r2n2: Path) -> None:
    path = r2n2 / f"ShapeNetRendering/{CHAIRS}/b/rendering/01.png"
    path.write_bytes(b"x")
    ran = maquette("data", "check", r2n2)
    assert ran.code == 0
    assert f"  {path}: not a picture in a known format\n" in ran.out
    assert ran.out.endswith("4 can be used, 1 problems\n")
    numbers = maquette("data", "check", r2n2, "--json", "-").json()
    assert numbers["usable"] == 4
    assert numbers["counts"] == {"chair": {"train": 3, "val": 0, "test": 1}}
    assert numbers["problems"] == [{"path": str(path), "reason": "not a picture in a known format"}]
    assert maquette("data", "check", r2n2, "--depth", "names", "--quiet").out == ""


def test_unknown_and_useless_folders_end_with_3(maquette, r2n2: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = maquette("data", "check", tmp_path / "empty")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(f"maquette: {tmp_path}/empty: is no layout that is known (r2n2, pix3d,")
    assert maquette("data", "check", tmp_path / "gone").code == 3
    for file in r2n2.rglob("*.binvox"):
        file.write_bytes(b"#binvox 1\n")
    ran = maquette("data", "check", r2n2)
    assert ran.code == 3
    assert ran.err.count("\n") == 1
    assert "has no object that can be used" in ran.err


def test_a_file_that_is_no_pack(maquette, tmp_path: Path) -> None:
    (tmp_path / "a.pack").write_bytes(b"nonsense")
    ran = maquette("data", "check", tmp_path / "a.pack")
    assert ran.code == 3
    assert str(tmp_path / "a.pack") in ran.err
