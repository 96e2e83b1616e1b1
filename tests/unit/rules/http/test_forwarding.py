"""The client behind proxies: what a client writes itself never counts."""

from ipaddress import ip_network

import pytest

from oort.rules.http.forwarding import Proxies

PROXIES = Proxies([ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48")])


@pytest.mark.parametrize(
    ("address", "forwarded", "client"),
    [
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1,203.0.113.9,10.1.2.3", "203.0.113.9"),
        ("10.0.0.1", "10.9.9.9, 10.1.2.3", "10.9.9.9"),  # a client in the network of the proxies
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # it came past the proxy
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.1", "[2001:db8::1]:80", "2001:db8::1"),
        ("10.0.0.1", "2001:DB8:0::1", "2001:db8::1"),
        ("::ffff:10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1::1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9, _hidden, 10.1.2.3", "10.1.2.3"),
        ("10.0.0.1", ",", "10.0.0.1"),
        ("10.0.0.1", "[", "10.0.0.1"),
        ("", "203.0.113.9", ""),  # a socket without an address
    ],
)
def test_the_client_is_the_last_address_that_is_no_proxy(
    address: str, forwarded: str, client: str
) -> None:
    assert PROXIES.client(address, forwarded) == client


@pytest.mark.parametrize("written", ["::ffff:10.0.0.1/128", "::ffff:a00:0/104", "::/0"])
def test_a_network_of_ipv4_may_be_written_in_ipv6(written: str) -> None:
    expected = "203.0.113.9" if written != "::/0" else "10.0.0.1"  # that one has no IPv4 address
    assert Proxies([ip_network(written)]).client("10.0.0.1", "203.0.113.9") == expected


def test_without_proxies_the_header_says_nothing() -> None:
    assert Proxies([]).client("10.0.0.1", "203.0.113.9") == "10.0.0.1"


def test_a_long_chain_costs_no_more_than_its_end() -> None:
    assert PROXIES.client("10.0.0.1", "x," * 5000 + "203.0.113.9") == "203.0.113.9"
