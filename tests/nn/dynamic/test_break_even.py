"""Where "auto" skips: the measured rule, and that blocks follow it."""

import pytest
import torch

from maquette.nn.dynamic import DynamicBottleneck, Gate, blocks
from maquette.nn.dynamic.break_even import break_even
from maquette.nn.dynamic.mask_unit import force_share


def test_more_channels_and_more_work_pay_earlier() -> None:
    assert break_even(64, 1e9) < break_even(256, 1e9) < 1
    assert break_even(256, 1e7) < break_even(256, 1e8) < break_even(256, 1e9)
    assert break_even(64, 1e6) <= 0


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
    assert asked == [(8, gate.total)]
    assert (gate.executed < gate.total) is skips
