"""The systems, each in its own folder: whole published methods, from pictures to shapes.

A system is found in the table below by its name and imported when it is asked for. All have one face:

    load(weights=None, variant=None, device="cpu")   a system ready to use (classmethod)
    save(path, precision="float16")                  its weights file
    reconstruct(pictures) -> list[Reconstruction]    one for every object
    describe(variant=None) -> Info                   parameters, multiply-accumulates, shapes of a variant
    info                                             the same of the system's own network
    recipes() -> dict[str, Callable]                 complete settings for training, by name
    training_module(config)                          what Lightning trains
    network                                          whose tensors training can start from
    variants, protocols                              names; `VARIANTS` in its `config.py`, too

A system never imports another one.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

_TABLE = {
    "r2n2": "r2n2.system:R2N2",
}
NAMES = tuple(_TABLE)


def system_class(name: str) -> Any:
    """The class of a system.

    Args:
        name: as in `NAMES`; hyphens stand for underscores.

    Raises:
        KeyError: there is no such system.
    """
    module, _, attribute = _TABLE[_key(name)].partition(":")
    return getattr(import_module(f".{module}", __name__), attribute)


def system_variants(name: str) -> tuple[str, ...]:
    """Names of a system's variants, found without importing torch.

    Args:
        name: as in `NAMES`; hyphens stand for underscores.

    Raises:
        KeyError: there is no such system.
    """
    variants: tuple[str, ...] = import_module(f".{_key(name)}.config", __name__).VARIANTS
    return variants


def shipped_weights(name: str) -> Path:
    """Where the weights of a system are that ship with maquette, if any do.

    Args:
        name: as in `NAMES`; hyphens stand for underscores.

    Raises:
        KeyError: there is no such system.
    """
    return Path(__file__).parents[1] / "assets" / f"{_key(name)}.safetensors"


def _key(name: str) -> str:
    key = name.replace("-", "_")
    if key not in _TABLE:
        raise KeyError(f"there is no system {name!r}; known are {', '.join(NAMES)}")
    return key
