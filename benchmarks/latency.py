"""Latency and throughput beside the peers: ``python benchmarks/latency.py [--seconds 2] [--quick]``.

Each system runs in a process of its own, with its models loaded and one warm-up call; rounds alternate
between the systems, so that other load on the machine affects all of them. Keras reads with the network of
the usual lesson, PyTorch with that of its own MNIST example; both take any picture for one digit, so that
they read no photo and no form. RapidOCR and Tesseract are configured as in ``peers.py``; Tesseract, as
usual, starts a process for each picture. Peers are installed into ``.venv-peers``; a missing one is
skipped.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np
from _measure import ROOT, Spread, circumstances, clock, matrix_rate, milliseconds, percent, significant
from _peers import MissingPeerError, Worker, keras_models, python_of, tesseract
from _pictures import digit, form, page, photo, save_picture
from fast import mnist, saved

from inkread.evaluation.reports.markdown import table
from inkread.evaluation.summary import summarize
from inkread.models import load_model

GLYPHS, PICTURES, SOME = 10_000, 1_000, 50
"""Glyphs of a batch; pictures of a batch; those of them that the OCR programs read."""
PEERS: Final = ("Keras model.predict", "Keras direct call", "PyTorch", "RapidOCR", "Tesseract")
LATENCIES: Final = {
    "one glyph": "glyph",
    "one small picture": "digit",
    "a 12-megapixel photo of 50 digits": "photo",
    "a scanned form of 256 digits": "form",
}
BATCHES: Final = {
    "glyphs": ("glyphs", "glyphs"),
    "pictures of one digit": ("digits", "some digits"),
    "pages of 18 digits": ("some pages", "some pages"),
}
"""What a batch holds; the cases of networks, and of OCR programs, which read fewer."""

Timer = Callable[[float, int], Spread]


def main() -> None:
    """Prints circumstances, ratios, and tables."""
    parser = argparse.ArgumentParser(description="Measure latency and throughput beside the peers.")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each case and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="small batches, one round")
    options = parser.parse_args()
    quick = " --quick" if options.quick else f" --seconds {options.seconds:g} --rounds {options.rounds}"
    rounds, seconds = (1, 0.2) if options.quick else (options.rounds, options.seconds)
    print(
        figures(f"python benchmarks/latency.py{quick}", seconds=seconds, rounds=rounds, quick=options.quick)
    )


def figures(command: str, *, seconds: float = 2.0, rounds: int = 3, quick: bool = False) -> str:
    """Measures everything, and returns it in Markdown."""
    sizes = {"glyphs": 1_000, "digits": 20, "some": 3} if quick else {}
    sizes = {"glyphs": GLYPHS, "digits": PICTURES, "some": SOME} | sizes
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        systems = started(Path(name), sizes, stack, quick=quick)
        found: dict[tuple[str, str], list[float]] = {}
        for _ in range(rounds):
            for system, cases in systems.items():
                for case, timer in cases.items():
                    few = 1 if case.endswith("s") else 3
                    times = timer(seconds, few).values
                    found.setdefault((system, case), []).extend(times)
                    print(system, case, significant(1000 * Spread(times).median), "ms", file=sys.stderr)
    spreads = {key: Spread(tuple(times)) for key, times in found.items()}
    names = [name for name in ("inkread", *PEERS) if any(key[0] == name for key in spreads)]
    return "\n".join(
        [
            circumstances(command),
            ratios(spreads, names),
            table(["median (least–most)", *names], latency_rows(spreads, names)),
            batches(sizes),
            table(["per second", *names], throughput_rows(spreads, names, sizes)),
            arithmetic(sizes["glyphs"] / spreads["inkread", "glyphs"].median),
        ]
    )


def started(
    folder: Path, sizes: dict[str, int], stack: ExitStack, *, quick: bool
) -> dict[str, dict[str, Timer]]:
    """Writes the files, starts the systems that are there, and returns a timer for each of their cases."""
    data = mnist()
    files = written(folder, sizes, data["test"].images[: sizes["glyphs"]])
    given = folder / "files.json"
    given.write_text(json.dumps(files), encoding="utf-8")

    def timers(worker: Worker, cases: dict[str, str]) -> dict[str, Timer]:
        def timer(theirs: str) -> Timer:
            return lambda seconds, least: worker.clock(theirs, seconds=seconds, least=least)

        return {ours: timer(theirs) for ours, theirs in cases.items()}

    def same(*cases: str) -> dict[str, str]:
        return dict(zip(cases, cases, strict=True))

    inkread = stack.enter_context(Worker(sys.executable, "_inkread_script.py", str(given)))
    torch = stack.enter_context(Worker(sys.executable, "_torch_script.py", str(given)))
    systems = {
        "inkread": timers(inkread, same("glyph", "digit", "photo", "form", "glyphs", "digits", "some pages")),
        "PyTorch": timers(torch, same("glyph", "glyphs")),
    }
    try:
        model = keras_models(saved(data, folder / "mnist.npz"), quick=quick) / "cnn.keras"
        keras = stack.enter_context(Worker(python_of("keras"), "_keras_script.py", str(model), str(given)))
        for name, mode in (("Keras model.predict", "predict"), ("Keras direct call", "direct")):
            cases = {each: f"{mode} {each}" for each in ("glyph", "digit", "glyphs", "digits")}
            systems[name] = timers(keras, cases)
    except MissingPeerError as error:
        print(f"not measured: {error}", file=sys.stderr)
    try:
        rapid = stack.enter_context(Worker(python_of("rapidocr"), "_rapidocr_script.py", str(given)))
        systems["RapidOCR"] = timers(rapid, same("digit", "photo", "form", "some digits", "some pages"))
    except MissingPeerError as error:
        print(f"not measured: {error}", file=sys.stderr)
    try:
        systems["Tesseract"] = tesseract_timers(tesseract(), files)
    except MissingPeerError as error:
        print(f"not measured: {error}", file=sys.stderr)
    return systems


def written(folder: Path, sizes: dict[str, int], glyphs: Any) -> dict[str, Any]:
    """Writes glyphs and pictures, and returns their paths by name."""
    files: dict[str, Any] = {"digit": str(ROOT / "examples" / "marker_seven.jpg"), "some": sizes["some"]}
    for name in ("glyphs.npy", "photo.jpg", "form.png", "digits", "pages"):
        files[name.partition(".")[0]] = str(folder / name)
    np.save(files["glyphs"], glyphs)
    save_picture(photo(4000, 3000), folder / "photo.jpg")
    save_picture(form(), folder / "form.png")
    for kind, draw, count in (("digits", digit, sizes["digits"]), ("pages", page, sizes["some"])):
        (folder / kind).mkdir()
        for number in range(count):
            save_picture(draw(number), folder / kind / f"{number:06}.jpg", quality=85)
    return files


def tesseract_timers(command: str, files: dict[str, Any]) -> dict[str, Timer]:
    """Returns timers of whole processes."""

    def run(picture: str, mode: int) -> None:
        options = ["--psm", str(mode), "-c", "tessedit_char_whitelist=0123456789"]
        subprocess.run([command, picture, "-", *options], check=True, capture_output=True)

    def run_all(pictures: list[str], mode: int) -> None:
        for picture in pictures:
            run(picture, mode)

    def first(kind: str) -> list[str]:
        return sorted(map(str, Path(files[kind]).iterdir()))[: files["some"]]

    calls: dict[str, Callable[[], object]] = {
        "digit": lambda: run(files["digit"], 10),
        "photo": lambda: run(files["photo"], 11),
        "form": lambda: run(files["form"], 11),
        "some digits": lambda: run_all(first("digits"), 10),
        "some pages": lambda: run_all(first("pages"), 11),
    }

    def timer(call: Callable[[], object]) -> Timer:
        return lambda seconds, least: clock(call, seconds=seconds, least=least)

    return {name: timer(call) for name, call in calls.items()}


def ratios(spreads: dict[tuple[str, str], Spread], names: list[str]) -> str:
    """Says for each kind of input how inkread's median compares; a peer that is faster is named as such."""
    lines = []
    for title, case in LATENCIES.items():
        ours = spreads["inkread", case].median
        parts = []
        for peer in names[1:]:
            if spread := spreads.get((peer, case)):
                ratio = spread.median / ours
                much = significant(max(ratio, 1 / ratio))
                parts.append(
                    f"{much} times as fast as {peer}" if ratio >= 1 else f"{peer} is {much} times as fast"
                )
        lines.append(f"- {title}: {'; '.join(parts)}")
    return "\n".join(lines) + "\n"


