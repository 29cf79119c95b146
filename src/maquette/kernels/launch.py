"""Launching a Warp kernel on torch tensors: spread over threads on a CPU, on torch's stream on CUDA.

Every kernel launched here has `start: int` as its first argument and works on item `start + wp.tid()`. On a
CPU Warp runs one launch on one thread but releases the interpreter lock meanwhile, so the items are cut into
consecutive pieces, one launch each, run by a small pool. Which thread runs a piece never changes a result:
pieces write to disjoint memory, so the same input gives the same bits every time.
"""

import itertools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import cache, lru_cache, wraps
from threading import Lock
from typing import Any, ParamSpec, TypeVar

import torch
import warp as wp

from maquette.kernels.arguments import describe

from .loading import load, say, start_warp

P = ParamSpec("P")
T = TypeVar("T")
Piece = tuple[int, int]
_loaded: set[tuple[wp.Module, torch.device]] = set()
_locks: dict[int, Lock] = {}  # by process: one that another thread held at a fork would never open again


@lru_cache(maxsize=1)
def _pool(pid: int, threads: int) -> ThreadPoolExecutor:
    # Keyed by process: threads do not survive a fork, so a forked worker makes a pool of its own.
    return ThreadPoolExecutor(threads, thread_name_prefix=f"maquette-{pid}", initializer=_join_openmp)


def _join_openmp() -> None:
    """Run one parallel torch operation on this thread, so that OpenMP knows of it.

    After each parallel operation of torch GNU's OpenMP lets its idle threads spin for some milliseconds, on
    the very cores that the pool needs next; on two cores that doubles the time of a kernel. Once it counts
    more threads than cores, it puts idle ones to sleep instead.
    """
    torch.ones(1 << 17).exp_()


def even_pieces(items: int, least: int = 1) -> list[Piece]:
    """Cut `items` into one (start, stop) a thread of torch, none with fewer than `least` items."""
    count = max(1, min(torch.get_num_threads(), items // max(least, 1)))
    bounds = [items * i // count for i in range(count + 1)]
    return list(itertools.pairwise(bounds))


@lru_cache(maxsize=1)
def _aside(pid: int) -> ThreadPoolExecutor:
    # Not the pool of pieces: work that waits there for pieces of its own could wait forever.
    return ThreadPoolExecutor(thread_name_prefix=f"maquette-aside-{pid}")


def beside(work: Callable[[], T], device: torch.device) -> Callable[[], T]:
    """Start work that launches kernels on a CPU, beside what the caller does next.

    Args:
        work: without effects on what the caller does next. It is done at once where torch has one thread, and on
            CUDA, which works beside the caller anyway, on the stream of the caller's thread.
        device: of its kernels.

    Returns:
        A function that waits for the result.
    """
    if torch.get_num_threads() == 1 or device.type == "cuda":
        result = work()
        return lambda: result
    return _aside(os.getpid()).submit(work).result


def compute_device(device: torch.device) -> torch.device:
    """The device that kernels for tensors on `device` run on: the CPU (said once) if Warp lacks it."""
    if device.type in ("cpu", "cuda"):
        return device
    _say_foreign(device.type)
    return torch.device("cpu")


def on_compute_device(operator: Callable[P, T]) -> Callable[P, T]:
    """An operator for tensors on any device, of one for tensors on a device that kernels run on.

    Where Warp lacks the device (of the first argument that has one), arguments go to the CPU, and results and
    gradients come back. Autocast is off meanwhile: kernels compute in float32.
    """

    @wraps(operator)
    def anywhere(*args: P.args, **kwargs: P.kwargs) -> T:
        given: tuple[Any, ...] = (*args, *kwargs.values())
        device: torch.device = next(value.device for value in given if hasattr(value, "device"))
        on = compute_device(device)
        lowered = torch.is_autocast_enabled(on.type)
        with torch.autocast(on.type, enabled=False) if lowered else nullcontext():
            if on == device:
                return operator(*args, **kwargs)
            there = {name: _moved(value, on) for name, value in kwargs.items()}
            found: T = _moved(operator(*_moved(args, on), **there), device)
        return found

    return anywhere


def _moved(value: Any, device: torch.device) -> Any:
    """Tensors, what else has a `to`, and tuples of them on a device; anything else as it is."""
    if isinstance(value, tuple):
        items = [_moved(item, device) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return value.to(device) if hasattr(value, "to") else value


@cache
def _say_foreign(kind: str) -> None:
    say(f"maquette: kernels do not run on {kind}; computing them on the CPU")


def _load(module: wp.Module, device: torch.device) -> None:
    """`load`, once, before any thread asks for the module."""
    if (module, device) in _loaded:
        return
    with _locks.setdefault(os.getpid(), Lock()):
        if (module, device) not in _loaded:
            start_warp()
            load(module, str(wp.device_from_torch(device)) if device.type == "cuda" else "cpu")
            _loaded.add((module, device))


def launch(
    kernel: wp.Kernel,
    items: int,
    inputs: Sequence[Any],
    device: torch.device,
    pieces: list[Piece] | None = None,
) -> None:
    """Run `kernel` on `items` items.

    Args:
        kernel: Warp kernel whose first argument is `start: int`.
        items: number of items; nothing runs when it is 0.
        inputs: the kernel's other arguments; contiguous tensors on `device`, or numbers.
        device: CPU or CUDA device of the tensors.
        pieces: on a CPU, the (start, stop) ranges that may run side by side; `even_pieces(items)` by default.
    """
    if items == 0:
        return
    _load(kernel.module, device)
    arguments = describe(kernel, inputs)
    if device.type == "cuda":
        stream = wp.stream_from_torch(torch.cuda.current_stream(device))
        wp.launch(kernel, dim=items, inputs=[0, *arguments], device=stream.device, stream=stream)
        return
    pieces = even_pieces(items) if pieces is None else [p for p in pieces if p[1] > p[0]]
    if len(pieces) == 1:
        _launch_piece(kernel, pieces[0], arguments)
        return
    pool = _pool(os.getpid(), torch.get_num_threads())
    others = [pool.submit(_launch_piece, kernel, piece, arguments) for piece in pieces[1:]]
    _launch_piece(kernel, pieces[0], arguments)
    for future in others:
        future.result()


def _launch_piece(kernel: wp.Kernel, piece: Piece, arguments: Sequence[Any]) -> None:
    start, stop = piece
    wp.launch(kernel, dim=stop - start, inputs=[start, *arguments], device="cpu")
