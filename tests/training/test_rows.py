"""The reader of rows is trained alike every time, and what it leaves behind reads as it did in training."""

from __future__ import annotations

import csv
import dataclasses
import hashlib

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
onnx = pytest.importorskip("onnx", reason="ONNX is not installed (extra: train)")

from safetensors.torch import load_file
from training_runs import figures, interrupt_at, weights

from inkread.datasets.row_stock import RowBlock
from inkread.errors import OutputError, TrainingError
from inkread.models import load_model
from inkread.models.card import CARD_FILE, MODEL_FILE
from inkread.models.history import HISTORY_FILE
from inkread.recognizer import BLANK, Recognizer, spotted
from inkread.strip import GEOMETRY, PAPER
from inkread.training import row_batches, row_export, row_fit, train_rows, workflow
from inkread.training.calibration import fit_temperature
from inkread.training.checkpoint import CHECKPOINT_FILE
from inkread.training.recipe import RowRecipe, recipe_from
from inkread.training.row_batches import NOT_ASKED, batch_of, batches_of, changed, papered
from inkread.training.row_export import column_logits, compare, compare_readings, export_rows
from inkread.training.row_fit import evaluate, fit_rows, losses_of
from inkread.training.row_network import row_network, unfolded
from inkread.training.run import WEIGHTS_FILE

# The columns are told directly what they show, so that all rows are read from the fourth epoch on, with seeds 0, 1 and 2.
RECIPE = RowRecipe(
    epochs=10,
    passes=6,
    batch_size=4,
    learning_rate=4e-3,
    warmup=0.2,
    dropout=0.0,
    averaging=0.5,
    column_weight=8.0,
    box_weight=5.0,
    threads=1,
    precision="float32",
)
SHORT = dataclasses.replace(RECIPE, epochs=3, passes=2, batch_size=8)  # three steps an epoch of twelve rows
FILES = {"model.onnx", "model.safetensors", "history.csv", "card.json"}
ENTRY = {"name": "bars", "split": "train", "sha256": "0" * 64}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Exporting and comparing take PyTorch's own choice, which gains nothing on networks and rows this small."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def blocks(draw_rows):
    """Enough rows to learn to read them."""
    return [draw_rows(24, seed=seed) for seed in range(10)]


@pytest.fixture(scope="module")
def few(draw_rows):
    """Enough rows to see that something is learned."""
    return [draw_rows(12, seed=seed) for seed in range(3)]


@pytest.fixture(scope="module")
def held_out(draw_rows):
    """40 other rows."""
    return draw_rows(40, seed=99)


# What a step learns from


def row_of(width, text="", *boxes):
    """A row whose digits fill their boxes."""
    ink = np.zeros((40, width), np.uint8)
    for x0, y0, x1, y1 in boxes:
        ink[y0:y1, x0:x1] = 255
    return ink, text, np.array(boxes, np.float32).reshape(-1, 4)


def test_rows_of_a_batch_are_padded_and_labelled_in_the_middle_of_their_digits():
    rows = [row_of(23, "73", (2, 10, 12, 30), (13, 5, 21, 39)), row_of(9, "5", (1, 0, 9, 40)), row_of(11)]
    batch = batch_of(rows)
    assert batch.ink.shape == (3, 1, 40, 24)
    assert batch.columns.tolist() == [12, 5, 6]
    assert batch.digits.tolist() == [7, 3, 5]
    assert batch.lengths.tolist() == [2, 1, 0]
    none, pad = BLANK, NOT_ASKED
    assert batch.labels.tolist() == [
        [none, none, 7, 7, 7, none, none, 3, 3, 3, none, none],
        [none, 5, 5, 5, none, *[pad] * 7],
        [*[none] * 6, *[pad] * 6],
    ]
    for ink, (row, _, _) in zip(batch.ink[:, 0].numpy(), rows, strict=True):
        width = row.shape[1]
        np.testing.assert_array_equal(ink[:, :width] * 255, row)
        assert ink[:, width:].max(initial=0) == 0


