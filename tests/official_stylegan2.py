"""Pickles in the structure of the official StyleGAN2-ADA for PyTorch, written without any of its code.

There, every network and layer is an object of a "persistent" class: it is pickled as a call of
`torch_utils.persistence._reconstruct_persistent_obj` with a dictionary of the text of the module that defines its
class, the name of the class, and its attributes. Stand-ins for the modules that the stream names are put into
`sys.modules` while it is written.
"""

import pickle
import sys
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from maquette.systems.stylegan2.config import BASE, NetworkConfig
from maquette.systems.stylegan2.network import StyleGAN2Network

SOURCE = "import os\nos.abort()  # whoever runs this text, ends\n"
BUFFERS = ("w_avg", "noise_const", "resample_filter")


class EasyDict(dict):
    """A dictionary whose entries are attributes, too."""


def _reconstruct_persistent_obj(meta: Mapping[str, Any]) -> Any:
    raise AssertionError("a pickle was not read as data")


EasyDict.__module__, EasyDict.__qualname__ = "dnnlib.util", "EasyDict"
_reconstruct_persistent_obj.__module__ = "torch_utils.persistence"


class Persistent(nn.Module):
    """A module that is pickled as the official ones are.

    Args:
        class_name: what its class is to be called.
        arguments: that it says it was made with.
    """

    def __init__(self, class_name: str, **arguments: Any) -> None:
        super().__init__()
        self._class_name = class_name
        self._init_args, self._init_kwargs = (), EasyDict(arguments)
        self.weight_gain = 1 / np.sqrt(3)  # a scalar of numpy, as the official layers have

    def __reduce__(self) -> tuple[Any, ...]:
        state = {name: value for name, value in self.__dict__.items() if name != "_class_name"}
        state |= {
            part: OrderedDict(state[part]) for part in ("_parameters", "_buffers", "_modules")
        }  # as torch had it
        meta = {
            "type": "class",
            "version": 6,
            "module_src": SOURCE,
            "class_name": self._class_name,
            "state": state,
        }
        return _reconstruct_persistent_obj, (meta,), None


def persistent(class_name: str, tensors: Mapping[str, Tensor], **arguments: Any) -> Persistent:
    """A tree of modules that holds tensors under their names."""
    root = Persistent(class_name, **arguments)
    for name, tensor in tensors.items():
        *path, last = name.split(".")
        module = root
        for word in path:
            if word not in module._modules:
                module.add_module(word, Persistent(f"Layer_{word}"))
            module = module._modules[word]
        if last in BUFFERS:
            module.register_buffer(last, tensor)
        else:
            module.register_parameter(last, nn.Parameter(tensor, requires_grad=False))
    return root


def with_filters(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a network of ours, and the filter that official layers and blocks keep."""
    row = torch.tensor([1.0, 3.0, 3.0, 1.0])
    taps = row.outer(row) / 64
    owners = {name.rpartition(".")[0] for name in tensors if name.split(".")[-2].startswith(("conv", "skip"))}
    return {**tensors, **{f"{owner}.resample_filter": taps.clone() for owner in sorted(owners)}}


def arguments_of(config: NetworkConfig) -> tuple[dict[str, Any], dict[str, Any]]:
    """What an official generator and discriminator of these sizes are made with."""
    common = {"c_dim": config.labels, "img_resolution": config.size, "img_channels": config.channels}
    sizes = {
        "channel_base": int(BASE * config.width),
        "channel_max": config.channel_max,
        "num_fp16_res": 4,
        "conv_clamp": config.clamp or None,
    }
    generator = {
        **common,
        "z_dim": config.z_dim,
        "w_dim": config.w_dim,
        "mapping_kwargs": EasyDict(num_layers=config.mapping),
        "synthesis_kwargs": EasyDict(sizes),
    }
    discriminator = {
        **common,
        **sizes,
        "architecture": config.discriminator,
        "block_kwargs": EasyDict(freeze_layers=0),
        "mapping_kwargs": EasyDict(),
        "epilogue_kwargs": EasyDict(mbstd_group_size=config.group or None),
    }
    return generator, discriminator


def official_content(network: StyleGAN2Network, averaged: StyleGAN2Network) -> dict[str, Any]:
    """What an official file holds: G and D of one network of ours, G_ema of another."""
    for_generator, for_discriminator = arguments_of(network.config)
    pipe = persistent("AugmentPipe", {"p": torch.tensor(0.3)}, xflip=1, scale=np.float32(1))
    parts = {
        "G": ("Generator", network.generator, for_generator),
        "D": ("Discriminator", network.discriminator, for_discriminator),
        "G_ema": ("Generator", averaged.generator, for_generator),
    }
    networks = {
        name: persistent(kind, with_filters(module.state_dict()), **arguments)
        for name, (kind, module, arguments) in parts.items()
    }
    data = EasyDict(
        class_name="training.dataset.ImageFolderDataset", path="cats.zip", xflip=True, max_size=None
    )
    return {**networks, "augment_pipe": pipe, "training_set_kwargs": data}


@contextmanager
def official_modules() -> Iterator[None]:
    """The modules that a stream names, there to be named while it is written and not after."""
    made = {
        name: ModuleType(name) for name in ("torch_utils", "torch_utils.persistence", "dnnlib", "dnnlib.util")
    }
    made["dnnlib.util"].EasyDict = EasyDict  # type: ignore[attr-defined]
    made["torch_utils.persistence"]._reconstruct_persistent_obj = (  # type: ignore[attr-defined]
        _reconstruct_persistent_obj
    )
    before = {name: sys.modules.get(name) for name in made}
    sys.modules.update(made)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def write_official(path: Path, content: Any, protocol: int = 4) -> Path:
    """Pickle what an official file is to hold."""
    with official_modules():
        path.write_bytes(pickle.dumps(content, protocol))
    return path
