"""Options that several commands have, so that they say the same everywhere."""

from typing import Annotated

import typer

ModelOption = Annotated[
    str, typer.Option("--model", help="A bundled model, or the folder of a training run.")
]

DetectorOption = Annotated[
    str,
    typer.Option("--detector", help="The bundled detector, or the folder of a run of --network detector."),
]

SingleOption = Annotated[
    bool, typer.Option("--single", help="Read each picture as one digit, or as no digit.")
]

MinProbabilityOption = Annotated[
    float,
    typer.Option(
        "--min-probability", metavar="P", help="Digits that are less probable than this become ?, 0 to 1."
    ),
]
