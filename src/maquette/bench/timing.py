"""How long a call takes: warmed up, repeated, with its spread."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial

import torch


@dataclass(frozen=True)
class Timing:
    """Seconds of several runs of one call.

    Attributes:
        median, low, high: the middle run, and the first and third quartile.
        best: the shortest run.
        runs: how many there were.
    """

    median: float
    low: float
    high: float
    best: float
    runs: int

    def as_dict(self) -> dict[str, float]:
        """The numbers under their names."""
        return asdict(self)


def measure(call: Callable[[], object], device: torch.device, repeats: int, patience: float = 10.0) -> Timing:
    """Time `call`.

    One run warms up (kernels are compiled, caches filled) and is not counted. On CUDA device events are read,
    elsewhere the clock.

    Args:
        call: what to time.
        device: where it computes.
        repeats: number of runs, >= 1.
        patience: no further run begins after this many seconds, so a slow call is timed fewer times.
    """
    return measure_in_turns({"": call}, device, repeats, patience)[""]


def measure_in_turns(
    calls: Mapping[str, Callable[[], object]],
    device: torch.device,
    repeats: int,
    patience: float = 10.0,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Timing]:
    """Time several calls one after another, round by round, so that other work on the machine slows all alike.

    Args:
        calls: what to time, by name; each runs once to warm up.
        device: where they compute.
        repeats: number of rounds, >= 1.
        patience: no further round begins after this many seconds.
        clock: what is read elsewhere than on CUDA.
    """
    each = seconds_in_turns(calls, device, repeats, patience, clock)
    return {name: summary(runs) for name, runs in each.items()}


def seconds_in_turns(
    calls: Mapping[str, Callable[[], object]],
    device: torch.device,
    repeats: int,
    patience: float = 10.0,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """The same, but the seconds of every round."""
    once = _by_events if device.type == "cuda" else partial(_by_clock, clock)
    for call in calls.values():
        once(call)
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    begin = time.perf_counter()
    for done in range(repeats):
        if done and time.perf_counter() - begin >= patience:
            break
        for name, call in calls.items():
            seconds[name].append(once(call))
    return seconds


def summary(seconds: list[float]) -> Timing:
    """Median, quartiles and the best of some runs."""
    low, median, high = statistics.quantiles(seconds, method="inclusive") if len(seconds) > 1 else seconds * 3
    return Timing(median=median, low=low, high=high, best=min(seconds), runs=len(seconds))


def _by_clock(clock: Callable[[], float], call: Callable[[], object]) -> float:
    begin = clock()
    call()
    return clock() - begin


def _by_events(call: Callable[[], object]) -> float:
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    call()
    end.record()
    end.synchronize()
    seconds: float = begin.elapsed_time(end) / 1000
    return seconds
