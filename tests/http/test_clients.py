import pytest

from calendula.http.clients import network_of


def _network(host: str | None) -> str:
    client = None if host is None else (host, 50000)
    return network_of({"client": client})


def test_an_address_is_one_client() -> None:
    """The same address has the same name, another another, and neither can be read in it."""
    one = _network("203.0.113.7")
    assert one == _network("203.0.113.7") != _network("203.0.113.8")
    assert "203.0.113.7" not in one
    assert len(one) <= 64


def test_a_customer_of_ipv6_is_one_client() -> None:
    """Whoever has 2^64 addresses is one client with all of them, and the neighbour another."""
    one = _network("2001:db8:1:2::1")
    assert one == _network("2001:db8:1:2:ffff:ffff:ffff:ffff") != _network("2001:db8:1:3::1")


def test_an_old_address_in_a_new_one_is_itself() -> None:
    """Those of IPv4 that are written as IPv6 are not all one client."""
    assert _network("::ffff:203.0.113.7") == _network("203.0.113.7")


@pytest.mark.parametrize("host", [None, "", "testclient"])
def test_what_is_no_address_is_a_client_too(host: str | None) -> None:
    """A socket in the file system has no address; all who come by it are one client."""
    assert _network(host) == _network(host)
