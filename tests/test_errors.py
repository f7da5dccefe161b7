from __future__ import annotations

import copy
import pickle
import re

import pytest

from inkread import errors
from inkread.errors import InkreadError, MissingExtraError

KINDS = sorted(
    (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, InkreadError)),
    key=lambda kind: kind.__name__,
)


def make(kind: type[InkreadError]) -> InkreadError:
    if kind is MissingExtraError:
        return MissingExtraError("torch", "train")
    return kind("photo.jpg", "is empty", "choose another file")


def drawn_parents() -> dict[str, str]:
    """Returns each error's parent in the tree of the module's docstring."""
    parents: dict[str, str] = {}
    branch = [""]
    for indent, name in re.findall(r"^    ([│├└─ ]*)(\w+Error)\b", errors.__doc__ or "", re.MULTILINE):
        depth = len(indent) // 4
        branch[depth:] = [name]
        if depth:
            parents[name] = branch[depth - 1]
    return parents


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    assert drawn_parents() == {
        kind.__name__: kind.__base__.__name__ for kind in KINDS if kind is not InkreadError
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_says_which_source_what_is_wrong_and_what_to_do(kind: type[InkreadError]) -> None:
    error = make(kind)
    assert str(error) == f"{error.source}: {error.problem}; {error.remedy}"
    assert kind.__doc__


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("clone", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_every_error_survives_copying_and_pickling_so_that_workers_can_raise_it(
    kind: type[InkreadError], clone: object
) -> None:
    error = make(kind)
    twin = clone(error)
    assert type(twin) is kind
    assert vars(twin) == vars(error)
    assert str(twin) == str(error)


def test_a_missing_extra_names_the_command_that_installs_it() -> None:
    assert "pip install '.[train]'" in str(MissingExtraError("torch", "train"))


def test_a_long_cause_keeps_its_beginning_and_its_end_on_one_line() -> None:
    text = errors.one_line("Load failed:\n\n  " + "template<int> " * 500 + "\n  max supported version: 14\n")
    assert text.startswith("Load failed: template")
    assert text.endswith("max supported version: 14")
    assert len(text) < 700
    assert errors.one_line(" short\n") == "short"
