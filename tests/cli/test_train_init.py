"""`maquette train --init`: from weights that are there, what is taken of them and what is refused."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from maquette.cli.console import Console
from maquette.cli.refusals import Refusal
from maquette.cli.train_init import start_from
from maquette.cli.train_settings import read_settings
from maquette.data.pack import pack_shapes, write_pack
from maquette.data.views_config import ViewsConfig
from maquette.io.checksum import sha256_of
from maquette.io.errors import BadInput
from maquette.systems import shipped_weights
from maquette.systems.r2n2.system import R2N2
from maquette.training.run_folder import RunFolder
from maquette.training.weights import save_weights
from tiny_r2n2 import VARIANT, tiny_r2n2, tiny_weights
from train_fixture import checksum, ellipsoids, table
from train_process import run

WORDS = """
train r2n2 --threads 1 --workers 0 --no-evaluation --steps 6 --batch 2 --views.render-size 32 --training.views 1 1
--training.warmup 0 --training.checkpoint-every 3 --training.log-every 2 --val-every 6 --training.val-samples 2
"""


@pytest.fixture(scope="module")
def pack(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "shapes.pack"
    write_pack(pack_shapes(shape for i, shape in enumerate(ellipsoids()) if i < 8), path)
    return path


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Path:
    """Weights to start from: of a tiny network that sees pictures of 32 pixels."""
    return tiny_weights(tmp_path_factory.mktemp("weights") / "first.safetensors")


@pytest.fixture(scope="module")
def tuned(pack, first, tmp_path_factory) -> tuple[Path, str]:
    """A run that started from them, and what it said."""
    folder = tmp_path_factory.mktemp("tuned")
    words = [*WORDS.split(), "--shapes", pack, "--init", first, "-o", folder / "run"]
    assert run(words, folder / "said") == 0, (folder / "said").read_text()
    return folder / "run", (folder / "said").read_text()


def settings(*words: object):
    return read_settings(["r2n2", "--shapes", "families:9", "-o", "run", *map(str, words)])


def before_the_first_checkpoint(tuned: Path, folder: Path) -> Path:
    """A copy of the run as it was before its first checkpoint."""
    shutil.copytree(tuned, folder)
    shutil.rmtree(folder / "checkpoints")
    for name in ("weights.safetensors", "metrics.csv"):
        (folder / name).unlink()
    return folder


def test_network_and_framing_are_the_files_and_all_else_is_the_recipes(first):
    config = settings("--init", first, "--recipe", "original", "--views.render-size", 40).config
    assert config.network == tiny_r2n2().network_config
    assert (config.views.size, config.views.framing, config.views.margin) == (32, "object", (0.05, 0.25))
    plain = settings("--recipe", "original", "--variant", VARIANT).config
    assert (config.training, config.loss) == (plain.training, plain.loss)
    assert (config.views.plain, config.views.flip_voxels) == (plain.views.plain, plain.views.flip_voxels)


def test_pictures_cut_out_of_larger_ones_are_cut_out_of_as_large_ones(tmp_path):
    path = tmp_path / "first.safetensors"
    R2N2(tiny_r2n2().network, ViewsConfig(size=32, render_size=36)).save(path)
    views = settings("--init", path).config.views
    assert (views.framing, views.size, views.render_size) == ("camera", 32, 36)


def test_options_win_over_the_file(first):
    network = settings(
        "--init", first, "--width", 0.1, "--network.norm", "group", "--size", 48
    ).config.network
    assert (network.variant, network.width, network.norm, network.size) == (VARIANT, 0.1, "group", 48)
    assert settings("--init", first, "--variant", "simple-lstm-3").config.network.variant == "simple-lstm-3"


def test_the_shipped_weights_can_be_named():
    found = settings("--init", "shipped")
    assert found.initial.file == str(shipped_weights("r2n2").resolve())
    assert found.config.network == R2N2.load().network_config


def test_a_run_starts_from_the_file_and_says_so(tuned, first):
    folder, said = tuned
    total = len(tiny_r2n2().network.state_dict())
    assert f"starting from {first}: {total} tensors\n" in said
    stored = json.loads((folder / "config.json").read_text())
    assert stored["init"] == {"given": str(first), "file": str(first), "sha256": sha256_of(first)}
    kept = R2N2.load(folder)
    assert kept.training["init"] == {"name": "first.safetensors", "sha256": sha256_of(first)}
    assert str(first.parent) not in json.dumps(kept.training)


def test_without_a_step_worth_the_name_the_weights_are_the_files(pack, first, tmp_path):
    words = [*WORDS.split(), "--shapes", pack, "--init", first, "--lr", "1e-12", "-o", tmp_path / "run"]
    assert run([*words, "--steps", 1], tmp_path / "said") == 0, (tmp_path / "said").read_text()
    ours, theirs = R2N2.load(tmp_path / "run"), R2N2.load(first)
    for mine, other in zip(ours.network.parameters(), theirs.network.parameters(), strict=True):
        torch.testing.assert_close(mine, other, atol=1e-6, rtol=0)


def test_a_head_that_the_file_lacks_is_named_and_new(pack, first, tmp_path):
    words = [*WORDS.split(), "--shapes", pack, "--init", first, "--network.view-bins", 12]
    assert run([*words, "--steps", 1, "-o", tmp_path / "run"], tmp_path / "said") == 0
    total = len(tiny_r2n2().network.state_dict())
    said = f"starting from {first}: {total} tensors; not in it, or of another shape, and new: viewpoint."
    assert said in (tmp_path / "said").read_text()
    assert R2N2.load(tmp_path / "run").network_config.view_bins == 12


def test_weights_of_which_nothing_fits_are_refused(first):
    module = R2N2.training_module(settings("--init", first).config)
    with pytest.raises(BadInput, match="none of its tensors fits"):
        start_from(module, settings("--init", first).initial, {"strange": torch.zeros(3)}, Console())


def test_tensors_that_do_not_fit_are_named_and_new(pack, first, tmp_path):
    words = [*WORDS.split(), "--shapes", pack, "--init", first, "--network.norm", "group", "--size", 48]
    assert run([*words, "--steps", 1, "-o", tmp_path / "run"], tmp_path / "said") == 0
    said = (tmp_path / "said").read_text()
    assert "; not in it, or of another shape, and new: encoder." in said
    assert " more\n" in said


@pytest.mark.parametrize("moment", ["before a checkpoint", "behind step 3"])
def test_killed_and_resumed_it_ends_with_the_same_bits(tuned, tmp_path, moment):
    if moment == "before a checkpoint":
        folder = before_the_first_checkpoint(tuned[0], tmp_path / "run")
    else:
        folder = shutil.copytree(tuned[0], tmp_path / "run")
        shutil.rmtree(RunFolder(folder).checkpoint(6))
        (folder / "weights.safetensors").unlink()
    assert run([*WORDS.split()[:7], "--resume", "-o", folder], tmp_path / "said") == 0
    said = (tmp_path / "said").read_text()
    assert ("starting from" in said) == (moment == "before a checkpoint")
    assert checksum(folder) == checksum(tuned[0])
    assert table(folder) == table(tuned[0])


@pytest.mark.parametrize("what", ["changed", "vanished"])
def test_before_the_first_checkpoint_the_file_must_be_what_it_was(maquette, tuned, tmp_path, what):
    folder = before_the_first_checkpoint(tuned[0], tmp_path / "run")
    file = tiny_weights(tmp_path / "first.safetensors")
    stored = json.loads((folder / "config.json").read_text())
    stored["init"] |= {"file": str(file)}
    (folder / "config.json").write_text(json.dumps(stored))
    if what == "changed":
        file.write_bytes(file.read_bytes() + b" ")
    else:
        file.unlink()
    ran = maquette("train", "r2n2", "--resume", "-o", folder)
    assert ran.code == 3
    assert ran.err.startswith(f"maquette: {file}: the run has no checkpoint yet and starts from this file")
    assert ("its SHA-256 is another" in ran.err) == (what == "changed")
    assert not (folder / "checkpoints").exists()


def test_a_run_that_is_resumed_keeps_what_it_started_from(tuned, first):
    folder = tuned[0]
    again = ["r2n2", "--resume", "-o", str(folder), "--init"]
    assert read_settings([*again, str(first)]).initial == read_settings(again[:-1]).initial
    with pytest.raises(Refusal, match=r"--init shipped: the run in .* started from .*first.safetensors"):
        read_settings([*again, "shipped"])


def spoil(name: str, first: Path, path: Path) -> str:
    """Write weights that cannot be used; returns what is said of them."""
    if name == "truncated":
        path.write_bytes(first.read_bytes()[:-10])
        return "not a whole safetensors file"
    if name == "no safetensors":
        path.write_text("weights")
        return "not a whole safetensors file"
    if name == "missing":
        return "no such file"
    tensors = dict(tiny_r2n2().network.state_dict())
    config: dict = {"network": {"variant": VARIANT, "width": 0.05, "size": 32}}
    if name == "another system":
        save_weights(path, tensors, "pixel2mesh", VARIANT, config)
        return "these are weights of pixel2mesh, not of r2n2"
    if name == "impossible settings":
        save_weights(path, tensors, "r2n2", VARIANT, {"network": {"variant": "cubist"}})
        return "the settings in its header: variant must be one of"
    if name == "wider than it is":
        save_weights(path, tensors, "r2n2", VARIANT, {"network": {**config["network"], "width": 900.0}})
        return "width must be positive and at most 100"
    del tensors["encoder.dense.bias"]
    save_weights(path, tensors, "r2n2", VARIANT, config)
    return "tensor encoder.dense.bias: is missing"


@pytest.mark.parametrize(
    "name",
    [
        "truncated",
        "no safetensors",
        "missing",
        "another system",
        "impossible settings",
        "wider than it is",
        "a tensor less",
    ],
)
def test_bad_weights_are_bad_input_and_leave_no_run(maquette, pack, first, tmp_path, name):
    path = tmp_path / "bad.safetensors"
    said = spoil(name, first, path)
    ran = maquette(*WORDS.split(), "--shapes", pack, "--init", path, "-o", tmp_path / "run")
    assert ran.code == 3
    assert ran.err.startswith(f"maquette: {path}: ")
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "run").exists()
