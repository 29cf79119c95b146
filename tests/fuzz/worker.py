"""A process that reads mutated files of one kind: `python -m tests.fuzz.worker KIND FOLDER COUNT`.

It prints a line for each file that was not read as it should be, and keeps it in FOLDER. Where the process ends, the
file that ended it lies in FOLDER/work.
"""

import os
import resource
import shutil
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from random import Random

import torch
from PIL import Image

from maquette.io import BadInput

from .mutate import mutated
from .readers import READERS, Reader

SEED = 0
_ENOUGH = 5  # problems after which a kind is given up
_SECONDS = 1.0  # of the processor, for one file
_BYTES, _TIMES_FILE, _PER_PIXEL, _MOST_PIXELS = 64 << 20, 20, 16, 50_000_000


class TooSlow(BaseException):
    """A file that took more than a second."""


def run(kind: str, folder: Path, count: int) -> Iterator[str]:
    """Read mutated files of a kind; a line for each problem, which names the folder that shows it."""
    reader, work = READERS[kind], folder / "work"
    work.mkdir(parents=True)
    torch.manual_seed(SEED)
    reader.seeds(work)
    sound = {path.name: path.read_bytes() for path in sorted(work.iterdir())}
    for name in sound:
        reader.read(_main(reader, work, name, Random(SEED)))  # what decoders load once is loaded, too
    base, found = _address_space(), 0
    for number in range(count):
        rng = Random(f"{SEED} {kind} {number}")
        name = rng.choice(list(sound))
        (work / name).write_bytes(mutated(name, sound[name], rng))
        problem = problem_of(reader, _main(reader, work, name, rng), base + _allowed(reader, work / name))
        if problem:
            shutil.copytree(work, folder / f"{kind}-{number}")
            yield f"{folder / f'{kind}-{number}' / name}: {problem}"
            found += 1
            if found == _ENOUGH:
                return
        (work / name).write_bytes(sound[name])


def _main(reader: Reader, work: Path, name: str, rng: Random) -> Path:
    """The file that is read when this one has changed: itself, or one that names it."""
    if reader.folder:
        return work
    stem, suffix = os.path.splitext(name)
    if suffix not in reader.beside:
        return work / name
    users = [
        path for path in work.iterdir() if path.suffix not in reader.beside and stem.startswith(path.stem)
    ]
    return rng.choice(sorted(users))


def problem_of(reader: Reader, path: Path, limit: int | None = None) -> str | None:
    """What is wrong with how a file is read within so many bytes of addresses; None where all is well."""
    began = time.process_time()
    try:
        with _within(limit):
            reader.read(path)
    except reader.refuses as error:
        if isinstance(error, BadInput) and not str(error).isprintable():
            return f"no line of text: {str(error)!r}"
        if _hungry(error):
            return f"too much memory: {error!r}"
    except BaseException as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} ({place.filename}:{place.lineno})"
    seconds = time.process_time() - began
    return f"took {seconds:.1f} s" if seconds > _SECONDS else None


def _hungry(error: BaseException | None) -> bool:
    """Whether a lack of memory is at the root of an error."""
    while error is not None:
        if isinstance(error, MemoryError) or "allocate memory" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


@contextmanager
def _within(limit: int | None) -> Iterator[None]:
    """A second of the processor, and so many bytes of addresses."""

    def too_slow(*_: object) -> None:
        raise TooSlow(f"more than {_SECONDS:g} s")

    before = signal.signal(signal.SIGPROF, too_slow)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (soft if limit is None else limit, hard))
    signal.setitimer(signal.ITIMER_PROF, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGPROF, before)


def _address_space() -> int:
    """Bytes of addresses that the process uses."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _allowed(reader: Reader, path: Path) -> int:
    """Bytes that reading a file may take."""
    data, pixels = path.read_bytes(), 0
    if reader.pictures:
        try:
            width, height = Image.open(BytesIO(data)).size
            pixels = min(width * height, _MOST_PIXELS)
        except Exception:  # no picture, or a broken one
            pixels = 0
    return _BYTES + _TIMES_FILE * len(data) + _PER_PIXEL * pixels


def main(words: list[str]) -> None:
    """Print the problems of one kind."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    kind, folder, count = words
    for problem in run(kind, Path(folder), int(count)):
        print(ascii(problem), flush=True)  # noqa: T201 - read by whoever started it


if __name__ == "__main__":
    main(sys.argv[1:])
