"""`maquette data make`: what it writes and says, and what it refuses."""

import pytest

from maquette.data.r2n2 import read_r2n2


def test_makes_a_data_set_with_nothing_downloaded(maquette, tmp_path):
    words = ("data", "make", "families:2", "-o", tmp_path / "set", "--views", 2, "--size", 48, "--json", "-")
    ran = maquette(*words)
    assert ran.code == 0
    numbers = ran.json()
    assert (numbers["made"], numbers["pictures"], numbers["skipped"]) == (2, 4, [])
    assert len(read_r2n2(tmp_path / "set")) == 2
    again = maquette(*words).json()
    assert (again["made"], again["kept"]) == (0, 2)


def test_makes_on_systems_that_do_not_tell_which_cores_may_be_used(maquette, tmp_path, monkeypatch):
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    words = ("data", "make", "families:1", "-o", tmp_path / "set", "--views", 1, "--size", 32)
    assert maquette(*words).code == 0


def test_counts_skipped_meshes(maquette, ball, tmp_path):
    (tmp_path / "broken.obj").write_text("f 1 2 3")
    ran = maquette("data", "make", tmp_path, "-o", tmp_path / "set", "--views", 1, "--size", 32)
    assert ran.code == 0
    assert "1 meshes were skipped" in ran.out
    assert "broken.obj" in ran.out
    ball.unlink()
    ran = maquette("data", "make", tmp_path, "-o", tmp_path / "other", "--views", 1, "--size", 32)
    assert ran.code == 3
    assert "none of 1 meshes" in ran.err


@pytest.mark.parametrize(
    ("words", "code", "say"),
    [
        (("missing",), 3, "no such folder"),
        (("families:0",), 2, "use 1 to"),
        (("families:9999999",), 2, "use 1 to"),
        (("families:1", "--views", 1000, "--size", 2048), 2, "memory"),
        (("families:1", "--views", 0), 2, "--views 0"),
        (("families:1", "--size", 9999), 2, "2048"),
        (("families:1", "--seed", -1), 2, "--seed -1"),
        (("families:1", "--layout", "other"), 2, "layout"),
        (("families:1", "--categories", "castle"), 2, "the families are"),
        (("families:1", "--layout", "pix3d", "--size", 8), 2, "--size 8: at least 16"),
    ],
)
def test_refuses(maquette, tmp_path, monkeypatch, words, code, say):
    monkeypatch.chdir(tmp_path)
    ran = maquette("data", "make", *words, "-o", tmp_path / "set")
    assert ran.code == code
    assert say in ran.err + ran.out
    assert not (tmp_path / "set").exists()


def test_makes_scenes_in_the_layout_of_pix3d(maquette, tmp_path):
    words = (
        "data",
        "make",
        "families:2",
        "-o",
        tmp_path / "set",
        "--layout",
        "pix3d",
        "--categories",
        "chair",
    )
    ran = maquette(*words, "sofa", "--views", 2, "--size", 48, "--json", "-")
    assert ran.code == 0
    assert (ran.json()["made"], ran.json()["pictures"]) == (2, 4)
    checked = maquette("data", "check", tmp_path / "set")
    assert checked.code == 0
    assert "lists of Mesh R-CNN: s1, s2" in checked.out
