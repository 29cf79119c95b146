"""Compare StyleGAN2 with stored values of the official code: python benchmarks/stylegan2_reference.py FOLDER.

The folder holds what the official code gave for fixed inputs and weights; its values may not be passed on, so that
the repository holds the table of agreement alone. An error is that of the worst array of a group: of values the
largest difference as a share of the largest value, of gradients the norm of the difference as a share of the norm.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from maquette.systems.stylegan2.config import BASE, NetworkConfig
from maquette.systems.stylegan2.convolution import down_conv, modulated_conv, up_conv
from maquette.systems.stylegan2.filters import downsample, fir_filter, upfirdn, upsample
from maquette.systems.stylegan2.layers import batch_deviation, leaky, normalised
from maquette.systems.stylegan2.mapping import mixed
from maquette.systems.stylegan2.network import Discriminator, Generator

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
    """An array as a tensor."""
    return torch.from_numpy(arrays[name].copy())


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


def operators(table: Table) -> None:
    """Filters, convolutions, normalisation, deviation over a batch."""
    arrays = table.arrays
    told = dict(str(line).split(" ", 1) for line in arrays["options"])
    options = {name: json.loads(text) for name, text in told.items()}
    x = tensor(arrays, "x")
    taps = {name: tensor(arrays, f"filter_{name}_setup") for name in ("box2d", "asym2d", "sep8", "asym5")} | {
        "none": torch.ones(1, 1)
    }
    table.value("filters", "filter_box2d_setup", fir_filter((1.0, 3.0, 3.0, 1.0), x))
    for name, own in options.items():
        kind, last = name.split("_", 1)[0], name.rsplit("_", 1)[-1]
        if kind == "upfirdn":
            _upfirdn(table, name, x, taps[name.split("_")[1]], own)
        elif name in ("upsample2d_box2d", "downsample2d_box2d"):
            table.value("filters", name, (upsample if kind == "upsample2d" else downsample)(x, taps[last]))
    _activation(table, x)
    _convolutions(table, x, taps)
    table.value("layers", "norm2_y", normalised(tensor(arrays, "norm2_x")))
    for name in [name for name in arrays if name.startswith("mbstd_group")]:
        group, features = name.removeprefix("mbstd_group").split("_ch")
        own = batch_deviation(tensor(arrays, "mbstd_x"), 0 if group == "None" else int(group), int(features))
        table.value("layers", name, own)


def _upfirdn(table: Table, name: str, x: Tensor, taps: Tensor, options: Mapping[str, Any]) -> None:
    told = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    flip, gain = told.pop("flip_filter", False), told.pop("gain", 1.0)
    leaf = x.clone().requires_grad_()
    made = upfirdn(leaf, taps, flip=flip, gain=gain, **told)
    table.value("filters", name, made)
    (gradient,) = torch.autograd.grad((made * tensor(table.arrays, f"{name}_cotangent")).sum(), leaf)
    table.gradient("filters, gradients", f"{name}_grad_x", gradient)


def _activation(table: Table, x: Tensor) -> None:
    bias, leaf = tensor(table.arrays, "bias")[:, None, None], (1.7 * x).requires_grad_()
    for name, made in (
        ("default", leaky(leaf + bias)),
        ("nobias_gain2", leaky(leaf, 2.0 / 2**0.5)),
        ("bias_clamp", (leaky(leaf + bias)).clamp(-0.8, 0.8)),
    ):
        table.value("layers", f"biasact_lrelu_{name}", made)
        (gradient,) = torch.autograd.grad((made * 1.7 * x.flip(0)).sum(), leaf)
        table.gradient("layers, gradients", f"biasact_lrelu_{name}_grad_x", gradient)


def _convolutions(table: Table, x: Tensor, taps: Mapping[str, Tensor]) -> None:
    arrays = table.arrays
    w3, w1 = tensor(arrays, "w3"), tensor(arrays, "w1")
    box = taps["box2d"]
    table.value("convolutions", "convresample_k3_up2_box2d", up_conv(x, w3, box))
    table.value("convolutions", "convresample_k3_down2_box2d", down_conv(x, w3, box))
    table.value("convolutions", "convresample_k1_down2_box2d", down_conv(x, w1, box))
    for name in ("plain", "noise", "up2", "nodemod", "rgb1x1"):
        kernel = "mod_weight_1x1" if name == "rgb1x1" else "mod_weight"
        leaves = [tensor(arrays, key).requires_grad_() for key in ("mod_x", kernel, "mod_styles")]
        demodulate, scale = name not in ("nodemod", "rgb1x1"), 5**-0.5 if name == "rgb1x1" else 1.0
        made = scale * modulated_conv(*leaves, demodulate, box if name == "up2" else None)
        if name in ("noise", "up2"):
            made = made + tensor(arrays, f"mod_noise{made.shape[-1]}")
        for fused in ("fused", "unfused"):
            table.value("convolutions", f"modconv_{name}_{fused}", made)
        if f"modconv_{name}_fused_cotangent" in arrays:
            scalar = (made * tensor(arrays, f"modconv_{name}_fused_cotangent")).sum()
            found = torch.autograd.grad(scalar, leaves)
            for key, gradient in zip(("x", "weight", "styles"), found, strict=True):
                table.gradient("convolutions, gradients", f"modconv_{name}_fused_grad_{key}", gradient)


def generator(table: Table) -> None:
    """Mapping, truncation, mixing, synthesis, gradients, and the mean of styles."""
    arrays = table.arrays
    config = network_config(arrays)
    network = Generator(config)
    fill(network, arrays)
    z, z2 = tensor(arrays, "z"), tensor(arrays, "z2")
    labels = tensor(arrays, "c") if config.labels else None
    table.value("parameters", "param_count", sum(p.numel() for p in network.parameters()))
    table.value("parameters", "num_ws", config.styles)
    styles, styles2 = network.styles(z, labels), network.styles(z2, labels)
    table.value("styles", "ws", styles[:, 0])
    table.value("styles", "ws2", styles2[:, 0])
    for psi in (0.7, 0.5, 0.0, -0.3, 1.4):
        table.value("styles", f"ws_psi{psi}", network.styles(z, labels, psi)[:, 0])
    table.value("styles", "ws_psi0.7_cutoff4", network.styles(z, labels, 0.7, 4))
    draw = network.synthesis
    for kind in ("const", "none"):
        table.value("pictures", f"img_{kind}", draw(styles, kind))
    table.value("pictures", "img_const_unfused", draw(styles, "const"))
    table.value("pictures", "img_const_psi0.7", network(z, labels, 0.7, noise="const"))
    table.value("pictures", "img_const_psi0.7_cutoff4", network(z, labels, 0.7, 4, "const"))
    later, columns = range(4, config.styles), arrays["mix_columns"].tolist()
    table.value("pictures", "img_const_mix_from4", draw(mixed(styles, styles2, later), "const"))
    table.value("pictures", "img_const_mix_rows0to6_from_w2", draw(mixed(styles, styles2, columns), "const"))
    if "random_noise_0" in arrays:
        noise = [tensor(arrays, f"random_noise_{i}") for i in range(config.styles - 1)]
        table.value("pictures", "img_random_with_given_noise", draw(styles, noise))
    for resolution, (x, image) in zip(config.resolutions, draw.stages(styles, "const"), strict=True):
        stats = torch.stack([x.mean(), x.std()])
        table.value("blocks", f"block{resolution}_x_mean_std", stats)
        table.value("blocks", f"block{resolution}_x_sample0", x[0, :4])
        table.value("blocks", f"block{resolution}_img", image[:1])
    _generator_gradients(table, network, styles)
    network.mapping.follow(network.mapping(z, labels))
    table.value("styles", "w_avg_after_one_training_call", network.mapping.w_avg)


def _generator_gradients(table: Table, network: Generator, styles: Tensor) -> None:
    leaf, size = styles.detach().requires_grad_(), network.config.size
    made = network.synthesis(leaf, "const")
    scalar = (made * tensor(table.arrays, "img_cotangent")).sum() / size**2
    table.value("pictures", "img_scalar", scalar)
    names, parameters = zip(*network.synthesis.named_parameters(prefix="synthesis"), strict=True)
    found = torch.autograd.grad(scalar, [leaf, *parameters], allow_unused=True)
    table.gradient("gradients", "img_grad_ws", found[0])
    _norms(table, "img_grad_param", dict(zip(names, found[1:], strict=True)))


def _norms(table: Table, key: str, gradients: Mapping[str, Tensor]) -> None:
    """Compare the norms of all parameters' gradients."""
    names = [str(name) for name in table.arrays[f"{key}_names"]]
    short = {name.removeprefix("synthesis."): value for name, value in gradients.items()} | dict(gradients)
    table.gradient("gradients", f"{key}_norms", [float(short[name].norm()) for name in names])


