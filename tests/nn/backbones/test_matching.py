"""Which tensors of a file are taken, and what is said of those that cannot be."""

import pytest
import torch

from maquette.io.errors import BadInput
from maquette.nn.backbones.matching import match, recognise
from maquette.nn.backbones.names import NAMES
from maquette.nn.backbones.networks import chain, layout, root
from maquette.training.foreign_weights import ForeignWeights

NAME, WIDTH = "mobilenet_v2", 0.25


def state(name: str = NAME, width: float = WIDTH, prefix: str = "") -> dict[str, torch.Tensor]:
    """Values that take no memory, each tensor its own."""
    shapes = layout(name, width)
    return {
        prefix + key: torch.tensor(float(i)).expand(shape) for i, (key, shape) in enumerate(shapes.items())
    }


def foreign(tensors: dict[str, torch.Tensor], in_order: bool = True) -> ForeignWeights:
    return ForeignWeights(tensors, in_order, "some.pt")


def renamed(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Under names of which only the last word is as before."""
    return {f"layer_{i}.{key.rpartition('.')[2]}": tensor for i, (key, tensor) in enumerate(tensors.items())}


@pytest.mark.parametrize("name", NAMES)
def test_the_layout_is_the_chain_without_counters(name: str) -> None:
    keys = chain(name, norm="running").state_dict()
    assert list(layout(name)) == [key for key in keys if not key.endswith("num_batches_tracked")]


@pytest.mark.parametrize("name", NAMES)
def test_each_network_is_recognised_by_names(name: str) -> None:
    given = state(name, 1.0, root(name))
    given["classifier.0.weight" if root(name) else "fc.weight"] = torch.zeros(10, 8)
    found = recognise(foreign(given, in_order=False))
    assert (found.name, found.by, len(found.left_out)) == (name, "name", 1)
    assert {key: t.shape for key, t in found.tensors.items()} == layout(name)
    assert [float(t.flatten()[0]) for t in found.tensors.values()] == list(range(len(found.tensors)))


@pytest.mark.parametrize("prefix", ["", "features.", "module.features.", "model.backbone.body.", "0."])
def test_whatever_stands_before_the_names(prefix: str) -> None:
    given = {"head.0.0.weight": torch.zeros(3)} if prefix else {}
    given |= {f"{prefix}0.1.num_batches_tracked": torch.tensor(7)}
    found = match(foreign({**given, **state(prefix=prefix)}, in_order=False), NAME, WIDTH)
    assert found.by == "name"
    assert found.left_out == (("head.0.0.weight",) if prefix else ())
    assert float(found.tensors["18.0.weight"].flatten()[0]) == len(layout(NAME, WIDTH)) - 5


def test_other_names_in_the_same_order() -> None:
    given = {**renamed(state()), "a.num_batches_tracked": torch.tensor(7)}
    found = recognise(foreign(given), WIDTH)
    assert (found.by, found.name) == ("order", NAME)
    assert [float(t.flatten()[0]) for t in found.tensors.values()] == list(range(len(found.tensors)))
    half = match(foreign({key: t.half() for key, t in given.items()}), NAME, WIDTH)
    assert all(tensor.dtype == torch.float32 for tensor in half.tensors.values())


def without(key: str, given: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor for name, tensor in given.items() if name != key}


def swapped(given: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Scale and shift of the first batch norm in the other order: of the same shape."""
    (conv, scale, shift, *others) = given.items()
    return dict([conv, shift, scale, *others])


ONE = "1.conv.0.0.weight"
SAID = {
    "one missing": (without(ONE, state()), f"tensor {ONE}: is missing"),
    "one too many": ({**state(), "19.weight": torch.zeros(2)}, "tensor 19.weight: is not of this network"),
    "another width": (state(width=0.5), r"tensor 0.0.weight: has shape \(16, 3, 3, 3\), the network needs \(8, 3"),
    "twice": ({**state(prefix="a."), **state(prefix="b.")}, "several such networks, behind 'a.' and 'b.'"),
    "not a number": ({**state(), ONE: torch.full((8, 1, 3, 3), torch.nan)}, f"tensor {ONE}: holds values that"),
    "whole numbers": ({**state(), ONE: torch.ones(8, 1, 3, 3, dtype=torch.int8)}, f"tensor {ONE}: is no plain"),
    "sparse": ({**state(), ONE: torch.ones(8, 1, 3, 3).to_sparse()}, f"tensor {ONE}: is no plain"),
    "no values": ({**state(), ONE: torch.ones(8, 1, 3, 3, device="meta")}, f"tensor {ONE}: is no plain"),
    "variance below 0": ({**state(), "0.1.running_var": -torch.ones(8)}, "running_var: holds a variance below 0"),
    "too large for float32": ({**state(), "0.1.bias": torch.full((8,), 1e300, dtype=torch.float64)}, "not finite"),
    "order: too few": (renamed(without(ONE, state())), "holds 259 tensors under names that are not torch.* not 260"),
    "order: a shape": (renamed(state(width=0.5)), r"tensor layer_0.weight: has shape \(16, 3, 3, 3\) where 0.0.w"),
    "order: swapped": (renamed(swapped(state())), r"tensor layer_1.bias: has shape \(8,\) where 0.1.weight"),
    "empty": ({}, "holds 0 tensors"),
}  # fmt: skip


@pytest.mark.parametrize("case", SAID)
def test_what_does_not_fit(case: str) -> None:
    given, said = SAID[case]
    with pytest.raises(BadInput, match=f"^some.pt: .*{said}"):
        match(foreign(given), NAME, WIDTH)


def test_safetensors_keep_no_order() -> None:
    with pytest.raises(BadInput, match="a safetensors file keeps no order to go by"):
        match(foreign(renamed(state()), in_order=False), NAME, WIDTH)


@pytest.mark.parametrize(
    ("given", "asked"), [("resnet34", "resnet18"), ("resnet18", "resnet34"), ("resnet50", "resnet34")]
)
def test_a_longer_or_shorter_network_is_not_taken_for_another(given: str, asked: str) -> None:
    with pytest.raises(BadInput, match=r"is missing|is not of this network"):
        match(foreign(state(given, 1.0)), asked)


def test_nothing_known_is_recognised() -> None:
    with pytest.raises(BadInput, match=r"holds no network that is known here \(mobilenet_v2, resnet18"):
        recognise(foreign({"weight": torch.zeros(3)}))
    with pytest.raises(BadInput, match=r"known here \(mobilenet_v2 of width 0.5\)"):
        recognise(foreign(state()), 0.5)
    with pytest.raises(BadInput, match="not finite"):
        recognise(foreign({**state(), "0.1.bias": torch.full((8,), torch.inf)}), WIDTH)
