"""Launching: pieces, threads, processes. What hangs would hang here, so everything has a time limit."""

import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import torch
import warp as wp
from torch.utils.data import DataLoader, Dataset

from maquette.kernels.arguments import describe
from maquette.kernels.launch import beside, compute_device, even_pieces, launch
from maquette.renderer import (
    FoVPerspectiveCameras,
    MeshRasterizer,
    RasterizationSettings,
    look_at_view_transform,
    soft_silhouettes,
)
from maquette.utils import ico_sphere

LIMIT_SECONDS = 90


@wp.kernel(enable_backward=False)
def _write_index(start: int, factor: float, out: wp.array(dtype=float)):
    i = start + wp.tid()
    out[i] = out[i] + factor * float(i)


@contextmanager
def threads(count: int):
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def draw(seed: int, size: int = 32) -> torch.Tensor:
    """A soft silhouette, a depth picture and a gradient: forward and backward of both rasterizers."""
    R, T = look_at_view_transform(2.7, 10.0 * seed, 30.0 * seed)
    verts = ico_sphere(2).verts_packed().clone().requires_grad_()
    sphere = ico_sphere(2).update_padded(verts[None])
    rasterizer = MeshRasterizer(FoVPerspectiveCameras(R=R, T=T), RasterizationSettings(size, 1e-3, 2))
    alpha = soft_silhouettes(rasterizer.transform(sphere), size)
    fragments = rasterizer(sphere)
    (alpha.sum() + fragments.zbuf.sum() + fragments.dists.sum()).backward()
    return torch.cat((alpha.detach().flatten(), fragments.zbuf.detach().flatten(), verts.grad.flatten()))


@pytest.mark.skipif((os.cpu_count() or 1) == 1, reason="one core: all is one piece")
def test_kernels_are_tested_in_pieces():
    """In the workers of pytest-xdist too, which are as many as cores."""
    assert torch.get_num_threads() >= 2
    assert len(even_pieces(1000)) >= 2


@pytest.mark.parametrize("items", [1, 2, 3, 1000])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_every_item_runs_once_whatever_the_threads(items, count):
    out = torch.zeros(items)
    with threads(count):
        launch(_write_index, items, [2.0, out], out.device)
    assert torch.equal(out, 2.0 * torch.arange(items))


def test_pieces_as_given():
    out = torch.zeros(10)
    launch(_write_index, 10, [1.0, out], out.device, [(0, 3), (3, 3), (7, 9)])
    assert out.tolist() == [0, 1, 2, 0, 0, 0, 0, 7, 8, 0]


def test_no_items():
    launch(_write_index, 0, [1.0, torch.zeros(0)], torch.device("cpu"))


def test_tensors_that_require_gradients_are_taken_as_they_are():
    out = torch.zeros(4, requires_grad=True)
    launch(_write_index, 4, [1.0, out], out.device)
    assert out.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(("items", "least"), [(1, 1), (7, 1), (7, 3), (7, 100), (1000, 10)])
def test_even_pieces_cover_everything_once(items, least):
    with threads(4):
        pieces = even_pieces(items, least)
    assert [i for start, stop in pieces for i in range(start, stop)] == list(range(items))
    assert len(pieces) <= 4
    assert len(pieces) == 1 or min(stop - start for start, stop in pieces) >= least


def test_foreign_devices_are_computed_on_the_cpu_and_said_once(capsys):
    assert compute_device(torch.device("meta")) == torch.device("cpu")
    assert compute_device(torch.device("meta")) == torch.device("cpu")
    assert capsys.readouterr().err.count("meta") <= 1
    assert compute_device(torch.device("cuda", 1)) == torch.device("cuda", 1)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_same_bits_with_the_same_number_of_threads(count):
    with threads(count):
        assert torch.equal(draw(1), draw(1))


def test_numbers_of_threads_agree_but_for_rounding():
    with threads(1):
        one = draw(2)
    with threads(3):
        torch.testing.assert_close(draw(2), one, rtol=1e-3, atol=1e-3)


