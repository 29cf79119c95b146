"""Around the controls of voxels (`metrics.controls`): the means they need, what they say in words and on the page."""

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ...data.batch import Source
from ...data.readable import readable_batches
from ..controls import mean_of
from .face import Section

_GRIDS_A_MEAN, _OBJECTS_AT_ONCE = 200, 32


def training_means(source: Source, categories: set[str], split: str) -> dict[str, Float[Tensor, "x y z"]]:
    """Mean grid of the training shapes of each category, of at most 200 that are spread over its list.

    Args:
        source: of the shapes; those that cannot be read are left out.
        categories: which.
        split: that is evaluated. The training split itself has no means: its samples would be among them.
    """
    members: dict[str, list[int]] = {}
    for i, entry in enumerate(source.entries):
        if entry.split == "train" and entry.category in categories and split != "train":
            members.setdefault(entry.category, []).append(i)
    means = {}
    for category, places in members.items():
        step = max(1, -(-len(places) // _GRIDS_A_MEAN))
        batches = readable_batches(source, places[::step], 1, _OBJECTS_AT_ONCE, "cpu", [])
        grids = [batch.voxels for batch, _ in batches]
        if grids:
            means[category] = mean_of(torch.cat(grids))
    return means


def control_remarks(controls: Mapping[str, Any]) -> list[str]:
    """What controls say, for the terminal; nothing where nothing could be compared."""
    other, mean = controls["other_target"], controls["mean_grid"]
    lines = []
    if other["compared"]:
        share = f"{100 * other['share_won']:.0f} % of {other['compared']}"
        lines.append(f"nearer to its own target than to another of the class: {share}")
    if mean:
        lines.append(f"above the class's mean training grid: {mean['ahead']:+.3f}")
    return lines


def control_sections(controls: Mapping[str, Any]) -> list[Section]:
    """What controls say, for the page; nothing where nothing could be compared."""
    other, mean = controls["other_target"], controls["mean_grid"]
    tiles = []
    if other["compared"]:
        more = (
            f"own {other['own']:.3f}, another of its class {other['other']:.3f}; {other['compared']} samples"
        )
        tiles.append(("nearer to its own target", f"{100 * other['share_won']:.0f} %", more))
    if mean:
        best = f"mean grid {mean['best']:.3f} at its best threshold {mean['best_threshold']:g}"
        more = f"{best}, {mean['fixed']:.3f} at the protocol's"
        tiles.append(("IoU above the mean training grid", f"{mean['ahead']:+.3f}", more))
    words = (
        "A network that has only learnt what a class looks like on average is as near to another object of the "
        "class as to its own target (50 %), and no better than the mean of the class's training grids."
    )
    return [Section("Does it look at the picture?", words, tiles=tiles)] if tiles else []
