import pytest


def test_help_lists_the_words(maquette) -> None:
    ran = maquette("data", "--help")
    assert ran.code == 0
    assert all(f"  {word} " in ran.out for word in ("list", "make", "pack", "check", "prepare"))


def test_a_bare_word_is_not_enough(maquette) -> None:
    assert maquette("data").code == 2


@pytest.mark.parametrize(
    ("word", "hint"), [("lsit", "did you mean 'list'?"), ("xyzzy", "known are list, make")]
)
def test_unknown_words_are_refused(maquette, word: str, hint: str) -> None:
    ran = maquette("data", word)
    assert (ran.code, ran.out) == (2, "")
    assert f"there is no command 'data {word}'" in ran.err
    assert hint in ran.err
