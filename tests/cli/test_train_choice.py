"""`maquette train` without a recipe: what is chosen, said, kept, and never chosen again."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from maquette.cli import train_data
from maquette.cli.console import duration
from maquette.cli.refusals import Refusal
from maquette.cli.train_choice import start_of
from maquette.cli.train_data import with_stored_data
from maquette.cli.train_settings import read_settings
from maquette.cli.train_watch import Spoken, TimeToGo, never_silent
from maquette.data.pack import pack_shapes, write_pack
from maquette.systems.r2n2.system import R2N2
from maquette.training.run_folder import RunFolder
from train_fixture import checksum, ellipsoids
from train_process import run

CPU, CUDA = torch.device("cpu"), torch.device("cuda:0")
TINY = """
train r2n2 --variant simple-gru-1 --width 0.02 --size 24 --network.view-bins 0 --threads 1 --workers 0 --no-evaluation
--batch 4 --views.render-size 32 --training.views 1 2 --training.val-samples 2 --training.checkpoint-every 3
"""


@pytest.fixture(scope="module")
def pack(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "shapes.pack"
    write_pack(pack_shapes(ellipsoids()), path)
    return path


@pytest.fixture(scope="module")
def chosen(pack, tmp_path_factory) -> tuple[Path, str]:
    """A run of a hundredth of a minute, and what it said."""
    folder = tmp_path_factory.mktemp("chosen")
    words = [*TINY.split(), "--shapes", pack, "--max-minutes", 0.01, "-o", folder / "run"]
    assert run(words, folder / "said") == 0, (folder / "said").read_text()
    return folder / "run", (folder / "said").read_text()


def started(*words: object, device: torch.device = CPU):
    asked = ["r2n2", "--shapes", "families:40", "-o", "run", *map(str, words)]
    return start_of(asked, read_settings(asked), device)


def test_a_few_shapes_start_from_the_weights_that_ship_and_their_network():
    found = started()
    assert (found.recipe, found.initial.given) == ("small", "shipped")
    assert found.config.network == R2N2.load(device="cpu").network_config
    assert started(device=CUDA).initial.given == "shipped"


def test_thousands_of_shapes_on_a_gpu_get_the_large_network():
    found = started("--shapes", "families:6500", device=CUDA)
    assert (found.recipe, found.initial) == ("best", None)
    assert found.config.network.variant == "residual-gru-3"


def test_what_is_asked_for_wins():
    assert started("--init", "none").initial is None
    assert started("--init", "none").config.network.width == 0.25
    wide = started("--width", 1)
    assert (wide.initial, wide.config.network.width) == (None, 1.0)
    named = started("--variant", "residual-gru-3")
    assert (named.initial, named.config.network.variant) == (None, "residual-gru-3")
    assert started("--lr", 0.5, "--training.warmup=3").said == {"lr", "warmup"}
    assert started("--training.val_every", 3, "--views.flip", 0).said == {"val_every"}


@pytest.mark.parametrize("recipe", ["original", "seed001", "best", "small"])
def test_a_recipe_that_is_named_is_taken_as_it_is(recipe):
    words = ["r2n2", "--shapes", "families:40", "-o", "run", "--recipe", recipe]
    found = start_of(words, read_settings(words), CPU)
    assert found.config == R2N2.recipes()[recipe]()
    assert (found.initial, found.is_timed) == (None, False)
    assert read_settings([*words, "--max-minutes", "5"]).is_timed


def test_the_choice_is_said_and_kept(chosen):
    folder, said = chosen
    stored = json.loads((folder / "config.json").read_text())
    steps = stored["config"]["training"]["steps"]
    assert stored["chosen"]["training"]["steps"] == steps
    assert 1 <= steps < 200
    assert stored["config"]["training"]["batch"] == 4
    assert "batch" not in stored["chosen"]["training"]
    assert "chosen for 12 training shapes on cpu (--device), at " in said
    for option in ("--variant", "--init FILE|none", "--max-minutes", "--steps", "--lr", "--recipe NAME"):
        assert option in said
    assert f"\n  length     {steps} steps of 4 objects" in said
    assert f"after {steps} steps" in said or RunFolder(folder).steps()[-1] < steps  # the minutes were over


def test_a_run_that_is_resumed_never_chooses_again(chosen, tmp_path):
    folder = shutil.copytree(chosen[0], tmp_path / "run")
    for words in ([], ["--max-minutes", "600"]):
        again = read_settings(["r2n2", "--resume", "-o", str(folder), *words])
        assert not again.is_timed
        assert start_of([], again, CUDA) is again
        assert (
            again.config.training.steps
            == json.loads((folder / "config.json").read_text())["config"]["training"]["steps"]
        )


def test_with_its_chosen_settings_in_words_it_is_the_same_run(chosen, pack, tmp_path):
    """The steps that were timed have left no trace."""
    config = json.loads((chosen[0] / "config.json").read_text())["config"]["training"]
    resumed = ["train", "r2n2", "--resume", "--threads", 1, "--workers", 0, "--no-evaluation"]
    whole = shutil.copytree(chosen[0], tmp_path / "whole")
    (whole / "unfinished.safetensors").touch()  # of its checkpoint, somebody used it
    assert run([*resumed, "-o", whole], tmp_path / "said") == 0, (tmp_path / "said").read_text()
    assert not (whole / "unfinished.safetensors").exists()
    words = [*TINY.split(), "--shapes", pack, "--recipe", "small", "-o", tmp_path / "said_run"]
    for name in ("steps", "lr", "warmup", "val_every", "log_every"):
        words += [f"--training.{name}", config[name]]
    assert run(words, tmp_path / "said") == 0, (tmp_path / "said").read_text()
    assert checksum(whole) == checksum(tmp_path / "said_run")


def test_a_run_that_has_not_ended_is_usable(maquette, chosen, tmp_path):
    folder = shutil.copytree(chosen[0], tmp_path / "run")
    (folder / "weights.safetensors").unlink()
    step = RunFolder(folder).steps()[-1]
    ran = maquette("info", "r2n2", "--weights", folder, "--json", "-")
    assert ran.code == 0, ran.err
    assert f"the run in {folder} has not ended: taking its checkpoint of step {step}" in ran.err
    assert ran.json()["weights"] == str(folder / "unfinished.safetensors")
    if RunFolder(chosen[0]).steps()[-1] == step:
        kept, whole = (
            R2N2.load(place, device="cpu") for place in (folder / "unfinished.safetensors", chosen[0])
        )
        for mine, other in zip(kept.network.parameters(), whole.network.parameters(), strict=True):
            assert torch.equal(mine, other)


def test_a_run_without_a_checkpoint_is_what_it_was(maquette, chosen, tmp_path):
    shutil.copy(chosen[0] / "config.json", tmp_path)
    ran = maquette("info", "r2n2", "--weights", tmp_path)
    assert (ran.code, ran.err) == (3, f"maquette: {tmp_path}: is a folder without weights.safetensors\n")


def test_the_same_data_may_be_spelled_otherwise(chosen, pack, tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(pack)
    shutil.copy(pack, tmp_path / "copy.pack")
    monkeypatch.chdir(pack.parent)
    for words in (
        "shapes.pack",
        "./shapes.pack",
        f"{pack.parent}/../{pack.parent.name}/shapes.pack",
        tmp_path / "link",
        tmp_path / "copy.pack",
    ):
        with_stored_data(read_settings(["r2n2", "--resume", "-o", str(chosen[0]), "--shapes", str(words)]))
    (tmp_path / "other.pack").write_bytes(pack.read_bytes() + b" ")
    with pytest.raises(Refusal, match=r"other.pack: the run in .* has other data"):
        with_stored_data(
            read_settings(
                ["r2n2", "--resume", "-o", str(chosen[0]), "--shapes", str(tmp_path / "other.pack")]
            )
        )


def test_a_folder_is_the_same_from_another_place(tmp_path, monkeypatch):
    (tmp_path / "a" / "meshes").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a")
    data = {
        "shapes": "shapes.pack",
        "given": {"shapes": "meshes"},
        "places": {"shapes": str(tmp_path / "a" / "meshes")},
    }
    monkeypatch.chdir(tmp_path)
    same = [
        train_data._same("shapes", given, data, tmp_path / "run") for given in ("a/meshes", "./a/meshes", "b")
    ]
    assert same == [True, True, False]


def test_help_is_ten_options_and_all_is_there_on_demand(maquette):
    short, whole = maquette("train", "r2n2", "--help"), maquette("train", "r2n2", "--help-all")
    assert (short.code, whole.code) == (0, 0)
    assert len(short.out.splitlines()) < 60 < 200 < len(whole.out.splitlines())
    assert "--help-all" in short.out
    for option in (
        "--shapes",
        "--data",
        "--out",
        "--resume",
        "--max-minutes",
        "--steps",
        "--init",
        "--recipe",
        "--device",
    ):
        assert option in short.out
    assert "--wandb" not in short.out
    assert "--wandb" in whole.out
    assert "--views.flip" in whole.out


def test_time_to_go_is_that_of_the_steps_made_so_far():
    clock = TimeToGo(100)
    assert clock.words() == "in the first of 100 steps"
    assert TimeToGo(100, 2.0).words() == "in the first of 100 steps, about 3 min to go"
    clock.step(1, 50.0)
    assert clock.words() == "step 1 of 100"
    clock.step(11, 70.0)
    assert clock.words() == "step 11 of 100, about 3 min to go"
    assert clock.words(91) == "step 91 of 100, about 18 s to go"
    assert clock.words(100) == "step 100 of 100"


def test_a_silent_run_is_spoken_for(capsys, monkeypatch):
    from maquette.cli import train_watch
    from maquette.cli.console import Console

    monkeypatch.setattr(train_watch, "_SILENCE_SECONDS", 0.0)
    monkeypatch.setattr(train_watch, "_LOOK_SECONDS", 0.001)
    spoken = Spoken(Console(), TimeToGo(9, 60.0))
    said = ""
    with never_silent(spoken.look):
        while "to go" not in said:
            said += capsys.readouterr().out
    assert said.startswith("training: in the first of 9 steps, about 9 min to go\n")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (89, "89 s"), (90, "2 min"), (3000, "50 min"), (6000, "1.7 h"), (518400, "6.0 days")],
)
def test_durations_in_words(seconds, words):
    assert duration(seconds) == words
