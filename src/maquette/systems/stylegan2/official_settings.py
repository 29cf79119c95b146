"""Settings of an official StyleGAN2-ADA from the arguments that its networks were made with."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ...io.errors import ParseError
from ...io.typed import typed
from .config import BASE, NetworkConfig
from .official import OfficialNetwork

VARIANT = "original"
_LARGEST_CLAMP = 1e6
_FIR = [1, 3, 3, 1]
# What our networks do; an official one that was made with something else is another network.
_LAYERS = {"activation": ("lrelu",), "resample_filter": (_FIR,), "use_noise": (True,)}
# What changes speed, training or the first weights, but not the network.
_IDLE = frozenset(("num_fp16_res", "fp16_channels_last", "freeze_layers", "w_avg_beta"))


def official_settings(generator: OfficialNetwork, discriminator: OfficialNetwork | None) -> NetworkConfig:
    """Sizes of the networks; what a file says is compared with what is known here before anything is made of it.

    Args:
        generator: G or G_ema.
        discriminator: None for weights that only generate.

    Raises:
        ParseError: networks of another kind than ours, or that do not go together.
    """
    config = _config(_of_generator(generator))
    if discriminator is None:
        return config
    return _config({**asdict(config), **_of_discriminator(discriminator, config)})


def _config(settings: Mapping[str, Any]) -> NetworkConfig:
    try:
        config: NetworkConfig = typed(
            NetworkConfig, {"variant": VARIANT, "discriminator": "none", **settings}
        )
    except ValueError as error:
        raise ParseError(str(error)) from error
    return config


def _of_generator(network: OfficialNetwork) -> dict[str, Any]:
    _need_class(network, "Generator")
    given = _arguments(
        network.arguments,
        "G",
        needed=("z_dim", "c_dim", "w_dim", "img_resolution", "img_channels"),
        optional={"mapping_kwargs": {}, "synthesis_kwargs": {}},
    )
    width = (None, given["w_dim"])
    mapping = _arguments(
        given["mapping_kwargs"],
        "G.mapping_kwargs",
        optional={"num_layers": 8},
        fixed={**_LAYERS, "lr_multiplier": (0.01,), "embed_features": width, "layer_features": width},
    )
    synthesis = _arguments(
        given["synthesis_kwargs"],
        "G.synthesis_kwargs",
        optional={"channel_base": BASE, "channel_max": 512, "conv_clamp": None},
        fixed={**_LAYERS, "architecture": ("skip",)},
    )
    return {
        **_common(given, synthesis, "G"),
        "z_dim": given["z_dim"],
        "w_dim": given["w_dim"],
        "mapping": mapping["num_layers"],
    }


def _of_discriminator(network: OfficialNetwork, config: NetworkConfig) -> dict[str, Any]:
    _need_class(network, "Discriminator")
    given = _arguments(
        network.arguments,
        "D",
        needed=("c_dim", "img_resolution", "img_channels"),
        optional={
            "architecture": "resnet",
            "channel_base": BASE,
            "channel_max": 512,
            "conv_clamp": None,
            "block_kwargs": {},
            "mapping_kwargs": {},
            "epilogue_kwargs": {},
        },
        fixed={"cmap_dim": (None,)},
    )
    for name, value in _common(given, given, "D").items():
        if not _equal(value, getattr(config, name)):
            raise ParseError(f"another {name} than that of the generator, {getattr(config, name)}", "D")
    _arguments(given["block_kwargs"], "D.block_kwargs", fixed=_LAYERS)
    if config.labels:  # else there is no mapping, whatever it was to be
        fixed = {**_LAYERS, "num_layers": (8,), "lr_multiplier": (0.01,)}
        fixed |= {"embed_features": (None,), "layer_features": (None,)}
        _arguments(given["mapping_kwargs"], "D.mapping_kwargs", fixed=fixed)
    epilogue = _arguments(
        given["epilogue_kwargs"],
        "D.epilogue_kwargs",
        optional={"mbstd_group_size": 4},
        fixed={**_LAYERS, "mbstd_num_channels": (1,)},
    )
    group = epilogue["mbstd_group_size"]
    return {"discriminator": given["architecture"], "group": 0 if group is None else group}


def _common(given: Mapping[str, Any], sizes: Mapping[str, Any], place: str) -> dict[str, Any]:
    """What both networks have."""
    base, clamp = sizes["channel_base"], sizes["conv_clamp"]
    if type(base) is not int or not 0 < base <= 4 * BASE:
        raise ParseError(f"channel_base must be a whole number from 1 to {4 * BASE}", place)
    if clamp is not None and not (type(clamp) in (int, float) and 0 < clamp <= _LARGEST_CLAMP):
        raise ParseError(f"conv_clamp must lie in (0, {_LARGEST_CLAMP:g}]", place)
    return {
        "size": given["img_resolution"],
        "channels": given["img_channels"],
        "labels": given["c_dim"],
        "width": base / BASE,
        "channel_max": sizes["channel_max"],
        "clamp": 0.0 if clamp is None else float(clamp),
    }


def _need_class(network: OfficialNetwork, name: str) -> None:
    if network.class_name != name:
        raise ParseError(f"a network of class {network.class_name} in the place of a {name}")


def _arguments(
    given: Any,
    place: str,
    needed: tuple[str, ...] = (),
    optional: Mapping[str, Any] | None = None,
    fixed: Mapping[str, tuple[Any, ...]] | None = None,
) -> dict[str, Any]:
    """Values by name, or what they are when not given; those that are fixed must be one of what they may be."""
    if type(given) is not dict:
        raise ParseError("arguments that have no names", place)
    values, fixed = dict(optional or {}), fixed or {}
    for name, value in given.items():
        if name in fixed and not any(_equal(value, known) for known in fixed[name]):
            raise ParseError("was made with another value than is known here", f"{place}.{name}")
        if name in values or name in needed:
            values[name] = value
        elif name not in fixed and name not in _IDLE:
            raise ParseError("was made with an argument that is not known here", f"{place}.{name}")
    for name in needed:
        if name not in values:
            raise ParseError("is missing", f"{place}.{name}")
    return values


def _equal(value: Any, known: Any) -> bool:
    """Whether a value of a file, of which nothing is known, is a plain value of ours."""
    if type(known) is list:
        is_list = type(value) is list and len(value) == len(known)
        return is_list and all(_equal(a, b) for a, b in zip(value, known, strict=True))
    return type(value) is type(known) and bool(value == known)
