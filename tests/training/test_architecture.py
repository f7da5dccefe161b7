"""Your own architecture trains and exports, or is an error that says which layer and why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.errors import OptionError
from inkread.training.architecture import LAYERS, check_layers, load_architecture
from inkread.training.recipe import NETWORKS, Recipe

WHOLE = """
name = "mine"

[[layers]]
type = "conv"
filters = 8
batch_norm = false

[[layers]]
type = "pool"
kind = "average"

[[layers]]
type = "dense"
units = 16

[[layers]]
type = "dropout"
rate = 0.2
"""


def test_a_file_is_a_name_and_layers_with_every_setting(tmp_path):
    file = tmp_path / "any.toml"
    file.write_text(WHOLE)
    name, layers = load_architecture(file)
    assert name == "mine"
    assert [layer["type"] for layer in layers] == ["conv", "pool", "dense", "dropout"]
    assert layers[0] == {
        "type": "conv", "filters": 8, "size": 3, "stride": 1, "padding": -1,
        "batch_norm": False, "activation": "relu",
    }  # fmt: skip
    file.write_text(WHOLE.replace('name = "mine"', ""))
    assert load_architecture(file)[0] == "any"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("layers = 3", "has no layers"),
        ("nonsense", "not a readable architecture"),
        ("nam = 'x'\n[[layers]]\ntype='flatten'", "did you mean 'name'"),
        ("name = 3\n[[layers]]\ntype='flatten'", "is not a name"),
        ("[[layers]]\ntype = 'convolution'\nfilters = 3", "layer 1: type = 'convolution'"),
        ("[[layers]]\ntype = 'conv'\nfilter = 3", "did you mean 'filters'"),
        ("[[layers]]\ntype = 'conv'", "filters: is missing"),
        ("[[layers]]\ntype = 'conv'\nfilters = 0", "filters = 0: is out of range"),
        ("[[layers]]\ntype = 'conv'\nfilters = 1.5", "give a whole number"),
        ("[[layers]]\ntype = 'conv'\nfilters = 4\nactivation = 'tanh'", "use one of relu, none"),
        ("[[layers]]\ntype = 'conv'\nfilters = 4\nbatch_norm = 1", "neither true nor false"),
        ("[[layers]]\ntype = 'flatten'\nunits = 1", "layer 1 (flatten): units"),
        ("[[layers]]\ntype = 'dense'\nunits = 9\n[[layers]]\ntype = 'pool'", "layer 2 (pool): is where"),
        ("[[layers]]\ntype='pool'\nsize=20\n[[layers]]\ntype='pool'", "layer 2 (pool): is larger than"),
        ("[[layers]]\ntype='conv'\nfilters=1024\n[[layers]]\ntype='dense'\nunits=8192", "parameters"),
    ],
    ids=lambda value: value[:40],
)  # fmt: skip
def test_a_mistake_is_reported_with_its_layer(tmp_path, content, message):
    file = tmp_path / "mine.toml"
    file.write_text(content)
    with pytest.raises(OptionError) as caught:
        load_architecture(file)
    assert message in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_missing_file_is_an_option_error(tmp_path):
    with pytest.raises(OptionError, match="No such file"):
        load_architecture(tmp_path / "none.toml")


def test_a_recipe_with_layers_needs_a_name_of_its_own():
    layers = ({"type": "dense", "units": 3},)
    assert Recipe(network="mine", layers=layers).layers == check_layers(layers)
    for name in (*NETWORKS, "detector"):
        with pytest.raises(OptionError, match="another network"):
            Recipe(network=name, layers=layers)


def values(setting):
    """What a setting may be, and a little more."""
    if setting.choices:
        return st.sampled_from(setting.choices)
    if isinstance(setting.default, bool):
        return st.booleans()
    if isinstance(setting.default, float):
        return st.floats(0, 1)
    return st.integers(int(setting.low) - 1, min(12, int(setting.high)))


TABLES = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just(kind)} | {key: values(one) for key, one in settings.items() if one.default is None},
        optional={key: values(one) for key, one in settings.items() if one.default is not None},
    )
    for kind, settings in LAYERS.items()
)


@given(st.lists(TABLES, max_size=5))
def test_any_layers_are_a_network_or_an_option_error(layers):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
    from inkread.training.to_torch import own

    try:
        checked = check_layers(layers)
    except OptionError:
        return
    assert check_layers(checked) == checked
    assert own(checked, 10).eval()(torch.zeros(2, 28, 28)).shape == (2, 10)
