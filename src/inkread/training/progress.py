"""How a training reports its progress, also to programs that draw its curves while it runs."""

from __future__ import annotations

import dataclasses
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from inkread.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from inkread.training.detector_fit import DetectorEpoch
    from inkread.training.digits import Epoch
    from inkread.training.recipe import TrainingConfig
    from inkread.training.text_fit import TextEpoch


class Progress:
    """Receives reports while a training runs, and ignores those that a subclass does not override."""

    def on_download(self, name: str, done: int, total: int) -> None:
        """Receives the bytes of a download so far, and in all."""

    def on_picture(self, done: int, total: int) -> None:
        """Receives the number of pictures of a folder read so far, and in all."""

    def on_note(self, text: str) -> None:
        """Receives a note about the data, such as pictures that were left out."""

    def on_batch(self, done: int, total: int) -> None:
        """Receives the number of steps done in this epoch, and in all of it."""

    def on_epoch(self, epoch: Epoch | DetectorEpoch | TextEpoch) -> None:
        """Receives the figures of an epoch that has just ended."""


class TensorBoard:
    """Writes event files for TensorBoard into ``tensorboard`` in the run's folder."""

    def __init__(self, folder: Path, config: TrainingConfig) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer: Any = SummaryWriter(str(folder / "tensorboard"))
        settings = "\n".join(f"- {name}: {value}" for name, value in _listed(config).items())
        self._writer.add_text("recipe", settings)

    def log(self, figures: dict[str, float], epoch: int) -> None:
        """Adds a point to each curve."""
        for name, value in figures.items():
            self._writer.add_scalar(name, value, epoch)

    def close(self) -> None:
        """Flushes the file."""
        self._writer.close()


class MLflow:
    """Logs a run to the server at ``MLFLOW_TRACKING_URI``, or into ``mlflow.db`` in the run's folder."""

    def __init__(self, folder: Path, config: TrainingConfig) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # nothing leaves the machine unasked
        import mlflow

        folder.mkdir(parents=True, exist_ok=True)
        if "MLFLOW_TRACKING_URI" not in os.environ:
            mlflow.set_tracking_uri(f"sqlite:///{(folder / 'mlflow.db').resolve()}")
        mlflow.set_experiment("inkread")
        mlflow.start_run(run_name=folder.name)
        mlflow.log_params(_listed(config))
        self._mlflow: Any = mlflow

    def log(self, figures: dict[str, float], epoch: int) -> None:
        """Adds a point to each curve."""
        self._mlflow.log_metrics(figures, step=epoch)

    def close(self) -> None:
        """Marks the run as finished."""
        self._mlflow.end_run()


def _listed(config: TrainingConfig) -> dict[str, Any]:
    """Returns the settings by name, without tables."""
    return {name: value for name, value in config.flat().items() if name != "layers"}


class LoggedProgress:
    """Passes everything on to another progress, and the figures of each epoch to loggers too."""

    def __init__(self, progress: Progress, loggers: list[TensorBoard | MLflow]) -> None:
        self._progress, self._loggers = progress, loggers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._progress, name)

    def on_epoch(self, epoch: Any) -> None:
        """Logs the figures."""
        self._progress.on_epoch(epoch)
        figures = {name: value for name, value in dataclasses.asdict(epoch).items() if name != "epoch"}
        for logger in self._loggers:
            logger.log(figures, epoch.epoch)


@contextmanager
def logged(progress: Progress, names: Sequence[str], folder: Path, config: TrainingConfig) -> Iterator[Any]:
    """Yields a progress that also logs to programs, by their names in ``recipe.LOGGERS``.

    Raises:
        MissingExtraError: a program is not installed.
    """
    kinds: dict[str, type[TensorBoard | MLflow]] = {"tensorboard": TensorBoard, "mlflow": MLflow}
    loggers: list[TensorBoard | MLflow] = []
    try:
        for name in dict.fromkeys(names):
            try:
                loggers.append(kinds[name](folder, config))
            except ModuleNotFoundError as error:
                raise MissingExtraError(name, name) from error
        yield LoggedProgress(progress, loggers) if loggers else progress
    finally:
        for logger in loggers:
            logger.close()
