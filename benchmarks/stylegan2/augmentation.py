"""Augmentation, beside the official one."""

from typing import Any

import numpy as np
import torch
from stylegan2.table import Table, tensor
from torch import Tensor

from maquette.systems.stylegan2.augment import changed
from maquette.systems.stylegan2.changes import KINDS, PIPES, Change, strength
from maquette.systems.stylegan2.colours import colour_matrix
from maquette.systems.stylegan2.corruptions import band_gains, filter_bank
from maquette.systems.stylegan2.geometry import SYM6, margins, pixel_matrix

CPU = torch.device("cpu")


def augmentation(table: Table) -> None:
    """Matrices, filters and pictures of every change alone, of the pipes, and of drawn ones."""
    arrays = table.arrays
    images = tensor(arrays, "img")
    table.value("filters", "Hz_geom", np.array(SYM6) / sum(SYM6))
    table.value("filters", "Hz_fbank", filter_bank(images))
    noise = tensor(arrays, "rgb_noise_before_sigma")
    singles = {name: (name,) for name in (*PIPES["blit"], "scale", "aniso", "xfrac", *PIPES["color"])}
    singles |= {"rotate": ("rotate_pre", "rotate_post"), "noise": ("noise",), "cutout": ("cutout",)}
    bands = tuple(f"band{k}" for k in range(4))
    singles |= {"imgfilter": bands}
    pipes = {f"pipe_{name}": names for name, names in PIPES.items() if name != "none"}
    for percentile in (0.7, 0.2):
        for key, names in (singles | pipes).items():
            _compare(table, f"pct{percentile}_{key}", images, _at(percentile, names, len(images)), noise)
    some = _at(0.7, bands, len(images))
    off = {
        name: change._replace(on=change.on & (name in ("band0", "band2"))) for name, change in some.items()
    }
    _compare(table, "imgfilter_bands1010", images, off, None)
    _others(table, images)
    for name, pipe in (("randomA", "bgc"), ("randomB", "bgcfnc")):
        _drawn(table, name, pipe)


def _others(table: Table, images: Tensor) -> None:
    """A rectangular and a grey picture, and a gradient."""
    changes = _at(0.7, PIPES["bgc"], len(images))
    leaf = images.clone().requires_grad_()
    made = changed(leaf, changes)
    (gradient,) = torch.autograd.grad((made * tensor(table.arrays, "bgc_cotangent")).sum(), leaf)
    table.gradient("gradients", "bgc_grad_img", gradient)
    rect = tensor(table.arrays, "img_rect")
    table.value("pictures", "rect_bgc", changed(rect, _at(0.7, PIPES["bgc"], len(rect))))
    table.value("pictures", "gray_bgc", changed(images[:, :1], changes))


def _at(percentile: float, names: tuple[str, ...], count: int) -> dict[str, Change]:
    """Changes of a fixed strength, as the official code has them where it is debugged."""
    normal = float(torch.erfinv(torch.tensor(2 * percentile - 1)))
    of_noise = float(torch.erfinv(torch.tensor(percentile)))
    made = {}
    for name in names:
        kind, numbers = KINDS[name]
        uniform = 0.5 if name == "rotate_post" else percentile  # the second rotation is left out
        value = uniform if kind == "uniform" else of_noise if name == "noise" else normal
        made[name] = Change(torch.full((count, numbers), value), torch.ones(count, dtype=torch.bool))
    return made


def _compare(table: Table, key: str, images: Tensor, changes: Any, noise: Tensor | None) -> None:
    arrays, (count, channels, height, width) = table.arrays, images.shape
    table.value("pictures", key, changed(images, changes, noise if "noise" in changes else None))
    matrix = pixel_matrix(changes, count, height, width, CPU)
    if f"{key}_G_inv" in arrays:
        table.value("matrices", f"{key}_G_inv", matrix[0])
        table.value("matrices", f"{key}_pad_x0y0x1y1", margins(matrix, height, width))
    if f"{key}_C" in arrays:
        table.value("matrices", f"{key}_C", colour_matrix(changes, count, channels, CPU)[0])
    if f"{key}_band_gain" in arrays:
        table.value("matrices", f"{key}_band_gain", band_gains(changes, count, CPU)[0])


def _drawn(table: Table, key: str, pipe: str) -> None:
    arrays, images = table.arrays, tensor(table.arrays, f"{key}_img")
    count, p = len(images), float(arrays[f"{key}_p"])
    changes = {}
    for name in PIPES[pipe]:
        at = f"{key}_draw_{'imgfilter_' if name.startswith('band') else ''}{name}"
        gate = tensor(arrays, f"{at}_gate_uniform").flatten() < strength(name, p)
        kind = "sigma_value_normal" if name == "noise" else f"value_{KINDS[name][0]}"
        value = tensor(arrays, f"{at}_center_uniform" if name == "cutout" else f"{at}_{kind}")
        changes[name] = Change(value.reshape(count, -1), gate)
    noise = tensor(arrays, f"{key}_draw_noise_rgb_normal") if "noise" in changes else None
    table.value("drawn", f"{key}_out", changed(images, changes, noise))
    matrix = pixel_matrix(changes, count, *images.shape[2:], CPU)
    table.value("drawn", f"{key}_G_inv", matrix)
    table.value("drawn", f"{key}_pad_x0y0x1y1", margins(matrix, *images.shape[2:]))
    table.value("drawn", f"{key}_C", colour_matrix(changes, count, images.shape[1], CPU))
    if f"{key}_band_gain" in arrays:
        table.value("drawn", f"{key}_band_gain", band_gains(changes, count, CPU))
