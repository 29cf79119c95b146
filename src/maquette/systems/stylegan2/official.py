"""Pickles of the official StyleGAN2-ADA for PyTorch, read as data.

Such a file is a dictionary of networks, `G`, `D` and `G_ema` (the moving average of `G`). Each network, and each of
its layers, is a record: the text of the program that defined its class, the name of the class, and the attributes
of the object. Python would compile that text and run it; here it is dropped unread. What is kept are the tensors,
under the names that `state_dict` would give them, and the arguments that the network was made with.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from os import PathLike
from typing import Any

from torch import Tensor

from ...io.errors import ParseError, as_bad_input
from ...io.files import read_file
from ...io.inert_pickle import Call, read_pickle, unknown_name
from ...training.pickled_tensors import TENSORS, empty_dict

NETWORKS = ("G_ema", "G", "D")
_DEEPEST = 16  # modules within each other; the official networks have 5
_LONGEST = 200  # letters of the name of a tensor; the official ones have fewer than 50
_TENSORFLOW = "dnnlib.tflib."
_KINDS = ("_parameters", "_buffers", "_modules")


@dataclass(frozen=True)
class Record:
    """An object whose class came with it, as data.

    Attributes:
        class_name: of its class.
        state: its attributes.
    """

    class_name: str
    state: Mapping[str, Any]


@dataclass(frozen=True)
class OfficialNetwork:
    """A network as another program has left it; nothing of it is checked yet.

    Attributes:
        class_name: "Generator" or "Discriminator", or whatever the file says it is.
        arguments: that it was made with, by name.
        tensors: parameters and buffers by name; views of the file's content, which are not to be written to.
    """

    class_name: str
    arguments: Mapping[str, Any]
    tensors: Mapping[str, Tensor]


def read_official(path: str | PathLike[str]) -> dict[str, OfficialNetwork]:
    """The networks of a file by name: those of `NETWORKS` that it has.

    Raises:
        BadInput: missing, broken, of another program, or of more than tensors, numbers, words and records.
    """
    content = read_file(path)
    with as_bad_input(path, ParseError):
        found = read_pickle(BytesIO(content), _lookup)
        if type(found) is not dict:
            raise ParseError("a pickle, but not of a dictionary of networks")
        records = {name: found.get(name) for name in NETWORKS}
        return {
            name: _network(record, name) for name, record in records.items() if isinstance(record, Record)
        }


def record_of(*arguments: Any) -> Record:
    """The record of an object; the argument of `torch_utils.persistence._reconstruct_persistent_obj`."""
    match arguments:
        case ({"type": "class", "class_name": str(name), "state": dict(state)},):
            return Record(name, state)
    raise ParseError("an object that is not as torch_utils.persistence writes it")


_NAMES = {
    **TENSORS,
    "torch_utils.persistence._reconstruct_persistent_obj": Call(record_of),
    "dnnlib.util.EasyDict": Call(empty_dict),
}


def _lookup(name: str) -> Any:
    if name.startswith(_TENSORFLOW):
        raise ParseError(
            "is of StyleGAN for TensorFlow; legacy.py of stylegan2-ada-pytorch makes a pickle for PyTorch of it "
            "(python legacy.py --source=FILE --dest=OUT), which is read here"
        )
    if name not in _NAMES:
        raise unknown_name(name)
    return _NAMES[name]


def _network(record: Record, name: str) -> OfficialNetwork:
    arguments = record.state.get("_init_kwargs")
    if type(arguments) is not dict or record.state.get("_init_args") not in (None, ()):
        raise ParseError("a network that was not made with arguments by name", name)
    return OfficialNetwork(record.class_name, arguments, dict(_tensors(record, (name,), set())))


def _tensors(record: Record, path: tuple[str, ...], met: set[int]) -> Iterator[tuple[str, Tensor]]:
    """Parameters, buffers and those of the modules within, in the order of `state_dict`; modules form a tree."""
    place = ".".join(path)
    if id(record) in met or len(path) > _DEEPEST:
        raise ParseError("modules that hold each other", place)
    met.add(id(record))
    parts: list[Any] = [record.state.get(kind) for kind in _KINDS]
    if not all(type(part) is dict for part in parts):
        raise ParseError("an object that is no module", place)
    for key, value in (item for part in parts for item in part.items()):
        if len(place) + len(key) > _LONGEST:
            raise ParseError("a name that is too long", place)
        if isinstance(value, Record):
            yield from _tensors(value, (*path, key), met)
        elif isinstance(value, Tensor):
            yield ".".join((*path[1:], key)), value
        elif value is not None:
            raise ParseError("neither a tensor nor a module", f"{place}.{key}")
