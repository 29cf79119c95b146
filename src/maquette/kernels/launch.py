"""Launching a Warp kernel on torch tensors: spread over threads on a CPU, on torch's stream on CUDA.

Every kernel launched here has `start: int` as its first argument and works on item `start + wp.tid()`. On a
CPU Warp runs one launch on one thread but releases the interpreter lock meanwhile, so the items are cut into
consecutive pieces, one launch each, run by a small pool. Which thread runs a piece never changes a result:
pieces write to disjoint memory, so the same input gives the same bits every time.
"""

import itertools
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from pathlib import Path

import torch
import warp as wp
from torch import Tensor

Piece = tuple[int, int]


@cache
def start_warp() -> None:
    """Initialise Warp once, without its banner."""
    wp.config.quiet = True
    wp.init()


@lru_cache(maxsize=1)
def _pool(pid: int, threads: int) -> ThreadPoolExecutor:
    # Keyed by process: threads do not survive a fork, so a forked worker makes a pool of its own.
    return ThreadPoolExecutor(threads, thread_name_prefix=f"maquette-{pid}")


def even_pieces(items: int, least: int = 1) -> list[Piece]:
    """Cut `items` into one (start, stop) a thread of torch, none with fewer than `least` items."""
    count = max(1, min(torch.get_num_threads(), items // max(least, 1)))
    bounds = [items * i // count for i in range(count + 1)]
    return list(itertools.pairwise(bounds))


def compute_device(device: torch.device) -> torch.device:
    """The device that kernels for tensors on `device` run on: the CPU (said once) if Warp lacks it."""
    if device.type in ("cpu", "cuda"):
        return device
    _say_once(f"maquette: kernels do not run on {device.type}; computing them on the CPU")
    return torch.device("cpu")


@cache
def _say_once(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - a notice for the person at the terminal


@cache
def _load(kernel: wp.Kernel, device: str) -> None:
    """Compile the kernel's module, or load it from Warp's cache, before any thread asks for it."""
    module = kernel.module
    folder = Path(wp.config.kernel_cache_dir) / module.get_module_identifier()
    if not folder.exists():
        name = module.name.rsplit(".", 1)[-1]
        _say_once(f"maquette: compiling '{name}' for {device} (first use only)")
    wp.load_module(module, device=device)


def launch(
    kernel: wp.Kernel, items: int, inputs: Sequence, device: torch.device, pieces: list[Piece] | None = None
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
    start_warp()
    inputs = [x.detach() if isinstance(x, Tensor) else x for x in inputs]
    if device.type == "cuda":
        _load(kernel, str(wp.device_from_torch(device)))
        stream = wp.stream_from_torch(torch.cuda.current_stream(device))
        wp.launch(kernel, dim=items, inputs=[0, *inputs], device=stream.device, stream=stream)
        return
    _load(kernel, "cpu")
    pieces = even_pieces(items) if pieces is None else [p for p in pieces if p[1] > p[0]]
    if len(pieces) == 1:
        _launch_piece(kernel, pieces[0], inputs)
        return
    pool = _pool(os.getpid(), torch.get_num_threads())
    for future in [pool.submit(_launch_piece, kernel, piece, inputs) for piece in pieces]:
        future.result()


def _launch_piece(kernel: wp.Kernel, piece: Piece, inputs: Sequence) -> None:
    start, stop = piece
    wp.launch(kernel, dim=stop - start, inputs=[start, *inputs], device="cpu")
