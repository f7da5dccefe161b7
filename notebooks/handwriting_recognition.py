# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Handwritten digits, from the first reading to the exported model
#
# This notebook reads a picture, and then covers the whole workflow behind it: explore MNIST, choose a
# network, train it, see what it learned and where it fails, read a picture of your own, read words, and
# export the model. Each step is also a command, shown with it.
#
# `pip install '.[notebook]'` installs the requirements. It runs from top to bottom in less than three
# minutes on two cores. The first run downloads MNIST (11 MB), unless `INKREAD_DATA` names a folder that has
# it. The outputs are stored with the notebook; the sliders work once you run it.
#
# ## Read a picture
#
# `inkread read photo.jpg`

# %%
import inkread
from inkread.evaluation.plots.pipeline_figure import example_photo

photo = example_photo("27182", seed=3)  # or "photo.jpg"
reading = inkread.read(photo)
print(reading.text)
reading.draw(photo)

# %% [markdown]
# A reading has rows, digits, and for each digit its probability, its box, and what else it could be.

# %%
for digit in reading.digits:
    print(digit.label, f"{digit.probability:.1%}", digit.box, digit.alternatives[0])

# %% [markdown]
# The rest of this notebook is about the network that tells the digits apart.

# %%
import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import ipywidgets as widgets
import numpy as np
from IPython.display import display

from inkread.datasets.mnist import load_mnist
from inkread.evaluation import plots
from inkread.evaluation.summary import summarize
from inkread.export import export_model
from inkread.models import load_model
from inkread.pipeline.classifier import Classifier
from inkread.training import RECIPES, Augmentation, load_run, train

FOLDER = Path(tempfile.mkdtemp(prefix="inkread-"))


def explore(draw: Callable[..., plots.Plot], **controls: widgets.Widget) -> widgets.Widget:
    """Shows controls above a plot that is redrawn whenever one of them changes."""
    picture = widgets.Image(format="png")

    def update(_change: object = None) -> None:
        plot = draw(**{name: control.value for name, control in controls.items()})
        picture.value, picture.width = plot.to_png(), 900

    for control in controls.values():
        control.observe(update, "value")
    update()
    return widgets.VBox([*controls.values(), picture])


# %% [markdown]
# ## The data
#
# MNIST has 60,000 training and 10,000 test glyphs of 28×28 pixels, bright ink on black. The last 5,000
# training glyphs are held out to monitor the training. The test glyphs are used only once, at the very end.
#
# `inkread plot samples`

# %%
mnist = load_mnist("train")
learned, held_out = mnist.subset(slice(None, -5_000)), mnist.subset(slice(-5_000, None))
print(f"{len(learned):,} training glyphs, {len(held_out):,} held out; license {mnist.licence}")
plots.samples(learned.images, learned.labels)

# %% [markdown]
# ## Augmentation
#
# Nobody writes the same digit twice, so the network never sees the same glyph twice either: in every epoch,
# each one is randomly rotated, slanted, resized, shifted and warped a little. Move the sliders to see how
# much is too much.
#
# `inkread plot augmentation`


# %%
def preview(**strengths: float) -> plots.Plot:
    """Plots five digits, augmented as strongly as the sliders say."""
    return plots.augmentation(learned.images[:500], Augmentation(**strengths), glyphs=5)


explore(
    preview,
    rotation=widgets.FloatSlider(value=10, min=0, max=45, description="rotation °"),
    shear=widgets.FloatSlider(value=0.15, min=0, max=0.6, step=0.05, description="shear"),
    scale=widgets.FloatSlider(value=0.1, min=0, max=0.5, step=0.05, description="scale"),
    shift=widgets.FloatSlider(value=1, min=0, max=6, step=0.5, description="shift px"),
    elastic=widgets.FloatSlider(value=0.6, min=0, max=4, step=0.2, description="elastic px"),
)

