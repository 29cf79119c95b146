"""`maquette train`: what it refuses, and the way from a folder of meshes to weights."""

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from maquette.cli.refusals import Refusal
from maquette.cli.train_settings import read_settings
from maquette.data.pack import pack_shapes, write_pack
from maquette.io import save_mesh
from maquette.io.owned import owned
from maquette.systems.r2n2.system import R2N2
from maquette.training.run_folder import RunFolder
from maquette.training.weights_header import read_weights_header
from train_fixture import SPLITS, WORDS, checksum, ellipsoids, table
from train_process import run, start


@pytest.fixture(scope="module")
def pack(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "shapes.pack"
    write_pack(pack_shapes(ellipsoids()), path)
    return path


@pytest.fixture(scope="module")
def whole(pack, tmp_path_factory) -> Path:
    """A run that was trained without workers."""
    folder = tmp_path_factory.mktemp("whole")
    words = [*WORDS.split(), "--shapes", pack, "--workers", 0, "-o", folder / "run"]
    assert run(words, folder / "said") == 0, (folder / "said").read_text()
    return folder / "run"


def resume(whole: Path, folder: Path) -> tuple[int, str]:
    """Resume a run in another place; its exit code and what it said."""
    said = folder.parent / f"{folder.name}_said"
    code = run(
        ["train", "r2n2", "--resume", "--no-evaluation", "--threads", 1, "--workers", 0, "-o", folder], said
    )
    return code, said.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["r3n3"], "there is no system 'r3n3'; known are r2n2"),
        (["r2n2", "--recipe", "bset"], "no such recipe of r2n2; known are original, seed001, best"),
        (["r2n2", "--variant", "gru"], "variant must be one of simple-gru-1"),
        (["r2n2"], "one of --shapes and --data is needed"),
        (
            ["r2n2", "--shapes", "families:9", "--processes", "5", "--batch", "32"],
            "a batch of 32 has no 5 equal parts",
        ),
        (["r2n2", "--shapes", "families:9", "--steps", "0"], "steps must be at least 1"),
        (
            ["r2n2", "--shapes", "families:9", "--recipe", "original", "--size", "160"],
            "cannot be cut out of 137",
        ),
        (["r2n2", "--shapes", "families:9", "--network.size", "50"], "must have one size, got 50 and"),
        (["r2n2", "--shapes", "families:9", "--device", "xpu"], "training runs on cpu, cuda and mps"),
        (["r2n2", "--shapes", "families:9", "--workers", "-1"], "--workers -1: at least 0"),
        (["r2n2", "--shapes", "families:9", "--loss.dice", "-1"], "must not be negative"),
        (
            ["r2n2", "--shapes", "families:9", "--training.precision", "16"],
            "maquette: --training.precision 16: fp16 is for GPUs; what a CPU has in 16 bits is bf16\n",
        ),
    ],
)
def test_refuses_words_that_make_no_sense(maquette, tmp_path, words, said):
    ran = maquette("train", *words, "-o", tmp_path / "run")
    assert ran.code == 2
    assert said in ran.err
    assert not (tmp_path / "run").exists()


def test_weights_and_biases_must_be_installed(maquette, tmp_path, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "wandb" else found(name))
    ran = maquette("train", "r2n2", "--shapes", "families:9", "--wandb", "chairs", "-o", tmp_path / "run")
    how = "pip install wandb (in maquette's folder also pip install '.[wandb]')"
    assert (ran.code, ran.err) == (3, f"maquette: --wandb needs wandb: {how}\n")
    assert not (tmp_path / "run").exists()


def test_training_without_its_packages_is_refused_before_it_begins(maquette, tmp_path, monkeypatch):
    found = importlib.util.find_spec
    absent = lambda name: None if name in ("lightning_fabric", "tensorboard") else found(name)  # noqa: E731
    monkeypatch.setattr("importlib.util.find_spec", absent)
    ran = maquette("train", "r2n2", "--shapes", "families:9", "-o", tmp_path / "run")
    how = "pip install lightning-fabric tensorboard (in maquette's folder also pip install '.[train]')"
    said = f"maquette: train needs lightning-fabric, tensorboard: {how}\n"
    assert (ran.code, ran.err) == (3, said)
    assert not (tmp_path / "run").exists()


