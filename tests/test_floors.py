"""The house rules that the imports must keep: floors, one place for Warp, no unpickling, short files."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
FILES = sorted((SOURCE / "maquette").rglob("*.py"))
FLOORS = {
    **dict.fromkeys(("structures", "transforms", "kernels", "common"), 0),
    **dict.fromkeys(("ops", "io"), 1),
    **dict.fromkeys(("loss", "renderer", "utils"), 2),
    **dict.fromkeys(("nn", "data", "training", "segment", "metrics", "lift"), 3),
    "systems": 4,
    **dict.fromkeys(("reconstruct", "evaluate", "report", "bench"), 5),
    **dict.fromkeys(("cli", "studio", "__main__"), 6),
}
UNPICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
LONGEST_FILE = 500


def module_name(path: Path) -> str:
    """The dotted name of a file under src; a package's is that of its folder."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.AST, name: str, is_package: bool) -> Iterator[str]:
    """Every dotted name a file imports, at its top or inside its functions, relative ones made absolute."""
    package = name.split(".") if is_package else name.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join(base + ([node.module] if node.module else []))
            yield from (f"{stem}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and callee(node) in ("import_module", "importlib.import_module"):
            yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant))


def callee(call: ast.Call) -> str:
    """The dotted name of what is called."""
    return ast.unparse(call.func)


def room(name: str) -> str | None:
    """The package or module below `maquette` that a dotted name belongs to; None for what is not ours."""
    parts = name.split(".")
    return parts[1] if parts[0] == "maquette" and len(parts) > 1 and parts[1] in FLOORS else None


def system(name: str) -> str | None:
    """The system a dotted name belongs to; None outside the systems and for the table of systems itself."""
    parts = name.split(".")
    is_one = parts[:2] == ["maquette", "systems"] and len(parts) > 2
    return parts[2] if is_one and (SOURCE / "maquette/systems" / parts[2]).is_dir() else None


def violations(path: Path) -> list[str]:
    """What one file imports against the rules, a line each."""
    name = module_name(path)
    here, own_system = room(name), system(name)
    found = []
    for target in imports(ast.parse(path.read_text()), name, path.name == "__init__.py"):
        there = room(target)
        if here and there and FLOORS[there] > FLOORS[here]:
            found.append(f"{name} (floor {FLOORS[here]}) imports {target} (floor {FLOORS[there]})")
        if own_system and system(target) not in (None, own_system):
            found.append(f"{name} imports another system: {target}")
        if target.split(".")[0] == "warp" and here != "kernels":
            found.append(f"{name} imports warp outside kernels/")
        if target.split(".")[0] in UNPICKLERS or target == "torch.load":
            found.append(f"{name} can unpickle: {target}")
    return found


def ids(path: Path) -> str:
    return module_name(path)


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_imports_only_from_its_floor_or_below(path: Path) -> None:
    assert violations(path) == []


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_nothing_unpickles(path: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    assert [callee(call) for call in calls if callee(call) == "torch.load"] == []
    loads = [call for call in calls if callee(call) in ("np.load", "numpy.load")]
    allowed = [keyword.arg for call in loads for keyword in call.keywords]
    assert "allow_pickle" not in allowed


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


def test_every_room_has_a_floor() -> None:
    top = {module_name(path).split(".")[1] for path in FILES if module_name(path).count(".")}
    assert top <= set(FLOORS)


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("from ..renderer import cameras", "maquette.ops.knn", "floor 2"),
        ("def f():\n    from maquette.cli import main", "maquette.systems.molding.points", "floor 6"),
        ("import warp as wp", "maquette.ops.knn", "warp outside"),
        ("from pickle import loads", "maquette.io.obj_io", "unpickle"),
        ("from torch import load", "maquette.io.obj_io", "unpickle"),
    ],
)
def test_the_walk_finds_what_is_forbidden(
    source: str, name: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path.joinpath(*name.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True)
    path.write_text(source)
    monkeypatch.setattr(f"{__name__}.SOURCE", tmp_path)
    assert len(violations(path)) == 1
    assert expected in violations(path)[0]