def test_the_sides_of_a_labelled_column_give_its_digits_box_back(held_out):
    rows = [held_out.row(index) for index in range(len(held_out))]
    batch = batch_of(rows)
    for labels, sides, (_, text, boxes) in zip(batch.labels, batch.sides, rows, strict=True):
        columns = np.flatnonzero((labels >= 0) & (labels < BLANK))
        left, right, top, bottom = 40 * sides[columns].numpy().T
        found = np.stack([2 * columns + 1 - left, top, 2 * columns + 1 + right, bottom], axis=1)
        nearest = np.array([np.abs(boxes - box).sum(axis=1).argmin() for box in found], int)
        assert {*nearest} == {*range(len(text))}
        np.testing.assert_allclose(found, boxes[nearest], atol=1e-4)
        assert [str(label) for label in labels[columns].tolist()] == [text[index] for index in nearest]


@pytest.mark.parametrize("x0", [0, 4.5, 8, 8.6])
def test_the_thinnest_digit_has_a_column_wherever_it_stands(x0):
    ink, _, _ = row_of(9)
    batch = batch_of([(ink, "1", np.array([[x0, 0, x0 + 0.4, 40]], np.float32))])
    assert (batch.labels == 1).sum() == 1


@pytest.mark.parametrize("seed", range(20))
def test_a_changed_row_keeps_its_digits_in_their_boxes(seed, monkeypatch):
    monkeypatch.setattr(row_batches, "ELASTIC", 0.0)
    row = row_of(90, "15", (10, 8, 22, 34), (50, 12, 83, 30))
    ink, text, boxes = changed(row, np.random.default_rng(seed))
    assert text == "15"
    assert ink.dtype == np.uint8
    assert len(ink) == 40
    seam = int(boxes[:, [0, 2]].mean())
    for part, start, box in ((ink[:, :seam], 0, boxes[0]), (ink[:, seam:], seam, boxes[1])):
        y, x = np.nonzero(part >= 128)
        found = [start + x.min(), y.min(), start + x.max() + 1, y.max() + 1]
        np.testing.assert_allclose(found, np.clip(box, 0, [ink.shape[1], 40] * 2), atol=1)


def test_shapes_are_bent_by_a_few_pixels_at_most():
    row = row_of(90, "1", (40, 0, 50, 40))
    straight = 0.3  # pixels by which an edge that is only moved, stretched and resampled seems to vary
    bends = []
    for seed in range(60):
        ink, _, ((x0, _, x1, _),) = changed(row, np.random.default_rng(seed))
        written = ink.max(axis=1) >= 128
        edges = np.stack([(ink[written] >= 128).argmax(axis=1), (ink[written] >= 128).sum(axis=1)])
        edges[1] += edges[0]
        assert np.abs(edges - np.array([[x0], [x1]])).max() < 10  # five standard deviations of the strongest
        bends.append(edges[0].std())
    assert min(bends) < straight
    assert np.median(bends) > straight
    assert max(bends) > 3 * straight


def test_changes_vary_with_the_generator_alone():
    row = row_of(90, "1", (10, 8, 22, 34))
    results = [changed(row, np.random.default_rng(seed)) for seed in (*range(30), 3)]
    np.testing.assert_array_equal(results[30][0], results[3][0])
    np.testing.assert_array_equal(results[30][2], results[3][2])
    heights = [boxes[0, 3] - boxes[0, 1] for _, _, boxes in results]
    widths = [ink.shape[1] for ink, _, _ in results]
    assert max(heights) > 1.2 * min(heights)
    assert max(widths) > 1.5 * min(widths)
    assert np.ptp([boxes[0, 1] for _, _, boxes in results]) > 3
    assert row[0].max() == 255


def test_paper_at_the_ends_moves_the_boxes_with_the_ink():
    ink, text, boxes = papered(row_of(9, "5", (1, 0, 9, 40)), 4, 7)
    assert (ink.shape, ink.dtype, text) == ((40, 20), np.uint8, "5")
    np.testing.assert_array_equal(boxes, [[5, 0, 13, 40]])
    assert np.flatnonzero(ink.any(axis=0)).tolist() == [*range(5, 13)]


def test_a_changed_row_has_more_paper_at_either_end_than_it_is_read_with_or_less():
    row = row_of(60, "88", (0, 0, 25, 40), (35, 0, 60, 40))
    widths = []
    for seed in range(60):
        ink = changed(row, np.random.default_rng(seed))[0]
        written = np.flatnonzero((ink >= 128).any(axis=0))
        widths.append((written[0], ink.shape[1] - written[-1] - 1))
    assert np.min(widths, axis=0).max() < PAPER / 2
    assert np.max(widths, axis=0).min() > PAPER * 3 / 2


