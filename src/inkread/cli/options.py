"""Options shared by several commands."""

from typing import Annotated

import typer

ModelOption = Annotated[str, typer.Option("--model", help="A bundled model, or a training run's folder.")]

DetectorOption = Annotated[
    str,
    typer.Option("--detector", help="The bundled detector, or the folder of a --network detector run."),
]

SingleOption = Annotated[bool, typer.Option("--single", help="Read each picture as one digit or no digit.")]

AlphabetOption = Annotated[
    str,
    typer.Option(
        "--alphabet",
        help="What to read: digits, letters, alnum (digits and letters), or text (words and lines).",
    ),
]

MinProbabilityOption = Annotated[
    float,
    typer.Option(
        "--min-probability", metavar="P", help="Print ? for digits less probable than this, 0 to 1."
    ),
]