# %% [markdown]
# ## The network
#
# `linear`, `mlp`, `lenet5`, `cnn`, `small` and `tiny` are built in, and you can define your own as a short
# list of layers. The recipes `fast` and `brisk` have such a list and train in seconds.
#
# `inkread recipes brisk`

# %%
recipe = RECIPES["brisk"]
for layer in recipe.layers:
    print({name: value for name, value in layer.items() if value is not None})

# %% [markdown]
# Change any of these settings, then run the next cell again.

# %%
chosen = {
    "epochs": widgets.IntSlider(value=recipe.epochs, min=1, max=20),
    "batch_size": widgets.Dropdown(value=recipe.batch_size, options=[64, 128, 192, 256, 512]),
    "learning_rate": widgets.FloatLogSlider(value=recipe.learning_rate, base=10, min=-4, max=-1),
    "dropout": widgets.FloatSlider(value=recipe.dropout, min=0, max=0.8, step=0.1),
    "optimizer": widgets.Dropdown(value=recipe.optimizer, options=["adamw", "adam", "sgd"]),
}
for name, each in chosen.items():
    each.description = name.replace("_", " ")
widgets.VBox([*chosen.values()])

# %% [markdown]
# ## Training
#
# `inkread train --recipe brisk --out runs/brisk`

# %%
recipe = dataclasses.replace(recipe, **{name: each.value for name, each in chosen.items()})
bar = widgets.IntProgress(max=recipe.epochs, description="epochs")
note = widgets.Label()
display(widgets.HBox([bar, note]))


class Watch:
    """Shows the progress of the training."""

    def on_epoch(self, epoch) -> None:
        """Updates the bar."""
        bar.value = epoch.epoch
        note.value = f"loss {epoch.train_loss:.3f}, held out {epoch.validation_accuracy:.2%}"

    def on_batch(self, done: int, total: int) -> None:
        """Does nothing, because an epoch takes seconds."""

    on_download = on_picture = on_note = lambda self, *_: None


run = train(recipe, out=FOLDER / "run", progress=Watch())
accuracy = run.history[-1].validation_accuracy
print(f"{run.card.parameters:,} parameters, {accuracy:.2%} of the held-out digits")

# %% [markdown]
# Its layers, as large as their outputs:
#
# `inkread plot diagram --model runs/brisk`

# %%
plots.diagram(summarize(load_model(FOLDER / "run")))

# %% [markdown]
# ## The curves
#
# `inkread plot curves --model runs/brisk`

# %%
trained = load_run(FOLDER / "run")
plots.curves({"this run": trained.history})

# %% [markdown]
# ## What it gets right and wrong
#
# From here on, the model is used as in production: in ONNX Runtime, with calibrated probabilities.
#
# `inkread plot confusion --model runs/brisk`, `inkread plot classes --model runs/brisk`,
# `inkread plot errors --model runs/brisk`

# %%
classifier = Classifier(FOLDER / "run")
probabilities = classifier.probabilities(held_out.images)
predicted = probabilities.argmax(axis=1)
display(plots.confusion(held_out.labels, predicted))
display(plots.classes(held_out.labels, predicted))

# %%
plots.errors(held_out.images, held_out.labels, probabilities)

# %% [markdown]
# Is a probability of 90 % right in nine of ten cases?

# %%
plots.reliability(held_out.labels, probabilities)


# %% [markdown]
# Step through the glyphs: the bars are the probabilities, and the map shows which pixels the answer depends
# on.


# %%
def look(number: int, *, only_errors: bool) -> plots.Plot:
    """Plots one glyph with its probabilities and saliency map."""
    which = np.flatnonzero(predicted != held_out.labels) if only_errors else np.arange(len(held_out))
    index = which[number % len(which) : number % len(which) + 1]
    glyphs, labels = held_out.images[index], held_out.labels[index]
    return plots.saliency(trained.network, glyphs, labels, probabilities[index])


