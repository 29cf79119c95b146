"""binvox files."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.io import BadInput, load_binvox, save_binvox
from maquette.structures import VoxelGrid

HEADER = b"#binvox 1\ndim 2 2 2\ntranslate -0.5 0 0.25\nscale 2\ndata\n"


def test_order_of_axes_and_place(tmp_path):
    path = tmp_path / "v.binvox"
    path.write_bytes(HEADER + bytes([0, 1, 1, 1, 0, 6]))  # x slowest, then z, then y: cell x=0, z=0, y=1
    grid = load_binvox(path)
    assert grid.occupancy.nonzero().tolist() == [[0, 0, 1, 0]]
    assert grid.side == 2
    assert grid.center == (0.5, 1.0, 1.25)
    low = grid.points_from_index(torch.full((3,), -0.5, dtype=torch.float64))
    assert low.tolist() == [-0.5, 0, 0.25]
    save_binvox(grid, tmp_path / "w.binvox")
    assert (tmp_path / "w.binvox").read_bytes() == path.read_bytes()


@settings(max_examples=25, deadline=None)
@given(
    side=st.integers(1, 9),
    seed=st.integers(0, 10**6),
    density=st.sampled_from([0.0, 0.01, 0.5, 1.0]),
    scale=st.floats(1e-3, 1e3),
    low=st.tuples(*[st.floats(-10, 10)] * 3),
)
def test_round_trip(tmp_path_factory, side, seed, density, scale, low):
    path = tmp_path_factory.mktemp("v") / "v.binvox"
    cells = torch.from_numpy(np.random.default_rng(seed).random((1, side, side, side)) < density)
    save_binvox(VoxelGrid(cells, side=scale, center=low), path)
    back = load_binvox(path)
    assert torch.equal(back.occupancy, cells)
    assert back.side == pytest.approx(scale, rel=1e-8)
    assert back.center == pytest.approx(low, abs=1e-5)
    first = path.read_bytes()
    save_binvox(VoxelGrid(cells, side=scale, center=low), path)
    assert path.read_bytes() == first


def test_probabilities_and_batches(tmp_path):
    grid = VoxelGrid(torch.rand(2, 3, 3, 3))
    with pytest.raises(ValueError, match="one grid"):
        save_binvox(grid, tmp_path / "v.binvox")
    save_binvox(grid[0], tmp_path / "v.binvox", threshold=0.3)
    assert torch.equal(load_binvox(tmp_path / "v.binvox").occupancy, grid[0].occupancy >= 0.3)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"#binvox", "data"),
        (b"something else", "not a binvox"),
        (HEADER, "holds 0 cells"),
        (HEADER + bytes([0, 7]), "holds 7 cells"),
        (HEADER + bytes([0, 9]), "holds 9 cells"),
        (HEADER + bytes([0, 8, 1]), "cells"),
        (HEADER + bytes([5, 8]), "neither"),
        (HEADER.replace(b"2 2 2", b"2 2 3") + bytes([0, 12]), "cube"),
        (HEADER.replace(b"2 2 2", b"1000000000 1000000000 1000000000") + bytes([0, 8]), "cube"),
        (HEADER.replace(b"2 2 2", b"1024 1024 1024") + bytes([0, 8]), "dim says"),
        (HEADER.replace(b"2 2 2", b"2 2"), "3 numbers"),
        (HEADER.replace(b"2 2 2", b"a b c"), "3 numbers"),
        (HEADER.replace(b"2 2 2", b"0 0 0"), "cube"),
        (HEADER.replace(b"scale 2", b"scale 0") + bytes([0, 8]), "positive"),
        (HEADER.replace(b"scale 2", b"scale nan") + bytes([0, 8]), "finite"),
    ],
)
def test_bad_files(tmp_path, content, word):
    path = tmp_path / "v.binvox"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=word) as caught:
        load_binvox(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("place", "scale"), [("1.7e308 0 0", "1e308"), ("0 0 0", "1e39"), ("3e38 0 0", "1e38"), ("inf 0 0", "1")]
)
def test_a_place_that_float32_does_not_know_is_refused(tmp_path, place, scale):
    path = tmp_path / "g.binvox"
    path.write_bytes(f"#binvox 1\ndim 2 2 2\ntranslate {place}\nscale {scale}\ndata\n".encode() + b"\x01\x08")
    with pytest.raises(BadInput, match="must be finite"):
        load_binvox(path)
