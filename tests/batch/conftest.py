"""Batch jobs need the extra ``batch``; without it, their tests are not collected."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("pyarrow") and find_spec("fsspec") else ["*"]
