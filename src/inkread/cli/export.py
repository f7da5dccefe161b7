"""``inkread export``: exports a model to the formats of other programs."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from inkread.cli.console import printable, progress_bar, show, table
from inkread.cli.options import DataDirOption, QuietOption


def export(
    *,
    model: Annotated[str, Argument(help="A bundled model, or a training run's folder.")],
    to: Annotated[
        list[str],
        Option(
            metavar="FORMAT",
            help="onnx, int8, keras, h5, litert, litert-int8, safetensors, torchscript, or all; repeatable.",
        ),
    ],
    out: Annotated[
        Path | None,
        Option(
            metavar="DIR", help="Where to put a folder per format; default for a run: export in its folder."
        ),
    ] = None,
    data_dir: DataDirOption = None,
    quiet: QuietOption = False,
) -> None:
    """Export a model to ONNX or LiteRT (32 or 8 bits), Keras, safetensors, or TorchScript.

    Each file is loaded again and compared with the model on the held-out training images of MNIST, or on
    synthetic digits if MNIST is not on this machine; the network of text lines (onnx, litert), on drawn
    lines. A file whose answers differ is an error and is not saved.

    Each file comes with its card (labels, input, output, preprocessing) and vectors.npz: digits and the
    file's outputs for them.
    """
    from rich.text import Text

    from inkread.export import export_model
    from inkread.export.formats import formats_of

    with progress_bar("Exporting", len(formats_of(to)), shown=not quiet) as advance:
        exported = export_model(model, to=to, out=out, data_dir=data_dir, on_format=advance)
    rows = table("Format", ">Size", ">Largest difference", ">Changed answers", ">Accuracy", "File")
    for each in exported:
        found = each.parity
        rows.add_row(
            each.format.name,
            f"{each.size / 1e6:.2f} MB",
            f"{found.largest_difference:.1e}",
            f"{found.changed:,}",
            f"{found.accuracy:.2%}",
            Text(printable(str(each.path))),
        )
    first = exported[0].parity
    show(
        rows,
        "",
        f"Differences in probability on {first.count:,} examples ({first.on}); accuracy of the source: "
        f"{first.accuracy_before:.2%}",
    )
