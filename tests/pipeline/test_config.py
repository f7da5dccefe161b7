"""The settings of a reader are few, documented, and checked."""

import dataclasses
import inspect

import pytest

from inkread.errors import OptionError
from inkread.pipeline.config import ReaderConfig


def test_there_are_few_numbers_and_each_is_explained() -> None:
    fields = dataclasses.fields(ReaderConfig)
    assert len(fields) <= 20
    lines = [line.strip() for line in inspect.getsource(ReaderConfig).splitlines()]
    for field in fields:
        place = next(index for index, line in enumerate(lines) if line.startswith(f"{field.name}:"))
        assert lines[place + 1].startswith('"""')


@pytest.mark.parametrize(
    "values", [{"sense": -1}, {"same": float("nan")}, {"within": "0.5"}, {"turned": True}]
)
def test_a_number_that_cannot_be_is_an_option_error(values: dict[str, object]) -> None:
    with pytest.raises(OptionError, match=next(iter(values))):
        ReaderConfig(**values)  # type: ignore[arg-type]
