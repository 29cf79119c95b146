"""Names of any bytes: nothing raw reaches a terminal, and TeX stays text."""

import pytest

from maquette.io.errors import BadInput
from maquette.io.printable import plot_label, printable, shortened


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("chair é 椅", "chair é 椅"),
        ("\x1b]0;owned\x07\x1b[31mred", r"\x1b]0;owned\x07\x1b[31mred"),
        ("line\nbreak\r\t", r"line\nbreak\r\t"),
        (b"\xff.obj".decode("utf-8", "surrogateescape"), r"\udcff.obj"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
    ],
)
def test_what_a_terminal_would_not_print_is_escaped(name: str, shown: str) -> None:
    assert printable(name) == shown
    assert printable(name).encode()


def test_long_names_keep_both_ends() -> None:
    assert shortened("a" * 300 + "z", 20) == "aaaaaaaaa...aaaaaaaz"
    assert len(shortened("ab" * 300, 21)) == 21
    assert shortened("short", 20) == "short"


def test_labels_of_plots_are_no_tex_and_not_hidden() -> None:
    assert plot_label("$\\frac{$") == "\\$\\frac{\\$"
    assert plot_label("_hidden") == " _hidden"
    assert plot_label("a\nb") == "a\\nb"
    assert len(plot_label("x" * 242)) == 40


def test_what_a_file_says_at_length_is_cut() -> None:
    text = str(BadInput("a.obj", "line 1: " + "v " * 10**6, "p" * 10**6))
    assert len(text) < 2100
    assert text.startswith("a.obj: ppp")
