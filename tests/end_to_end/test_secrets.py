"""No secret of the config is printed, logged, published or sent, except to its own server.

Every secret that can be configured is marked, every source fails differently, and servers repeat
their requests. Then every byte that leaves feedpub is searched for the marks.
"""

import base64
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote

import pytest

from tests.support.dns import SERVFAIL
from tests.support.evil import running_raw_server
from tests.support.home import HEAD, Home
from tests.support.laboratory import isolated_network
from tests.support.mailbox import Mailbox, running_mailbox
from tests.support.newsroom import rss
from tests.support.service import eventually, free_port, running_service
from tests.support.site import Route, Site, running_site

pytestmark = pytest.mark.slow
MARK = "M4RK"
SECRETS = f"""
headers = {{ Authorization = "Bearer {MARK}-header", X-Api-Key = {{ file = "../key" }} }}
cookies = {{ session = {{ env = "SESSION" }}, other = "{MARK}-cookie" }}
"""
LOGIN = (
    f'\nauth = {{ username = "ann", password = {{ credential = "login" }} }}\n'
    f'cookies = {{ a = "{MARK}-cookie" }}\n'
)
SHOWN = ("/status", "/metrics", "/healthz", "/", "/health.rss", "/mixed.json")
TOKEN = f"api_key={MARK}-query"
IN_PATH = f"/feed/{MARK}7d6e5f4a3b2c1d0e9f8a/rss"
IN_BASIC = base64.b64encode(f"ann:{MARK}-login".encode()).decode()


def repeat_request(handler: BaseHTTPRequestHandler) -> str:
    """Return the request in forms in which a server can repeat it."""
    return " ".join(
        value
        for name, value in handler.headers.items()
        if name in ("Authorization", "Cookie", "X-Api-Key")
    )


def sends_on(place: str) -> object:
    """Redirect to a URL that contains the request."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header(
            "Location", f"{place}?given={quote(repeat_request(handler))}&{quote(handler.path)}"
        )
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def repeats(status: int) -> object:
    """Respond with an error page that contains the request."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = f"no: {handler.path} {repeat_request(handler)} {handler.body!r}".encode()  # type: ignore[attr-defined]
        handler.send_response(status)
        handler.send_header("Content-Type", "text/plain")
        handler.send_header("X-Error", repeat_request(handler))
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def no_http(connection: object, _stop: object) -> None:
    connection.sendall(f"SSH-2.0-OpenSSH {MARK}-cookie {MARK}-header\r\n".encode())  # type: ignore[attr-defined]


def no_proxy(connection: object, _stop: object) -> None:
    """Act as a proxy that gets only its own password, and repeats it."""
    connection.sendall(f"SSH-2.0-OpenSSH {MARK}-proxy\r\n".encode())  # type: ignore[attr-defined]


@contextmanager
def broken(site: Site, elsewhere: Site) -> Iterator[list[str]]:
    """Return the sources, each of which fails differently."""
    closed = free_port()
    garbage = Route(b"<rss><channel><item>&nope;" + b"\xff" * 9, "application/rss+xml")
    pages: dict[str, object] = {
        "/status": repeats(500),
        "/forbidden": repeats(403),
        "/away": sends_on(f"http://127.0.0.1:{closed}/landing"),
        "/circle": sends_on("/circle"),
        "/to-elsewhere": Route(status=302, headers={"Location": elsewhere.url("/landing")}),
        "/garbage": garbage,
        "/blank": Route(b""),
        "/gzip": Route(b"\x1f\x8b\x08no", headers={"Content-Encoding": "gzip"}),
        f"{IN_PATH}/status": repeats(500),
        f"{IN_PATH}/away": sends_on(f"http://127.0.0.1:{closed}/landing"),
        f"{IN_PATH}/garbage": garbage,
    }
    site.routes |= pages  # type: ignore[arg-type]
    with (
        running_raw_server(no_http) as evil,
        running_raw_server(_silent) as silent,
        running_raw_server(no_proxy) as proxy_of_none,
    ):
        urls = [
            *(f"feed {site.url(path)}" for path in pages),
            *(
                f"page {site.url(path)}"
                for path in ("/status", "/away", "/garbage", f"{IN_PATH}/status")
            ),
            f"sitemap {site.url('/garbage')}",
            f"feed {evil.url()}",
            f"feed {silent.url()}",
            f"feed https://127.0.0.1:{site.port}/tls",
            f"feed http://127.0.0.1:{closed}/closed",
            f"feed http://127.0.0.1:{closed}{IN_PATH}",
            "feed http://10.0.0.1/private",
        ]
        proxied = [
            (
                f'[[feed.source]]\ntype = "feed"\nurl = "http://example.org/{n}?{TOKEN}"\n'
                f'proxy = "{proxy}"\n'
            )
            for n, proxy in enumerate(
                [
                    f"http://ann:{MARK}-proxy@127.0.0.1:{closed}",
                    f"http://ann:{MARK}-proxy@127.0.0.1:{proxy_of_none.port}",
                ]
            )
        ]
        yield [*(_source(url, at) for at, url in enumerate(urls)), *proxied]


