from __future__ import annotations

import pytest

from inkread.errors import ModelError, OptionError, StoreError
from inkread.server import ServerSettings, create_app


def test_by_default_only_this_machine_is_served_and_nothing_is_stored():
    settings = ServerSettings()
    assert (settings.host, settings.port, settings.is_local) == ("127.0.0.1", 8000, True)
    assert (settings.collect, settings.api_key, settings.cors, settings.rate) == (False, None, (), 0)
    assert settings.workers >= 1
    assert settings.store.startswith("sqlite:///")


@pytest.mark.parametrize(
    ("host", "local"), [("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)]
)
def test_loopback_addresses_are_distinguished_from_all_others(host, local):
    assert ServerSettings(host=host).is_local is local


@pytest.mark.parametrize(
    "setting",
    [
        {"max_bytes": 0},
        {"max_pixels": 0},
        {"max_files": 0},
        {"max_rows": 0},
        {"workers": 0},
        {"queue": -1},
        {"rate": -1},
        {"rate": float("nan")},
        {"rate": float("inf")},
        {"max_seconds": 0},
        {"max_seconds": float("inf")},
        {"max_seconds": float("nan")},
        {"max_upload_seconds": -1},
        {"port": -1},
        {"port": 65536},
        {"max_held_bytes": 1},
        {"api_key": ""},
        {"api_key": "two words"},
        {"api_key": "schlüssel"},
        {"api_key": "line\nend"},
        {"api_key": "x" * 1025},
        {"models": {"../x": "folder"}},
        {"models": {"": "folder"}},
        {"cors": ("example.org",)},
        {"cors": ("https://example.org/",)},
        {"cors": ("null",)},
    ],
)
def test_a_setting_out_of_its_range_is_an_error_that_names_the_option(setting):
    with pytest.raises(OptionError) as caught:
        ServerSettings(**setting)
    option = next(iter(setting)).replace("_", "-").removesuffix("s")
    assert str(caught.value).startswith(f"--{option}")


def test_a_model_that_cannot_be_loaded_is_an_error_at_the_start(tmp_path):
    with pytest.raises(ModelError):
        create_app(ServerSettings(models={"mine": str(tmp_path)}))


def test_a_detector_cannot_be_offered_for_glyphs():
    from inkread.models import load_model

    with pytest.raises(OptionError, match="is a detector model"):
        create_app(ServerSettings(models={"mine": str(load_model("detector").path.parent)}))


def test_a_store_that_cannot_be_opened_is_an_error_at_the_start(tmp_path):
    with pytest.raises(StoreError):
        create_app(ServerSettings(collect=True, store=f"sqlite:///{tmp_path}"))
