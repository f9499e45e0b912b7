"""Which hosts belong to one owner."""

import pytest

from feedpub.core.urls import (
    bare_host_from_url,
    host_from_url,
    registered_domain,
    site_domain,
)


@pytest.mark.parametrize(
    ("host", "registered"),
    [
        ("www.example.org", "example.org"),
        ("WWW.Example.ORG.", "example.org"),
        ("news.example.co.uk", "example.co.uk"),
        ("example.co.uk", "example.co.uk"),
        ("a.b.example.com.au", "example.com.au"),
        ("www.city.kobe.jp", "city.kobe.jp"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_a_host_belongs_to_its_registered_domain(host: str, registered: str) -> None:
    """The Public Suffix List knows under which names domains are registered."""
    assert registered_domain(host) == registered


@pytest.mark.parametrize(
    "platform",
    [
        "github.io",
        "blogspot.com",
        "pages.dev",
        "netlify.app",
        "substack.com",
        "tumblr.com",
        "wordpress.com",
    ],
)
def test_users_of_a_platform_are_sites_of_their_own(platform: str) -> None:
    """Each subdomain is written by another person."""
    assert registered_domain(f"victim.{platform}") == f"victim.{platform}"
    assert registered_domain(f"www.evil.{platform}") == f"evil.{platform}"


@pytest.mark.parametrize(
    "host", ["203.0.113.7", "2001:db8::1", "localhost", "co.uk", "github.io", "", "x" * 300]
)
def test_what_has_no_registered_domain_is_a_site_of_its_own(host: str) -> None:
    """IP addresses that end alike have nothing in common."""
    assert registered_domain(host) == host


def test_missing_host_has_no_site() -> None:
    """A saved page has none."""
    assert registered_domain(None) == ""


@pytest.mark.parametrize(
    ("url", "host", "bare"),
    [
        ("https://user:pw@WWW.Example.org.:8080/a?b", "www.example.org", "example.org"),
        ("https://news.example.org/", "news.example.org", "news.example.org"),
        ("http://[2001:db8::1]:80/", "2001:db8::1", "2001:db8::1"),
        ("http://[half/", "", ""),
        ("/path", "", ""),
        ("", "", ""),
        (None, "", ""),
    ],
)
def test_the_host_of_a_url(url: str | None, host: str, bare: str) -> None:
    assert (host_from_url(url), bare_host_from_url(url)) == (host, bare)


def test_the_site_of_a_broken_url_is_empty() -> None:
    assert site_domain("http://[half/") == ""
