"""`maquette bench`: the numbers reach JSON and the table reaches a person."""

import json

from maquette.bench import ops


def test_numbers_and_table(maquette, monkeypatch, tmp_path):
    calls = []

    def run(device, threads, repeats):
        calls.append((str(device), threads, repeats))
        print("a library speaks")  # noqa: T201
        return {"rows": []}

    monkeypatch.setattr(ops, "run", run)
    monkeypatch.setattr(ops, "table", lambda result: "| table |")
    ran = maquette("bench", "ops", "--json", "-", "--repeats", 3)
    assert ran.code == 0
    assert ran.json() == {"rows": []}
    assert "| table |" in ran.err
    assert "a library speaks" in ran.err
    ran = maquette("bench", "ops", "--json", tmp_path / "n.json")
    assert ran.code == 0
    assert "| table |" in ran.out
    assert json.loads((tmp_path / "n.json").read_text()) == {"rows": []}
    assert calls == [("cpu", None, 3), ("cpu", None, 15)]