def test_bad_input_is_named(maquette, tmp_path):
    missing = maquette("train", "r2n2", "--shapes", tmp_path / "none", "-o", tmp_path / "run")
    assert (missing.code, missing.err) == (3, f"maquette: {tmp_path / 'none'}: no such folder or file\n")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").touch()
    full = maquette("train", "r2n2", "--shapes", "families:9", "-o", tmp_path / "run")
    assert full.code == 3
    assert "is not empty; --resume goes on with the run in it" in full.err
    (tmp_path / "run" / "config.json").write_text("{}")
    strange = maquette("train", "r2n2", "--resume", "-o", tmp_path / "run")
    assert strange.code == 3
    assert "is not the configuration of a run" in strange.err


def test_sizes_that_fit_only_together_are_judged_together():
    """A render size below the recipe's own picture size, with smaller pictures by the short option."""
    words = ["r2n2", "--recipe", "original", "--shapes", "families:9", "-o", "run", "--size", "64"]
    views = read_settings([*words, "--views.render-size", "69"]).config.views
    assert (views.size, views.render_size) == (64, 69)
    with pytest.raises(Refusal, match="pictures of 64 cannot be cut out of 60 pixels"):
        read_settings([*words, "--views.render-size", "60"])


def test_a_width_that_counts_channels_is_a_whole_number():
    words = ["unsup3d", "--recipe", "best", "--data", "faces", "-o", "run"]
    assert read_settings([*words, "--width", "32"]).config.network.width == 32
    with pytest.raises(Refusal, match="width must be a multiple of 8"):
        read_settings([*words, "--width", "12"])


def test_options_change_the_recipe():
    words = [
        "r2n2",
        "--shapes",
        "families",
        "-o",
        "run",
        "--recipe",
        "original",
        "--variant",
        "simple-lstm-1",
    ]
    settings = read_settings(
        [*words, "--size", "64", "--width=0.5", "--loss.dice", "2", "--training.views", "2", "3"]
    )
    config = settings.config
    assert (config.network.variant, config.network.size, config.views.size) == ("simple-lstm-1", 64, 64)
    assert (config.network.width, config.loss.dice, config.training.views) == (0.5, 2.0, (2, 3))
    assert (config.training.batch, config.training.lr, config.views.framing) == (36, 1e-4, "camera")
    assert settings.recipe == "original"


def test_from_a_folder_of_meshes_to_weights(tmp_path):
    folder, rows = tmp_path / "meshes", ["file,category,split"]
    folder.mkdir()
    for i, shape in enumerate(ellipsoids()):
        if i < 8:
            save_mesh(shape.mesh, folder / f"{i}.ply")
            rows.append(f"{i}.ply,egg,{SPLITS[i % 4]}")
    (folder / "MANIFEST.csv").write_text("\n".join(rows))
    (folder / "broken.ply").write_text("ply\nnonsense")
    words = [word for word in WORDS.split() if word != "--no-evaluation"]
    code = run([*words, "--steps", 4, "--shapes", folder, "-o", tmp_path / "run"], tmp_path / "said")
    said = (tmp_path / "said").read_text()
    assert code == 0, said
    assert "8 objects: 4 train, 2 val, 2 test" in said
    assert "step 4 of 4: loss" in said
    assert "samples/s" in said
    written = RunFolder(tmp_path / "run")
    assert written.pack.is_file()
    assert [row["step"] for row in table(written.path)] == ["4"]
    assert list(written.tensorboard.iterdir())
    scores = json.loads((written.evaluations / "r2n2-2016.json").read_text())
    assert scores["groups"]["all"]["count"] == 2
    system = R2N2.load(written.path)
    assert system.network_config.variant == "simple-gru-1"
    assert system.views_config.framing == "object"
    assert system.training["recipe"] == "best"
    assert system.training["steps_done"] == 4
    assert json.loads(written.config_file.read_text())["config"]["training"]["batch"] == 4