def discriminator(table: Table) -> None:
    """Logits of several batches, blocks, gradients."""
    arrays = table.arrays
    config = network_config(arrays)
    network = Discriminator(config)
    fill(network, arrays)
    images = tensor(arrays, "img").requires_grad_()
    labels = tensor(arrays, "c") if config.labels else None
    table.value("parameters", "param_count", sum(p.numel() for p in network.parameters()))
    logits = network(images, labels)
    table.value("logits", "logits", logits)
    table.value("logits", "logits_first4_alone", network(images[:4], None if labels is None else labels[:4]))
    table.value("logits", "logits_single", network(images[:1], None if labels is None else labels[:1]))
    for resolution, (x, _) in zip(config.resolutions[:0:-1], network.stages(images), strict=True):
        assert x is not None
        stats = torch.stack([x.mean(), x.std()])
        table.value("blocks", f"block{resolution}_x_mean_std", stats)
        table.value("blocks", f"block{resolution}_x_sample0", x[0, :4])
    scalar = (logits[:, 0] * torch.linspace(-1, 1, len(logits))).sum()
    names, parameters = zip(*network.named_parameters(), strict=True)
    found = torch.autograd.grad(scalar, [images, *parameters], retain_graph=True)
    table.gradient("gradients", "grad_img", found[0])
    _norms(table, "grad_param", dict(zip(names, found[1:], strict=True)))
    (gradient,) = torch.autograd.grad(logits.sum(), images)
    table.gradient("gradients", "r1_per_image", gradient.square().sum((1, 2, 3)))


