"""Arrays of MATLAB's files: what SciPy writes, and files that are broken."""

import struct
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from maquette.data.mat_parse import parse_mat
from maquette.io.errors import ParseError

MOST = 1000


def written(packed: bool, **arrays: Any) -> bytes:
    file = BytesIO()
    savemat(file, arrays, do_compression=packed)
    return file.getvalue()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "i4", "f4", "f8", "i8", "?"])
def test_what_scipy_writes(packed: bool, kind: str) -> None:
    array = np.arange(24).reshape(2, 3, 4).astype(kind)
    data = written(
        packed, other=np.ones((2, 2)), text="words", table={"a": 1.0}, voxel=array, v=np.zeros((1, 3))
    )
    np.testing.assert_array_equal(parse_mat(data, "voxel", MOST), array)
    np.testing.assert_array_equal(parse_mat(data, "v", MOST), np.zeros((1, 3)))


def test_the_other_byte_order() -> None:
    numbers = struct.pack(">II3d", 9, 24, 1.0, 2.0, 3.0)
    parts = struct.pack(">IIII", 6, 8, 6, 0) + struct.pack(">IIii", 5, 8, 1, 3)
    parts += struct.pack(">HHcxxx", 1, 1, b"v") + numbers
    head = b"MATLAB".ljust(124) + struct.pack(">H", 0x0100) + b"MI"
    found = parse_mat(head + struct.pack(">II", 14, len(parts)) + parts, "v", MOST)
    assert found.tolist() == [[1.0, 2.0, 3.0]]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no MATLAB file"),
        (b"MATLAB 7.3 MAT-file, HDF5".ljust(124) + b"\x00\x02IM", "of version 0x200"),
        (written(False, v=np.ones((2, 2)))[:-9], "ends within an element"),
        (written(True, v=np.ones((20, 20)))[:-9], "ends within an element"),
        (written(False, v=np.ones((2, 2)))[:150], "ends within an element"),
        (written(True, v=np.zeros((60, 60))), "too large or cut off|at most 1,000"),
        (written(False, v=np.zeros((60, 60))), "at most 1,000"),
        (written(False, w=np.ones((2, 2))), "has no array 'v'"),
        (written(False, v={"a": 1}), "no array of real numbers"),
    ],
)
def test_broken_files(data: bytes, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        parse_mat(data, "v", MOST)


def test_a_packed_element_that_is_no_such() -> None:
    data = bytearray(written(True, v=np.ones((2, 2))))
    data[140:150] = b"\xff" * 10
    with pytest.raises(ParseError, match="cannot be unpacked"):
        parse_mat(bytes(data), "v", MOST)
