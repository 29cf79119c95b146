"""Pickles as data: what Python writes of plain values comes back; nothing else is looked up, called or made."""

import io
import os
import pickle
import struct
from collections.abc import Callable
from typing import Any

import pytest

from maquette.io.errors import ParseError
from maquette.io.inert_pickle import Buildable, Call, read_pickle, unknown_name

SHARED = ["in it twice", 1]
PLAIN = {
    "words": ["", "plain", "ünïcode", "x" * 70_000],
    "numbers": [0, 1, -1, 255, 256, 65_535, -(2**31), 2**31, 2**80, -(2**2100), 0.1, float("inf")],
    "constants": (None, True, False),
    "bytes": [b"", b"x" * 300, b"y" * 70_000],
    "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), ((),)],
    "nested": {"a": {"b": {"c": []}}},
    "twice": [SHARED, SHARED],
    "many": list(range(3000)),
}


def nothing(name: str) -> Any:
    raise unknown_name(name)


def read(data: bytes, lookup: Callable[[str], Any] = nothing, **more: Any) -> Any:
    return read_pickle(io.BytesIO(data), lookup, **more)


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_plain_values_come_back(protocol: int) -> None:
    found = read(pickle.dumps(PLAIN, protocol))
    assert found == PLAIN
    assert found["twice"][0] is found["twice"][1]


def test_sets_and_bytes_that_can_change() -> None:
    assert read(pickle.dumps([{"a", "b"}, bytearray(b"abc")], 5)) == [{"a", "b"}, bytearray(b"abc")]


def test_the_file_is_then_behind_the_pickle() -> None:
    file = io.BytesIO(pickle.dumps("first") + pickle.dumps("second") + b"rest")
    assert [read_pickle(file, nothing), read_pickle(file, nothing)] == ["first", "second"]
    assert file.read() == b"rest"


class Box(Buildable):
    def build(self, state: Any) -> None:
        self.state = state


class Written:
    """Pickled as a call of a function of this file, with a state."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Written, (1, 2), {"state": 3}


def test_names_stand_for_what_the_table_says() -> None:
    name = f"{Written.__module__}.Written"
    met = []

    def make(*arguments: Any) -> Box:
        met.append(arguments)
        return Box()

    found = read(pickle.dumps(Written()), {name: Call(make)}.__getitem__)
    assert met == [(1, 2)]
    assert type(found) is Box
    assert found.state == {"state": 3}
    with pytest.raises(ParseError, match="calls what is no function"):
        read(pickle.dumps(Written()), {name: len}.__getitem__)  # of the table, but no Call
    with pytest.raises(ParseError, match="no buildable where there must be one"):
        read(pickle.dumps(Written()), {name: Call(lambda *_: {})}.__getitem__)


def test_references_go_to_the_caller_where_there_is_one() -> None:
    data = b"\x80\x02K\x07Q."
    assert read(data, persistent=lambda given: given + 1) == 8
    with pytest.raises(ParseError, match="refers to what is not in it"):
        read(data)


def reduced(module: str, name: str, arguments: bytes) -> bytes:
    return b"\x80\x02c" + f"{module}\n{name}\n".encode() + arguments + b"R."


TOUCH = b"(X\x0a\x00\x00\x00touch markt"
NAMED = {
    "os.system": reduced("os", "system", TOUCH),
    "posix.system": reduced("posix", "system", TOUCH),
    "builtins.eval": reduced("builtins", "eval", b"(X\x03\x00\x00\x001+1t"),
    "builtins.getattr": reduced("builtins", "getattr", b"(cos\nX\x06\x00\x00\x00systemt"),
    "os.path.join": b"\x80\x04\x8c\x02os\x8c\x09path.join\x93.",
    "maquette.io.errors.BadInput": b"\x80\x04\x8c\x12maquette.io.errors\x8c\x08BadInput\x93.",
}


@pytest.mark.parametrize("name", NAMED)
def test_other_names_end_it(name: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParseError) as caught:
        read(NAMED[name])
    assert str(caught.value).startswith(f"holds {name}, which could run anything")
    assert not os.listdir(tmp_path)


BROKEN = {
    "empty": (b"", "broken pickle"),
    "text": (b"hello", "broken pickle|not a pickle of protocol 2"),
    "protocol 0": (pickle.dumps([1], 0), "not a pickle of protocol 2"),
    "nothing to give": (b"\x80\x04.", "a value is missing"),
    "no mark": (b"\x80\x04e.", "a mark is missing|a value is missing"),
    "never remembered": (b"\x80\x04h\x07.", "was not there"),
    "remember nothing": (b"\x80\x04\x94.", "a value is missing"),
    "a key alone": (b"\x80\x04}(X\x01\0\0\0au.", "a key without a value"),
    "keys that are numbers": (b"\x80\x04}K\x01K\x01s.", "keys are no words"),
    "items into a tuple": (b"\x80\x04)K\x01a.", "no list where"),
    "state of a list": (b"\x80\x04]}b.", "no buildable where"),
    "a call of a word": (b"\x80\x04X\x01\0\0\0a)R.", "calls what is no function"),
    "a name of numbers": (b"\x80\x04K\x01K\x02\x93.", "a name that is no word"),
    "extension": (b"\x80\x04\x82\x01.", "instruction EXT1"),
    "an old instance": (b"\x80\x02(ios\nsystem\n.", "instruction INST"),
    "an object with keywords": (b"\x80\x04K\x01)}\x92.", "instruction NEWOBJ_EX"),
    "a buffer elsewhere": (b"\x80\x05\x97.", "instruction NEXT_BUFFER"),
    "too long a whole number": (b"\x80\x04\x8b\xff\xff\xff\xff.", "broken pickle"),
    "huge bytes": (b"\x80\x04\x8e" + struct.pack("<Q", 2**60) + b"abc.", "broken pickle"),
    "huge bytes that can change": (b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"abc.", "broken pickle"),
    "a huge word": (b"\x80\x04\x8d" + struct.pack("<Q", 2**63) + b"abc.", "broken pickle"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_pickles(case: str) -> None:
    data, said = BROKEN[case]
    with pytest.raises(ParseError, match=said):
        read(data)


def test_every_truncation_is_refused() -> None:
    whole = pickle.dumps({"a": [1, (2, "x" * 300)], "b": {"c"}}, 4)
    for length in range(len(whole)):
        with pytest.raises(ParseError):
            read(whole[:length])


def test_a_huge_number_for_what_is_remembered_takes_no_memory() -> None:
    """Python's own unpickler would make room for four thousand million values."""
    assert read(b"\x80\x04]r\xff\xff\xff\xff.") == []


def test_instructions_are_counted() -> None:
    data = b"\x80\x04(" + b"]" * 50 + b"l."
    with pytest.raises(ParseError, match="more than 20 instructions"):
        read(data, most_steps=20)
    assert read(b"\x80\x04" + b"]" * 50 + b".", most_steps=52) == []


def test_a_list_in_itself_is_only_that() -> None:
    found = read(b"\x80\x04]\x94h\0a.")
    assert found[0] is found
