"""Training in several processes: where this one stands, and starting several on one machine."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

_POLL_SECONDS = 0.1
_GRACE_SECONDS = 30.0
_HANDED_ON = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@dataclass(frozen=True)
class Place:
    """One process among those that share each batch.

    Attributes:
        rank: its number, from 0.
        world: how many there are.
        local_world: how many of them are on this machine.
    """

    rank: int = 0
    world: int = 1
    local_world: int = 1

    @property
    def is_first(self) -> bool:
        """Whether it is the one that writes and speaks."""
        return self.rank == 0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Place":
        """What torchrun says in RANK, WORLD_SIZE and LOCAL_WORLD_SIZE; alone without them."""
        world = int(environment.get("WORLD_SIZE", 1))
        if world == 1 or "TORCHELASTIC_RUN_ID" not in environment:
            return cls()
        return cls(int(environment["RANK"]), world, int(environment.get("LOCAL_WORLD_SIZE", world)))


def run_processes(count: int, command: Sequence[str]) -> int:
    """Run a command in several processes on this machine that find each other as under torchrun.

    When one fails, the others are ended. Signals that would end this process are handed on; the processes are a
    group of their own, as a terminal would otherwise send them each Ctrl-C a second time.

    Args:
        count: how many.
        command: program and its words.

    Returns:
        the exit code of the first that failed; 0 where none did.
    """
    common: dict[str, int | str] = {
        "WORLD_SIZE": count,
        "LOCAL_WORLD_SIZE": count,
        "MASTER_ADDR": "127.0.0.1",
    }
    common |= {
        "MASTER_PORT": _free_port(),
        "TORCHELASTIC_RUN_ID": "maquette",
        "OMP_NUM_THREADS": _threads(count),
    }
    running = [
        subprocess.Popen(
            command, env=os.environ | _texts({**common, "RANK": i, "LOCAL_RANK": i}), process_group=0
        )
        for i in range(count)
    ]
    handlers = {kind: signal.signal(kind, _hand_on(running)) for kind in _HANDED_ON}
    try:
        return _wait(running)
    finally:
        for kind, handler in handlers.items():
            signal.signal(kind, handler)
        _end(running)


def own_command(words: Sequence[str]) -> list[str]:
    """`maquette WORDS...` as a new process of this interpreter."""
    return [sys.executable, "-m", "maquette", *words]


def _threads(count: int) -> int:
    return int(os.environ.get("OMP_NUM_THREADS", max(1, (os.cpu_count() or 1) // count)))


def _texts(values: Mapping[str, int | str]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _hand_on(running: list[subprocess.Popen]):
    def handler(kind: int, frame: object) -> None:
        for process in running:
            with suppress(ProcessLookupError):
                process.send_signal(kind)

    return handler


def _wait(running: list[subprocess.Popen]) -> int:
    while True:
        codes = [process.poll() for process in running]
        failed = next((code for code in codes if code), None)
        if failed is not None:
            return failed if failed > 0 else 128 - failed
        if all(code == 0 for code in codes):
            return 0
        time.sleep(_POLL_SECONDS)


def _end(running: list[subprocess.Popen]) -> None:
    """End what still runs: first politely, then not."""
    for process in running:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + _GRACE_SECONDS
    for process in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