def _silent(_connection: object, stop: object) -> None:
    stop.wait(60)  # type: ignore[attr-defined]


def _source(text: str, at: int) -> str:
    kind, _, url = text.partition(" ")
    return (
        f'[[feed.source]]\ntype = "{kind}"\nurl = "{url}?{TOKEN}&n={at}"\n'
        f"{LOGIN if at % 2 else SECRETS}"
    )


@pytest.fixture
def environ(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Return secrets for every place that the config can read them from."""
    credentials = home.root / "credentials"
    credentials.mkdir()
    for file, name in (
        (home.root / "key", "key"),
        (credentials / "login", "login"),
        (credentials / "smtp", "smtp"),
    ):
        file.write_text(f"{MARK}-{name}\n")
        file.chmod(0o600)
    monkeypatch.setenv("SESSION", f"{MARK}-session")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))


def head(hook: Site, mailbox: Mailbox) -> str:
    """Return settings with a run timeout that ends the silent source, and failing alerts."""
    return (
        f'{HEAD}run_timeout = "10s"\n[http]\nadmin_token = "{MARK}-token"\n'
        f'[alerts]\nwebhook = "{hook.url(f"/hooks/{MARK}-hook")}?key={MARK}-hookkey"\n'
        '[alerts.email]\nto = ["jane@example.org"]\nsender = "feedpub@example.net"\n'
        f'server = "127.0.0.1:{mailbox.port}"\nusername = "ann"\n'
        f'password = {{ credential = "smtp" }}\n'
    )


def feed(name: str, sources: list[str]) -> str:
    return f'[[feed]]\nname = "{name}"\ntitle = "The {name}"\n' + "\n".join(sources)


class Searched:
    """Everything that was printed, sent or written, by origin."""

    def __init__(self) -> None:
        self.seen: dict[str, str] = {}

    def see(self, where: str, what: str | bytes) -> None:
        text = what.decode("utf-8", "replace") if isinstance(what, bytes) else what
        self.seen[where] = self.seen.get(where, "") + text

    def marks(self) -> list[str]:
        """Return each occurrence of a mark, with its context."""
        pattern = re.compile(f"{MARK}|{re.escape(IN_BASIC[:-4])}")
        return [
            f"{where}: {text[max(found.start() - 60, 0) : found.end() + 30]}"
            for where, text in self.seen.items()
            for found in pattern.finditer(text)
        ]


@pytest.mark.usefixtures("environ")
def test_no_secret_leaves(newsroom: Site, home: Home) -> None:
    """Search the terminal, log, feeds, status page, metrics, alerts, mail and requests."""
    searched = Searched()
    newsroom["/mixed"] = rss(newsroom, [5, 4])
    newsroom[IN_PATH] = newsroom.routes["/news"]
    hook_path = f"/hooks/{MARK}-hook"
    with (
        running_site() as elsewhere,
        running_site() as hook,
        running_mailbox(Mailbox(b"ann", b"another")) as mailbox,
        broken(newsroom, elsewhere) as sources,
    ):
        hook.routes[hook_path] = repeats(404)  # type: ignore[assignment]
        works = _source(f"feed {newsroom.url('/mixed')}", 0)
        listed = f'[[feed.source]]\ntype = "page"\nurl = "{newsroom.url(IN_PATH)}"\n'
        mixed = feed("mixed", [listed, works, *sources[:3]])
        home.configure(feed("broken", sources), mixed, head=head(hook, mailbox))
        for arguments in (
            ("check",),
            ("build",),
            ("build", "--json", "mixed"),
            ("build", "--dry-run", "mixed"),
            ("build", "broken"),
            ("status",),
            ("status", "--json"),
            ("clean", newsroom.url(f"/status?{TOKEN}").replace("//", f"//ann:{MARK}-clean@")),
            ("clean", "--json", newsroom.url(f"/away?{TOKEN}")),
            ("clean", newsroom.url(f"{IN_PATH}/away")),
            ("export", "opml"),
        ):
            done = home.run(*arguments)
            assert "Traceback" not in done.stderr
            searched.see(" ".join(arguments[:2]), done.stdout + done.stderr)
        assert searched.seen["build"].count(": source failed: ") == len(sources) + 3
        for log in ("json", "text"):
            _serve(home, log, searched)
        hook.routes[hook_path] = Route(b"ok")
        home.run("build", "mixed")
        for name, content in home.read_published().items():
            searched.see(f"published {name}", content)
        for site in (hook, elsewhere):
            for request in site.requests:
                searched.see(
                    f"sent to {request.path.partition('?')[0]}",
                    request.body + str(request.headers).encode(),
                )
        assert len(mailbox.logins) > 0
        assert any(request.body for request in hook.requests)
        assert any(request.path == "/landing" for request in elsewhere.requests)
    searched.seen = {
        where.replace(f"{MARK}-hook", "…"): text for where, text in searched.seen.items()
    }
    assert "\n".join(searched.marks()) == ""
    assert (
        home.root / ".feedpub"
    ).stat().st_mode & 0o077 == 0  # it stores the addresses of sources


def _serve(home: Home, log: str, searched: Searched) -> None:
    """Return everything that the service logs and serves while its config becomes invalid."""
    good = home.config.read_text("utf-8")
    with running_service(home.config, "--log", log, "-v") as service:
        where = f"run --log {log}"
        for path in (
            "/status",
            "/metrics",
            "/healthz",
            "/",
            "/health.rss",
            "/mixed.json",
            f"/nowhere?token={MARK}-typed",
        ):
            with suppress(HTTPError):
                searched.see(f"GET {path.partition('?')[0]}", service.get(path))
        service.send(signal.SIGHUP)
        home.config.write_text(
            good + f'\n[[feed]]\nurl = "http://ann:{MARK}-userinfo@example.org/?{TOKEN}"\n', "utf-8"
        )
        service.send(signal.SIGHUP)
        assert eventually(lambda: "refused" in "".join(service.lines))
        searched.see(where, service.get("/status"))
        service.stop()
        searched.see(where, "\n".join(service.lines))
    home.config.write_text(good, "utf-8")


def test_unresolvable_name_reveals_no_secret(tmp_path: Path) -> None:
    config = tmp_path / "feedpub.toml"
    source = (
        f'[[feed.source]]\ntype = "feed"\nurl = "http://gone.example/rss?{TOKEN}"\n'
        f'cookies = {{ a = "{MARK}-1" }}\n'
    )
    config.write_text(f'[feedpub]\noutput = "feeds"\nstate = "state"\n{feed("world", [source])}')
    with isolated_network() as lab:
        lab.add(names={"gone.example": [SERVFAIL]})
        output = (
            lab.run_feedpub("build", config=config).output
            + lab.run_feedpub("status", config=config).output
        )
    assert "the name gone.example does not resolve" in output
    assert MARK not in output


def test_search_finds_marks_in_basic_authentication() -> None:
    searched = Searched()
    searched.see("here", f"and so {MARK}-1 on, Basic {IN_BASIC}")
    searched.see("there", "nothing")
    assert len(searched.marks()) == 2
