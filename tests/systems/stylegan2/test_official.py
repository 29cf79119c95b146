"""Official pickles as data: networks come out of them, and what is no network is refused in a line."""

import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from maquette.io.errors import BadInput
from maquette.systems.stylegan2.config import NetworkConfig
from maquette.systems.stylegan2.network import StyleGAN2Network, fresh_network
from maquette.systems.stylegan2.official import read_official
from official_stylegan2 import (
    EasyDict,
    Persistent,
    official_content,
    official_modules,
    persistent,
    with_filters,
    write_official,
)

TINY = NetworkConfig(size=8, width=0.0025, channel_max=8, z_dim=6, w_dim=5)


@pytest.fixture(scope="module")
def networks() -> tuple[StyleGAN2Network, StyleGAN2Network]:
    """One of the last step, and an averaged one."""
    return fresh_network(TINY, 0), fresh_network(TINY, 1)


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_networks_come_out_as_they_went_in(networks, tmp_path, protocol: int) -> None:
    live, averaged = networks
    found = read_official(write_official(tmp_path / "n.pkl", official_content(live, averaged), protocol))
    assert list(found) == ["G_ema", "G", "D"]
    assert [found[name].class_name for name in found] == ["Generator", "Generator", "Discriminator"]
    assert found["G"].arguments["mapping_kwargs"] == {"num_layers": 2}
    for name, module in (("G_ema", averaged.generator), ("G", live.generator), ("D", live.discriminator)):
        expected = with_filters(module.state_dict())
        assert found[name].tensors.keys() == expected.keys()
        assert all(torch.equal(tensor, expected[key]) for key, tensor in found[name].tensors.items())


def test_the_source_in_the_file_is_not_run_and_nothing_is_imported(networks, tmp_path) -> None:
    """The text would end the process; no module that the stream names is there."""
    path = write_official(tmp_path / "n.pkl", official_content(*networks))
    assert path.read_bytes().count(b"os.abort()") > 0
    before = set(sys.modules)
    assert len(read_official(path)) == 3
    assert set(sys.modules) == before
    with pytest.raises(ModuleNotFoundError), path.open("rb") as file:
        pickle.load(file)


