"""Blobs are blobs, and the numbers of `maquette bench dynamic` are complete."""

import json

import torch

from maquette.bench import dynamic
from maquette.nn.dynamic import dilate


def test_blobs_are_smooth_and_not_negative() -> None:
    x = dynamic.blobs(8, 40)
    assert x.shape == (1, 8, 40, 40)
    assert float(x.min()) == 0
    mask = (x > x.quantile(0.9)).any(1, keepdim=True).float()
    scattered = mask.flatten()[torch.randperm(1600)].view(mask.shape)
    assert dilate(mask).sum() < 0.8 * dilate(scattered).sum()


def test_numbers_and_table() -> None:
    threads = torch.get_num_threads()
    result = dynamic.run("cpu", 1, 2, channels=(8,), sizes=(6, 9), shares=(0.25, 1.0))
    assert torch.get_num_threads() == threads
    assert json.loads(json.dumps(result)) == result
    rows = result["rows"]
    assert [(row["block"], row["size"]) for row in rows[::2]] == [
        ("bottleneck", 6), ("bottleneck", 9), ("basic", 6), ("basic", 9),
    ]  # fmt: skip
    for row in rows:
        assert abs(row["share"] - (0.25 if row in rows[::2] else 1)) < 0.03
        assert row["macs_executed"] <= row["macs"]
        assert row["seconds"].keys() == {"sparse", "dense", "auto"}
    assert rows[-1]["macs"] == rows[-1]["macs_executed"] == 81 * 2 * 9 * 64
    lines = dynamic.table(result).splitlines()
    assert lines[2].endswith("| 20% | 100% |")
    assert lines[-1].startswith("| basic | 8 | 9² | float32 |")
