"""Compiled kernels in a cache that is broken, or cannot be written to."""

import os
import subprocess
import sys

import pytest
import torch
import warp as wp

from maquette.kernels import loading
from maquette.kernels.compiled import broken, compiled
from maquette.kernels.loading import has_room, load, start_warp, temporary_cache

DAMAGE = {
    "empty": lambda data: b"",
    "cut off": lambda data: data[: len(data) // 2],
    "zeros": lambda data: data[: len(data) // 2] + bytes(len(data) - len(data) // 2),
    "text": lambda data: b"hello\n" * 100,
    "turned": lambda data: data[:64] + data[:63:-1],
}


@wp.kernel(enable_backward=False)
def _ones(start: int, out: wp.array(dtype=float)):
    out[start + wp.tid()] = 1.0


def ones() -> list[float]:
    load(_ones.module, "cpu")
    out = torch.zeros(2)
    wp.launch(_ones, dim=2, inputs=[0, out], device="cpu")
    return out.tolist()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    start_warp()
    monkeypatch.setattr(wp.config, "kernel_cache_dir", str(tmp_path / "cache"))
    _ones.module.unload()
    return tmp_path / "cache"


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_broken_object_is_compiled_anew(cache, capfd, damage):
    assert ones() == [1, 1]
    (folder,) = compiled(cache, _ones.module.name)
    (file,) = folder.glob("*.o")
    whole = file.read_bytes()
    assert broken(folder) == []
    file.write_bytes(DAMAGE[damage](whole))
    assert broken(folder) == ([] if damage == "text" else [file])
    _ones.module.unload()
    capfd.readouterr()
    assert ones() == [1, 1]
    assert (
        f"maquette: compiled kernels in {folder} are broken; compiling them anew\n" in capfd.readouterr().err
    )
    assert len(file.read_bytes()) == len(whole)
    _ones.module.unload()
    assert ones() == [1, 1]
    assert "broken" not in capfd.readouterr().err


def test_broken_words_about_kernels_are_written_anew(cache, capfd):
    assert ones() == [1, 1]
    (file,) = cache.glob("*/*.meta")
    file.write_text("{")
    assert broken(file.parent) == [file]
    _ones.module.unload()
    assert ones() == [1, 1]
    assert broken(file.parent) == []
    assert "are broken" in capfd.readouterr().err


def test_where_nothing_can_be_written_a_temporary_folder_takes_its_place(cache, capfd):
    cache.write_text("a file")
    assert not has_room(cache)
    assert ones() == [1, 1]
    assert wp.config.kernel_cache_dir == temporary_cache()
    _ones.module.unload()
    assert ones() == [1, 1]
    assert capfd.readouterr().err.count(f"compiled kernels cannot be written to {cache}; they are kept") == 1


def test_kernels_that_cannot_be_compiled_are_no_matter_of_the_cache(cache, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("no such function")

    monkeypatch.setattr(loading.wp, "load_module", fail)
    with pytest.raises(RuntimeError, match="no such function"):
        load(_ones.module, "cpu")


def test_names_of_modules_that_begin_alike_are_told_apart(tmp_path):
    for name in ("wp_a.knn_0123abc", "wp_a.knn_tree_0123abc", "wp_a.knn"):
        (tmp_path / name).mkdir()
    assert [folder.name for folder in compiled(tmp_path, "a.knn")] == ["wp_a.knn", "wp_a.knn_0123abc"]


def test_warp_starts_where_the_cache_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    program = "import os, warp as wp; from maquette.kernels.loading import start_warp\n"
    program += "print(start_warp(), os.path.isdir(wp.config.kernel_cache_dir), wp.config.kernel_cache_dir)"
    environment = {**os.environ, "WARP_CACHE_PATH": str(tmp_path / "file" / "x")}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    closed, made, kept = done.stdout.split()
    assert closed.startswith(str(tmp_path / "file" / "x"))
    assert (made, os.path.exists(kept)) == ("True", False)
    assert done.stderr.count("\n") == 1
    assert f"maquette: compiled kernels cannot be written to {closed}; " in done.stderr
