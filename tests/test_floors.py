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
    **dict.fromkeys(("nn", "data", "training", "segment", "metrics", "lift", "datasets", "vis", "poses"), 3),
    "systems": 4,
    **dict.fromkeys(("reconstruct", "films", "evaluate", "export", "report", "compose", "bench"), 5),
    **dict.fromkeys(("cli", "studio", "__main__"), 6),
}
UNPICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
SAFE_LOADERS = {
    "torch.load": "maquette.training.foreign_weights",
    "get_state_dict": "maquette.nn.backbones.pretrained",
}
# Reads the instructions of pickles with `pickletools`, which runs none of them; nothing else needs to.
PICKLE_READER = "maquette.io.inert_pickle"
STUDIES = "maquette.bench.studies."
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
        if f"{target}.".startswith(STUDIES) and not name.startswith(STUDIES):
            found.append(f"{name} imports what the wheel leaves out: {target}")
        if target.split(".")[0] in UNPICKLERS or target == "torch.load":
            found.append(f"{name} can unpickle: {target}")
        if target.split(".")[0] == "pickletools" and name != PICKLE_READER:
            found.append(f"{name} reads pickles beside {PICKLE_READER}: {target}")
    return found


def unsafe_loads(tree: ast.AST, name: str) -> list[str]:
    """Calls that read files of torch: allowed in one file each, and there with the restricted unpickler only."""
    found = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        for loader, place in SAFE_LOADERS.items():
            if callee(call) == loader or callee(call).endswith(f".{loader}"):
                words = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
                if name != place or words.get("weights_only") != "True":
                    found.append(ast.unparse(call))
    return found


def ids(path: Path) -> str:
    return module_name(path)


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_imports_only_from_its_floor_or_below(path: Path) -> None:
    assert violations(path) == []


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_nothing_unpickles(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert unsafe_loads(tree, module_name(path)) == []
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
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
        ("from .studies import golden", "maquette.bench.ops", "wheel leaves out"),
        ("from pickle import loads", "maquette.io.obj_io", "unpickle"),
        ("from torch import load", "maquette.io.obj_io", "unpickle"),
        ("import pickletools", "maquette.io.obj_io", "reads pickles beside"),
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


@pytest.mark.parametrize(
    ("source", "name", "count"),
    [
        ("torch.load(p, weights_only=True)", "maquette.training.foreign_weights", 0),
        ("torch.load(p)", "maquette.training.foreign_weights", 1),
        ("torch.load(p, weights_only=safe)", "maquette.training.foreign_weights", 1),
        ("torch.load(p, weights_only=True)", "maquette.io.obj_io", 1),
        ("weights.get_state_dict(weights_only=True)", "maquette.nn.backbones.pretrained", 0),
        ("weights.get_state_dict(progress=True)", "maquette.nn.backbones.pretrained", 1),
    ],
)
def test_a_load_that_could_unpickle_is_found(source: str, name: str, count: int) -> None:
    assert len(unsafe_loads(ast.parse(source), name)) == count
