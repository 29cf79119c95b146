"""Runs of studies: trained once, by the command."""

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from maquette.bench.studies.trained import train


def test_a_run_is_trained_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def run(words: list[str], check: bool) -> SimpleNamespace:
        calls.append(words[3:])
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    done = tmp_path / "light-0"
    done.mkdir()
    (done / "weights.safetensors").write_bytes(b"x")
    train("mesh-rcnn", done, ["--steps", 10])
    assert calls == []
    train("mesh-rcnn", tmp_path / "other", ["--steps", 10, "--batch", 2])
    said = f"train mesh-rcnn --steps 10 --batch 2 -o {tmp_path / 'other'} --resume --no-evaluation"
    assert [" ".join(words) for words in calls] == [said]
    monkeypatch.setattr(subprocess, "run", lambda words, check: SimpleNamespace(returncode=3))
    with pytest.raises(SystemExit):
        train("mesh-rcnn", tmp_path / "third", [])
