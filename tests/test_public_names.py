"""PyTorch3D's documented names are where PyTorch3D has them, and take the same arguments in the same order."""

import importlib
import inspect
from inspect import Parameter
from itertools import takewhile

import pytest

from pytorch3d_signatures import FUNCTIONS, METHODS, PACKAGES

BY_POSITION = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
OF_MODULES = [
    (f"{module}.{name}", args) for module, names in FUNCTIONS.items() for name, args in names.items()
]
OF_CLASSES = [(f"{owner}.{name}", args) for owner, names in METHODS.items() for name, args in names.items()]
OF_PACKAGES = [f"{package}.{name}" for package, names in PACKAGES.items() for name in names.split()]
OWN = """
    structures.VoxelGrid ops.voxelize ops.simplify loss.quadric_loss loss.mesh_normal_loss
    loss.mesh_laplacian_change_loss loss.mesh_flatten_loss loss.silhouette_iou_loss io.load_mesh io.BadInput
    renderer.soft_silhouettes renderer.HardNormalShader renderer.HardDepthShader renderer.SoftDepthShader
    ops.marching_cubes ops.visual_hull
"""


def resolve(path: str) -> object:
    """The object at a dotted path below `maquette`, modules first."""
    parts = path.split(".")
    for split in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(["maquette", *parts[:split]]))
        except ModuleNotFoundError:
            continue
        for name in parts[split:]:
            found = getattr(found, name)
        return found
    raise AssertionError(f"no module holds {path}")


def differences(named: object, arguments: str, bound: bool) -> list[str]:
    """What a script written for PyTorch3D could not pass to ours."""
    parameters = list(inspect.signature(named).parameters.values())[1 if bound else 0 :]
    positions = [parameter.name for parameter in parameters if parameter.kind in BY_POSITION]
    names = {parameter.name for parameter in parameters}
    kinds = {parameter.kind for parameter in parameters}
    words = arguments.split()
    plain = list(takewhile(lambda word: not word.startswith("*"), words))
    found = [] if positions[: len(plain)] == plain else [f"positions {positions}, not {plain}"]
    for word in words[len(plain) :]:
        if word.startswith("**"):
            found += [] if Parameter.VAR_KEYWORD in kinds else ["takes no further keywords"]
        elif word.startswith("*"):
            found += (
                [] if word == "*" or Parameter.VAR_POSITIONAL in kinds else ["takes no further positions"]
            )
        elif word not in names:
            found.append(f"no keyword {word}")
    return found


@pytest.mark.parametrize(("path", "arguments"), OF_MODULES, ids=[path for path, _ in OF_MODULES])
def test_name_and_arguments(path: str, arguments: str) -> None:
    assert differences(resolve(path), arguments, bound=False) == []


@pytest.mark.parametrize(("path", "arguments"), OF_CLASSES, ids=[path for path, _ in OF_CLASSES])
def test_method_and_arguments(path: str, arguments: str) -> None:
    method = resolve(path)
    owner = resolve(path.rpartition(".")[0])
    bound = not isinstance(inspect.getattr_static(owner, path.rpartition(".")[2]), classmethod | staticmethod)
    assert differences(method, arguments, bound) == []


@pytest.mark.parametrize("path", [*OF_PACKAGES, *OWN.split()])
def test_package_exports(path: str) -> None:
    package, _, name = path.rpartition(".")
    found = getattr(importlib.import_module(f"maquette.{package}"), name)
    assert callable(found)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("a b", []),
        ("a b * c", []),
        ("b a", ["positions ['a', 'b'], not ['b', 'a']"]),
        ("a b * d", ["no keyword d"]),
        ("a **kwargs", ["takes no further keywords"]),
        ("a *args", ["takes no further positions"]),
    ],
)
def test_a_difference_is_seen(arguments: str, expected: list[str]) -> None:
    def named(a: int, b: int, *, c: int = 0) -> None: ...

    assert differences(named, arguments, bound=False) == expected
