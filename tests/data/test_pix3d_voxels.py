"""Voxels of Pix3D's models: the released code's numbers, the way there and back, and files that are none."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from golden_pix3d import pix3d_golden
from maquette.data.pix3d_voxels import normalised, read_voxel_points, write_voxels
from maquette.io.errors import BadInput


def test_released_code(tmp_path: Path) -> None:
    data = pix3d_golden("geometry")
    path = tmp_path / "voxel.mat"
    savemat(path, {"voxel": data["mat_voxel"].numpy()}, do_compression=True)
    np.testing.assert_allclose(read_voxel_points(path), data["read_voxel"].numpy(), atol=1e-6)


def test_there_and_back(tmp_path: Path) -> None:
    solid = np.zeros((6, 7, 8), bool)
    solid[1:5, 2, 3:8] = solid[4, 2:6, 3] = True
    write_voxels(tmp_path / "voxel.mat", solid)
    np.testing.assert_allclose(
        read_voxel_points(tmp_path / "voxel.mat"), normalised(np.argwhere(solid).astype(float))
    )
    one = np.zeros((3, 3, 3), bool)
    one[1, 0, 2] = True
    write_voxels(tmp_path / "one.mat", one)
    assert np.array_equal(read_voxel_points(tmp_path / "one.mat"), np.zeros((1, 3)))


def test_a_small_file_of_very_many_cells_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "voxel.mat"
    savemat(path, {"voxel": np.zeros((257, 256, 256), np.uint8)}, do_compression=True)
    assert path.stat().st_size < 1e5
    with pytest.raises(BadInput, match="at most 16,777,216 numbers"):
        read_voxel_points(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"voxel": np.zeros((2, 2, 2))}, "has no solid voxel"),
        ({"voxel": np.ones((2, 2))}, "must have three axes"),
        ({"voxel": "word"}, "no array of real numbers"),
        ({"voxel": 1j * np.ones((2, 2, 2))}, "no array of real numbers"),
        ({"voxel": np.zeros((2, 2, 2), object)}, "no array of real numbers"),
        ({"other": np.ones((2, 2, 2))}, "has no array 'voxel'"),
        (b"nothing of the kind", "no MATLAB file"),
        (b"", "empty"),
    ],
)
def test_files_that_are_none(tmp_path: Path, content: object, reason: str) -> None:
    path = tmp_path / "voxel.mat"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        savemat(path, content)
    with pytest.raises(BadInput, match=f"voxel.mat: .*{reason}"):
        read_voxel_points(path)
