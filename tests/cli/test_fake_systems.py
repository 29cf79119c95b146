"""Systems of five kinds go all the way through the commands, which know none of them by name."""

import json
import signal
import socket
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from PIL import Image
from safetensors.torch import load_file

import fakes
import maquette as package
from maquette.data.pack import pack_shapes, write_pack
from maquette.io import load_mesh
from maquette.training.run_folder import RunFolder
from train_fixture import ellipsoids, table
from train_process import run, start

STEPS = 8
FAKES = {"MAQUETTE_FAKES": "1"}


@pytest.fixture(scope="module", autouse=True)
def _mounted():
    fakes.mount()
    yield
    fakes.unmount()


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> dict[str, list[object]]:
    """Words that name the data of each fake."""
    folder = tmp_path_factory.mktemp("data")
    write_pack(pack_shapes(ellipsoids()), folder / "shapes.pack")
    (folder / "scenes").mkdir()
    (folder / "scenes" / "scenes.txt").write_text("16")
    (folder / "faces").mkdir()
    rng = np.random.default_rng(0)
    for i in range(40):
        pixels = np.clip(rng.random(3) * 200 + rng.random((12, 10, 3)) * 50, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / "faces" / f"{i}.png")
    shapes, faces = ["--shapes", folder / "shapes.pack"], ["--data", folder / "faces"]
    return {
        "fake-meshes": shapes,
        "fake-memory": shapes,
        "fake-pictures": faces,
        "fake-gan": faces,
        "fake-objects": ["--data", folder / "scenes"],
    }


NAMES = [name.replace("_", "-") for name in fakes.SYSTEMS]


def words_of(name: str, data: dict[str, list[object]], steps: int = STEPS) -> list[object]:
    return ["train", name, *data[name], "--steps", steps, "--threads", 1, "--workers", 0]


@pytest.fixture(scope="module")
def runs(data, tmp_path_factory) -> dict[str, Path]:
    """A finished run of every fake."""
    folder = tmp_path_factory.mktemp("runs")
    for name in NAMES:
        said = folder / f"{name}.txt"
        assert run([*words_of(name, data), "-o", folder / name], said, FAKES) == 0, said.read_text()
    return {name: folder / name for name in NAMES}


