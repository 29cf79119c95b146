"""What is compared, and how: stored arrays of the official code, and the agreement of groups of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from maquette.systems.stylegan2.config import BASE, NetworkConfig

VALUES, GRADIENTS = 1e-4, 1e-3
_NOISE = 10.0  # an error may be this multiple of the official code's own rounding
Arrays = Mapping[str, np.ndarray]


@dataclass
class Group:
    """Arrays of one kind."""

    tolerance: float
    arrays: int = 0
    worst: float = 0.0
    of: str = ""
    failed: list[str] = field(default_factory=list)


@dataclass
class Table:
    """Agreement with one file, by groups."""

    arrays: Arrays
    groups: dict[str, Group] = field(default_factory=dict)

    def value(self, group: str, name: str, ours: Any) -> None:
        """Compare an array of values."""
        theirs = self.arrays[name].astype(np.float64)
        scale = np.abs(theirs).max() or 1.0
        error = np.abs(self._same(name, ours, theirs) - theirs).max() / scale
        self._add(group, name, error, VALUES, self._noise("noise_maxabs", name) / scale)

    def gradient(self, group: str, name: str, ours: Any) -> None:
        """Compare a gradient."""
        theirs = self.arrays[name].astype(np.float64)
        error = np.linalg.norm(self._same(name, ours, theirs) - theirs) / (np.linalg.norm(theirs) or 1.0)
        self._add(group, name, error, GRADIENTS, self._noise("noise_rel_l2", name))

    def _same(self, name: str, ours: Any, theirs: np.ndarray) -> np.ndarray:
        own = ours.detach().numpy() if isinstance(ours, Tensor) else np.asarray(ours)
        if own.shape != theirs.shape:
            raise ValueError(f"{name}: shape {own.shape}, expected {theirs.shape}")
        return own.astype(np.float64)

    def _noise(self, kind: str, name: str) -> float:
        at = np.flatnonzero(self.arrays["noise_keys"] == name) if "noise_keys" in self.arrays else []
        return float(self.arrays[kind][at[0]]) if len(at) else 0.0

    def _add(self, group: str, name: str, error: float, tolerance: float, noise: float) -> None:
        into = self.groups.setdefault(group, Group(tolerance))
        into.arrays += 1
        if not error <= max(tolerance, _NOISE * noise):
            into.failed.append(name)
        if not error <= into.worst:
            into.worst, into.of = float(error), name


def tensor(arrays: Arrays, name: str) -> Tensor:
    """An array as a tensor, of torch's default type where it holds fractions."""
    value = torch.from_numpy(arrays[name].copy())
    return value.to(torch.get_default_dtype()) if value.is_floating_point() else value


def network_config(arrays: Arrays, **more: Any) -> NetworkConfig:
    """Settings as the official code has them, in our words."""
    told = json.loads(str(arrays["config"]))
    parts = {**told, **told.get("synthesis_kwargs", {})}
    return NetworkConfig(
        size=parts["img_resolution"],
        channels=parts["img_channels"],
        width=parts["channel_base"] / BASE,
        channel_max=parts["channel_max"],
        z_dim=parts.get("z_dim", 512),
        w_dim=parts.get("w_dim", 512),
        labels=parts["c_dim"],
        mapping=told.get("mapping_kwargs", {}).get("num_layers", 8),
        clamp=parts["conv_clamp"] or 0.0,
        discriminator=parts.get("architecture", "resnet"),
        group=told.get("epilogue_kwargs", {}).get("mbstd_group_size") or 0,
        **more,
    )


def fill(module: torch.nn.Module, arrays: Arrays) -> None:
    """Put the stored weights into a network; filters are the one that ours is built with."""
    state = {
        name.removeprefix("W."): tensor(arrays, name)
        for name in arrays
        if name.startswith("W.") and not name.endswith("resample_filter")
    }
    module.load_state_dict(state)


def norms(table: Table, key: str, gradients: Mapping[str, Tensor]) -> None:
    """Compare the norms of all parameters' gradients."""
    names = [str(name) for name in table.arrays[f"{key}_names"]]
    short = {name.removeprefix("synthesis."): value for name, value in gradients.items()} | dict(gradients)
    table.gradient("gradients", f"{key}_norms", [float(short[name].norm()) for name in names])


def read(folder: Path, name: str) -> Table:
    """The table of a file."""
    with np.load(folder / f"{name}.npz", allow_pickle=False) as stored:
        return Table(dict(stored))
