"""Plots as SVG, in colours that can be read on light and on dark paper."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from ..io.printable import plot_label
from .page import data_uri

COLOURS = ("#3f82cf", "#e0763a", "#4aa27a", "#a56bc4", "#c9a227", "#d0586f", "#5b8f9c", "#8a7f72")
_INK = "#808791"
_LINE = "#80879155"


@contextmanager
def _axes(width: float = 6.0, height: float = 3.4) -> Iterator[tuple[Axes, list[str]]]:
    """Axes to draw on; the picture's URI is in the list afterwards."""
    style: Any = {
        "text.color": _INK, "axes.labelcolor": _INK, "xtick.color": _INK, "ytick.color": _INK,
        "axes.edgecolor": _LINE, "grid.color": _LINE, "font.size": 10, "font.family": "sans-serif",
        "svg.fonttype": "none", "svg.hashsalt": "maquette", "axes.spines.top": False, "axes.spines.right": False,
    }  # fmt: skip
    uri: list[str] = []
    with rc_context(style):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.subplots()
        axes.grid(True, axis="y", linewidth=0.7)
        yield axes, uri
        file = BytesIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
        uri.append(data_uri(file.getvalue(), "image/svg+xml"))


def curves(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    x_label: str,
    y_label: str,
    marks: bool = True,
    log_y: bool = False,
    named: bool = False,
) -> str:
    """Lines by name.

    Args:
        lines: positions and values of each.
        x_label, y_label: what is along the axes.
        marks: whether points are marked.
        log_y: whether the vertical axis is logarithmic.
        named: whether the name stands beside a line even where it is the only one.
    """
    with _axes() as (axes, uri):
        for colour, (name, (x, y)) in zip(_cycle(), lines.items(), strict=False):
            axes.plot(
                x,
                y,
                label=plot_label(name),
                color=colour,
                marker="o" if marks else None,
                markersize=4,
                linewidth=1.8,
            )
        if marks:
            ticks = sorted({value for x, _ in lines.values() for value in x})
            axes.set_xticks(ticks)
        if log_y:
            axes.set_yscale("log")
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        if named or len(lines) > 1:
            axes.legend(frameon=False, labelcolor=_INK)
    return uri[0]


def histogram(groups: Mapping[str, Sequence[float]], x_label: str, bins: int = 20) -> str:
    """How values are spread, by group; over [0, 1] where they all lie in it."""
    every = [value for values in groups.values() for value in values]
    low, high = min([0.0, *every]), max(every, default=1.0)
    high = 1.0 if low == 0 and high <= 1 else high
    with _axes() as (axes, uri):
        names, edges = list(groups), [low + (high - low) * i / bins for i in range(bins + 1)]
        colours = [colour for colour, _ in zip(_cycle(), names, strict=False)]
        axes.hist(
            [list(groups[name]) for name in names],
            edges,
            stacked=True,
            label=[plot_label(name) for name in names],
            color=colours,
            rwidth=0.92,
        )
        axes.set_xlim(low, high)
        axes.set_xlabel(x_label)
        axes.set_ylabel("samples")
        if len(names) > 1:
            axes.legend(frameon=False, labelcolor=_INK)
    return uri[0]


def bars(values: Mapping[str, Mapping[str, float]], y_label: str) -> str:
    """Groups of bars: one group a name, one bar a series within."""
    with _axes(width=10.5, height=3.2) as (axes, uri):
        series = list(dict.fromkeys(name for row in values.values() for name in row))
        width = 0.8 / max(len(series), 1)
        for k, (colour, name) in enumerate(zip(_cycle(), series, strict=False)):
            heights = [row.get(name, 0.0) for row in values.values()]
            places = [i + (k - (len(series) - 1) / 2) * width for i in range(len(values))]
            axes.bar(places, heights, width * 0.92, label=plot_label(name), color=colour)
        labels = [plot_label(name) for name in values]
        axes.set_xticks(range(len(values)), labels, rotation=40, ha="right", rotation_mode="anchor")
        axes.set_ylabel(y_label)
        axes.margins(x=0.01)
        if len(series) > 1:
            axes.legend(frameon=False, labelcolor=_INK, ncols=len(series))
    return uri[0]


def _cycle() -> Iterator[str]:
    while True:
        yield from COLOURS
