"""Tokens in paths are recognised by their form."""

from random import Random

import pytest

from feedpub.core.redact import mask_paths, redact, secrets_in_path

PRIVATE = (
    "https://example.org/feed/{}/rss",
    "https://calendar.example.org/ical/ann%40example.org/private-{}/basic.ics",
    "https://podcast.example.org/private/{}.rss",
    "https://api.telegram.example/bot123456:{}/getUpdates",
    "https://discord.example/api/webhooks/112233445566778899/{}",
)


@pytest.mark.parametrize(
    "token",
    [
        "3f2a9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b",
        "550e8400-e29b-41d4-a716-446655440000",
        "XXq7LmP2vR9sT4kWn8YbZ3cJ",
        "dGhpc19pcy1hX3Rva2Vu-MTIz_NDU2Nzg5MA",
        "k9x2m4q7w1z8r5t3",
        "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
    ],
)
@pytest.mark.parametrize("address", PRIVATE)
def test_token_in_a_path_is_masked(address: str, token: str) -> None:
    """Its entire path segment is masked, and the surrounding sentence is unchanged."""
    shown = redact(f"{address.format(token)}: HTTP 404, (see {address.format(token)}), and so on")
    assert token not in shown
    assert shown.startswith(address.partition("{")[0].rpartition("/")[0])
    assert shown.endswith("), and so on")
    assert any(token in secret for secret in secrets_in_path(address.format(token)))


def test_random_tokens_of_all_kinds_are_masked() -> None:
    """Up to 2 % resemble words by chance."""
    chance = Random(7)  # noqa: S311 -- reproducible
    letters = "abcdefghijklmnopqrstuvwxyz"
    kinds = {
        "hex": (32, "0123456789abcdef"),
        "base32": (32, f"{letters.upper()}234567"),
        "base36": (24, f"{letters}0123456789"),
        "base62": (24, f"{letters}{letters.upper()}0123456789"),
        "base64": (32, f"{letters}{letters.upper()}0123456789-_"),
    }
    for kind, (length, signs) in kinds.items():
        tokens = ["".join(chance.choices(signs, k=length)) for _ in range(1000)]
        missed = [token for token in tokens if token in mask_paths(f"https://a.example/{token}")]
        assert len(missed) <= 20, (kind, missed)


@pytest.mark.parametrize(
    "path",
    [
        "/news/council-decides-on-matter-1",
        "/2026/11/25/top-10-cars-of-2025-and-5-ways-to-fix-an-iphone-15",
        "/article/20261125123456789012",
        "/technology/ai-gpt4o-vs-llama3-405b-h100-benchmarks-q3-2026",
        "/@ann/some-title-3f2a9c8d7e6f",
        "/watch/dQw4w9WgXcQ",
        "/wiki/Internationalization_and_localization",
        "/TheQuickBrownFoxJumpsOverTheLazyDog",
        "/blog/HowWeBuiltOurRssReader2026",
        "/%E4%B8%96%E7%95%8C-%D0%BC%D0%B8%D1%80-%E0%B8%AA%E0%B8%A0%E0%B8%B2",
        "/rubriques/economie/article_6412345_3244.html",
        "/10.1038/s41586-026-01234-5",
        "/nachrichten/donaudampfschifffahrtsgesellschaft-100.html",
        "/a/" + "word-" * 100,
        "/a/" + "1234567890" * 10,
    ],
)
def test_words_dates_and_numbers_are_not_masked(path: str) -> None:
    assert redact(f"https://example.org{path}: HTTP 404") == f"https://example.org{path}: HTTP 404"
    assert secrets_in_path(f"https://example.org{path}") == []


def test_local_path_is_not_masked() -> None:
    text = "/nix/store/3f2a9c8d7e6f5a4b3c2d1e0f9a8b7c6d-python/feedpub.toml: no such file"
    assert redact(text) == text


def test_secrets_are_found_in_a_path_without_a_host_but_not_in_its_query() -> None:
    token = "3f2a9c8d7e6f5a4b3c2d1e0f9a8b7c6d"
    assert secrets_in_path(f"/feed/{token}/rss?x={token}") == [token]
    assert secrets_in_path(f"https://{token}.example.org/feed") == []