def state(folder: Path, step: int = STEPS) -> dict[str, torch.Tensor]:
    """All tensors of a checkpoint: weights, buffers, moving averages, optimisers."""
    files = sorted(RunFolder(folder).checkpoint(step).glob("*.safetensors"))
    return {f"{file.stem}/{key}": tensor for file in files for key, tensor in load_file(file).items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_run_has_its_own_numbers_and_its_evaluation(name, runs):
    rows = table(runs[name])
    assert [row["step"] for row in rows] == ["2", "4", "6", "8"]
    goal = {
        "fake-meshes": "distance",
        "fake-memory": "fill",
        "fake-pictures": "error",
        "fake-gan": "distance",
        "fake-objects": "offset",
    }[name]
    assert [bool(row[f"val_{goal}"]) for row in rows] == [False, True, False, True]
    (numbers,) = (json.loads(file.read_text()) for file in (runs[name] / "eval").glob("*.json"))
    assert numbers["protocol"]["headline"] in {m["name"] for m in numbers["measures"]}
    (page,) = (runs[name] / "eval").glob("*.html")
    assert all(measure["label"] in page.read_text() for measure in numbers["measures"])
    assert (runs[name] / "weights.safetensors").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_killed_and_resumed_it_is_the_same_to_the_bit(name, runs, data, tmp_path):
    words = [*words_of(name, data), "--no-evaluation", "--resume", "-o", tmp_path / "run"]
    while True:
        process = start(words, tmp_path / "said", FAKES)
        while process.is_alive() and not RunFolder(tmp_path / "run").steps():
            time.sleep(0.001)
        process.kill()
        process.join()
        if process.exitcode == -signal.SIGKILL and RunFolder(tmp_path / "run").steps()[-1] < STEPS:
            break
        (tmp_path / "run").rename(tmp_path / f"too_late_{time.monotonic_ns()}")
    assert run(words, tmp_path / "said", FAKES) == 0, (tmp_path / "said").read_text()
    assert "going on behind step" in (tmp_path / "said").read_text()
    whole, resumed = state(runs[name]), state(tmp_path / "run")
    assert whole.keys() == resumed.keys()
    assert [key for key in whole if not torch.equal(whole[key], resumed[key])] == []
    assert table(runs[name]) == table(tmp_path / "run")
    assert (runs[name] / "weights.safetensors").stat().st_size > 0


def run_pair(words: list[object], folder: Path) -> None:
    """Run a command in two processes that share its batches, to its end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    common = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    places = [{"TORCHELASTIC_RUN_ID": "test", "RANK": str(i), "LOCAL_RANK": str(i)} for i in range(2)]
    said = [folder / f"said_{i}" for i in range(2)]
    pair = [start(words, said[i], {**FAKES, **common, **places[i]}) for i in range(2)]
    for process, file in zip(pair, said, strict=True):
        process.join(60)
        assert process.exitcode == 0, file.read_text()


@pytest.mark.parametrize("name", NAMES)
def test_two_processes_share_its_batches_and_keep_the_same_state(name, runs, data, tmp_path):
    words = [*words_of(name, data), "--no-evaluation", "--resume", "-o", tmp_path / "run"]
    if name == "fake-memory":  # in two sessions
        run_pair([*words, "--max-minutes", 0], tmp_path)
        assert RunFolder(tmp_path / "run").steps() == [1]
    run_pair(words, tmp_path)
    one, two = state(runs[name]), state(tmp_path / "run")
    assert one.keys() == two.keys()
    if name == "fake-memory":  # its pairs are written in the order of the whole batch
        for key in ("keys", "values", "written"):
            assert torch.equal(one[f"weights/network.{key}"], two[f"weights/network.{key}"])
    if name in (
        "fake-memory",
        "fake-objects",
    ):  # the others draw random numbers for each process, or norm by batch
        for key, tensor in one.items():
            torch.testing.assert_close(two[key], tensor, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_evaluate_compare_info(name, runs, maquette, tmp_path):
    first = maquette("evaluate", name, runs[name], "--split", "val", "--json", "-", "--threads", 1)
    assert first.code == 0, first.err
    numbers = first.json()
    assert numbers["groups"]["all"]["count"] > 0
    again = maquette("compare", runs[name], runs[name], "-o", tmp_path / "both.html", "--json", "-")
    assert again.code == 0, again.err
    assert again.json()["differences"] == []
    mixed = maquette("compare", runs[name], runs["fake-objects"], "-o", tmp_path / "mixed.html")
    assert mixed.code == 0, mixed.err
    label = numbers["measures"][0]["label"]
    assert f"test {label}" in again.err
    assert f"test {label}" in (tmp_path / "both.html").read_text()
    info = maquette("info", name, "--json", "-", "--weights", runs[name])
    assert info.code == 0, info.err
    assert info.json()["parameters"]["total"] > 0


@pytest.mark.parametrize("name", NAMES)
def test_reconstruct(name, runs, maquette, tmp_path):
    picture = np.full((20, 20, 4), 255, np.uint8)
    picture[4:16, 5:15, 1:3] = 40
    picture[..., 3] = 0
    picture[4:16, 5:15, 3] = 255
    Image.fromarray(picture).save(tmp_path / "a.png")
    words = [tmp_path / "a.png", "--system", name, "--weights", runs[name], "-o", tmp_path / "a.glb"]
    ran = maquette("reconstruct", *words, "--threads", 1)
    if name == "fake-gan":
        assert (ran.code, "makes no shapes of pictures" in ran.err) == (2, True)
        return
    assert ran.code == 0, ran.err
    assert len(load_mesh(tmp_path / "a.glb").verts_packed()) > 0
    assert (tmp_path / "a_preview.png").is_file()
    report = json.loads((tmp_path / "a_report.json").read_text())
    assert report["system"] == name.replace("-", "_")
    assert [shown["view"] for shown in report["pictures"]] == [None]
    assert not report.keys() & {"colours", "symmetric", "threshold", "threshold_lowered", "dropped_pieces"}


def test_a_mesh_in_the_camera_frame_stands_upright_before_the_viewer(runs, maquette, tmp_path):
    Image.fromarray(np.full((16, 16, 3), 200, np.uint8)).save(tmp_path / "a.png")
    words = [tmp_path / "a.png", "--system", "fake-pictures", "--weights", runs["fake-pictures"]]
    ran = maquette("reconstruct", *words, "-o", tmp_path / "a.ply", "--relief", "0.5", "--threads", 1)
    assert ran.code == 0, ran.err  # a plain picture without any object: no mask was looked for
    verts = load_mesh(tmp_path / "a.ply").verts_packed()
    assert verts[:, 2].max() < 0
    assert verts[0, 0] < 0 < verts[-1, 0]  # the picture's left is at -X
    assert "it is almost flat\n" in ran.out
    report = json.loads((tmp_path / "a_report.json").read_text())
    assert (report["relief"], report["remarks"]) == (0.5, ["it is almost flat"])
    preview = np.asarray(Image.open(tmp_path / "a_preview.png").convert("L"))
    assert (preview[:, 512:768] < 250).mean() > 0.1
    refused = maquette("reconstruct", *words, "-o", tmp_path / "b.ply", "--relief", "-1")
    assert (refused.code, "relief -1.0: must be positive" in refused.err) == (2, True)


def test_several_objects_are_one_scene_with_names_or_a_file_each(runs, maquette, tmp_path):
    Image.fromarray(np.full((16, 16, 3), 200, np.uint8)).save(tmp_path / "a.png")
    words = [
        tmp_path / "a.png",
        "--system",
        "fake-objects",
        "--weights",
        runs["fake-objects"],
        "--threads",
        1,
    ]
    words += ["--mask", tmp_path / "mask.png"]
    Image.fromarray(np.full((16, 16), 255, np.uint8)).save(tmp_path / "mask.png")
    ran = maquette("reconstruct", *words, "-o", tmp_path / "a.glb", "--json", "-")
    assert ran.code == 0, ran.err
    found = ran.json()["objects"]
    assert [(one["name"], one["score"], one["label"]) for one in found] == [
        ("chair_1", 0.9, "chair"),
        ("chair_2", 0.7, "chair"),
    ]
    assert all(len(one["box"]) == 4 for one in found)
    assert [(one["rank"], one.get("remarks")) for one in found] == [(0, None), (1, ["it may be none"])]
    said = ran.err.splitlines()[-4:]
    assert said[:3] == ["chair_1 (0.90): 20 faces", "chair_2 (0.70): 20 faces", "it may be none"]
    total = float(said[3].removeprefix("40 faces, ").removesuffix(" s"))
    assert 3e4 <= total < 3.5e4  # parts are in their stage
    content = (tmp_path / "a.glb").read_bytes()
    tree = json.loads(content[20 : 20 + int.from_bytes(content[12:16], "little")])
    assert [node["name"] for node in tree["nodes"]] == ["chair_1", "chair_2"]
    each = maquette("reconstruct", *words, "-o", tmp_path / "b.glb", "--each-object")
    assert each.code == 0, each.err
    assert sorted(path.name for path in tmp_path.glob("b_*.glb")) == ["b_chair_1.glb", "b_chair_2.glb"]


def test_a_system_takes_the_pictures_that_it_claims(runs, maquette, tmp_path, monkeypatch):
    picture = np.zeros((16, 16, 3), np.uint8)
    picture[..., 0] = 255
    Image.fromarray(picture).save(tmp_path / "red.png")
    shipped = runs["fake-pictures"] / "weights.safetensors"
    missing = tmp_path / "none.safetensors"

    def ships(name):
        return shipped if name == "fake_pictures" else missing

    for module in ("reconstruct", "cli.reconstruct", "cli.weights_input"):
        monkeypatch.setattr(f"maquette.{module}.shipped_weights", ships)
    loaded = []
    monkeypatch.setattr(
        "maquette.reconstruct.load_system",
        lambda name, *rest: loaded.append(name) or package.load(name, shipped),
    )
    words = ["reconstruct", tmp_path / "red.png", "-o", tmp_path / "red.glb"]
    ran = maquette(*words, "--threads", 1)
    assert ran.code == 0, ran.err
    assert loaded == ["fake_pictures"]
    assert "such pictures are fake-pictures's; --system says otherwise" in ran.out
    refused = maquette(*words, "--threshold", "0.3")
    assert (refused.code, "fake_pictures's, which has no threshold" in refused.err) == (2, True)
    monkeypatch.setattr("maquette.reconstruct.shipped_weights", lambda name: missing)
    assert "no weights ship" in maquette(*words).err  # who ships no weights is not asked
    monkeypatch.setattr("maquette.reconstruct.shipped_weights", ships)
    picture[..., 0] = 100
    Image.fromarray(picture).save(tmp_path / "red.png")
    assert "no weights ship" in maquette(*words).err  # nobody claims it, and the default has none here


def test_generated_pictures(runs):
    system = package.load("fake-gan", runs["fake-gan"])
    assert system.generate(3, seed=1).shape == (3, 3, 8, 8)


def test_commands_of_systems_are_mounted(maquette):
    ran = maquette("fake-memory", "a", "b")
    assert (ran.code, ran.out) == (0, "remembers a b\n")
    assert "what the fake remembers" in maquette("--help").out


@pytest.mark.parametrize("name", NAMES)
def test_a_run_starts_from_weights_of_its_own_system(name, runs, data, tmp_path):
    words = [*words_of(name, data, steps=1), "--no-evaluation", "--init", runs[name], "-o", tmp_path / "run"]
    assert run(words, tmp_path / "said", FAKES) == 0, (tmp_path / "said").read_text()
    assert "starting from" in (tmp_path / "said").read_text()


def test_single_pictures_have_one_view_each(runs, maquette, data, tmp_path):
    words = [*words_of("fake-pictures", data, steps=1), "--no-evaluation", "--training.views", 1, 3]
    assert run([*words, "-o", tmp_path / "run"], tmp_path / "said", FAKES) == 0
    ran = maquette("evaluate", "fake-pictures", runs["fake-pictures"], "--views", 2, "--json", "-")
    assert (ran.code, "is the one picture of its object, not 2" in ran.err) == (3, True)


def test_fp16_of_several_optimisers_in_parts_is_refused_before_there_is_a_folder(
    maquette, data, tmp_path, monkeypatch
):
    monkeypatch.setattr("maquette.cli.train.set_up", lambda options: torch.device("cuda"))
    monkeypatch.setattr("maquette.cli.train._need_gpus", lambda device, processes: None)
    monkeypatch.setattr(
        "maquette.training.fabric.make_fabric", lambda device, config: Fabric(accelerator="cpu")
    )
    words = [*words_of("fake-gan", data), "--device", "cuda", "--training.precision", "16"]
    ran = maquette(*words, "--training.accumulate", 2, "-o", tmp_path / "run")
    assert ran.code == 2, ran.err
    assert "--training.precision 16: 2 optimisers cannot share parts of a batch" in ran.err
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_data_that_lack_what_is_needed(maquette, data, tmp_path):
    ran = maquette("train", "fake-objects", *data["fake-pictures"], "-o", tmp_path / "run")
    assert ran.code == 3
    assert "has no objects, which is needed; it has nothing beside pictures" in ran.err
    assert not (tmp_path / "run").exists()
    wrong = maquette("train", "fake-meshes", *data["fake-pictures"], "-o", tmp_path / "run")
    assert (wrong.code, "holds single pictures; this system is for views of shapes" in wrong.err) == (3, True)
