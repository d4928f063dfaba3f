"""Who sends a request, where nobody says so: known only by their address, and that not for long."""

import ipaddress
from hashlib import sha256
from ipaddress import IPv6Address

from fastapi import Request

_A_CUSTOMERS_BITS = 64  # of IPv6: a customer has that many addresses to change between


def network_of(request: Request) -> str:
    """Return a name for the network that a request comes from: a digest of its address.

    Whoever has the digest can find the address by trying all there are: it is not to be kept long.
    A proxy in front must be trusted to say for whom it asks (uvicorn's FORWARDED_ALLOW_IPS), else
    all its clients are one.
    """
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
        real = getattr(address, "ipv4_mapped", None) or address
        bits = _A_CUSTOMERS_BITS if isinstance(real, IPv6Address) else real.max_prefixlen
        network = str(ipaddress.ip_network(f"{real}/{bits}", strict=False))
    except ValueError:  # a socket in the file system
        network = host
    return f"network:{sha256(network.encode()).hexdigest()[:32]}"
