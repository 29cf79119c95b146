"""Pickles read as data: a machine for their instructions that makes nothing but plain values.

Python's own unpickler imports what a file names and calls it. This one has no way to: a name in the file is looked
up in a table of the caller's, whose functions make plain values, and a name that is not in it ends the reading.
Memory is bound by the file: an instruction makes one small object, or one of the bytes that follow it, and the
number of instructions is limited.

It knows what Python writes for lists, dictionaries, tuples, sets, words, numbers, bytes and objects in protocols 2 to
5. Extension codes, buffers outside of the file and tuples that contain themselves are not read.
"""

import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from .errors import ParseError

MOST_STEPS = 100_000  # the largest official networks take 40,000


@dataclass(frozen=True)
class Call:
    """A function that a pickle may call, under a name of the caller's table.

    Attributes:
        function: takes whatever the file gives, checks it, and raises `ParseError` where it does not fit; what it
            makes is no larger than a small object.
    """

    function: Callable[..., Any]


class Buildable:
    """What a function of the table may return to be given its state afterwards."""

    def build(self, state: Any) -> None:
        """Check the state and take it; `ParseError` where it does not fit."""
        raise NotImplementedError


def read_pickle(
    file: BytesIO,
    lookup: Callable[[str], Any],
    persistent: Callable[[Any], Any] | None = None,
    most_steps: int = MOST_STEPS,
) -> Any:
    """The value that one pickle describes; afterwards the file is behind it.

    Args:
        file: at the pickle's first byte; in memory, since files on disk make room for as much as they are asked for.
        lookup: what "module.name" stands for, a `Call` or an inert value; raises `ParseError` for all other names.
        persistent: makes a value of a persistent id; None where there may be none.
        most_steps: limit on its instructions.

    Returns:
        None, bool, int, float, str, bytes, bytearray, list, tuple, dict and set (keys of str), what `lookup` gave
        and what its functions returned; a list or dict may contain itself.

    Raises:
        ParseError: broken, too long, or of more than these.
    """
    machine = _Machine(lookup, persistent)
    try:
        for step, (opcode, argument, _) in enumerate(pickletools.genops(file)):
            if step == 0 and opcode.name != "PROTO":
                raise ParseError("not a pickle of protocol 2 or later")
            if step == most_steps:
                raise ParseError(f"a pickle of more than {most_steps:,} instructions")
            if opcode.name not in _INSTRUCTIONS:
                raise ParseError(f"a pickle with the instruction {opcode.name}, which is not read")
            _INSTRUCTIONS[opcode.name](machine, argument)
    except ParseError:
        raise
    except (ValueError, OverflowError) as error:  # of pickletools, where the file is broken
        raise ParseError("a broken pickle, or none") from error
    return machine.pop()


def unknown_name(name: str) -> ParseError:
    """The complaint about a name that is not in a table."""
    return ParseError(f"holds {name}, which could run anything; only tensors, numbers and words are read")