def test_every_chosen_row_is_in_one_batch_with_rows_of_like_widths(blocks):
    chosen = np.array([[block, index] for block in range(4) for index in range(24)])
    batches = batches_of(blocks, chosen, 10, np.random.default_rng(0))
    assert sorted(len(batch) for batch in batches) == [6, *[10] * 9]
    assert sorted(map(tuple, np.concatenate(batches).tolist())) == [tuple(one) for one in chosen.tolist()]
    widths = [[blocks[block].row(index)[0].shape[1] for block, index in batch] for batch in batches]
    assert np.median([max(batch) / min(batch) for batch in widths]) < 1.6
    means = [np.mean(batch) for batch in widths]
    assert means != sorted(means)


# The network and its losses


def test_the_network_answers_for_every_second_pixel_and_has_the_parameters_it_says():
    network = row_network().eval()
    assert network(torch.rand(2, 1, 40, 52)).shape == (2, 30, 1, 13)
    assert sum(weight.numel() for weight in network.parameters()) == 1_369_982


def test_the_network_sees_no_further_than_92_pixels():
    network = row_network().eval()
    ink = torch.rand(1, 1, 40, 400)
    changed_ink = ink.clone()
    changed_ink[..., 200:204] = 0
    with torch.no_grad():
        differs = (network(ink) != network(changed_ink)).any(dim=1).flatten()
    assert differs.nonzero().flatten().tolist() == list(range(50 - 23, 50 + 24))


def always(label):
    """A network that gives every column the same label."""
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 30, (40, 4), stride=4)).requires_grad_(False)
    network[0].weight.zero_()
    network[0].bias.zero_()
    network[0].bias[[label, 15 + label]] = 9
    return network.eval()


def test_rows_right_and_errors_are_counted(held_out):
    texts = held_out.texts.tolist()
    length = sum(map(len, texts))
    accuracy, error_rate = evaluate(always(BLANK), held_out, RECIPE)
    assert (accuracy, error_rate) == (texts.count("") / 40, 1)
    accuracy, error_rate = evaluate(always(5), held_out, RECIPE)
    assert accuracy == texts.count("5") / 40 > 0
    assert error_rate == sum(max(1, len(text)) - ("5" in text) for text in texts) / length


def test_the_losses_are_small_only_for_what_is_true(held_out):
    rows = [held_out.row(index) for index in range(40) if held_out.texts[index] == ""]
    right, wrong = (losses_of(always(label), batch_of(rows), RECIPE) for label in (BLANK, 5))
    assert right.max() < 0.1
    assert wrong[0] > 10
    assert wrong[1] > 5


def test_rows_without_digits_can_be_learned_from():
    network = row_network()
    losses = losses_of(network, batch_of([row_of(30), row_of(20)]), RECIPE)
    losses.sum().backward()
    assert torch.isfinite(losses).all()
    assert losses[2] == 0
    assert all(torch.isfinite(weight.grad).all() for weight in network.parameters())


# The loop


@pytest.mark.parametrize(
    "interruption", [{"on_batch": 2}, {"on_batch": 8}, {"on_epoch": 1}, {"on_epoch": 3}], ids=str
)
def test_a_resumed_run_ends_as_an_uninterrupted_one(interruption, whole, few, held_out, tmp_path):
    callbacks = {name: interrupt_at(calls) for name, calls in interruption.items()}
    with pytest.raises(KeyboardInterrupt):
        fit_rows(SHORT, few, held_out, out=tmp_path, **callbacks)
    resumed = fit_rows(SHORT, few, held_out, out=tmp_path, resume=True)
    assert weights(resumed) == weights(whole)
    assert figures(resumed) == figures(whole)


@pytest.fixture(scope="module")
def whole(few, held_out, tmp_path_factory):
    """An uninterrupted run."""
    return fit_rows(SHORT, few, held_out, out=tmp_path_factory.mktemp("whole"))


def test_the_seed_decides_the_weights(whole, few, held_out, tmp_path):
    same, other = (
        fit_rows(dataclasses.replace(SHORT, seed=seed), few, held_out, out=tmp_path / str(seed))
        for seed in (0, 1)
    )
    assert weights(same) == weights(whole)
    assert weights(other) != weights(whole)


