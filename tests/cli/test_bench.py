"""`maquette bench`: the numbers reach JSON and the table reaches a person."""

import json

from maquette.bench import dynamic, mesh_rcnn, ops, r2n2


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


def test_networks_are_measured_as_asked(maquette, monkeypatch):
    calls = []
    monkeypatch.setattr(r2n2, "run", lambda *words: calls.append(words[1:]) or {"rows": []})
    monkeypatch.setattr(r2n2, "table", lambda result: "| table |")
    words = ("--variants", "simple-gru-1", "--width", 0.5, "--size", 32, "--batch", 2, "--views", 1, 3)
    ran = maquette("bench", "r2n2", *words, "--threads", 1)
    assert (ran.code, ran.out) == (0, "| table |\n")
    assert calls == [(1, 15, ("simple-gru-1",), 0.5, 32, 2, (1, 3))]


def test_dynamic_blocks_are_measured(maquette, monkeypatch):
    calls = []
    monkeypatch.setattr(dynamic, "run", lambda *words: calls.append(words[1:]) or {"rows": []})
    monkeypatch.setattr(dynamic, "table", lambda result: "| table |")
    ran = maquette("bench", "dynamic", "--repeats", 7, "--threads", 1)
    assert (ran.code, ran.out) == (0, "| table |\n")
    assert calls == [(1, 7)]


def test_mesh_rcnn_is_measured_as_asked(maquette, monkeypatch):
    calls = []
    monkeypatch.setattr(mesh_rcnn, "run", lambda *words: calls.append(words[1:]) or {"rows": []})
    monkeypatch.setattr(mesh_rcnn, "table", lambda result: "| table |")
    words = ("--variants", "light", "dynamic-3-folded", "--recipe", "small", "--batches", 2)
    ran = maquette("bench", "mesh-rcnn", *words, "--threads", 1, "--repeats", 3)
    assert (ran.code, ran.out) == (0, "| table |\n")
    maquette("bench", "mesh-rcnn")
    assert calls == [
        (1, 3, "small", (2,), ("light", "dynamic-3-folded")),
        (None, 15, "best", (1, 16), mesh_rcnn.NETWORKS),
    ]
    for words, said in (
        (("--variants", "heavy"), "known are light"),
        (("--recipe", "large"), "--recipe"),
        (("--batches", 0), "--batches 0"),
    ):
        ran = maquette("bench", "mesh-rcnn", *words)
        assert ran.code == 2
        assert said in ran.err


def test_what_makes_no_sense_is_refused(maquette):
    for words, said in (
        (("--variants", "gru"), "known are simple-gru-1"),
        (("--width", 9), "--width 9"),
        (("--views", 0), "--views 0"),
        (("--size", 0), "--size 0"),
    ):
        ran = maquette("bench", "r2n2", *words)
        assert ran.code == 2
        assert said in ran.err
