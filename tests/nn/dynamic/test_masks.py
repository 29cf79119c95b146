"""Mask units, the Gumbel trick and dilation: stored values of dynconv, and what chance must keep."""

import math

import pytest
import torch

from maquette.nn.dynamic import MaskUnit, dilate, set_gumbel
from maquette.nn.dynamic.active import listed
from maquette.nn.dynamic.gate import straight_through
from maquette.nn.dynamic.mask_unit import Squeeze, force_share, noise_is_on
from tests.nn.dynamic.dynconv import Golden, close, fill, pattern, use_uniform

MASKS, POSE, BUDGET = Golden("masks"), Golden("pose"), Golden("sparsity")


@pytest.mark.parametrize("case", ["0", "1", "2"])
def test_squeeze(case: str) -> None:
    golden = MASKS.under("squeeze").under(case)
    x = golden["input"].requires_grad_()
    squeeze = Squeeze(x.shape[1], int(golden["stride"]))
    fill(squeeze, golden)
    logits = squeeze(x)
    close(logits, golden["output"])
    (logits * pattern(logits, golden["grad_k"])).sum().backward()
    close(x.grad, golden["grad_input"], 1e-4)
    for name, parameter in squeeze.named_parameters():
        close(parameter.grad, golden[f"grad_param/{name}"], 1e-4)


@pytest.mark.parametrize("noise", [0, 1])
@pytest.mark.parametrize("temperature", [5, 2.5, 1, 0.5])
def test_gumbel(temperature: float, noise: int, monkeypatch: pytest.MonkeyPatch) -> None:
    golden = MASKS.under("gumbel")
    case = golden.under(f"temp{temperature}_noise{noise}")
    if noise:
        use_uniform(case, monkeypatch)
    logits = golden["logits"].requires_grad_()
    hard = straight_through(logits, temperature, bool(noise))
    assert torch.equal(hard, case["output"])
    (hard * pattern(hard, golden["grad_k"])).sum().backward()
    close(logits.grad, case["grad"], 1e-4)


def test_the_mask_in_evaluation() -> None:
    golden = MASKS.under("gumbel")
    unit = MaskUnit(1, kind="conv1x1").eval()
    torch.nn.init.ones_(unit.conv.weight)
    torch.nn.init.zeros_(unit.conv.bias)
    assert torch.equal(unit(golden["logits"]), golden["eval"])


@pytest.mark.parametrize("case", ["0", "1"])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_dilation(stride: int, case: str) -> None:
    golden = MASKS.under("dilate").under(f"stride{stride}_{case}")
    assert torch.equal(dilate(golden["mask"].float(), stride), golden["output"])


UNITS = [(MASKS, "squeeze", "0"), (MASKS, "squeeze", "1"), (MASKS, "squeeze", "2")]
UNITS += [(POSE, "conv1x1", "0"), (POSE, "conv1x1", "1")]


@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize(("file", "kind", "case"), UNITS)
def test_units(file: Golden, kind: str, case: str, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    golden = file.under("unit").under(case)
    stride, dilate_stride = golden["stride_dilate_stride"].tolist()
    unit = MaskUnit(golden["input"].shape[1], stride, kind).train(mode == "train")
    fill(unit, golden)
    found = golden.under(mode)
    if mode == "train":
        use_uniform(found, monkeypatch)
    hard = unit(golden["input"])
    close(unit.maskconv(golden["input"]), found["soft"])
    assert torch.equal(hard.detach(), found["hard"])
    dilated = dilate(hard, dilate_stride)
    assert torch.equal(dilated, found["dilated"])
    if "active_total" in found:
        numbers = [hard.sum(), hard.numel(), dilated.sum(), dilated.numel()]
        assert [float(number) for number in numbers] == found["active_total"].tolist()
        assert [str(x.dtype) for x in (hard, dilated)] == found.words("dtypes")


@pytest.mark.parametrize("case", ["0", "1"])
def test_lists_of_active_positions(case: str) -> None:
    golden = POSE.under("unit").under(case)
    stride, dilate_stride = golden["stride_dilate_stride"].tolist()
    unit = MaskUnit(golden["input"].shape[1], stride, "conv1x1").eval()
    fill(unit, golden)
    hard = unit(golden["input"])
    dilated = listed(dilate(hard, dilate_stride))
    found = golden.under("eval")
    assert torch.equal(listed(hard).index.int(), found["active_list"])
    assert torch.equal(dilated.index.int(), found["active_list_dilated"])
    rows = dilated.rows()
    assert rows[-1] == len(dilated.index)
    rows = rows.where(rows < rows[-1], -1)  # theirs says so where there is none
    assert torch.equal(rows[:-1].view(dilated.size)[:, None].int(), found["inverse_where_active"])


def test_when_noise_ends() -> None:
    for epoch, epochs, on in BUDGET["noise_on"].tolist():
        assert noise_is_on(epoch / epochs) == bool(on)


def test_every_unit_is_set() -> None:
    network = torch.nn.Sequential(MaskUnit(3), torch.nn.Sequential(MaskUnit(2, kind="conv1x1")))
    set_gumbel(network, 2.5, noise=False)
    assert [(unit.temperature, unit.noise) for unit in (network[0], network[1][0])] == [(2.5, False)] * 2
    with pytest.raises(ValueError, match="above 0"):
        set_gumbel(network, 0.0, noise=False)


def test_chance_follows_the_logit() -> None:
    logits = torch.tensor([-2.0, 0.0, 1.0]).view(3, 1, 1, 1).expand(3, 1, 100, 100)
    shares = straight_through(logits).mean((1, 2, 3))
    for share, logit in zip(shares, (-2, 0, 1), strict=True):
        assert abs(float(share) - 1 / (1 + math.exp(-logit))) < 0.02


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_least_numbers_that_are_drawn(dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    """The logarithm of 0 is kept away in half the precision, too: no mask is NaN."""
    monkeypatch.setattr(torch, "rand_like", torch.zeros_like)
    logits = torch.tensor([-1.0, 0.0, 2.0], dtype=dtype).view(3, 1, 1, 1).requires_grad_()
    hard = straight_through(logits)
    hard.sum().backward()
    assert hard.flatten().tolist() == [0, 1, 1]
    assert hard.dtype == dtype
    assert bool((logits.grad > 0).all())


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("kind", ["squeeze", "conv1x1"])
def test_a_share_that_is_forced(kind: str, share: float) -> None:
    unit, x = MaskUnit(4, kind=kind).eval(), torch.randn(1, 4, 10, 10)
    force_share(unit, x, share)
    assert float(unit(x).mean()) == pytest.approx(share)