def test_what_weights_say_of_their_data_is_known_before_the_first_step(maquette, pack, tmp_path, monkeypatch):
    from maquette.training import fit as training

    fit = training.fit

    def fit_and_lose(*words):
        fitted = fit(*words)
        (tmp_path / "run" / "config.json").unlink()
        return fitted

    monkeypatch.setattr(training, "fit", fit_and_lose)
    words = [*WORDS.split(), "--steps", 1, "--val-every", 1, "--workers", 0, "--shapes", pack]
    ran = maquette(*words, "-o", tmp_path / "run")
    assert ran.code == 0, ran.err
    header = read_weights_header(tmp_path / "run" / "weights.safetensors")
    assert header.config["training"]["data"]["shapes"] == pack.name


def test_a_broken_checkpoint_is_passed_over(whole, tmp_path):
    folder = shutil.copytree(whole, tmp_path / "run")
    (folder / "weights.safetensors").unlink()
    last = RunFolder(folder).checkpoint(30) / "optimiser.network.safetensors"
    last.write_bytes(last.read_bytes()[:-1] + b"x")
    code, said = resume(whole, folder)
    assert code == 0, said
    assert "SHA-256 has changed; going back to the checkpoint before" in said
    assert checksum(folder) == checksum(whole)
    assert table(folder) == table(whole)


def test_without_a_sound_checkpoint_it_is_bad_input(whole, tmp_path):
    folder = shutil.copytree(whole, tmp_path / "run")
    for state in folder.glob("checkpoints/*/state.json"):
        state.write_text("{")
    code, said = resume(whole, folder)
    assert code == 3
    assert said.splitlines()[-1].startswith(
        f"maquette: {folder}/checkpoints/step_000000030/state.json: not readable as JSON"
    )


def test_a_run_that_is_resumed_keeps_its_settings_but_may_get_more_steps(whole, pack, tmp_path):
    def read(*words):
        return read_settings(["r2n2", "--resume", "-o", str(whole), *words])

    assert read().config.training.lr == 1e-3
    assert read("--steps", "50").config.training.steps == 50
    assert read("--steps", "30").config.training.steps == 30
    with pytest.raises(Refusal, match=r"--steps 29: the run in .* has done 30 already"):
        read("--steps", "29")
    assert read("--lr", "1e-3", "--recipe", "best", "--variant", "simple-gru-1").config == read().config
    for words, what in (
        (["--lr", "3e-3"], "another training.lr"),
        (["--width", "1"], "another network.width"),
        (["--recipe", "original"], "has recipe best"),
        (["--variant", "simple-gru-3"], "another variant"),
    ):
        with pytest.raises(Refusal, match=what):
            read(*words)


def test_the_words_of_a_run_resume_it_too_where_they_turn_something_off(whole, tmp_path):
    folder = shutil.copytree(whole, tmp_path / "run")
    config = json.loads((folder / "config.json").read_text())
    config["config"]["views"]["lights"] = False
    (folder / "config.json").write_text(json.dumps(config))
    for words in ([], ["--views.no-lights"]):
        settings = read_settings(["r2n2", "--resume", "-o", str(folder), *words])
        assert not settings.config.views.lights
    with pytest.raises(Refusal, match=r"another views\.lights"):
        read_settings(["r2n2", "--resume", "-o", str(folder), "--views.lights"])


@pytest.mark.parametrize(
    "way", ["-o{}", "-o={}", "--out={}", "-o none -o {}", "-o {} --recipe seed001 --recipe best"]
)
def test_the_run_is_found_however_it_is_named(whole, way):
    settings = read_settings(["r2n2", "--resume", *way.format(whole).split()])
    assert settings.stored is not None
    assert settings.options.out == whole
    assert settings.recipe == "best"


