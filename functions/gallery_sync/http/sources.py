"""Which hosts are nobody's on the internet. By the text alone: no name is looked up. Pure."""

import ipaddress
import re
import socket
from typing import Final

_HERE: Final = re.compile(r"(?i)(.*\.)?(localhost|localdomain|local|internal|intranet|lan|home\.arpa)\.?")
"""Names that mean this machine or this network (RFC 6761, 6762, 8375), and those that clouds and companies use for theirs."""


def is_private(host: str) -> bool:
    """Whether a host is an address that is not the internet's, however it is written, or a name of this machine or network."""
    if _HERE.fullmatch(host):
        return True
    try:
        # As a downloader reads it: also 127.1, 2130706433 and 0x7f.1.
        address = ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return False
    return not address.is_global or address.is_multicast