def test_training_leaves_the_callers_random_numbers_and_threads_alone(few, held_out, tmp_path):
    torch.set_num_threads(2)
    try:
        state = torch.get_rng_state()
        fit_rows(dataclasses.replace(SHORT, epochs=1), few[:1], held_out, out=tmp_path)
        assert torch.equal(torch.get_rng_state(), state)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_an_epoch_has_every_new_row_once_and_else_those_of_earlier_epochs(
    few, held_out, tmp_path, monkeypatch
):
    seen, steps = [], []

    def noted(row, rng):
        seen.append(tuple(row[0][:2, 0].tolist()))
        return changed(row, rng)

    monkeypatch.setattr(row_fit, "changed", noted)
    marked = []
    for number, block in enumerate(few):
        ink = block.ink.copy()
        ink[:2, block.ends - np.diff(block.ends, prepend=0)] = [[number] * 12, range(12)]
        marked.append(dataclasses.replace(block, ink=ink))
    fit_rows(SHORT, marked, held_out, out=tmp_path, on_batch=lambda *step: steps.append(step))
    assert steps == [(1, 3), (2, 3), (3, 3)] * 3
    for number in range(3):
        rows = seen[24 * number : 24 * (number + 1)]
        new, old = [row for row in rows if row[0] == number], [row for row in rows if row[0] != number]
        assert {index for _, index in new} == {*range(12)}
        assert len(new) == (12 if number else 24)
        assert {block for block, _ in old} == {*range(number)}