def batches(sizes: dict[str, int]) -> str:
    """Says how large the batches are."""
    return (
        f"In batches of {sizes['glyphs']:,} glyphs, {sizes['digits']:,} pictures of one digit "
        f"({sizes['some']} for OCR programs), and {sizes['some']} pages:\n"
    )


def latency_rows(spreads: dict[tuple[str, str], Spread], names: list[str]) -> list[list[str]]:
    """Returns the rows of the table of latencies."""
    return [
        [title, *(milliseconds(spreads[name, case]) if (name, case) in spreads else "" for name in names)]
        for title, case in LATENCIES.items()
    ]


def throughput_rows(
    spreads: dict[tuple[str, str], Spread], names: list[str], sizes: dict[str, int]
) -> list[list[str]]:
    """Returns the rows of the table of rates."""
    rows = []
    for title, cases in BATCHES.items():
        cells = []
        for name in names:
            case = next((case for case in cases if (name, case) in spreads), None)
            count = sizes["some"] if (case or "").startswith("some") else sizes.get(case or "", 0)
            cells.append(significant(count / spreads[name, case].median) if case else "")
        rows.append([title, *cells])
    return rows


def arithmetic(rate: float) -> str:
    """Compares the multiplications of a batch of glyphs with those of float32 matrices on the same machine.

    Args:
        rate: glyphs a second.
    """
    each = summarize(load_model()).operations or 0
    peak = matrix_rate()
    share = rate * each / (peak * 1e9)
    return (
        f"inkread's network takes {each:,} multiplications a glyph, {rate * each / 1e9:.0f}·10⁹ a second "
        f"in the batch, in 8 bits. NumPy multiplies float32 matrices at {peak:.0f}·10⁹ a second here: "
        f"{percent(share)}.\n"
    )


if __name__ == "__main__":
    main()