def test_a_run_with_precision_16_on_a_cpu_goes_on_in_bf16_which_it_was(pack, tmp_path):
    words = [*WORDS.split(), "--shapes", pack, "--workers", 0, "--training.precision", "bf16", "--steps", 3]
    words += ["--training.checkpoint-every", 1, "-o", tmp_path / "whole"]
    assert run(words, tmp_path / "said") == 0
    shutil.copytree(tmp_path / "whole", tmp_path / "run")
    shutil.rmtree(RunFolder(tmp_path / "run").checkpoint(3))
    config = RunFolder(tmp_path / "run").config_file
    config.write_text(config.read_text().replace('"precision": "bf16"', '"precision": "16"'))
    code, said = resume(tmp_path / "whole", tmp_path / "run")
    assert code == 0, said
    assert "going on behind step 2" in said
    assert said.startswith("precision 16 of this run is bf16, which is what a CPU computed\n")
    assert checksum(tmp_path / "run") == checksum(tmp_path / "whole")
    assert json.loads(config.read_text())["config"]["training"]["precision"] == "bf16"


@pytest.mark.parametrize("stored", ["16", "bf16", "32"])
@pytest.mark.parametrize("words", [[], ["--training.precision", "16"]])
@pytest.mark.parametrize("device", ["cpu", "cpu:0", "cuda"])
def test_precision_16_of_a_run_that_is_there_is_what_its_device_computed(
    whole, tmp_path, stored, words, device
):
    config = tmp_path / "config.json"
    about = json.loads((whole / "config.json").read_text())
    about["config"]["training"]["precision"] = stored
    config.write_text(json.dumps(about))
    words = ["r2n2", "--resume", "-o", str(tmp_path), "--device", device, *words]
    meant = {"16": "16" if device == "cuda" else "bf16"}
    if meant.get(stored, stored) != meant.get("16" if len(words) > 6 else stored, stored):
        with pytest.raises(Refusal, match=r"it has another training\.precision"):
            read_settings(words)
        return
    settings = read_settings(words)
    assert settings.config.training.precision == meant.get(stored, stored)
    assert bool(settings.notice) == (device != "cuda" and (stored == "16" or len(words) > 6))


def test_other_data_are_refused(maquette, whole):
    ran = maquette("train", "r2n2", "--resume", "-o", whole, "--shapes", "families:50")
    assert ran.code == 2
    assert "--shapes families:50: the run in" in ran.err


