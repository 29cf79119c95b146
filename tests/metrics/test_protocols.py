"""Protocols say split, threshold, views and averaging, and sweep nothing into their headline."""

import pytest

from maquette.metrics.protocols import PROTOCOLS


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_prints_what_it_fixes(name: str):
    protocol = PROTOCOLS[name]
    text = "\n".join(words for _, words in protocol.facts("val", protocol.views))
    for word in (
        name,
        "val",
        *(f">= {value:g}" for name, value in protocol.settings().items() if name == "threshold"),
        ", ".join(map(str, protocol.views)),
        "mean over classes" if name == "pix3d" else "sample mean",
    ):
        assert word in text
    assert protocol.name == name


def test_views_other_than_the_protocols_own_are_named():
    protocol = PROTOCOLS["seed001"]
    assert "the protocol's own: 20" in dict(protocol.facts("test", (1, 2)))["views"]
    assert "own:" not in dict(protocol.facts("test", (20,)))["views"]


def test_fixed_thresholds():
    found = {
        name: PROTOCOLS[name].threshold
        for name in ("r2n2-2016", "seed001", "pix2vox", "mem3d", "pix3d-chairs")
    }
    assert found == {"r2n2-2016": 0.4, "seed001": 0.4, "pix2vox": 0.3, "mem3d": 0.3, "pix3d-chairs": 0.3}
    assert PROTOCOLS["pix2vox"].sweep == (0.2, 0.3, 0.4, 0.5)
    assert not PROTOCOLS["r2n2-2016"].sweep


def test_an_unknown_protocol():
    assert "best-of" not in PROTOCOLS
    with pytest.raises(KeyError):
        PROTOCOLS["best-of"]
