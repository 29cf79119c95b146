"""A tiny run: its words, its shapes, and what is compared of runs."""

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors import safe_open

from maquette.structures.shape import Shape
from maquette.utils import ico_sphere

WORDS = """
train r2n2 --recipe best --variant simple-gru-1 --width 0.02 --size 24 --threads 1 --no-evaluation
--steps 30 --batch 4 --lr 1e-3 --val-every 10 --views.render-size 32 --training.views 1 2 --training.warmup 5
--training.checkpoint-every 3 --training.log-every 4 --training.val-samples 2 --training.ema 0.9
"""
SPLITS = ("train", "train", "val", "test")


def ellipsoids() -> Iterator[Shape]:
    """Shapes of all splits."""
    for i in range(24):
        extents = torch.tensor([[1.0 + i % 3, 1.0 + i % 4, 1.0 + i % 5]])
        mesh = ico_sphere(1)
        yield Shape(f"shape-{i}", mesh=mesh.update_padded(mesh.verts_padded() * extents), split=SPLITS[i % 4])


def checksum(run_folder: Path) -> str:
    """SHA-256 of all final weights."""
    total = hashlib.sha256()
    with safe_open(run_folder / "weights.safetensors", "pt") as file:
        for name in sorted(file.keys()):
            total.update(name.encode() + file.get_tensor(name).numpy().tobytes())
    return total.hexdigest()


def table(run_folder: Path) -> list[dict[str, str]]:
    """Rows of metrics.csv without what a clock says."""
    with open(run_folder / "metrics.csv") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        del row["seconds"], row["samples_per_second"]
    return rows
