from __future__ import annotations

import pytest

pytest.importorskip("fsspec", reason="the extra batch is not installed")
pytest.importorskip("pyarrow", reason="the extra batch is not installed")
