"""Where "auto" skips: the measured rule, and that blocks follow it."""

import pytest
import torch

from maquette.nn.dynamic import DynamicBottleneck, Gate, blocks
from maquette.nn.dynamic.break_even import break_even
from maquette.nn.dynamic.mask_unit import force_share


def test_the_rule_is_near_what_was_measured() -> None:
    """(map, share of MACs) that was measured as equal, on one thread, for blocks of 64 and 256 channels."""
    measured = {
        (64, 4352): {112: 0.24},
        (64, 73728): {35: 0.35, 56: 0.34, 112: 0.32},
        (256, 69632): {35: 0.43, 56: 0.44, 112: 0.44},
        (256, 1179648): {14: 0.74, 35: 0.78, 56: 0.79, 112: 0.67},
    }
    for (channels, macs), shares in measured.items():
        for size, share in shares.items():
            assert share - 0.2 < break_even(channels, size**2, size**2 * macs) < share + 0.05
    for channels, size, macs in ((64, 14, 4352), (64, 35, 4352), (256, 14, 69632), (64, 14, 73728)):
        assert break_even(channels, size**2, size**2 * macs) <= 0


def test_more_channels_and_more_positions_pay_earlier() -> None:
    assert break_even(64, 1000, 1e9) < break_even(256, 1000, 4e9) < 1
    assert break_even(256, 100, 1e7) < break_even(256, 1000, 1e8) < break_even(256, 10000, 1e9)
    assert break_even(4096, 10**6, 1e13) < 1


@pytest.mark.parametrize(
    ("share", "worth", "skips"), [(0.1, 0.9, True), (0.9, 0.5, False), (0.0, 0.0, False)]
)
def test_auto_follows_the_rule(
    share: float, worth: float, skips: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(blocks, "break_even", lambda *words: asked.append(words) or worth)
    made, x, gates = DynamicBottleneck(8).eval(), torch.randn(1, 8, 12, 12), list[Gate]()
    force_share(made.masker, x, share)
    with torch.no_grad():
        made(x, gates)
    (gate,) = gates
    assert asked == [(8, 144, gate.total)]
    assert (gate.executed < gate.total) is skips
