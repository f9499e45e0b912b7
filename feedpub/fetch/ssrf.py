"""Decide which addresses may be reached: public ones, and the networks in `allow_private`.

The table is not replaced by `ipaddress`, which treats 192.0.0.8, 6to4 and documentation addresses
as global, and does not know NAT64, multicast, or the metadata services of clouds. Only resolved
addresses are checked, so no spelling of a host (127.1, 0x7f.1, circled digits) can avoid the check.
This module neither resolves nor connects.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from feedpub.core.errors import ConfigError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOT_PUBLIC: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), kind)
    for network, kind in (
        # IANA's IPv4 special-purpose registry; the first match names the kind.
        ("0.0.0.0/8", "a this-host address"),
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "a carrier-grade NAT address"),
        ("127.0.0.0/8", "a loopback address"),
        ("168.63.129.16/32", "a cloud metadata address"),  # Azure's, in a public network
        ("169.254.169.254/32", "a cloud metadata address"),
        ("169.254.0.0/16", "a link-local address"),
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "a protocol assignment"),
        ("192.0.2.0/24", "a documentation address"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "a benchmarking address"),
        ("198.51.100.0/24", "a documentation address"),
        ("203.0.113.0/24", "a documentation address"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
        # IPv6: everything outside global unicast (2000::/3) is forbidden.
        ("::/128", "the unspecified address"),
        ("::1/128", "a loopback address"),
        ("::ffff:0:0/96", "an IPv4-mapped address"),
        ("::/96", "an IPv4-compatible address"),
        ("64:ff9b::/96", "a NAT64 address"),
        ("64:ff9b:1::/48", "a NAT64 address"),
        ("fc00::/7", "a private address"),
        ("fe80::/10", "a link-local address"),
        ("fec0::/10", "a site-local address"),
        ("ff00::/8", "a multicast address"),
        ("2001::/32", "a Teredo address"),
        ("2001::/23", "a protocol assignment"),
        ("2001:db8::/32", "a documentation address"),
        ("2002::/16", "a 6to4 address"),
        ("3fff::/20", "a documentation address"),
        ("::/3", "a reserved address"),
        ("4000::/2", "a reserved address"),
        ("8000::/1", "a reserved address"),
    )
)

_NOT_PUBLIC_BY_VERSION = {
    version: [(network, kind) for network, kind in _NOT_PUBLIC if network.version == version]
    for version in (4, 6)
}
_CARRIES_IPV4 = tuple(IPv6Network(network) for network in ("::ffff:0:0/96", "64:ff9b::/96"))
_6TO4 = IPv6Network("2002::/16")

WEB_PORTS = frozenset({80, 443, 8000, 8008, 8080, 8081, 8443, 8888})


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Allows public addresses on usual ports, and any port of the networks in `allowed`.

    Attributes:
        allowed: private networks that may be reached.
        ports: the ports of public addresses.
        service: the name of the service on these ports, for messages.
    """

    allowed: tuple[Network, ...] = ()
    ports: frozenset[int] = WEB_PORTS
    service: str = "web"

    @classmethod
    def with_networks(cls, networks: Iterable[str]) -> "AddressPolicy":
        """Return a policy that allows networks from `allow_private`: "127.0.0.0/8", "::1".

        Raises:
            ConfigError: a network is invalid.
        """
        return cls(tuple(_parse_network(text) for text in networks))

    def reason_against(self, address: str, port: int) -> str | None:
        """Return the reason why an address is forbidden; None if it is allowed.

        If an address contains another one (NAT64, 6to4, mapped), both must be allowed: allowing
        NAT64 does not allow the private addresses behind it.
        """
        for form in _iter_forms(ip_address(address)):
            if any(form in network for network in self.allowed):
                continue
            setting = f'allow_private = ["{form}"]'
            if kind := _get_kind(form):
                return f"{form} is {kind}, and only public ones are fetched; {setting} allows it"
            if port not in self.ports:
                return f"port {port} is not a usual {self.service} port; {setting} allows any port"
        return None


def _parse_network(text: str) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise ConfigError(
            f'allow_private: {text!r} is not a network; write it as "127.0.0.0/8" or "::1"'
        ) from error


def _get_kind(address: Address) -> str | None:
    networks = _NOT_PUBLIC_BY_VERSION[address.version]
    return next((kind for network, kind in networks if address in network), None)


def _iter_forms(address: Address) -> Iterator[Address]:
    """Yield the address itself and the IPv4 address in it."""
    yield address
    if isinstance(address, IPv6Address):
        if any(address in network for network in _CARRIES_IPV4):
            yield IPv4Address(int(address) & 0xFFFFFFFF)
        elif address in _6TO4:
            yield IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