class _Machine:
    """The stack, the stacks below its marks, and what was put aside to be used again.

    The methods that follow instructions take the argument that stands behind each in the file.
    """

    def __init__(self, lookup: Callable[[str], Any], persistent: Callable[[Any], Any] | None) -> None:
        self._lookup, self._persistent = lookup, persistent
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []
        self._memo: dict[int, Any] = {}

    def push(self, value: Any) -> None:
        """Put a value on top of the stack."""
        self._stack.append(value)

    def pop(self) -> Any:
        """Take the value on top of the stack."""
        if not self._stack:
            raise ParseError("a broken pickle: a value is missing")
        return self._stack.pop()

    def mark(self, _: Any) -> None:
        """Begin a new stack."""
        self._below.append(self._stack)
        self._stack = []

    def since_mark(self) -> list[Any]:
        """End the stack, and go on with the one below."""
        if not self._below:
            raise ParseError("a broken pickle: a mark is missing")
        values, self._stack = self._stack, self._below.pop()
        return values

    def pops(self, count: int) -> list[Any]:
        """Values from the top of the stack, the topmost last."""
        return [self.pop() for _ in range(count)][::-1]

    def put(self, index: Any) -> None:
        """Remember the value on top under a number, the next one where none is given."""
        self._memo[len(self._memo) if index is None else index] = self._top()

    def get(self, index: Any) -> None:
        """Push a value that was remembered."""
        if index not in self._memo:
            raise ParseError("a broken pickle: what it repeats was not there")
        self.push(self._memo[index])

    def append(self, values: list[Any]) -> None:
        """Put values at the end of the list on top."""
        self._top_of(list).extend(values)

    def set_items(self, values: list[Any]) -> None:
        """Put keys and values by turns into the dictionary on top."""
        target, keys = self._top_of(dict), values[::2]
        if len(values) % 2:
            raise ParseError("a broken pickle: a key without a value")
        target.update(zip(map(_key, keys), values[1::2], strict=True))

    def add_items(self, values: list[Any]) -> None:
        """Put values into the set on top."""
        self._top_of(set).update(map(_key, values))

    def name(self, argument: Any) -> None:
        """Push what a name stands for; the two words of it stand behind the instruction, or on top of the stack."""
        module, name = argument.split(" ", 1) if argument is not None else self.pops(2)
        if not (isinstance(module, str) and isinstance(name, str)):
            raise ParseError("a broken pickle: a name that is no word")
        self.push(self._lookup(f"{module}.{name}"))

    def call(self, _: Any) -> None:
        """Push what a function of the table makes of a tuple of arguments."""
        function, arguments = self.pops(2)
        if not isinstance(function, Call) or type(arguments) is not tuple:
            raise ParseError("a pickle that calls what is no function")
        self.push(function.function(*arguments))

    def build(self, _: Any) -> None:
        """Give a state to the value below it."""
        state = self.pop()
        self._top_of(Buildable).build(state)

    def persistent_id(self, _: Any) -> None:
        """Push what an id stands for."""
        if self._persistent is None:
            raise ParseError("a pickle that refers to what is not in it")
        self.push(self._persistent(self.pop()))

    def _top(self) -> Any:
        if not self._stack:
            raise ParseError("a broken pickle: a value is missing")
        return self._stack[-1]

    def _top_of(self, kind: type) -> Any:
        if not isinstance(self._top(), kind):
            raise ParseError(f"a broken pickle: no {kind.__name__.lower()} where there must be one")
        return self._top()


def _key(value: Any) -> str:
    """Words only: other keys can be chosen so that looking them up takes for ever."""
    if type(value) is not str:
        raise ParseError("a dictionary or a set whose keys are no words")
    return value


_VALUES = (
    "BININT",
    "BININT1",
    "BININT2",
    "LONG1",
    "LONG4",
    "BINFLOAT",
    "BINUNICODE",
    "SHORT_BINUNICODE",
    "BINUNICODE8",
    "BINBYTES",
    "SHORT_BINBYTES",
    "BINBYTES8",
    "BYTEARRAY8",
)
_INSTRUCTIONS: Mapping[str, Callable[[_Machine, Any], None]] = {
    "PROTO": lambda machine, _: None,
    "FRAME": lambda machine, _: None,
    "STOP": lambda machine, _: None,
    **dict.fromkeys(_VALUES, _Machine.push),
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "MARK": _Machine.mark,
    **dict.fromkeys(("BINPUT", "LONG_BINPUT", "MEMOIZE"), _Machine.put),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), _Machine.get),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "EMPTY_SET": lambda machine, _: machine.push(set()),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.since_mark())),
    "TUPLE1": lambda machine, _: machine.push(tuple(machine.pops(1))),
    "TUPLE2": lambda machine, _: machine.push(tuple(machine.pops(2))),
    "TUPLE3": lambda machine, _: machine.push(tuple(machine.pops(3))),
    "APPEND": lambda machine, _: machine.append(machine.pops(1)),
    "APPENDS": lambda machine, _: machine.append(machine.since_mark()),
    "SETITEM": lambda machine, _: machine.set_items(machine.pops(2)),
    "SETITEMS": lambda machine, _: machine.set_items(machine.since_mark()),
    "ADDITEMS": lambda machine, _: machine.add_items(machine.since_mark()),
    **dict.fromkeys(("GLOBAL", "STACK_GLOBAL"), _Machine.name),
    **dict.fromkeys(("REDUCE", "NEWOBJ"), _Machine.call),
    "BUILD": _Machine.build,
    "BINPERSID": _Machine.persistent_id,
}
