"""The study of trained runs: what it scores, and what is not there to be scored."""

import json

import pytest

from maquette.bench.studies import r2n2_study
from maquette.data.pack import pack_shapes, write_pack
from maquette.io.errors import BadInput
from tiny_r2n2 import tiny_weights
from train_fixture import ellipsoids


def test_shapes_of_both_splits_are_scored_and_a_run_without_a_log_has_no_seconds(tmp_path):
    (tmp_path / "run").mkdir()
    tiny_weights(tmp_path / "run" / "weights.safetensors")
    shapes = list(ellipsoids())[:8]
    write_pack(pack_shapes(iter(shapes)), tmp_path / "shapes.pack")
    words = [str(tmp_path / "run"), "--shapes", str(tmp_path / "shapes.pack"), "--every", "2"]
    (row,) = r2n2_study.main([*words, "--json", str(tmp_path / "numbers.json")])
    assert (row["train"]["all"]["samples"], row["test"]["all"]["samples"]) == (2, 2)
    assert row["seconds"] is None
    assert json.loads((tmp_path / "numbers.json").read_text()) == [row]


def test_shapes_without_a_test_split_are_named(tmp_path):
    write_pack(pack_shapes(iter(list(ellipsoids())[:2])), tmp_path / "shapes.pack")
    with pytest.raises(BadInput, match=r"shapes\.pack: has nothing in its test split$"):
        r2n2_study.main([str(tmp_path), "--shapes", str(tmp_path / "shapes.pack")])
