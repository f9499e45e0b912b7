"""The posts that a WordPress gives programs, whole and dated: where the page says that it is of one."""

from collections.abc import Iterator
from urllib.parse import urlencode, urljoin, urlsplit

from feedpub.discovery.candidates import Candidate
from feedpub.discovery.looks import Looks
from feedpub.discovery.survey import Survey, feed_listing

LIMIT = 50  # posts that are asked for; it gives a hundred at most
_FIELDS = "link,title,date_gmt,modified_gmt,date,modified,excerpt,content,jetpack_featured_media_url"


def posts(survey: Survey, looks: Looks) -> Iterator[Candidate]:
    """The newest posts, by the address that the page names in its head."""
    if survey.api is None:
        return iter(())
    return looks.each([_address(urljoin(survey.url, survey.api))], lambda url: _candidate(url, looks))


def _address(api: str) -> str:
    """Where the posts are: below the API, or behind the question mark where addresses have no names."""
    query = urlencode({"per_page": LIMIT, "_fields": _FIELDS}, safe=",")
    return f"{api.rstrip('/')}/wp/v2/posts{'&' if urlsplit(api).query else '?'}{query}"


def _candidate(url: str, looks: Looks) -> Candidate:
    listing = looks.read(url, feed_listing, limit=LIMIT)
    return Candidate("feed", url, "the site's WordPress API", items=listing.items, whole=listing.whole)
