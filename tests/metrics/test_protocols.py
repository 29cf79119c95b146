"""Protocols say split, threshold, views and averaging, and sweep nothing into their headline."""

import pytest

from maquette.metrics.protocols import PROTOCOLS


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_prints_what_it_fixes(name: str):
    protocol = PROTOCOLS[name]
    text = "\n".join(protocol.lines("val"))
    for word in (
        name,
        "val",
        f">= {protocol.threshold:g}",
        ", ".join(map(str, protocol.views)),
        "sample mean",
    ):
        assert word in text
    assert protocol.name == name


def test_views_other_than_the_protocols_own_are_named():
    protocol = PROTOCOLS["seed001"]
    assert "the protocol's own: 20" in "\n".join(protocol.lines("test", (1, 2)))
    assert "own:" not in "\n".join(protocol.lines("test", (20,)))


def test_fixed_thresholds():
    assert {name: p.threshold for name, p in PROTOCOLS.items()} == {
        "r2n2-2016": 0.4,
        "seed001": 0.4,
        "pix2vox": 0.3,
    }
    assert PROTOCOLS["pix2vox"].sweep == (0.2, 0.3, 0.4, 0.5)
    assert not PROTOCOLS["r2n2-2016"].sweep
