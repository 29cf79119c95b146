"""Packages that only some commands need, by the extra of maquette that brings them."""

import importlib.util

EXTRAS = {
    "train": ("lightning-fabric", "tensorboard"),
    "view": ("viser",),
    "texture": ("xatlas",),
    "vis": ("plotly",),
    "sfm": ("pycolmap",),
    "export": ("onnx", "onnxscript", "onnxruntime"),
    "wandb": ("wandb",),
    "rembg": ("rembg", "onnxruntime"),
}


class MissingPackage(Exception):
    """A command whose packages are not installed; exit code 3."""


def need_extra(extra: str, what: str) -> None:
    """Refuse to begin where packages of an extra are missing, and say how to get them.

    Args:
        extra: a name in `EXTRAS`.
        what: needs them, such as "train".

    Raises:
        MissingPackage: some are missing.
    """
    missing = [name for name in EXTRAS[extra] if importlib.util.find_spec(name.replace("-", "_")) is None]
    if missing:
        raise MissingPackage(f"{what} needs {', '.join(missing)}: {how_to_get(extra)}")


def how_to_get(extra: str) -> str:
    """The command that installs the packages of an extra anywhere, and that which takes the extra by its name."""
    return f"pip install {' '.join(EXTRAS[extra])} (in maquette's folder also pip install '.[{extra}]')"
