"""Weights files of the networks in official StyleGAN2-ADA pickles: other settings, the same names and numbers."""

from collections.abc import Mapping
from dataclasses import asdict
from os import PathLike
from pathlib import Path

import torch
from torch import Tensor

from ...io.checksum import sha256_of
from ...io.errors import BadInput, ParseError, as_bad_input
from ...training.weights import Weights, fill, save_weights
from ..converted import Converted
from .config import NetworkConfig
from .filters import BINOMIAL
from .network import StyleGAN2Network
from .official import OfficialNetwork, read_official
from .official_settings import official_settings

SYSTEM = "stylegan2"
_FILTER = ".resample_filter"  # kept with every official layer; ours have the one filter as a constant


def convert(path: str | PathLike[str], out: str | PathLike[str], keep: str) -> Converted:
    """Write the networks of an official pickle as a weights file, in float32.

    Args:
        path: the pickle.
        out: the .safetensors file to write or replace.
        keep: of `CHOICES`.

    Raises:
        BadInput: it cannot be read, lacks a network, is of other networks than ours, or `out` cannot be written.
    """
    found = read_official(path)
    kept = tuple(keep.split("+"))
    for name in kept:
        if name not in found:
            raise BadInput(path, f"holds no network {name}" + (f", only {', '.join(found)}" if found else ""))
    generator, discriminator = found[kept[0]], found["D"] if "D" in kept else None
    with as_bad_input(path, ParseError):
        config = official_settings(generator, discriminator)
    network = _filled(config, generator, discriminator, path)
    state = network.state_dict()
    settings = {
        "network": asdict(config),
        "training": {"origin": Path(path).name, "sha256": sha256_of(path), "networks": list(kept)},
    }
    with as_bad_input(path, ValueError):  # numbers that are none
        save_weights(out, state, SYSTEM, config.variant, settings, "float32")
    return Converted(
        variant=config.variant,
        kept=kept,
        left_out=tuple(name for name in found if name not in kept),
        tensors=len(state),
        numbers=sum(tensor.numel() for tensor in state.values()),
        settings=asdict(config),
    )


def _filled(
    config: NetworkConfig,
    generator: OfficialNetwork,
    discriminator: OfficialNetwork | None,
    path: str | PathLike[str],
) -> StyleGAN2Network:
    tensors = dict(_own(generator.tensors, "generator.", path))
    if discriminator is not None:
        tensors |= _own(discriminator.tensors, "discriminator.", path)
    with torch.device("meta"):
        network = StyleGAN2Network(config)
    fill(network, Weights(SYSTEM, config.variant, {}, tensors, Path(path)))
    return network


def _own(tensors: Mapping[str, Tensor], prefix: str, path: str | PathLike[str]) -> dict[str, Tensor]:
    """An official network's tensors under our names, without its filters."""
    own = {}
    for name, tensor in tensors.items():
        if name.endswith(_FILTER):
            if not _is_ours(tensor):
                raise BadInput(path, "is another filter than [1, 3, 3, 1]", f"tensor {prefix}{name}")
        else:
            own[prefix + name] = tensor
    return own


def _is_ours(taps: Tensor) -> bool:
    row = torch.tensor(BINOMIAL, dtype=torch.float64)
    ours = row.outer(row) / row.sum() ** 2
    return taps.shape == ours.shape and bool(torch.allclose(taps.double(), ours, atol=1e-6))
