"""Progress: plain lines where there is no terminal, a bar where there is one, nothing when quiet."""

import json
import sys
from pathlib import Path

import pytest

from maquette.cli import console
from maquette.cli.console import Console
from maquette.io import BadInput


def go(quiet=False):
    with Console(quiet).progress("work", 3) as advance:
        for step in range(3):
            advance(step + 1, f"loss {step}")


def test_plain_lines_come_every_few_seconds(capsys, monkeypatch):
    go()
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(console, "_PLAIN_SECONDS", 0.0)
    go()
    assert capsys.readouterr().err.splitlines() == [
        "work: 1/3 loss 0",
        "work: 2/3 loss 1",
        "work: 3/3 loss 2",
    ]


def test_the_first_step_says_nothing_of_the_others(capsys, monkeypatch):
    """It compiles kernels: 30 s, then 12 s each."""
    clock = iter([0.0, 30.0, 42.0, 54.0])
    monkeypatch.setattr(console.time, "monotonic", lambda: next(clock))
    go()
    said = capsys.readouterr().err.splitlines()
    assert said == ["work: 1/3 loss 0", "work: 2/3 loss 1, 12 s to go", "work: 3/3 loss 2"]


def test_quiet_is_silent(capsys):
    go(quiet=True)
    Console(True).say("hello")
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    go()
    out, err = capsys.readouterr()
    assert out == ""
    assert "work: 3/3" not in err


def test_numbers_that_json_does_not_know_become_null(capsys):
    Console(json_file=Path("-")).write_json({"loss": float("nan"), "scores": (1.5, float("inf"))})
    assert json.loads(capsys.readouterr().out) == {"loss": None, "scores": [1.5, None]}


def test_a_json_file_that_cannot_be_written_is_refused_before_the_work(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="is a file"):
        Console(json_file=tmp_path / "file" / "n.json")
    with pytest.raises(BadInput, match="is a folder; the numbers need a file"):
        Console(json_file=tmp_path)


def test_numbers_that_cannot_be_written_after_all_are_bad_input(tmp_path):
    folder = tmp_path / "removed"
    folder.mkdir()
    numbers = Console(json_file=folder / "n.json")
    folder.rmdir()
    folder.touch()
    with pytest.raises(BadInput, match=r"n\.json: cannot be written: "):
        numbers.write_json([1.5])


def test_names_of_any_bytes_are_printed_as_text(capsys, monkeypatch):
    """Control characters would steer the terminal, and halves of characters cannot be encoded."""
    monkeypatch.setattr(console, "_PLAIN_SECONDS", 0.0)
    Console().say("wrote \x1b]0;owned\x07\udcff\n.glb")
    Console().say("\r\x1b[2Kstep 1 \x1b[31m")
    with Console().progress("packing", 1) as advance:
        advance(1, "line\nbreak")
    out, err = capsys.readouterr()
    assert out == "wrote \\x1b]0;owned\\x07\\udcff\\n.glb\n\r\x1b[2Kstep 1 \\x1b[31m\n"
    assert err == "packing: 1/1 line\\nbreak\n"
