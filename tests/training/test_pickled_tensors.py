"""Tensors and numbers in pickles: what torch and numpy write comes back, and what only looks so is refused."""

import io
import os
import pickle
import pickletools
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
import torch

from maquette.io.errors import ParseError
from maquette.io.inert_pickle import read_pickle, unknown_name
from maquette.training.pickled_tensors import TENSORS, Storage, tensor_of


def lookup(name: str) -> Any:
    if name not in TENSORS:
        raise unknown_name(name)
    return TENSORS[name]


def read(data: bytes) -> Any:
    return read_pickle(io.BytesIO(data), lookup)


WHOLE = torch.arange(60.0)
GIVEN = {
    "plain": WHOLE.view(3, 4, 5),
    "a number": torch.tensor(3.5),
    "nothing": torch.zeros(0, 3),
    "turned": WHOLE.view(3, 20).T,
    "a part": WHOLE.view(6, 10)[2:5, 3:7],
    "channels last": torch.randn(2, 3, 4, 4).contiguous(memory_format=torch.channels_last),
    "parameter": torch.nn.Parameter(torch.randn(4)),
    "frozen": torch.nn.Parameter(torch.randn(4), requires_grad=False),
    **{
        str(kind): torch.tensor([0, 1, 100]).to(kind)
        for kind in (torch.float16, torch.float64, torch.bfloat16)
    },
    **{
        str(kind): torch.tensor([0, 1, 100]).to(kind)
        for kind in (torch.uint8, torch.int32, torch.int64, torch.bool)
    },
}


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_tensors_come_back(protocol: int) -> None:
    found = read(pickle.dumps(GIVEN, protocol))
    assert list(found) == list(GIVEN)
    for name, tensor in GIVEN.items():
        assert type(found[name]) is torch.Tensor
        assert not found[name].requires_grad
        assert (found[name].dtype, found[name].stride()) == (tensor.dtype, tensor.stride())
        assert torch.equal(found[name], tensor)


def test_tensors_of_one_storage_share_it() -> None:
    found = read(pickle.dumps([WHOLE[:2], WHOLE[:2]], 4))
    assert torch.equal(found[0], WHOLE[:2])
    numbers = WHOLE.view(6, 10)
    found = read(pickle.dumps({"a": numbers, "b": numbers}, 4))
    assert found["a"] is found["b"]


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_what_numpy_and_dictionaries_write(protocol: int) -> None:
    given = {
        "scalars": [np.float64(0.1), np.float32(0.5), np.int64(-3), np.bool_(True)],
        "big end first": np.arange(3, dtype=">f4")[1],
        "arrays": [np.arange(6.0).reshape(2, 3), np.arange(6).reshape(2, 3).T, np.zeros((0, 2), np.uint8)],
        "ordered": OrderedDict([("z", 1), ("a", 2)]),
        "set": {"only"},
    }
    found = read(pickle.dumps(given, protocol))
    assert found["scalars"] == [0.1, 0.5, -3, True]
    assert [type(number) for number in found["scalars"]] == [float, float, int, bool]
    assert found["big end first"] == 1
    for ours, theirs in zip(found["arrays"], given["arrays"], strict=True):
        assert np.array_equal(getattr(ours, "value", ours), theirs)
    assert list(found["ordered"].items()) == [("z", 1), ("a", 2)]
    assert list(found["set"]) == ["only"]


class Says:
    """Pickled as a call of any function with any arguments."""

    def __init__(self, function: Any, *arguments: Any, state: Any = None) -> None:
        self.called = (function, arguments, state)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.called


def stored(tensor: torch.Tensor) -> bytes:
    """The file of torch that stands in the pickle of a tensor."""
    (content,) = (
        given for _, given, _ in pickletools.genops(pickle.dumps(tensor, 4)) if isinstance(given, bytes)
    )
    return content


class Hostile:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch mark",)