FILES: dict[str, Callable[[Table], None]] = {
    "sg2_ops": operators,
    **dict.fromkeys([f"sg2_generator_{k}" for k in ("32", "64", "32cond", "16clamp")], generator),
    **dict.fromkeys(
        [f"sg2_discriminator_{k}" for k in ("32", "64", "32cond", "32orig", "32skip", "16clamp")],
        discriminator,
    ),
}


def compare(folder: Path) -> dict[str, Any]:
    """The table of agreement, by file and group."""
    rows: dict[str, Any] = {}
    for name, function in FILES.items():
        with np.load(folder / f"{name}.npz", allow_pickle=False) as stored:
            table = Table(dict(stored))
        function(table)
        rows[name] = {
            group: {
                "arrays": found.arrays,
                "worst": float(f"{found.worst:.2g}"),
                "of": found.of,
                "tolerance": found.tolerance,
                "ok": not found.failed,
                **({"failed": found.failed} if found.failed else {}),
            }
            for group, found in table.groups.items()
        }
    return rows


def main() -> None:
    """Read the words, compare, print the table."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("folder", type=Path, help="where the stored values are")
    words.add_argument("--json", type=Path, help="write the table here")
    asked = words.parse_args()
    torch.set_num_threads(1)
    rows = compare(asked.folder)
    for name, groups in rows.items():
        for group, row in groups.items():
            print(
                f"{name:26} {group:26} {row['arrays']:4} {row['worst']:9.2g} {row['tolerance']:7g} {row['ok']}"
            )
            for bad in row.get("failed", ()):
                print("   ", bad)
    if asked.json is not None:
        asked.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
