"""Starting Warp, and loading compiled kernels whatever state their cache is in."""

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Timer

import warp as wp

from .compiled import broken, compiled

# Warp's default flags, with multiplications and additions fused: a sixth faster in the rasterizers.
_CPU_FLAGS = (
    "-march=native -ffp-contract=fast"
    " -mllvm=-inline-threshold=9000 -mllvm=-inline-cold-callsite-threshold=3000"
)
_PATIENCE_SECONDS = 0.4  # a module that takes longer to load is being compiled
_CLOSED = (
    "maquette: compiled kernels cannot be written to {}; they are kept elsewhere until this process ends"
    " (WARP_CACHE_PATH names another folder)"
)
_ROOM = bytes(1 << 20)  # more than the largest compiled module takes


@cache
def start_warp() -> Path | None:
    """Initialise Warp once, without its banner and without its remark that a machine has no GPU.

    Returns:
        the folder of the cache, where it could not be made and another one took its place; else None.
    """
    wp.config.log_level = wp.LOG_ERROR
    wp.config.cpu_compiler_flags = _CPU_FLAGS
    with _native_stderr_closed():
        try:
            wp.init()
            return None
        except OSError:  # the folder of the cache cannot be made
            closed = Path(wp.config.kernel_cache_dir)
            wp.config.kernel_cache_dir = temporary_cache()
            wp.init()
    say(_CLOSED.format(closed))
    return closed


@contextmanager
def _native_stderr_closed() -> Iterator[None]:
    sys.stderr.flush()
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)


def load(module: wp.Module, device: str) -> None:
    """Compile a kernel's module, or load it from Warp's cache.

    What is broken in the cache is removed and compiled anew, once. Where the cache cannot be written to, it is a
    temporary folder from then on (`temporary_cache`).

    Raises:
        Exception: Warp cannot compile it.
    """
    name = module.name.rsplit(".", 1)[-1]
    notice = Timer(_PATIENCE_SECONDS, say, [f"maquette: compiling '{name}' for {device} (first use only)"])
    notice.start()
    try:
        there = compiled(_cache(), module.name)
        if any(broken(folder) for folder in there):  # some load, and then lack kernels
            _mend(module, there)
        try:
            wp.load_module(module, device=device)
        except Exception:
            there = compiled(_cache(), module.name)
            if not there and has_room(_cache()):
                raise
            _mend(module, there)
            wp.load_module(module, device=device)
    finally:
        notice.cancel()


def _cache() -> Path:
    return Path(str(wp.config.kernel_cache_dir))


def _mend(module: wp.Module, there: list[Path]) -> None:
    """Remove what the cache has of a module, which cannot be loaded, or leave a cache that cannot be written to."""
    for folder in there:
        say(f"maquette: compiled kernels in {folder} are broken; compiling them anew")
        shutil.rmtree(folder, ignore_errors=True)
    if not has_room(_cache()):
        say(_CLOSED.format(_cache()))
        wp.config.kernel_cache_dir = temporary_cache()
    module.unload()


@cache
def temporary_cache() -> str:
    """A folder for compiled kernels that goes with this process; no other user can write to it."""
    folder, owner = tempfile.mkdtemp(prefix="maquette-kernels-"), os.getpid()

    def remove() -> None:
        if os.getpid() == owner:  # and not in what was forked
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


def has_room(folder: Path) -> bool:
    """Whether compiled kernels can be written into a folder, which is made where it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(_ROOM)
        return True
    except OSError:
        return False


def say(line: str) -> None:
    """A notice for the person at the terminal."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201
