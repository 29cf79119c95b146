"""Commands of two words, such as `data list`: the second one is found, and its file `<command>_<word>` runs."""

import difflib
from collections.abc import Mapping, Sequence
from importlib import import_module

from .refusals import Refusal

HELP = ("-h", "--help", "--help-all")  # the last one says more in `train`, the same elsewhere


def hand_on(command: str, known: Mapping[str, str], words: Sequence[str]) -> None:
    """Hand the words after the first one to the file of that one.

    Args:
        command: the word before these.
        known: what each word that may follow does.
        words: what the user wrote behind the command.
    """
    if not words or words[0] in (*HELP, "help"):
        print(_overview(command, known))
        raise SystemExit(0 if words else 2)
    word, *rest = words
    if word not in known:
        close = difflib.get_close_matches(word, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
        raise Refusal(f"there is no command '{command} {word}'; {hint}")
    import_module(f".{command}_{word}", __package__).run(rest)


def _overview(command: str, known: Mapping[str, str]) -> str:
    width = max(map(len, known)) + 2
    lines = [f"  {word:<{width}}{what}" for word, what in known.items()]
    return "\n".join(
        [
            f"usage: maquette {command} WORD ...",
            "",
            *lines,
            "",
            f"`maquette {command} WORD --help` explains each.",
        ]
    )
