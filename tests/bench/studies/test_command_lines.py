"""Each study explains itself under the command that benchmarks/README.md gives."""

import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

from maquette.bench import studies
from maquette.bench.studies.arguments import run_study, write_json
from maquette.io.errors import BadInput

NAMES = [found.name for found in pkgutil.iter_modules(studies.__path__, f"{studies.__name__}.")]
STUDIES = {name: module for name in NAMES if hasattr(module := import_module(name), "main")}
README = (Path(__file__).parents[3] / "benchmarks" / "README.md").read_text()


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_is_explained(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        STUDIES[name].main(["--help"])
    assert ended.value.code == 0
    assert f"python -m {name} " in capsys.readouterr().out
    assert f"`python -m {name} " in README


def test_what_cannot_be_used_is_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        raise BadInput("run", "has no log")

    with pytest.raises(SystemExit) as ended:
        run_study(main)
    assert (ended.value.code, capsys.readouterr().err) == (3, "run: has no log\n")


def test_numbers_are_written_where_asked_for(tmp_path: Path) -> None:
    write_json(tmp_path / "new" / "numbers.json", {"error": float("inf"), "rows": [1, 2.5]})
    assert (
        tmp_path / "new" / "numbers.json"
    ).read_text() == '{\n "error": null,\n "rows": [\n  1,\n  2.5\n ]\n}\n'
    write_json(None, {})


def test_numbers_that_were_there_stay_where_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*paths: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "numbers.json"
    write_json(path, [1])
    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space"):
        write_json(path, [2])
    assert path.read_text() == "[\n 1\n]\n"
    assert list(tmp_path.iterdir()) == [path]
