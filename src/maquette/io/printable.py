"""Names of any bytes, as people see them: in messages and in plots."""

_LONGEST_LABEL = 40


def printable(text: str) -> str:
    """Text in one line, in which what a terminal would not print (control characters, halves of characters, marks
    that turn the direction) stands as escapes."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )


def shortened(text: str, longest: int) -> str:
    """Text of at most so many characters; what is left out of its middle stands as "..."."""
    if len(text) <= longest:
        return text
    return text[: longest // 2 - 1] + "..." + text[len(text) - (longest - longest // 2 - 2) :]


def plot_label(name: str) -> str:
    """A name, short, for matplotlib, which takes what is between dollars for TeX and hides what begins with "_"."""
    text = printable(shortened(name, _LONGEST_LABEL)).replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text
