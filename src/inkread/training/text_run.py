"""From a recipe to the network that reads text lines: training, calibration, export."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.strips import HEIGHT
from inkread.errors import OptionError
from inkread.evaluation.metrics import edit_distance
from inkread.models import NGRAMS, TEXT
from inkread.models.card import TEXT_CLASSES
from inkread.pipeline.beam_search import BeamSearch
from inkread.pipeline.classifier import softmax
from inkread.pipeline.decoding import NOT_SPACE, allowed, restricted
from inkread.pipeline.ngrams import NGRAMS_FILE
from inkread.pipeline.text import ALPHABETS, LONGEST, ORIENTATION, TextRecognizer, look_at
from inkread.pipeline.text_lines import FILL
from inkread.pipeline.words import read_words
from inkread.synthetic.text_lines import OWN, described, load_line_folder, load_text_stock, make_line
from inkread.synthetic.text_pages import make_page
from inkread.system.locks import working_in
from inkread.training.checkpoint import refuse
from inkread.training.export import Origin, in_8_bits_compared, save_run, write_model
from inkread.training.hardware import opencv_in_one_thread, resolved, torch_settings
from inkread.training.ngrams import count_ngrams, fit_weights
from inkread.training.progress import Progress
from inkread.training.run import Run
from inkread.training.strip_network import planes_of
from inkread.training.text_fit import blend, fit_text, start_of
from inkread.training.turning_fit import fit_turning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from inkread.datasets.strips import Strips
    from inkread.models import Card, Model
    from inkread.pipeline.ngrams import NGrams
    from inkread.pipeline.words import LineWord
    from inkread.synthetic.text_lines import TextStock
    from inkread.system.files import AnyPath
    from inkread.training.recipe import TextRecipe
    from inkread.training.strip_network import StripNetwork
    from inkread.training.text_fit import TextEpoch

    ReadLine = tuple[NDArray[np.float32], str]

CALIBRATED = 200
"""Held-out lines that give the ranges for 8 bits."""
MEASURED = 2_000
"""Held-out lines that measure the exported network, and give its temperature."""
WEIGHED = 3_000
"""Held-out lines by people, which give the weights of spelling: the texts of lines in fonts are invented."""
TURNED_PAGES, TURNED_LINES = 240, 600
"""Held-out pages, and lines by themselves, that show how turned ones are read."""
TEMPERATURES = np.geomspace(0.2, 5, 200)


def train_text(
    recipe: TextRecipe,
    *,
    out: AnyPath,
    data: Sequence[str] = (),
    data_dir: AnyPath | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    command: str = "",
) -> Run[TextRecipe, TextEpoch]:
    """Trains the network that reads text lines, on lines made during training, and saves the run.

    Args:
        recipe: every setting.
        out: the run's folder: new, or that of an interrupted run to resume.
        data: folders of your own lines to learn from too, see ``load_line_folder``.
        data_dir: the folder of the collections; default: where the loaders look.
        resume: continues the interrupted run in ``out``.
        progress: notified after every step and epoch.
        command: the command that reproduces the run, for the card.

    Raises:
        TrainingError: ``out`` holds another run, the loss diverges, or the exported model disagrees.
        OutputError: ``out`` cannot be written to, or another process works in it.
        OptionError: a name is not a folder.
        DatasetError: a collection is not available, or a folder has no readable lines.
    """
    out, progress = Path(out), progress or Progress()
    recipe = resolved(recipe)
    with working_in(out), torch_settings(recipe), opencv_in_one_thread():
        refuse(out, resume=resume)
        stock, held_out = (load_text_stock(data_dir, held_out=part) for part in (False, True))
        if data:
            stock = dataclasses.replace(stock, strips=stock.strips | {OWN: _own(data)})
        watched = {"on_epoch": progress.on_epoch, "on_batch": progress.on_batch}
        state = fit_text(recipe, out, stock=stock, held_out=held_out, resume=resume, **watched)
        progress.on_note(
            "the steps are done; measuring the network and weighing spelling takes ten minutes more"
        )
        network = state.averaged.cpu()
        blend(network, start_of(recipe), recipe.blend)
        origin = Origin(recipe, (*described(stock, "train"), *described(held_out, "validation")), command)
        model = text_model(network, held_out, out, origin)
        lines = _columns_of(model, held_out, MEASURED, [recipe.seed, 2])
        turning = fit_turning(_turned(model, held_out, [recipe.seed, 4]), ORIENTATION)
        fusion = {"turning": dataclasses.asdict(turning)}
        card = dataclasses.replace(_measured(model.card, lines), fusion=fusion)
        model = dataclasses.replace(model, card=card)
        by_people = dataclasses.replace(held_out, fonts=())
        weighed = _columns_of(model, by_people, WEIGHED, [recipe.seed, 3])
        save_spelling(out / NGRAMS, count_ngrams(stock.texts()), lines, weighed, origin)
        run = Run(out, recipe, network, tuple(state.history))
        save_run(run, model.content, model.card)
        return run


def _own(folders: Sequence[str]) -> Strips:
    for folder in folders:
        if not Path(folder).is_dir():
            raise OptionError(f"--data {folder}", "is not a folder", "give a folder of lines with labels.csv")
    parts = [load_line_folder(folder) for folder in folders]
    return dataclasses.replace(parts[0], strips=tuple(strip for part in parts for strip in part.strips))


def text_model(network: StripNetwork, held_out: TextStock, folder: Path, origin: Origin) -> Model:
    """Returns the network in 8 bits; see ``in_8_bits_compared``."""
    rng = np.random.default_rng([origin.recipe.seed, 1])
    examples = [planes_of([make_line(held_out, rng).pixels])[0].numpy() for _ in range(CALIBRATED)]
    geometry = {"height": HEIGHT, "ink": FILL}
    card = origin.card(network, labels=TEXT_CLASSES, geometry=geometry)
    return in_8_bits_compared(network.eval(), TextRecognizer, examples, card, folder)


def save_spelling(
    folder: Path, ngrams: NGrams, lines: Sequence[ReadLine], weighed: Sequence[ReadLine], origin: Origin
) -> None:
    """Writes the n-grams into a folder, with the weights that read the weighed lines best.

    ``lines`` are for the scores and the temperature.
    """
    weights = fit_weights(ngrams, *zip(*weighed, strict=True))
    content = ngrams.to_bytes()
    card = origin.card(
        None,
        content,
        labels=TEXT_CLASSES[:-1],
        geometry={},
        name=NGRAMS,
        parameters=len(ngrams),
        fusion=dataclasses.asdict(weights),
    )
    card = _measured(card, lines, BeamSearch(ngrams, weights))
    write_model(folder / NGRAMS_FILE, content, card)


def _columns_of(model: Model, held_out: TextStock, count: int, seed: Sequence[int]) -> list[ReadLine]:
    rng = np.random.default_rng(seed)
    lines = [make_line(held_out, rng) for _ in range(count)]
    columns = TextRecognizer(model).probabilities_of([line.pixels for line in lines])
    return [(each, line.text) for each, line in zip(columns, lines, strict=True)]


def _turned(model: Model, held_out: TextStock, seed: Sequence[int]) -> Iterator[list[NDArray[np.float32]]]:
    """Yields the confidence in what is read on made pages and lines, upright and after each quarter turn."""
    recognizer, classes = TextRecognizer(model), allowed(ALPHABETS[TEXT])
    for index in range(TURNED_PAGES + TURNED_LINES):
        rng = np.random.default_rng([*seed, index])
        is_page = index < TURNED_PAGES
        pixels = (
            make_page(held_out, rng).grey if is_page else np.pad(make_line(held_out, rng).pixels, 12, "edge")
        )
        looks = (look_at(np.rot90(pixels, turns), recognizer, classes, LONGEST) for turns in range(4))
        yield [look.confidence() for look in looks]


def _measured(card: Card, lines: Sequence[ReadLine], search: BeamSearch | None = None) -> Card:
    """Returns the card with the temperature of word probabilities, and the scores."""
    right, probable, errors, length = [], [], 0, 0
    for columns, text in lines:
        words = read_words(columns, search, temperature=1.0)
        errors += edit_distance(" ".join(word.text for word in words), text)
        length += len(text)
        if " " not in text and len(words) == 1:
            right.append(words[0].text == text)
            probable.append(probabilities_of(words[0], columns, search))
    return dataclasses.replace(
        card,
        temperature=round(fitted_temperature(right, probable), 4) if right else 1.0,
        scores={
            "lines_cer": round(errors / max(1, length), 6),
            "words_right": round(sum(right) / max(1, len(right)), 6),
        },
    )


def probabilities_of(
    word: LineWord, columns: NDArray[np.float32], search: BeamSearch | None
) -> NDArray[np.float64]:
    """Returns the probability that ``read_words`` gives a line's only word, at each of the temperatures."""
    if search is None:
        return np.asarray(np.exp(np.log(max(word.probability, 1e-9)) / TEMPERATURES))
    scores = np.array([score for _, score in search.texts(restricted(columns, NOT_SPACE))])
    return np.asarray(softmax(scores / TEMPERATURES[:, None])[:, 0], np.float64)


def fitted_temperature(right: Sequence[bool], probable: Sequence[NDArray[np.float64]]) -> float:
    """Returns the temperature with the highest likelihood for words read right or not.

    ``probable`` has, for each word, its probability at each temperature.
    """
    at_each = np.clip(np.stack(probable, axis=1), 1e-6, 1 - 1e-6)
    likelihood = np.where(right, np.log(at_each), np.log(1 - at_each)).mean(axis=1)
    return float(TEMPERATURES[int(likelihood.argmax())])
