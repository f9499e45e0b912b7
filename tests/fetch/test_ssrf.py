"""The addresses that may be connected to."""

import pytest

from feedpub.core.errors import ConfigError
from feedpub.fetch.ssrf import AddressPolicy

PUBLIC = AddressPolicy()

REFUSED = {
    "0.0.0.0": "this-host",  # noqa: S104 -- an address under test
    "0.1.2.3": "this-host",
    "10.0.0.0": "private",
    "10.255.255.255": "private",
    "100.64.0.1": "carrier-grade NAT",
    "100.100.100.200": "carrier-grade NAT",
    "100.127.255.255": "carrier-grade NAT",
    "127.0.0.1": "loopback",
    "127.1.2.3": "loopback",
    "127.255.255.255": "loopback",
    "168.63.129.16": "cloud metadata",
    "169.254.0.1": "link-local",
    "169.254.169.253": "link-local",
    "169.254.169.254": "cloud metadata",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.1": "protocol assignment",
    "192.0.0.8": "protocol assignment",
    "192.0.0.192": "protocol assignment",
    "192.0.2.1": "documentation",
    "192.88.99.1": "6to4 relay",
    "192.168.0.1": "private",
    "192.168.255.255": "private",
    "198.18.0.1": "benchmarking",
    "198.19.255.255": "benchmarking",
    "198.51.100.1": "documentation",
    "203.0.113.1": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.255": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "::": "unspecified",
    "::1": "loopback",
    "::127.0.0.1": "IPv4-compatible",
    "::8.8.8.8": "IPv4-compatible",
    "::ffff:127.0.0.1": "IPv4-mapped",
    "::ffff:10.0.0.1": "IPv4-mapped",
    "::ffff:8.8.8.8": "IPv4-mapped",
    "::ffff:169.254.169.254": "IPv4-mapped",
    "::ffff:0:127.0.0.1": "reserved",
    "64:ff9b::127.0.0.1": "NAT64",
    "64:ff9b::a9fe:a9fe": "NAT64",
    "64:ff9b::8.8.8.8": "NAT64",
    "64:ff9b:1::1": "NAT64",
    "100::1": "reserved",
    "1fff::1": "reserved",
    "2001::1": "Teredo",
    "2001:0:7f00:1::": "Teredo",
    "2001:1::1": "protocol assignment",
    "2001:2::1": "protocol assignment",
    "2001:20::1": "protocol assignment",
    "2001:db8::1": "documentation",
    "2002:7f00:1::": "6to4",
    "2002:a00:1::1": "6to4",
    "2002:808:808::1": "6to4",
    "3fff::1": "documentation",
    "4000::1": "reserved",
    "5f00::1": "reserved",
    "8000::1": "reserved",
    "fc00::1": "private",
    "fd00:ec2::254": "private",
    "fd20:ce::254": "private",
    "fe80::1": "link-local",
    "fe80::1%1": "link-local",
    "fe80::a9fe:a9fe": "link-local",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
    "ff0e::1": "multicast",
}

ALLOWED = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.1", "168.63.129.15", "169.253.255.255", "172.15.255.255",
    "172.32.0.0", "192.0.1.1", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
    "223.255.255.255", "2000::1", "2001:200::1", "2001:4860:4860::8888", "2003::1",
    "2606:4700::1111", "2a00:1450::1", "3ffe::1",
]  # fmt: skip


@pytest.mark.parametrize(("address", "kind"), REFUSED.items())
def test_forbidden_address_is_named_with_kind_and_setting(address: str, kind: str) -> None:
    reason = PUBLIC.reason_against(address, 443)
    assert reason is not None
    assert kind in reason
    assert "allow_private" in reason


@pytest.mark.parametrize("address", ALLOWED)
def test_public_addresses_are_allowed(address: str) -> None:
    """Including the neighbours of every forbidden network."""
    assert PUBLIC.reason_against(address, 443) is None


@pytest.mark.parametrize(
    ("network", "address"),
    [
        ("127.0.0.0/8", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1"),
        ("10.1.2.3/8", "10.200.0.1"),
        ("::1", "::1"),
        ("fd00::/8", "fd12::1"),
        ("fe80::/10", "fe80::1%1"),
    ],
)
def test_allowed_network_is_allowed_on_any_port(network: str, address: str) -> None:
    assert AddressPolicy.with_networks([network]).reason_against(address, 12345) is None


def test_other_networks_than_the_allowed_one_are_forbidden() -> None:
    policy = AddressPolicy.with_networks(["127.0.0.0/8"])
    assert policy.reason_against("10.0.0.1", 80)
    assert policy.reason_against("::1", 80)
    assert policy.reason_against("::ffff:127.0.0.1", 80)


def test_allowing_nat64_does_not_allow_the_address_in_it() -> None:
    policy = AddressPolicy.with_networks(["64:ff9b::/96", "2002::/16"])
    assert policy.reason_against("64:ff9b::8.8.8.8", 443) is None
    assert "169.254.169.254 is a cloud metadata" in (
        policy.reason_against("64:ff9b::a9fe:a9fe", 80) or ""
    )
    assert policy.reason_against("2002:808:808::1", 443) is None
    assert "10.0.0.1 is a private" in (policy.reason_against("2002:a00:1::1", 80) or "")


@pytest.mark.parametrize("port", [80, 443, 8080, 8443])
def test_usual_web_ports_are_allowed(port: int) -> None:
    assert PUBLIC.reason_against("1.1.1.1", port) is None


@pytest.mark.parametrize("port", [1, 22, 25, 6379, 11211, 65535])
def test_other_ports_of_public_addresses_are_forbidden(port: int) -> None:
    assert f"port {port} is not a usual web port" in (PUBLIC.reason_against("1.1.1.1", port) or "")


@pytest.mark.parametrize("text", ["localhost", "127.0.0.0/33", "", "10.0.0.*"])
def test_invalid_network_is_a_config_error(text: str) -> None:
    with pytest.raises(ConfigError, match="allow_private"):
        AddressPolicy.with_networks([text])
