"""What this machine calculates fast."""

from __future__ import annotations

from typing import Any

import torch


def multiplies_bfloat16(device: str) -> bool:
    """Whether a device, ``"cpu"``, ``"cuda"`` or ``"mps"``, multiplies bfloat16 in hardware.

    A processor without such instructions emulates them, which takes ten times as long as float32.
    """
    if device == "cuda":
        return torch.cuda.is_bf16_supported()
    features: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # new in PyTorch 2.10
    return device == "cpu" and bool(features.get("amx_bf16") or features.get("avx512_bf16"))
