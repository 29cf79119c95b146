"""Execution at the active positions alone: equal to dense execution, blind to the rest, honest about its work."""

import copy
import statistics
import time

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from maquette.bench.dynamic import blobs
from maquette.nn.dynamic import (
    DynamicBasicBlock,
    DynamicBlock,
    DynamicBottleneck,
    DynamicInvertedResidual,
    Gate,
    branch,
)
from maquette.nn.dynamic.active import Positions, Size, as_rows
from maquette.nn.dynamic.blocks import executing
from maquette.nn.dynamic.branch import Layer, at_active, by_layers
from maquette.nn.dynamic.gate import dilate
from maquette.nn.dynamic.mask_unit import force_share

KINDS = ("basic", "bottleneck", "inverted")


def block(kind: str, stride: int = 1, mask: str = "squeeze") -> DynamicBlock:
    """A block in evaluation whose statistics are those of nothing in particular."""
    if kind == "basic":
        made: DynamicBlock = DynamicBasicBlock(6, 6 * stride, stride, mask)
    elif kind == "bottleneck":
        made = DynamicBottleneck(6, 5, stride, mask, out_channels=6 * stride)
    else:
        made = DynamicInvertedResidual(6, 2, mask)
    for norm in made.modules():
        if isinstance(norm, nn.BatchNorm2d):
            nn.init.normal_(norm.weight)
            nn.init.normal_(norm.bias)
            nn.init.normal_(norm.running_mean)
            nn.init.uniform_(norm.running_var, 0.5, 2)
    return made.eval()


def run(made: DynamicBlock, x: Tensor, execution: str) -> tuple[Tensor, Gate]:
    gates: list[Gate] = []
    with torch.no_grad(), executing(made, execution):
        out = made(x, gates)
    return out, gates[0]


@settings(max_examples=25, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    mask=st.sampled_from(["squeeze", "conv1x1"]),
    stride=st.integers(1, 3),
    size=st.tuples(st.integers(1, 3), st.integers(1, 11), st.integers(1, 11)),
    share=st.floats(0, 1),
    seed=st.integers(0, 1 << 16),
)
def test_sparse_dense_and_layers_are_equal_at_every_share(kind, mask, stride, size, share, seed) -> None:
    torch.manual_seed(seed)
    images, height, width = size
    made, x = block(kind, 1 if kind == "inverted" else stride, mask), torch.randn(images, 6, height, width)
    force_share(made.masker, x, share)
    outs = {how: run(made, x, how) for how in ("layers", "sparse", "dense", "auto")}
    wanted, gate = outs["layers"]
    assert float(gate.hard.mean()) == pytest.approx(round(share * gate.hard.numel()) / gate.hard.numel())
    for out, found in outs.values():
        assert torch.equal(found.hard, gate.hard)
        assert float((out - wanted).abs().max()) <= 1e-5 * max(1.0, float(wanted.abs().max()))


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_outside_the_dilated_mask_is_read(kind: str, stride: int) -> None:
    made, x = block(kind, 1 if kind == "inverted" else stride), torch.randn(2, 6, 13, 11)
    force_share(made.masker, x, 0.05)
    gate = made.gate(x)
    needed = gate.dilated[..., :13, :11]
    if kind == "basic":  # its first layer reads around the dilated positions, which are on the output's map
        needed = dilate(gate.dilated.float(), stride)[..., :13, :11]
    assert 0 < float(needed.float().mean()) < 1
    holes = x.masked_fill(~needed, torch.nan)
    with torch.no_grad():
        active, rows, _ = at_active(holes, made.layers(), gate)
        _, wanted, _ = at_active(x, made.layers(), gate)
        everywhere = as_rows(by_layers(x, made.layers()))[active.index]
    assert rows.isfinite().all()
    assert torch.equal(rows, wanted)
    torch.testing.assert_close(rows, everywhere, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_holes_stay_where_they_are(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made, x = block(kind), torch.randn(1, 6, 12, 12)
    force_share(made.masker, x, 0.05)
    out, gate = run(made, x, "sparse")
    needed = dilate(gate.dilated.float()) if kind == "basic" else gate.dilated
    monkeypatch.setattr(
        made, "gate", lambda features: gate
    )  # a mask unit that looks at the whole map sees holes
    found, _ = run(made, x.masked_fill(~needed, torch.nan), "sparse")
    assert torch.equal(found.isnan(), (~needed).expand_as(found))
    assert torch.equal(found.masked_select(needed), out.masked_select(needed))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.7, 1.0])
