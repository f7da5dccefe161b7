"""Options shared by several commands."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from typer import Option

from inkread.errors import MissingExtraError, OptionError

PACKAGES = {"pygame": "pygame-ce", "sklearn": "scikit-learn"}
"""The packages whose modules have other names."""


Alphabet = Literal["digits", "letters", "alnum", "text"]
"""Which characters may be read, see ``inkread.reader.open_reader``."""


def bundled_models() -> list[str]:
    """Returns the names that the shell completes after ``--model``."""
    from inkread.models import bundled

    return list(bundled())


ModelOption = Annotated[
    str, Option("--model", help="A bundled model, or a training run's folder.", autocompletion=bundled_models)
]

DetectorOption = Annotated[
    str, Option("--detector", help="The bundled detector, or the folder of a --network detector run.")
]

DataDirOption = Annotated[
    Path | None, Option("--data-dir", metavar="DIR", help="The folder of the data (also: INKREAD_DATA).")
]

TestOption = Annotated[
    bool, Option("--test", help="Use the collection's test images; for a final check only.")
]

QuietOption = Annotated[bool, Option("--quiet", help="Show no progress bar.")]

SingleOption = Annotated[bool, Option("--single", help="Read each picture as one digit or no digit.")]

AlphabetOption = Annotated[
    Alphabet, Option("--alphabet", help="What to read; alnum is digits and letters, text is words and lines.")
]

LexiconOption = Annotated[
    Path | None, Option(metavar="FILE", help="Words that text probably consists of, one per line.")
]

MinProbabilityOption = Annotated[
    float,
    Option("--min-probability", metavar="P", help="Print ? for digits less probable than this, 0 to 1."),
]


def require(extra: str, *modules: str) -> None:
    """Checks that the modules of an extra are installed, before anything else is done.

    Raises:
        MissingExtraError: one of them is not installed.
    """
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError(PACKAGES.get(module, module), extra)


def reject(given: Mapping[str, object], problem: str, remedy: str) -> None:
    """Raises an ``OptionError`` if any of these options, as they are written, has a value that is true."""
    for option, value in given.items():
        if value:
            raise OptionError(option, problem, remedy)


def require_use(lexicon: Path | None, *, single: bool) -> None:
    """Raises an ``OptionError`` if a lexicon would have no effect, because one character is read."""
    if single:
        reject({"--lexicon": lexicon}, "has no effect with --single", "leave out one of them")
