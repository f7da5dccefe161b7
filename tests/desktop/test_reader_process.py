"""A reader in its own process answers frame by frame, and can be stopped at any time."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from PIL import Image

from inkread.desktop.capture import Frame
from inkread.desktop.reader_process import ReaderProcess
from inkread.errors import InkreadError, ModelNotFoundError

PATIENCE = 300.0
"""Seconds, enough on a busy machine too."""

POSTCODE = Path(__file__).parents[2] / "examples" / "postcode.jpg"


def frame(number=0):
    pixels = np.asarray(Image.open(POSTCODE).convert("RGB").resize((640, 299)))
    return Frame(pixels, number, perf_counter())


def answer(reader, **options):
    """Waits for the answer."""
    found = None
    while found is None:
        reader._worker.poll(0.05)
        found = reader.take(**options)
    return found


@pytest.fixture(scope="module", autouse=True)
def patience():
    """A busy machine may take minutes for a second's work; only a test about patience has less of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inkread.system.worker.START_SECONDS", PATIENCE)
        yield


@pytest.fixture(scope="module")
def reader(patience):
    reader = ReaderProcess(patience=PATIENCE)
    yield reader
    reader.close()


def test_a_frame_is_answered_with_its_reading_and_its_age(reader):
    assert reader.is_free
    assert reader.take() is None
    given = frame(7)
    reader.give(given)
    assert not reader.is_free
    found = answer(reader)
    assert (found.frame, found.reading.text) == (given, "80331")
    assert 0 < found.latency <= perf_counter() - given.taken
    assert reader.is_free


def test_a_frame_that_cannot_be_read_is_an_error_and_the_next_one_is_read(reader):
    reader.give(Frame(np.zeros((0, 0, 3), np.uint8), 0, perf_counter()))
    with pytest.raises(InkreadError, match="array"):
        answer(reader)
    reader.give(frame())
    assert answer(reader).reading.text == "80331"


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot stop a process")
def test_a_reading_that_takes_too_long_is_given_up_and_the_next_one_works(reader, monkeypatch):
    given = Frame(
        np.zeros((8, 8, 3), np.uint8), 0, perf_counter()
    )  # the pipe accepts it, although nobody reads from it
    with monkeypatch.context() as patch:
        patch.setattr(reader, "_patience", -1.0)
        os.kill(reader._worker._process.pid, signal.SIGSTOP)
        reader.give(given)
        found = reader.take()
    assert (found.frame, found.reading) == (given, None)
    assert not reader.is_free
    while not reader.is_free:
        reader._worker.poll(0.05)
        reader.take()
    reader.give(frame())
    assert answer(reader).reading.text == "80331"


def test_a_patient_reading_is_not_given_up(reader, monkeypatch):
    monkeypatch.setattr(reader, "_patience", -1.0)
    reader.give(frame())
    assert answer(reader, patiently=True).reading.text == "80331"


def test_a_model_that_is_not_there_is_an_error_before_anything_is_read():
    with pytest.raises(ModelNotFoundError, match="nonesuch"):
        ReaderProcess("nonesuch")


def test_a_process_that_ends_is_an_error():
    reader = ReaderProcess()
    os.kill(reader._worker._process.pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    with pytest.raises(InkreadError, match="reader: exited unexpectedly"):
        answer(reader)
    reader.close()


def test_closing_waits_for_no_reading():
    reader = ReaderProcess()
    process = reader._worker._process
    reader.give(frame())
    reader.close()
    with pytest.raises(ValueError, match="closed"):
        process.is_alive()