@pytest.mark.parametrize(("kind", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_polite_end_leaves_a_checkpoint_and_the_run_goes_on_as_if_nothing_had_been(
    whole, pack, tmp_path, kind, code
):
    folder = tmp_path / "run"
    words = [*WORDS.split(), "--shapes", pack, "--workers", 2, "-o", folder]
    process = start(words, tmp_path / "said")
    while process.is_alive() and not RunFolder(folder).steps():
        time.sleep(0.01)
    os.kill(process.pid, kind)
    process.join()
    assert process.exitcode == code
    assert "maquette: interrupted" in (tmp_path / "said").read_text()
    assert not (folder / "weights.safetensors").exists()
    code, said = resume(whole, folder)
    assert code == 0, said
    assert checksum(folder) == checksum(whole)


def test_a_run_has_one_owner(whole, pack, tmp_path):
    fresh, said = tmp_path / "fresh", tmp_path / "said"
    with owned(fresh), owned(whole):
        assert run([*WORDS.split(), "--shapes", pack, "-o", fresh], said) == 3
        words = ["train", "r2n2", "--resume", "--no-evaluation", "-o", whole]
        assert run(words, said) == 3
    for folder, line in zip((fresh, whole), said.read_text().splitlines(), strict=True):
        assert line.startswith(f"maquette: {folder}: is in use by process {os.getpid()} on ")
    assert not list(fresh.iterdir())


def test_a_diverging_run_ends_with_one_line(pack, tmp_path):
    words = [
        *WORDS.split(),
        "--shapes",
        pack,
        "--workers",
        0,
        "--training.stop-loss",
        0.1,
        "-o",
        tmp_path / "run",
    ]
    assert run(words, tmp_path / "said") == 1
    last = (tmp_path / "said").read_text().splitlines()[-1]
    assert last.startswith("maquette: Diverged: the loss is ")
    assert "above 0.1 at step 3; there is no checkpoint yet" in last


def start_pair(words: list[object], tmp_path: Path) -> list:
    """Start two processes that share every batch."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    common = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    return [
        start(
            words,
            tmp_path / f"said_{i}",
            {**common, "TORCHELASTIC_RUN_ID": "test", "RANK": str(i), "LOCAL_RANK": str(i)},
        )
        for i in range(2)
    ]


def test_two_processes_with_half_the_batch_each_have_the_losses_of_one(pack, tmp_path):
    words = [*WORDS.split(), "--shapes", pack, "--workers", 0, "--steps", 20, "--training.log-every", 1]
    words += ["--network.norm", "none"]  # group normalisation of few channels makes rounding errors grow
    pair = start_pair([*words, "-o", tmp_path / "two"], tmp_path)
    assert run([*words, "-o", tmp_path / "one"], tmp_path / "said") == 0, (tmp_path / "said").read_text()
    for i, process in enumerate(pair):
        process.join()
        assert process.exitcode == 0, (tmp_path / f"said_{i}").read_text()
    assert (tmp_path / "said_1").read_text() == ""
    one, two = table(tmp_path / "one"), table(tmp_path / "two")
    assert len(one) == len(two) == 20
    for alone, shared in zip(one, two, strict=True):
        assert float(shared["loss"]) == pytest.approx(float(alone["loss"]), abs=1e-5)
        if alone["val_loss"]:
            assert float(shared["val_loss"]) == pytest.approx(float(alone["val_loss"]), abs=1e-5)


@pytest.mark.slow
def test_when_one_of_two_processes_is_told_to_end_both_do_behind_one_checkpoint(pack, tmp_path):
    folder = tmp_path / "run"
    words = [*WORDS.split(), "--shapes", pack, "--workers", 0, "--steps", 10_000, "-o", folder]
    pair = start_pair(words, tmp_path)
    while not RunFolder(folder).steps() and all(process.is_alive() for process in pair):
        time.sleep(0.01)
    os.kill(pair[1].pid, signal.SIGTERM)
    for i, process in enumerate(pair):
        process.join(60)
        assert process.exitcode == 130, (tmp_path / f"said_{i}").read_text()
    assert not (folder / "weights.safetensors").exists()


@pytest.mark.slow
def test_processes_are_started_by_the_command_itself(pack, tmp_path):
    words = [
        *WORDS.split(),
        "--shapes",
        pack,
        "--workers",
        0,
        "--steps",
        4,
        "--processes",
        2,
        "-o",
        tmp_path / "run",
    ]
    command = [sys.executable, "-m", "maquette", *map(str, words)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    assert [row["step"] for row in table(tmp_path / "run")] == ["4"]
    assert (tmp_path / "run" / "weights.safetensors").is_file()


@pytest.mark.slow
def test_when_one_process_ends_badly_all_do(tmp_path):
    (tmp_path / "meshes").mkdir()
    (tmp_path / "meshes" / "a.obj").write_text("nonsense")
    words = [*WORDS.split(), "--shapes", tmp_path / "meshes", "--processes", 2, "-o", tmp_path / "run"]
    command = [sys.executable, "-m", "maquette", *map(str, words)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (ran.returncode, len(ran.stderr.splitlines())) == (3, 1), ran.stderr
    assert "meshes" in ran.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_ctrl_c_reaches_all_processes_once_and_waits_for_the_checkpoint(pack, tmp_path):
    words = [*WORDS.split(), "--shapes", pack, "--workers", 0, "--steps", 100_000, "--processes", 2]
    command = [sys.executable, "-m", "maquette", *map(str, [*words, "-o", tmp_path / "run"])]
    with open(tmp_path / "said", "w") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, process_group=0)
    while not RunFolder(tmp_path / "run").steps() and process.poll() is None:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 130, (tmp_path / "said").read_text()
    text = (tmp_path / "said").read_text()
    assert text.count("finishing this step") == 1
    steps = RunFolder(tmp_path / "run").steps()
    assert steps[-1] < 100_000
    assert not [entry for entry in os.listdir(tmp_path / "run" / "checkpoints") if entry.startswith(".")]