def hostile_storage() -> bytes:
    """A file of torch in which another pickle than the one expected runs a command."""
    file = io.BytesIO()
    torch.save({"a": Hostile()}, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


LOAD, REBUILD, PARAMETER = (
    torch.storage._load_from_bytes,
    torch._utils._rebuild_tensor_v2,
    torch._utils._rebuild_parameter,
)
FOUR = stored(torch.arange(4.0))
HUGE = FOUR.replace(b"K\x04Nt", b"J\xff\xff\xff\x7fNt")
NESTED = pickle.dumps(Hostile(), 2)


def view(storage: bytes, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> Says:
    return Says(REBUILD, Says(LOAD, storage), offset, size, stride, False, OrderedDict())


REFUSED = {
    "a command in the place of a storage": (Says(LOAD, NESTED), "holds posix.system, which could run"),
    "a command behind a storage's beginning": (
        Says(LOAD, hostile_storage()),
        "holds posix.system, which could",
    ),
    "a state in the place of a storage": (Says(LOAD, pickle.dumps(1)), "not as torch writes it"),
    "a zip archive": (Says(LOAD, b"PK\3\4" + b"\0" * 100), "broken pickle|not a pickle"),
    "half a storage": (Says(LOAD, FOUR[:-3]), "not as long as it says"),
    "more than a storage": (Says(LOAD, FOUR + b"\0" * 4), "not as long as it says"),
    "a huge storage": (Says(LOAD, HUGE), "not as long as it says"),
    "a storage of words": (Says(LOAD, "abc"), "a storage that is not in bytes"),
    "two storages": (Says(LOAD, FOUR, FOUR), "a storage that is not in bytes"),
    "a view too large": (view(FOUR, 0, (5,), (1,)), "reaches beyond its numbers"),
    "a view too far": (view(FOUR, 3, (2,), (1,)), "reaches beyond its numbers"),
    "a huge view of one number": (view(FOUR, 0, (2**20, 2**20), (0, 0)), "reaches beyond its numbers"),
    "a view backwards": (view(FOUR, 3, (2,), (-1,)), "reaches beyond its numbers"),
    "a view of a negative size": (view(FOUR, 0, (-1,), (1,)), "reaches beyond its numbers"),
    "a view of halves": (view(FOUR, 0, (1.5,), (1,)), "reaches beyond its numbers"),
    "a view of too many axes": (view(FOUR, 0, (1,) * 60, (1,) * 60), "reaches beyond its numbers"),
    "a view with too few strides": (view(FOUR, 0, (2, 2), (1,)), "not as torch writes it"),
    "a tensor of bytes": (Says(REBUILD, FOUR, 0, (2,), (1,)), "not as torch writes it"),
    "a parameter of a word": (Says(PARAMETER, "abc", True, {}), "a parameter that is no tensor"),
    "an ordered dictionary with arguments": (Says(OrderedDict, [("a", 1)]), "not as Python writes it"),
    "a set of a word": (Says(set, "abc"), "not as Python writes it"),
    "a dtype of objects": (Says(np.dtype, "O"), "not of plain numbers"),
    "records": (Says(np.dtype, "V8"), "not of plain numbers"),
    "an array of objects": (np.array([{}], dtype=object), "not of plain numbers"),
    "an array of a class": (
        Says(np._core.multiarray._reconstruct, Says(np.dtype, "f8"), (0,), b"b"),
        "an array of numpy that is not as numpy writes it",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_only_looks_so(case: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given, said = REFUSED[case]
    with pytest.raises(ParseError, match=said):
        read(pickle.dumps(given, 4))
    assert not os.listdir(tmp_path)


def test_arrays_larger_than_their_bytes() -> None:
    for shape, content in (
        ((2**30,), b"\0" * 8),
        ((-1,), b""),
        ((2**20, 2**20, 0), b"\0"),
        ((2.0,), b"\0" * 16),
    ):
        state = (1, shape, np.dtype("f8"), False, content)
        empty = Says(np._core.multiarray._reconstruct, np.ndarray, (0,), b"b", state=state)
        with pytest.raises(ParseError, match="an array of numpy that is not as numpy writes it"):
            read(pickle.dumps(empty, 4))


def test_the_file_of_a_storage_was_read_to_its_end() -> None:
    """Torch's own file has five pickles before its numbers; a change there would show in the other tests."""
    file, opcodes = io.BytesIO(FOUR), []
    for _ in range(5):
        opcodes.append([opcode.name for opcode, _, _ in pickletools.genops(file)])
    assert "BINPERSID" in opcodes[3]
    assert len(FOUR) - file.tell() == 8 + 16


def test_a_view_of_no_numbers_needs_none() -> None:
    storage = Storage(b"", 0, 0, torch.float32)
    assert tensor_of(storage, 0, (0, 5), (5, 1)).shape == (0, 5)
    with pytest.raises(ParseError):
        tensor_of(storage, 0, (), ())
