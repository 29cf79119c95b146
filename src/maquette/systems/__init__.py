"""The systems, each in its own folder: whole published methods, with one face (`face.System`).

A system is found in the table below by its name and imported when it is asked for. Beside `system.py`, whose class
the table names, its folder holds `about.py`, which says what is known without torch, and `recipes.py`. A system
never imports another one.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .about import About

if TYPE_CHECKING:
    from .converted import Converted
    from .face import System

_TABLE = {
    "r2n2": ".r2n2.system:R2N2",
    "frustum": ".frustum.system:FrustumSystem",
    "mesh_rcnn": ".mesh_rcnn.system:MeshRCNNSystem",
    "mem3d": ".mem3d.system:Mem3DSystem",
    "unsup3d": ".unsup3d.system:Unsup3DSystem",
    "segment": ".segment.system:SegmentSystem",
    "stylegan2": ".stylegan2.system:StyleGAN2System",
    "viewpoint": ".viewpoint.system:ViewpointSystem",
}
NAMES = _TABLE.keys()
DEFAULT = "frustum"  # reconstructs one picture, or several with cameras, that no system claims
SEVERAL = "r2n2"  # the same for several pictures without cameras


def system_class(name: str) -> "type[System]":
    """The class of a system.

    Args:
        name: hyphens stand for underscores.

    Raises:
        KeyError: there is no such system.
    """
    module, _, attribute = _TABLE[_key(name)].partition(":")
    found: type[System] = getattr(import_module(module, __name__), attribute)
    return found


def about_system(name: str) -> About:
    """What is known of a system without importing torch; name and errors as for `system_class`."""
    about: About = _beside(name, "about").ABOUT
    return about


def system_recipes(name: str) -> Mapping[str, Callable[..., Any]]:
    """A system's recipes, without what only training needs; name and errors as for `system_class`."""
    recipes: Mapping[str, Callable[..., Any]] = _beside(name, "recipes").RECIPES
    return recipes


def system_adopt(name: str) -> Callable[..., dict[str, Any]] | None:
    """What a system takes over of a file's settings (`adopt` of its `recipes.py`); None: network and views."""
    adopt: Callable[..., dict[str, Any]] | None = getattr(_beside(name, "recipes"), "adopt", None)
    return adopt


def own_command(name: str, where: str) -> Callable[..., None]:
    """The function of a system's own command (`about.Command.where`)."""
    module, _, function = where.partition(":")
    found: Callable[..., None] = getattr(_beside(name, module), function)
    return found


def converting() -> tuple[str, ...]:
    """Names of the systems that read the weights of those who published them."""
    return tuple(name for name in NAMES if "convert" in about_system(name).abilities)


def official_choices(name: str) -> Mapping[str, str]:
    """What of a system's official weights can be kept, and what for, known without torch; the first where nothing
    is said.

    Args:
        name: hyphens stand for underscores.

    Raises:
        KeyError: no system of that name reads official weights.
    """
    found: Mapping[str, str] = _of_converting(name, "official_file").CHOICES
    return found


def need_official(name: str, path: Path) -> None:
    """Refuse without torch what is plainly no file of official weights (`BadInput`); name and errors
    as for `official_choices`."""
    _of_converting(name, "official_file").need_official(path)


def converter(name: str) -> "Callable[[Path, Path, str], Converted]":
    """What makes a weights file of an official one: of its path, that of the result, and one of the choices; raises
    `BadInput`. Name and errors as for `official_choices`."""
    found: Callable[[Path, Path, str], Converted] = _of_converting(name, "official_weights").convert
    return found


def shipped_weights(name: str) -> Path:
    """Where the weights of a system are that ship with maquette, if any do; errors as for `system_class`."""
    return Path(__file__).parents[1] / "assets" / f"{_key(name)}.safetensors"


def _beside(name: str, module: str) -> ModuleType:
    """A module of the folder that a system's class is in."""
    folder = _TABLE[_key(name)].partition(":")[0].rpartition(".")[0]
    return import_module(f"{folder}.{module}", __name__)


def _of_converting(name: str, module: str) -> ModuleType:
    if name.replace("-", "_") not in converting():
        raise KeyError(f"no system {name!r} reads official weights; known are {', '.join(converting())}")
    return _beside(name, module)


def _key(name: str) -> str:
    key = name.replace("-", "_")
    if key not in _TABLE:
        raise KeyError(f"there is no system {name!r}; known are {', '.join(_TABLE)}")
    return key
