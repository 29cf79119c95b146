"""`maquette voxelize`: the grid lies where the mesh is."""

import math

import pytest

from maquette.io import load_binvox, load_mesh


def test_a_ball(maquette, ball, tmp_path):
    ran = maquette("voxelize", ball, "-o", tmp_path / "grid.binvox", "--resolution", 32, "--json", "-")
    assert ran.code == 0
    numbers = ran.json()
    grid = load_binvox(tmp_path / "grid.binvox")
    assert grid.resolution == numbers["resolution"] == 32
    assert int(grid.solid().sum()) == numbers["solid"]
    verts = load_mesh(ball).verts_packed()
    low, high = verts.min(dim=0).values, verts.max(dim=0).values
    assert grid.side == pytest.approx(float((high - low).max()))
    assert grid.center == pytest.approx(((low + high) / 2).tolist(), abs=1e-4)
    volume = numbers["solid"] * grid.cell_size**3
    assert 0.9 < volume / (4 / 3 * math.pi * 27) < 1.25
    assert f"{numbers['solid']} of 32768 cells are solid" in ran.err


def test_numbers_go_into_a_file_and_words_to_stdout(maquette, ball, tmp_path):
    words = ("voxelize", ball, "-o", tmp_path / "grid.binvox", "--resolution", 8)
    ran = maquette(*words, "--json", tmp_path / "n.json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("wrote ")
    assert (tmp_path / "n.json").read_text().startswith("{")
    ran = maquette(*words, "--quiet", "--threads", 1)
    assert (ran.code, ran.out, ran.err) == (0, "", "")


@pytest.fixture(autouse=True)
def _keep_threads():
    import torch

    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
