"""How other devices in the network reach this machine."""

import io
import socket

ELSEWHERE = ("192.0.2.1", 9)
"""An address for documentation (RFC 5737); nothing is sent to it."""


def network_address() -> str | None:
    """Returns this machine's IPv4 address in its network; None if it is in none.

    Connecting a UDP socket sends nothing; it only chooses the interface.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith("127.") or address == "0.0.0.0" else address  # noqa: S104


def qr_code(text: str) -> str | None:
    """Returns a QR code for terminals; None if the optional package segno is not installed."""
    try:
        import segno
    except ImportError:
        return None
    drawn = io.StringIO()
    segno.make(text, micro=False).terminal(drawn, compact=True, border=2)
    return drawn.getvalue()
