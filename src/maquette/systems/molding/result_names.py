"""Names of the files that a molding leaves."""

from pathlib import Path

_BESIDE = ("preview.png", "loss.png", "compare.png", "turntable.gif", "report.json")


def result_names(out: Path) -> list[Path]:
    """The mesh, and what is written beside it."""
    return [out, *(out.with_name(f"{out.stem}_{name}") for name in _BESIDE)]
