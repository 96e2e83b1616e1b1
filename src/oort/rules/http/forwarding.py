"""The address of a client behind proxies, as the header X-Forwarded-For tells it.

A client can write this header itself, so only what known proxies have added counts.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network
_MAPPED = 96  # bits in front of an IPv4 address in IPv6
_KEPT = 10_000  # addresses that need no second look


class Proxies:
    """The proxies in front of a server: their addresses and networks."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self._networks = tuple(map(_unmapped, networks))
        self._known = lru_cache(maxsize=_KEPT)(self._read)

    def client(self, address: str, forwarded: str) -> str:
        """Return the address of the client.

        `address` is that of the connection, and `forwarded` the header. Each proxy adds the address that
        it has received the request from, so the client is the last address that is no proxy. An entry
        that is no address ends the search: the proxy that has added it is the client.

        >>> from ipaddress import ip_network
        >>> proxies = Proxies([ip_network("10.0.0.0/8")])
        >>> proxies.client("10.0.0.2", "forged, 203.0.113.9, 10.0.0.3")
        '203.0.113.9'
        >>> proxies.client("203.0.113.9", "198.51.100.1")
        '203.0.113.9'
        """
        found, is_proxy = self._known(address)
        for part in reversed(forwarded.split(",")) if is_proxy and forwarded else ():
            above, is_proxy = self._known(part.strip())
            if not above:
                break
            found = above
            if not is_proxy:
                break
        return found or address

    def _read(self, text: str) -> tuple[str, bool]:
        """Return the address in its usual form, and True for a proxy; empty for no address."""
        address = _address(text)
        if address is None:
            return "", False
        return str(address), any(address in network for network in self._networks)


def _unmapped(network: Network) -> Network:
    """Return an IPv4 network that was written in IPv6, `::ffff:10.0.0.0/104`, as IPv4."""
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is None or network.prefixlen < _MAPPED:
        return network
    return IPv4Network((mapped, network.prefixlen - _MAPPED))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address of an entry, which may have a port: `203.0.113.9:80`, `[2001:db8::1]:80`."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