@pytest.fixture
def interrupted(few, held_out, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fit_rows(SHORT, few, held_out, out=tmp_path, data={"MNIST": "a"}, on_epoch=interrupt_at(1))
    return tmp_path


def test_an_interrupted_run_is_resumed_with_its_own_recipe_and_data_only(interrupted, few, held_out):
    def again(recipe=SHORT, data="a", **options):
        fit_rows(recipe, few, held_out, out=interrupted, data={"MNIST": data}, **options)

    with pytest.raises(TrainingError, match="interrupted run; resume it"):
        again()
    with pytest.raises(TrainingError, match=r"box_weight was 5\.0, is 0\.5"):
        again(dataclasses.replace(SHORT, box_weight=0.5), resume=True)
    with pytest.raises(TrainingError, match="MNIST was 'a', is 'b'"):
        again(data="b", resume=True)


def test_a_loss_that_is_no_longer_a_number_ends_the_run(blocks, held_out, tmp_path):
    recipe = dataclasses.replace(RECIPE, learning_rate=10.0, weight_decay=10.0, warmup=0.0, epochs=100)
    with pytest.raises(TrainingError, match="lower learning rate"):
        fit_rows(recipe, blocks, held_out, out=tmp_path)


# What a run leaves behind


@pytest.fixture(scope="module")
def run(blocks, held_out, tmp_path_factory):
    """A run that was trained and exported."""
    run = fit_rows(RECIPE, blocks, held_out, out=tmp_path_factory.mktemp("run"))
    export_rows(run, held_out, data=[ENTRY], command="inkread train --network rows")
    return run


def test_easy_rows_are_learned(run):
    first, last = run.history[0], run.history[-1]
    assert [epoch.epoch for epoch in run.history] == [*range(1, 11)]
    assert last.train_loss < 0.2 * first.train_loss
    assert last.column_loss < 0.5 * first.column_loss
    assert last.box_loss < first.box_loss
    assert last.validation_accuracy > 0.9
    assert last.validation_error_rate < 0.1
    assert f"{last.validation_accuracy:.2%}" in str(last.summary())


def test_a_finished_run_is_its_four_files_and_no_more(run, blocks, held_out):
    assert {path.name for path in run.out.iterdir()} == FILES
    with pytest.raises(TrainingError, match="finished run"):
        fit_rows(RECIPE, blocks, held_out, out=run.out, resume=True)


def test_the_model_has_the_promised_input_and_output_and_weights_of_8_bits(run):
    model = onnx.load(run.out / MODEL_FILE, load_external_data=False)
    onnx.checker.check_model(model, full_check=True)
    (source,), (result,) = model.graph.input, model.graph.output
    shapes = [
        [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in (source, result)
    ]
    assert (source.name, result.name) == ("strips", "columns")
    assert shapes == [["N", 1, 40, "W"], ["N", 30, 1, "T"]]
    weights = [weight for weight in model.graph.initializer if len(weight.dims) == 4]
    assert len(weights) == 14
    assert {weight.data_type for weight in weights} == {onnx.TensorProto.INT8}
    assert "BatchNormalization" not in {node.op_type for node in model.graph.node}
    assert (run.out / MODEL_FILE).stat().st_size < 1.1 * run.card.parameters


@pytest.mark.parametrize("width", [8, 40, 131])
def test_the_model_answers_nearly_as_the_network_does(run, held_out, width):
    strip = held_out.ink[:, :width].astype(np.float32) / 255
    columns = Recognizer(run.out).columns(strip)
    with torch.no_grad():
        padded = torch.nn.functional.pad(torch.from_numpy(strip), (PAPER, PAPER + -width % 4))
        logits, _ = unfolded(run.network(padded[None, None]))
    first = PAPER // 2
    expected = (logits[0, first : first - (-width // 2)] / run.card.temperature).softmax(dim=1)
    np.testing.assert_allclose(columns.probabilities, expected, atol=0.03)


def test_the_model_reads_held_out_rows_as_its_card_says(run, held_out):
    recognizer = Recognizer(run.out)
    right, gaps = 0, []
    for index in range(len(held_out)):
        ink, text, boxes = held_out.row(index)
        found = spotted(recognizer.columns(ink.astype(np.float32) / 255))
        right += "".join(str(one.digits.argmax()) for one in found) == text
        if len(found) == len(text):
            gaps += [
                abs(one.box[0] + one.box[2] - x0 - x1) / 2
                for one, (x0, _, x1, _) in zip(found, boxes, strict=True)
            ]
    # Beside others of its batch a row goes on in paper, by itself it ends.
    assert abs(right / 40 - run.card.scores["rows_validation"]) <= 1 / 40
    assert np.mean(gaps) < 5


def test_the_card_says_what_the_model_is(run, held_out):
    card = load_model(run.out).card
    assert card.sha256 == hashlib.sha256((run.out / MODEL_FILE).read_bytes()).hexdigest()
    assert card.labels == (*"0123456789", "")
    assert card.geometry == GEOMETRY
    assert card.parameters == 1_369_982
    assert recipe_from(card.recipe) == run.recipe
    assert (card.name, card.seed, card.command, card.data) == (
        "rows", 0, "inkread train --network rows", (ENTRY,),
    )  # fmt: skip
    assert card.scores.keys() == {
        "rows_validation", "rows_validation_8_bits", "rows_validation_error_rate", "rows_validation_ece",
    }  # fmt: skip
    assert card.scores["rows_validation_error_rate"] == round(run.history[-1].validation_error_rate, 6)
    logits, labels = column_logits(run.network, held_out)
    assert card.temperature == pytest.approx(fit_temperature(logits, labels), rel=1e-3) != 1
    assert (logits.argmax(axis=1) == labels).mean() > 0.7
    assert set(labels) == {0, 5}


def test_the_weights_rebuild_the_network_and_the_history_has_a_row_an_epoch(run):
    network = row_network()
    network.load_state_dict(load_file(run.out / WEIGHTS_FILE))
    ink = torch.rand(2, 1, 40, 60)
    with torch.no_grad():
        assert torch.allclose(network.eval()(ink), run.network(ink), atol=1e-5)
    with (run.out / HISTORY_FILE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == [str(epoch) for epoch in range(1, 11)]
    assert float(rows[3]["box_loss"]) == pytest.approx(run.history[3].box_loss, rel=1e-5)


def test_a_model_that_disagrees_leaves_no_file_and_can_be_exported_again(
    few, held_out, tmp_path, monkeypatch
):
    recipe = dataclasses.replace(SHORT, epochs=1)
    run = fit_rows(recipe, few[:1], held_out, out=tmp_path)
    right = row_export.to_onnx
    with monkeypatch.context() as patch:
        patch.setattr(row_export, "to_onnx", lambda _, **shapes: right(row_network().eval(), **shapes))
        with pytest.raises(TrainingError, match="nothing was exported"):
            export_rows(run, held_out, data=[])
    assert {path.name for path in tmp_path.iterdir()} == {CHECKPOINT_FILE}
    again = fit_rows(recipe, few[:1], held_out, out=tmp_path, resume=True)
    export_rows(again, held_out, data=[])
    assert {path.name for path in tmp_path.iterdir()} == FILES


def source_of(network):
    return row_export.to_onnx(
        network, takes=("strips", ("N", 1, 40, "W")), gives=("columns", ("N", None, 1, "T"))
    )


def test_a_slight_change_of_a_weight_is_found_out(run, held_out):
    model = onnx.load_from_string(source_of(run.network))
    weight = next(weight for weight in model.graph.initializer if ".weight" in weight.name)
    array = onnx.numpy_helper.to_array(weight) * np.float32(1.02)
    weight.CopyFrom(onnx.numpy_helper.from_array(array, weight.name))
    with pytest.raises(TrainingError, match="disagrees with the network"):
        compare(model.SerializeToString(), run.network, held_out)
    compare(source_of(run.network), run.network, held_out)


def test_8_bits_that_read_far_less_are_not_saved(run, held_out):
    source, model = source_of(run.network), (run.out / MODEL_FILE).read_bytes()
    assert compare_readings(model, source, held_out) == run.card.scores["rows_validation_8_bits"] > 0.5
    with pytest.raises(TrainingError, match=r"in 8 bits reads \d of 40 rows, where"):
        compare_readings(source_of(row_network().eval()), source, held_out)


# From a recipe to a finished run


class Part:
    """Stands in for a collection."""

    def __init__(self, name):
        self.name = name

    def describe(self, split):
        return {"name": self.name, "split": split, "sha256": f"{self.name} {split}"}


class Material:
    """Stands in for what rows are written with."""

    images, characters, operators = Part("images"), Part("characters"), Part("operators")


@pytest.fixture
def no_collections(monkeypatch):
    monkeypatch.setattr(workflow, "load_mnist", lambda split, **_: None)
    monkeypatch.setattr(workflow, "load_material", lambda **_: Material())


@pytest.fixture
def folder(no_collections, few, held_out, tmp_path):
    """The folder of a run whose rows are made already."""
    stock = tmp_path / workflow.STOCK / str(SHORT.seed)
    stock.mkdir(parents=True)
    held_out.save(stock / "held-out.npz")
    for number, block in enumerate(few):
        block.save(stock / f"rows-{number:04}.npz")
    return tmp_path


class Ears(workflow.Silence):
    """Hears of every epoch, and interrupts after one."""

    def __init__(self, last=0):
        self.heard, self.last = [], last

    def on_epoch(self, epoch):
        self.heard.append(epoch.epoch)
        if epoch.epoch == self.last:
            raise KeyboardInterrupt


def test_rows_are_trained_on_what_the_stock_has_and_the_run_is_saved(folder, whole):
    ears = Ears()
    run = train_rows(SHORT, out=folder, progress=ears, command="inkread train --network rows")
    assert weights(run) == weights(whole)
    assert ears.heard == [1, 2, 3]
    assert {path.name for path in folder.iterdir()} == FILES
    assert [(entry["name"], entry["split"]) for entry in run.card.data] == [
        (name, split) for split in ("train", "validation") for name in ("images", "characters", "operators")
    ]
    with pytest.raises(TrainingError, match="finished run"):
        train_rows(SHORT, out=folder)


def test_an_interrupted_training_keeps_its_rows_and_is_resumed_on_the_same_collections(
    folder, whole, monkeypatch
):
    with pytest.raises(KeyboardInterrupt):
        train_rows(SHORT, out=folder, progress=Ears(last=2))
    assert (folder / workflow.STOCK / str(SHORT.seed) / "rows-0002.npz").exists()
    assert not (folder / CARD_FILE).exists()
    with monkeypatch.context() as patch:
        patch.setattr(Material, "images", Part("others"))
        with pytest.raises(TrainingError, match=r"others \(train\) was None"):
            train_rows(SHORT, out=folder, resume=True)
    assert weights(train_rows(SHORT, out=folder, resume=True)) == weights(whole)


def test_rows_are_made_from_the_recipes_seed(no_collections, tmp_path, monkeypatch):
    asked = []

    def make(**options):
        asked.append(options)
        raise KeyboardInterrupt

    monkeypatch.setattr(RowBlock, "make", make)
    with pytest.raises(KeyboardInterrupt):
        train_rows(dataclasses.replace(SHORT, seed=7), out=tmp_path / "run", data_dir=tmp_path)
    assert asked == [{"seed": 7, "number": 0, "held_out": True, "data_dir": tmp_path}]


def test_a_folder_that_cannot_be_made_is_an_output_error(no_collections, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        train_rows(SHORT, out=tmp_path / "file" / "run")
