"""SIGTERM as Ctrl-C."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from maquette.io.ending import Terminated, ended_by, polite_end

TWICE = """
import signal
from maquette.io.ending import polite_end
with polite_end():
    try:
        signal.raise_signal(signal.SIGTERM)
    finally:
        print("cleaning", flush=True)
        signal.raise_signal(signal.SIGTERM)
        print("not reached", flush=True)
"""


def test_sigterm_is_a_keyboard_interrupt_in_the_block_alone():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated), polite_end():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_second_one_ends_at_once():
    done = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, "cleaning\n")


def test_forked_processes_end_at_once():
    with polite_end():
        child = os.fork()
        if child == 0:
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM


def test_other_handlers_and_threads_are_left_alone():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with polite_end():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    seen = []

    def run():
        with polite_end():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [before]


def test_what_ended():
    assert type(ended_by(signal.SIGINT)) is KeyboardInterrupt
    assert type(ended_by(signal.SIGTERM)) is Terminated