def test_many_threads_of_the_caller_at_once():
    expected = [draw(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for found, wanted in zip(pool.map(draw, [*range(4)] * 3), expected * 3, strict=True):
            assert torch.equal(found, wanted)


class _Views(Dataset):
    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> torch.Tensor:
        return draw(index)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork here")
def test_forked_loader_workers_render_as_their_parent_does():
    expected = torch.stack(
        [draw(index) for index in range(6)]
    )  # the parent's pool is at work before the fork
    loader = DataLoader(
        _Views(), batch_size=2, num_workers=2, multiprocessing_context="fork", timeout=LIMIT_SECONDS
    )
    for _ in range(2):
        found = torch.cat(list(loader))
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def _count_in_a_pool() -> None:
    torch.set_num_threads(2)
    out = torch.zeros(100)
    launch(_write_index, 100, [1.0, out], out.device)
    assert out.sum() == 4950


def _draw_on_one_thread() -> None:
    torch.set_num_threads(1)
    draw(3)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork here")
@pytest.mark.parametrize("work", [_count_in_a_pool, _draw_on_one_thread])
def test_a_plainly_forked_process_launches_kernels(work):
    """The child makes a pool of its own. (Torch's own operations hang there on two threads, whoever calls them.)"""
    with threads(2):
        expected = draw(3)
        child = multiprocessing.get_context("fork").Process(target=work)
        child.start()
        child.join(LIMIT_SECONDS)
        hangs = child.is_alive()
        if hangs:
            child.kill()
            child.join()
        assert not hangs
        assert child.exitcode == 0
        assert torch.equal(draw(3), expected)


def run_fresh(code: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


@pytest.mark.slow  # a process of its own loads torch
def test_first_use_from_several_threads_keeps_stderr():
    """Starting closes stderr for a moment; two threads that start at once must not lose it for good."""
    done = run_fresh(
        """
        import sys, threading, torch
        from maquette.ops import knn_points
        go = threading.Barrier(4)
        def work():
            go.wait()
            knn_points(torch.zeros(1, 9, 3), torch.zeros(1, 9, 3))
        crowd = [threading.Thread(target=work) for _ in range(4)]
        [t.start() for t in crowd], [t.join() for t in crowd]
        import os; os.write(2, b"still here")
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("still here")


@pytest.mark.slow  # a process of its own loads torch
def test_importing_starts_nothing():
    done = run_fresh(
        """
        import maquette.renderer, maquette.ops, maquette.kernels.launch as launch, threading
        assert launch.start_warp.cache_info().currsize == 0
        assert threading.active_count() == 1
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


def test_an_error_in_a_piece_is_raised():
    with threads(2), pytest.raises(Exception, match="array"):
        launch(_write_index, 4, [1.0, "no array"], torch.device("cpu"))
    assert threading.active_count() >= 1


@pytest.mark.parametrize("count", [1, 2])
def test_work_beside_the_caller_may_launch_pieces_of_its_own(count):
    cpu, out = torch.device("cpu"), torch.zeros(4, 1000)

    def fill(row: int) -> threading.Thread:
        launch(_write_index, 1000, [float(row), out[row]], cpu)
        return threading.current_thread()

    with threads(count):
        waits = [beside(lambda row=row: fill(row), cpu) for row in range(4)]
        done_by = [wait() for wait in waits]
    assert torch.equal(out, torch.arange(4.0)[:, None] * torch.arange(1000.0))
    assert all((thread is threading.current_thread()) == (count == 1) for thread in done_by)


def test_what_goes_wrong_beside_the_caller_is_raised_where_it_waits():
    def fail():
        raise ValueError("beside")

    with threads(2):
        wait = beside(fail, torch.device("cpu"))
        with pytest.raises(ValueError, match="beside"):
            wait()


@wp.kernel(enable_backward=False)
def _take_all(
    start: int,
    a: wp.array(dtype=float),
    b: wp.array(dtype=wp.vec3),
    c: wp.array2d(dtype=wp.int64),
    d: wp.array3d(dtype=wp.mat22d),
    e: wp.array4d(dtype=wp.bool),
    f: int,
): ...


def test_descriptors_are_those_that_warp_makes():
    tensors = [
        torch.rand(5)[::2],
        torch.rand(4, 3),
        torch.arange(12).view(3, 4)[:, 1:],
        torch.rand(2, 3, 4, 2, 2, dtype=torch.float64),
        torch.ones(1, 2, 3, 0, dtype=torch.bool),
    ]
    described = describe(_take_all, [*tensors, 7])
    assert described[-1] == 7
    for argument, tensor, found in zip(_take_all.adj.args[1:-1], tensors, described[:-1], strict=True):
        expected = wp.from_torch(tensor, dtype=argument.type.dtype).__ctype__()
        for field, *_ in expected._fields_:
            wanted, got = getattr(expected, field), getattr(found, field)
            assert (list(got) == list(wanted)) if hasattr(got, "__len__") else got == wanted, field
    assert describe(_take_all, [None, torch.rand(3), None, None, None, 0])[1].shape[0] == 1


@pytest.mark.parametrize("wrong", [torch.rand(4, 3).double(), torch.rand(4, 2), torch.rand(3, 4).t()])
def test_tensors_of_another_type_or_shape_are_refused(wrong):
    with pytest.raises(RuntimeError, match="argument 'b'"):
        describe(_take_all, [None, wrong, None, None, None, 0])
