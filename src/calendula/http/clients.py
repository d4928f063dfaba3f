"""Who sends a request, where nobody says so: known only by their address, and that not for long."""

import ipaddress
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from ipaddress import IPv6Address
from typing import Any

_A_CUSTOMERS_BITS = 64  # of IPv6: a customer has that many addresses to change between
_LONGEST = 64  # characters of an address


def network_of(scope: Mapping[str, Any]) -> str:
    """Return a name for the network that a request comes from: a digest of its address.

    Whoever has the digest can find the address by trying all there are: it is not to be kept long.
    A proxy in front must be trusted to say for whom it asks (CALENDULA_TRUSTED_PROXIES), else all
    its clients are one.
    """
    return name_of(host_of(scope.get("client")))


def host_of(client: Sequence[Any] | None) -> str:
    """Return the address of a client, as ASGI tells of it; none for a socket in the file system."""
    return client[0] if client else ""


def name_of(host: str) -> str:
    """Return the name of the network of an address, or of a socket in the file system."""
    return _name(host[:_LONGEST])


@lru_cache(maxsize=10_000)
def _name(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
        real = getattr(address, "ipv4_mapped", None) or address
        bits = _A_CUSTOMERS_BITS if isinstance(real, IPv6Address) else real.max_prefixlen
        found = str(ipaddress.ip_network(f"{real}/{bits}", strict=False))
    except ValueError:  # a socket in the file system
        found = host
    return f"network:{sha256(found.encode()).hexdigest()[:32]}"