@pytest.mark.parametrize(
    ("kind", "stride"), [("basic", 1), ("basic", 2), ("bottleneck", 1), ("bottleneck", 2), ("inverted", 1)]
)
def test_products_that_are_done(
    kind: str, stride: int, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted here where matrices meet, and compared with what the gate says."""
    made, x = block(kind, stride), torch.randn(2, 6, 8, 10)
    force_share(made.masker, x, share)
    gate, done = made.gate(x), []
    real = branch._convolved

    def convolved(rows: Tensor, at: Positions | Size, wanted: Positions, layer: Layer) -> Tensor:
        found = real(rows, at, wanted, layer)
        done.append(len(found) * layer.conv.weight.numel())
        return found

    monkeypatch.setattr(branch, "_convolved", convolved)
    _, sparse = run(made, x, "sparse")
    assert sparse.executed == sum(done) == float(gate.cost)
    assert run(made, x, "dense")[1].executed == run(made, x, "layers")[1].executed == gate.total


def test_odd_sizes_do_less_than_is_counted() -> None:
    """The published count of dilated positions goes beyond the input; nothing is computed there."""
    made, x = block("bottleneck", 2), torch.randn(1, 6, 7, 7)
    force_share(made.masker, x, 1)
    sparse = run(made, x, "sparse")[1]
    assert sparse.executed == run(made, x, "layers")[1].executed == 49 * 30 + 16 * (9 * 25 + 5 * 12)
    assert sparse.total == 64 * 30 + 16 * (9 * 25 + 5 * 12)


def test_training_and_gradients_take_the_way_of_layers() -> None:
    made, x = block("bottleneck"), torch.randn(2, 6, 5, 5)
    made.execution = "sparse"
    gates: list[Gate] = []
    made(x, gates).sum().backward()
    assert made.conv2.weight.grad is not None
    with torch.no_grad():
        made.train()(x, gates)
    assert [gate.executed for gate in gates] == [gate.total for gate in gates]


def test_weights_that_change_are_used() -> None:
    made, x = block("bottleneck"), torch.randn(1, 6, 5, 5)
    force_share(made.masker, x, 0.5)
    run(made, x, "sparse")
    other = copy.deepcopy(made)
    for parameter in other.layers()[1].conv.parameters():
        parameter.data.mul_(2)
    for execution in ("sparse", "dense"):
        torch.testing.assert_close(run(other, x, execution)[0], run(other, x, "layers")[0])


def test_maps_stay_channels_last_between_blocks() -> None:
    x = torch.randn(1, 6, 5, 5)
    for execution in ("sparse", "dense"):
        x, _ = run(block("bottleneck"), x, execution)
        assert x.is_contiguous(memory_format=torch.channels_last)


def test_what_is_given_is_not_changed() -> None:
    for kind in KINDS:
        for execution in ("sparse", "dense", "layers"):
            x = torch.randn(1, 6, 5, 5).to(memory_format=torch.channels_last)
            before = x.clone()
            run(block(kind), x, execution)
            assert torch.equal(x, before)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_wanted_no_more_is_overwritten(kind: str) -> None:
    made, x = block(kind), torch.randn(2, 6, 5, 5).to(memory_format=torch.channels_last)
    force_share(made.masker, x, 0.3)
    wanted, given = run(made, x, "sparse")[0], x.clone(memory_format=torch.preserve_format)
    with torch.no_grad(), executing(made, "sparse"):
        out = made(given, overwrite=True)
    assert torch.equal(out, wanted)
    assert out.data_ptr() == given.data_ptr()
    kept = x.clone(memory_format=torch.preserve_format)
    made(kept, overwrite=True)  # gradients are recorded
    assert torch.equal(kept, x)


@pytest.mark.parametrize("kind", KINDS)
def test_half_the_precision(kind: str) -> None:
    made, x = block(kind, mask="conv1x1").bfloat16(), torch.randn(2, 6, 9, 9).bfloat16()
    force_share(made.masker, x, 0.3)
    torch.testing.assert_close(run(made, x, "sparse")[0], run(made, x, "layers")[0], rtol=0.1, atol=0.1)
    made.float()
    with torch.autocast("cpu", torch.bfloat16):
        out, _ = run(made, x.float(), "sparse")
        torch.testing.assert_close(out, run(made, x.float(), "layers")[0].float(), rtol=0.1, atol=0.1)


@pytest.mark.slow
def test_export_sees_every_position() -> None:
    made, x = block("bottleneck"), torch.randn(1, 6, 8, 8)
    with torch.no_grad():
        graph = torch.export.export(made, (x,)).module()
        for picture in (x, x.flip(3)):
            torch.testing.assert_close(graph(picture), made(picture), rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_a_tenth_of_the_positions_takes_less_than_half_of_the_time() -> None:
    made = DynamicBasicBlock(256)
    torch.set_num_threads(1)
    x = blobs(256, 56)
    force_share(made.eval().masker, x, 0.1)
    ratios = []
    for _ in range(15):
        seconds = {}
        for execution in ("sparse", "dense"):
            begin = time.thread_time()
            run(made, x, execution)
            seconds[execution] = time.thread_time() - begin
        ratios.append(seconds["sparse"] / seconds["dense"])
    assert statistics.median(ratios) < 0.5