class Says:
    """Pickled as a call of any function with any arguments."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.called = (function, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.called


def changed(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path, dict[str, Any]], None]:
    """A file whose content was changed before it was written."""

    def write(path: Path, content: dict[str, Any]) -> None:
        with official_modules():
            content = change(content) or content
            path.write_bytes(pickle.dumps(content, 4))

    return write


def meta(**more: Any) -> Says:
    from official_stylegan2 import _reconstruct_persistent_obj

    whole = {"type": "class", "version": 6, "module_src": "", "class_name": "Generator", "state": {}}
    return Says(_reconstruct_persistent_obj, {**whole, **more})


def word(text: str) -> bytes:
    return b"X" + len(text).to_bytes(4, "little") + text.encode()


def in_itself(path: Path, content: dict[str, Any]) -> None:
    """A record whose state, kept aside, is given the record itself as a module afterwards."""
    name = b"ctorch_utils.persistence\n_reconstruct_persistent_obj\n"
    told = word("type") + word("class") + word("class_name") + word("Generator") + word("state") + b"h\0"
    parts = b"".join(word(part) + b"}" for part in ("_init_kwargs", "_parameters", "_buffers"))
    modules = word("_modules") + b"}" + word("again") + b"h\1s"
    path.write_bytes(
        b"\x80\x02}" + word("state") + b"}q\0s" + word("G") + name + b"(}(" + told + b"utRq\1s"
        + word("more") + b"h\0(" + parts + modules + b"us."
    )  # fmt: skip


def shared(content: dict[str, Any]) -> None:
    """A module that is in two places; a chain of such would have more names than can be counted."""
    layer = Persistent("Layer")
    content["G"].add_module("one", layer)
    content["G"].add_module("two", layer)


def deep(content: dict[str, Any]) -> None:
    content["D"] = persistent("Discriminator", {".".join("a" * 20) + ".weight": torch.zeros(1)})


def cut(path: Path, content: dict[str, Any]) -> None:
    write_official(path, content)
    path.write_bytes(path.read_bytes()[:-1000])


def truly_huge(path: Path, content: dict[str, Any]) -> None:
    path.write_bytes(b"\x80\x04\x8e" + (2**40).to_bytes(8, "little") + b"abc")


def put(name: str, value: Callable[[], Any]) -> Callable[[Path, dict[str, Any]], None]:
    return changed(lambda content: content.update({name: value()}))


SYSTEM = f"{os.system.__module__}.system"
REFUSED: dict[str, tuple[Callable[[Path, dict[str, Any]], Any], str]] = {
    "a command": (
        put("hook", lambda: Says(os.system, "touch mark")),
        f"holds {SYSTEM}, which could run anything",
    ),
    "a command in a layer": (
        changed(lambda content: setattr(content["G_ema"], "hook", Says(os.system, "touch mark"))),
        f"holds {SYSTEM}, which could run anything",
    ),
    "a command in the arguments": (
        changed(lambda content: content["G"]._init_kwargs.update(z_dim=Says(os.system, "touch mark"))),
        f"holds {SYSTEM}, which could run anything",
    ),
    "a command as the type of a record": (
        put("G", lambda: meta(type=Says(os.system, "touch mark"))),
        f"holds {SYSTEM}",
    ),
    "eval": (put("hook", lambda: Says(eval, "1")), "holds builtins.eval, which could run anything"),
    "a chain of getattr": (
        put("hook", lambda: Says(getattr, Says(getattr, torch.Tensor, "data"), "load")),
        "holds builtins.getattr, which could run anything",
    ),
    "a class of torch": (put("G", lambda: torch.nn.Linear(2, 2)), "holds torch.nn.modules.linear.Linear"),
    "a storage that is a pickle": (
        put(
            "hook", lambda: Says(torch.storage._load_from_bytes, pickle.dumps(Says(os.system, "touch mark")))
        ),
        f"holds {SYSTEM}, which could run anything",
    ),
    "records of another kind": (
        put("G", lambda: meta(type="function")),
        "not as torch_utils.persistence writes it",
    ),
    "records without a state": (
        put("G", lambda: meta(state=None)),
        "not as torch_utils.persistence writes it",
    ),
    "records of a class of numbers": (
        put("G", lambda: meta(class_name=3)),
        "not as torch_utils.persistence writes it",
    ),
    "records of more": (
        put("G", lambda: Says(meta().called[0], {}, {})),
        "not as torch_utils.persistence writes it",
    ),
    "records that are no modules": (
        put("G", lambda: meta(state={"_init_kwargs": {}})),
        "G: an object that is no module",
    ),
    "records without arguments": (
        put("D", lambda: meta()),
        "D: a network that was not made with arguments by name",
    ),
    "dictionaries that begin with something": (
        put("hook", lambda: Says(EasyDict, {"a": 1})),
        "a dictionary that is not as Python writes it",
    ),
    "a network with a number for a tensor": (
        changed(lambda content: content["G"]._parameters.update(weight=3)),
        "G.weight: neither a tensor nor a module",
    ),
    "modules in two places": (changed(shared), "G.two: modules that hold each other"),
    "modules within modules": (changed(deep), "modules that hold each other"),
    "long names": (
        changed(lambda content: content["G"]._buffers.update({"x" * 300: torch.zeros(1)})),
        "G: a name that is too long",
    ),
    "modules in themselves": (in_itself, "G.again: modules that hold each other"),
    "a list": (lambda path, content: write_official(path, [content]), "not of a dictionary of networks"),
    "half of it": (cut, "a broken pickle, or none"),
    "huge bytes": (truly_huge, "a broken pickle, or none"),
    "nothing": (lambda path, content: path.write_bytes(b""), "the file is empty"),
    "a state of torch": (
        lambda path, content: torch.save({"a": torch.zeros(3)}, path),
        "a broken pickle, or none",
    ),
    "text": (lambda path, content: path.write_text("<html>404</html>"), "a broken pickle, or none"),
    "of TensorFlow": (
        lambda path, content: path.write_bytes(b"\x80\x03cdnnlib.tflib.network\nNetwork\n)\x81."),
        r"is of StyleGAN for TensorFlow; legacy\.py of stylegan2-ada-pytorch makes a pickle for PyTorch",
    ),
    "a folder": (lambda path, content: path.mkdir(), "is a folder"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_network(networks, tmp_path, monkeypatch, case: str) -> None:
    monkeypatch.chdir(tmp_path)
    write, said = REFUSED[case]
    path = tmp_path / "bad.pkl"
    write(path, official_content(*networks))
    with pytest.raises(BadInput, match=said) as caught:
        read_official(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_without_networks_has_none(tmp_path) -> None:
    assert read_official(write_official(tmp_path / "n.pkl", {"G": 3, "other": {}})) == {}
