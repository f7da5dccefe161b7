"""``inkread camera``: shows a camera's picture in a window, with the digits found in it."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

from typer import Option

from inkread.cli.options import ModelOption, require
from inkread.errors import OptionError


def camera(
    *,
    device: Annotated[int | None, Option(metavar="N", help="The camera's number; 0 is the first.")] = None,
    video: Annotated[
        Path | None, Option(metavar="FILE", help="Play a video file instead of a camera.")
    ] = None,
    model: ModelOption = "default",
    save_to: Annotated[
        Path,
        Option(metavar="DIR", help="Where S saves the picture and its reading; default: the current folder."),
    ] = Path(),
) -> None:
    """Show a camera's picture with a box and a label on every digit found.

    Reading runs in the background, always on the newest frame. A digit appears once several readings agree on
    it.

    Space freezes the picture and reads exactly that frame. S saves it with its reading, as .png and .json
    under a new name. C copies the text. Esc closes the window.

    Requires a display and the extra desktop: pip install '.[desktop]'.
    """
    require("desktop", "pygame")
    if device is not None and video is not None:
        raise OptionError("--device and --video", "cannot be used together", "use only one of them")
    if device is not None and device < 0:
        raise OptionError(f"--device {device}", "is not a camera number", "use 0 or higher")
    from inkread.desktop.camera import CameraScene
    from inkread.desktop.capture import open_camera, open_video
    from inkread.desktop.reader_process import ReaderProcess
    from inkread.desktop.window import show

    source = open_video(video) if video is not None else open_camera(device or 0)
    with closing(source), closing(ReaderProcess(model)) as reader:
        scene = CameraScene(source, reader, save_to=save_to)
        show(scene, size=scene.size)
    if scene.failure is not None:
        raise scene.failure
