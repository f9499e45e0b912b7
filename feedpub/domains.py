"""Registered domains: which hosts belong to one owner.

The Public Suffix List decides, its private section too: `a.github.io` and `b.github.io` are two sites. Blog platforms
that give each user a subdomain but are not on that list stand in `shared_hosts.toml`.
"""

import ipaddress
import tomllib
from functools import cache, lru_cache
from importlib.resources import files

from publicsuffixlist import PublicSuffixList

_MAX_HOST_CHARS = 253  # of a name that DNS can know


def registered_domain(host: str | None) -> str:
    """Return the domain that a host's owner registered: `example.co.uk` for `news.example.co.uk`.

    An IP address, a name without a dot and a public suffix are returned as they are: each is a site of its own.

    Args:
        host: a host name or an IP address, without a port, in any case; None and "" give "".
    """
    name = (host or "").lower().rstrip(".")
    return name if len(name) > _MAX_HOST_CHARS else _registered(name)


@lru_cache(maxsize=4096)
def _registered(name: str) -> str:
    if _is_ip_address(name):
        return name
    platform = next((each for each in _shared_hosts() if name.endswith(f".{each}")), None)
    if platform:
        user = name.removesuffix(f".{platform}").rpartition(".")[2]
        return f"{user}.{platform}"
    return _public_suffixes().privatesuffix(name) or name


def _is_ip_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


@cache
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@cache
def _shared_hosts() -> tuple[str, ...]:
    return tuple(tomllib.loads(files(__package__).joinpath("shared_hosts.toml").read_text("utf-8"))["hosts"])
