"""Packages of the extras: imported by those modules alone that a command reaches after `need_extra`."""

import ast
import importlib.util
import tomllib
from pathlib import Path

import pytest

from maquette.cli.extras import EXTRAS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "maquette"
FABRIC = {
    f"training/{name}.py"
    for name in ("fabric", "fit", "state", "timed_start", "trainer", "update", "validation")
}
ALLOWED = {
    "train": FABRIC | {"training/run_log.py", "cli/train_choice.py"},
    "view": {"cli/viewer.py", "io/local_page.py", "systems/molding/live.py"},
    "texture": {"lift/unwrap.py"},
    "vis": {"vis/plotly_vis.py"},
    "sfm": {"poses/sfm.py"},
    "export": {"export.py"},
    "wandb": {"training/run_log.py"},
    "rembg": {"segment/rembg_mask.py", "export.py"},
}


def importers(packages: set[str]) -> set[str]:
    """Files of the sources that import one of the packages, anywhere in them."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            if any(name.split(".")[0] in packages for name in names):
                found.add(path.relative_to(SOURCE).as_posix())
    return found


@pytest.mark.parametrize("extra", EXTRAS)
def test_packages_are_imported_where_they_were_asked_for(extra):
    modules = {name.replace("-", "_") for name in EXTRAS[extra]} | {"torch.utils.tensorboard"}
    assert importers(modules) <= ALLOWED[extra]


def test_the_table_is_that_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for extra, names in EXTRAS.items():
        assert tuple(line.split(">")[0] for line in project["optional-dependencies"][extra]) == names
        assert not set(names) & {line.split(">")[0] for line in project["dependencies"]}


@pytest.mark.parametrize(
    ("words", "what"), [(("view", "BALL"), "view"), (("mold", "BALL", "-o", "out.glb", "--live"), "--live")]
)
def test_a_missing_package_is_named_with_the_way_to_get_it(maquette, ball, monkeypatch, words, what):
    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "viser" else found(name))
    ran = maquette(*(ball if word == "BALL" else word for word in words))
    how = "pip install viser (in maquette's folder also pip install '.[view]')"
    assert (ran.code, ran.err) == (3, f"maquette: {what} needs viser: {how}\n")
