"""What more slots cost: every number of slots is a row, and its bytes are those of the memory."""

import json

from maquette.bench.studies import memory_slots


def test_rows(tmp_path):
    numbers = memory_slots.main(["--repeats", "1", "--slots", "16", "40", "--json", str(tmp_path / "n.json")])
    assert json.loads((tmp_path / "n.json").read_text())["rows"] == numbers["rows"]
    small, large = numbers["rows"]
    assert (small["slots"], large["slots"]) == (16, 40)
    assert large["bytes"] * 16 == small["bytes"] * 40
    assert set(small["seconds"]) == {"picture", "read", "write"}


def test_memories_are_full():
    network = memory_slots.full(memory_slots.best().network)
    assert len(network.memory) == 4000
