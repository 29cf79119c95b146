"""The study of Mem3D's memory: what is scored, with what is retrieved exchanged."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from maquette.bench.studies import mem3d_study as study
from maquette.bench.studies import trained as trained_runs
from maquette.data.drawn_views import DrawnViews
from maquette.data.open import pack_families
from maquette.data.pack import read_pack, write_pack
from maquette.report.page import save_data_uri
from maquette.systems.mem3d.recipes import best
from maquette.systems.mem3d.system import Mem3DSystem
from maquette.training.run_folder import RunFolder
from tiny_mem3d import SIZE, calibrated, tiny_mem3d


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shapes") / "shapes.pack"
    write_pack(pack_families(24, 0), path)
    return path


def system(variant: str, pack: Path) -> Mem3DSystem:
    views = replace(best().views, size=SIZE)
    batch = DrawnViews(read_pack(pack), views).held_batch(range(8), 1)
    network = calibrated(tiny_mem3d(variant), batch.images)
    if network.memory is not None:
        network.memory.write(torch.randn(4, 64), batch.voxels[:4])
    return Mem3DSystem(network, views)


def test_a_memory_is_exchanged_and_then_as_before(pack: Path, tmp_path: Path) -> None:
    system("best", pack).save(tmp_path / "w.safetensors")
    shapes = read_pack(pack).take(range(3))
    rows = study.score("mem3d", tmp_path / "w.safetensors", shapes, "pieces")
    ways = [row["memory"] for row in rows if row["group"] == "all"]
    assert ways == ["as it is", "emptied", "shuffled", "true", "added", "nearest"]
    assert [row["samples"] for row in rows if row["group"] in ("added", "others")] == [2, 1] * 6
    assert all(
        set(row["iou"]) == {"0", "20", "40", "60"} and row["samples"] == 3
        for row in rows
        if row["group"] == "all"
    )
    assert rows == study.score("mem3d", tmp_path / "w.safetensors", shapes, "pieces")


def test_the_truth_itself_is_the_nearest_when_it_is_written(pack: Path) -> None:
    made, shapes = system("best", pack), read_pack(pack).take(range(3))
    batch = DrawnViews(shapes, made.views_config).held_batch(range(3), 1)
    with torch.no_grad():
        study._exchange(made.network, batch.images, batch.voxels, "true")
        assert study._iou(made, batch.images, batch.voxels, "nearest").tolist() == [1, 1, 1]


def test_curves_are_what_the_log_says(tmp_path: Path) -> None:
    log = ["step,seconds,filled,matched,replaced,hits,recalled", "1,2,0.1,0,0,1,0.2", "2,4,0.2,0.5,0,1,0.3"]
    (tmp_path / "metrics.csv").write_text("\n".join(log) + "\n")
    (tmp_path / "config.json").write_text("{}")
    save_data_uri(study.memory_curves([tmp_path]), tmp_path / "curves.svg")
    drawn = (tmp_path / "curves.svg").read_text()
    assert all(f">{name}<" in drawn for name in ("filled", "matched", "replaced", "hits", "recalled"))


def test_runs_and_others_are_rows(pack: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    trained = []

    def train(name: str, folder: Path, words) -> None:
        trained.append((name, folder.name, words[-1]))
        folder.mkdir(parents=True)
        system("none", pack).save(RunFolder(folder).weights)

    monkeypatch.setattr(trained_runs, "train", train)
    monkeypatch.setattr(trained_runs, "of_run", lambda folder: {"steps": 1})
    words = [str(tmp_path / "runs"), "--shapes", str(pack), "--train", "--variants", "none", "--seeds", "3"]
    numbers = study.main(
        [*words, "--every", "2", "--json", str(tmp_path / "n.json"), "--", "--training.batch", "4"]
    )
    assert trained == [("mem3d", "none-3", "4")]
    assert json.loads((tmp_path / "n.json").read_text()) == numbers
    assert {row["memory"] for row in numbers["rows"]} == {"as it is"}
    assert numbers["rows"][0]["steps"] == 1
    assert "| network | memory | shapes | samples | 0 % hidden | 20 % hidden |" in capsys.readouterr().out
