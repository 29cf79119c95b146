"""Splits by hash: known values, and the shares they come to."""

from collections import Counter

from maquette.data.splits import split_of


def test_splits_never_change():
    assert [split_of(key) for key in ("chair/1", "shape 4", "shape 13")] == ["train", "val", "test"]


def test_shares():
    counts = Counter(split_of(f"shape {i}") for i in range(20_000))
    assert abs(counts["train"] / 20_000 - 0.8) < 0.01
    assert abs(counts["val"] / 20_000 - 0.1) < 0.01
    assert abs(counts["test"] / 20_000 - 0.1) < 0.01
