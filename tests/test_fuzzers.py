"""The fuzzers start from valid inputs, and notice what breaks a promise; `make fuzz` runs them."""

from __future__ import annotations

import json
import random

import pytest

for package in ("torch", "onnx", "safetensors", "fastapi", "sqlalchemy"):
    pytest.importorskip(package, reason=f"{package} is not installed (extras: train, serve)")

from fuzz_checks import Checker, Target, changed_json
from fuzz_targets import TARGETS

from inkread.errors import OptionError


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_of_a_fuzzer_is_valid_and_keeps_the_promise(name):
    target = TARGETS[name]
    checker = Checker(target)
    for seed in target.seeds():
        assert len(seed) <= target.longest
        target.run(seed)
        checker.check(seed)
        checker.check(seed[: len(seed) // 2])
    assert not {kind: text for kind, text in checker.found.items() if " took " not in f" {kind} "}


def test_a_fuzzer_finds_each_kind_of_fault_once():
    def run(data):
        if data == b"option":
            raise OptionError("x", "is wrong", "change it")
        if data == b"vague":
            raise OptionError("x", "", "change it")
        [].pop() if data == b"pop" else {}[data]

    checker = Checker(Target("made up", run, list))
    assert [checker.check(data) for data in (b"option", b"pop", b"pop", b"other", b"another")] == [
        None,
        "IndexError ",
        None,
        "KeyError ",
        None,
    ]
    assert "without a source" in checker.check(b"vague")
    assert "KeyError: b'other'" in checker.found["KeyError "]


def test_json_is_changed_into_other_json_in_every_way():
    rng = random.Random(0)
    seed = b"POST /x\n" + json.dumps({"a": [1, {"b": 2}], "c": None}).encode()
    changed = {changed_json(seed, rng) for _ in range(300)}
    assert len(changed) > 60
    for each in changed:
        assert each.startswith(b"POST /x\n")
        json.loads(each.removeprefix(b"POST /x\n"))
    assert changed_json(b"no json", rng) is None
    assert changed_json(b"{1", rng) is None
    assert changed_json(b"{}", rng) is None