explore(
    look,
    number=widgets.BoundedIntText(value=0, min=0, max=4_999, description="glyph"),
    only_errors=widgets.Checkbox(value=True, description="only those it misreads"),
)

# %% [markdown]
# ## What it sees
#
# `inkread plot filters --model runs/brisk`, `inkread plot features --model runs/brisk`,
# `inkread plot embedding --model runs/brisk --method pca`

# %%
display(plots.filters(trained.network))
display(plots.features(trained.network, held_out.images[0]))

# %%
few = held_out.subset(slice(0, 1_000))
plots.embedding(plots.embedded(trained.network, few.images), few.labels, method="pca")

# %% [markdown]
# ## A picture of your own
#
# A network trained on MNIST reads MNIST. A photo first has to be turned into such glyphs: find the digits,
# extract their ink, and bring each to MNIST's size and position. `inkread.Reader` does that. The photos
# here are generated; replace them with the path of your own picture.
#
# `inkread read photo.jpg --model runs/brisk --explain stages`

# %%
photos = {
    f"a {digit} in ball-pen": example_photo(digit, seed=seed) for seed, digit in enumerate("4725", start=1)
}
picture: np.ndarray | str = photos["a 4 in ball-pen"]  # or "photo.jpg"
reader = inkread.Reader()
trace = reader.trace(picture)
print(trace.reading.text)
trace.reading.draw(trace.picture.pixels)

# %% [markdown]
# The stages for its first digit; choose another photo to see others.


# %%
def way(photo: str) -> plots.Plot:
    """Plots the stages from the photo to the probabilities of its first digit."""
    return plots.process(reader.trace(photos[photo]), trained.network)


explore(way, photo=widgets.Dropdown(options=[*photos], description="photo"))

# %% [markdown]
# ## Letters and words
#
# With `alphabet="text"`, other networks read words and lines. This note is drawn in a font; handwriting is
# read too, but not as well as digits are: see docs/text.md.
#
# `inkread read note.jpg --alphabet text`

# %%
script = cv2.FONT_HERSHEY_SCRIPT_SIMPLEX
note = np.full((310, 900, 3), (247, 246, 240), np.uint8)
for row, line in enumerate(["Milk, bread,", "and 12 apples"]):
    x = 40
    for character in line:  # one at a time, with room for the spaces
        (width, _), _ = cv2.getTextSize(character, script, 1.9, 3)
        place = (x, 110 + 125 * row)
        cv2.putText(note, character, place, script, 1.9, (30, 60, 120), 3, cv2.LINE_AA)
        x += width if character != " " else 40
written = inkread.read(note, alphabet="text")
for line in written.lines:
    print([(word.label, round(word.probability, 2)) for word in line.words])
written.draw(note)

# %% [markdown]
# A list of words that may occur helps where the network is in doubt.
#
# `inkread read note.jpg --alphabet text --lexicon words.txt`

# %%
lexicon = FOLDER / "words.txt"
lexicon.write_text("milk\nbread\napples\nand\n", encoding="utf-8")
print(inkread.TextReader("text", lexicon=lexicon).read(note).text)

# %% [markdown]
# ## Export
#
# Each export is loaded again and compared with the network on held-out digits; a difference is an error.
#
# `inkread export runs/brisk --to onnx --to int8`

# %%
for exported in export_model(FOLDER / "run", to=["onnx", "int8"]):
    same = exported.parity
    path = exported.path.relative_to(FOLDER)
    print(f"{path}: {exported.size:,} bytes, {same.changed} of {same.count} answers differ")

# %% [markdown]
# ## The test
#
# Evaluate once, at the end, on the digits that influenced no choice.
#
# `inkread evaluate --model runs/brisk`

# %%
test = load_mnist("test")
accuracy = float((classifier.probabilities(test.images).argmax(axis=1) == test.labels).mean())
print(f"{accuracy:.2%} of {len(test):,} test images")
