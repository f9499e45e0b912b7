"""Config files are found, read and loaded, or refused with a message."""

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedpub.config import Bucket, Config, FolderSource, Http, find_config, load_config
from feedpub.core.errors import ConfigError
from tests.config.support import load_toml

MINIMAL = (
    b'[[feed]]\nname = "world"\ntitle = "World"\n'
    b'source = [{ type = "folder", path = "articles" }]\n'
)


def get_error(path: Path) -> str:
    with pytest.raises(ConfigError) as raised:
        load_config(path, {})
    return str(raised.value)


@pytest.mark.parametrize(
    ("option", "environ", "found"),
    [
        (None, {}, "config/feedpub.toml"),
        (None, {"FEEDPUB_CONFIG": ""}, "config/feedpub.toml"),
        (None, {"FEEDPUB_CONFIG": "/etc/feedpub.toml"}, "/etc/feedpub.toml"),
        (Path("mine.toml"), {}, "mine.toml"),
        (Path("mine.toml"), {"FEEDPUB_CONFIG": "/etc/feedpub.toml"}, "mine.toml"),
        (None, {"CONFIGURATION_DIRECTORY": "/etc/feedpub"}, "/etc/feedpub/feedpub.toml"),
        (None, {"CONFIGURATION_DIRECTORY": "/etc/feedpub:/etc/other"}, "/etc/feedpub/feedpub.toml"),
        (None, {"CONFIGURATION_DIRECTORY": ""}, "config/feedpub.toml"),
        (
            None,
            {"CONFIGURATION_DIRECTORY": "/etc/feedpub", "FEEDPUB_CONFIG": "/srv/f.toml"},
            "/srv/f.toml",
        ),
        (Path("mine.toml"), {"CONFIGURATION_DIRECTORY": "/etc/feedpub"}, "mine.toml"),
    ],
)
def test_config_file_is_chosen_by_option_environment_and_default(
    option: Path | None, environ: dict[str, str], found: str
) -> None:
    assert find_config(option, environ) == Path(found)


def test_home_folder_in_the_file_name_is_expanded() -> None:
    assert find_config(None, {"FEEDPUB_CONFIG": "~/feedpub.toml"}) == Path.home() / "feedpub.toml"


def test_every_other_setting_has_a_default(tmp_path: Path) -> None:
    path = tmp_path / "config" / "feedpub.toml"
    path.parent.mkdir()
    path.write_bytes(MINIMAL)
    assert load_config(path, {}).model_dump() == {
        "feedpub": {
            "output": tmp_path / "feeds",
            "state": tmp_path / ".feedpub",
            "queue": False,
            "base_url": "https://feeds.example.org/",
            "contact": "",
            "allow_private": (),
            "browser_path": None,
            "request_delay": timedelta(seconds=1),
            "run_timeout": timedelta(minutes=10),
            "websub_hubs": (),
            "keep": timedelta(days=365),
            "keep_pages": timedelta(days=90),
        },
        "http": {"listen": "127.0.0.1:8080", "admin_token": None, "hosts": ()},
        "s3": {"endpoint": None, "region": None, "key": None, "secret": None, "gzip": True},
        "alerts": {"webhook": None, "command": (), "email": None},
        "rules": {"sites": tmp_path / "config" / "sites", "ftr_site_config": None},
        "feed": (
            {
                "name": "world",
                "title": "World",
                "description": "",
                "language": None,
                "author": None,
                "icon": None,
                "link": None,
                "every": "auto",
                "min_every": timedelta(minutes=5),
                "max_every": timedelta(days=1),
                "interval_factor": 1.0,
                "cron": None,
                "timezone": "UTC",
                "recheck": True,
                "limit": 50,
                "content": "full",
                "summary": "auto",
                "lead_image": True,
                "reading_time": False,
                "formats": ("rss", "atom", "json"),
                "merge_similar": True,
                "similarity_threshold": 0.6,
                "source": (
                    {"type": "folder", "path": tmp_path / "config" / "articles", "glob": "**/*"},
                ),
                "rules": {
                    **dict.fromkeys(
                        ("content", "title", "author", "date", "next_page", "single_page")
                    ),
                    **dict.fromkeys(("remove", "keep", "replace"), ()),
                    "headers": {},
                },
                "include": {"title": (), "url": (), "category": (), "text": ()},
                "exclude": {"title": (), "url": (), "category": (), "text": ()},
            },
        ),
    }


def test_empty_file_is_a_config(tmp_path: Path) -> None:
    assert load_toml(tmp_path, "").feed == ()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("feeds", "{folder}/config/feeds"),
        ("../a/../b", "{folder}/b"),
        ("./public/", "{folder}/config/public"),
        ("/srv/feeds", "/srv/feeds"),
        ("~/feeds", "{home}/feeds"),
    ],
)
def test_paths_are_relative_to_the_config_folder(tmp_path: Path, written: str, meant: str) -> None:
    meant = meant.format(folder=tmp_path, home=Path.home())
    assert load_toml(tmp_path, f'[feedpub]\noutput = "{written}"').feedpub.output == Path(meant)


def test_links_in_paths_are_kept(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "feeds").symlink_to("disk")
    assert load_toml(tmp_path, "").feedpub.output == tmp_path / "feeds"


def test_paths_of_a_relatively_named_config_are_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "feedpub.toml").write_bytes(MINIMAL)
    monkeypatch.chdir(tmp_path)
    config = load_config(Path("feedpub.toml"), {})
    assert config.feedpub.output == tmp_path.parent / "feeds"


@pytest.mark.parametrize(
    ("toml", "environ", "state"),
    [
        ("", {"STATE_DIRECTORY": "/var/lib/feedpub"}, "/var/lib/feedpub"),
        ("[feedpub]", {"STATE_DIRECTORY": "/var/lib/feedpub:/var/lib/other"}, "/var/lib/feedpub"),
        ('[feedpub]\nstate = "/srv/state"', {"STATE_DIRECTORY": "/var/lib/feedpub"}, "/srv/state"),
        ('[feedpub]\nstate = "/srv/state"', {}, "/srv/state"),
        ('[feedpub]\noutput = "/var/lib/f/feeds"', {"STATE_DIRECTORY": "/var/lib/f"}, "/var/lib/f"),
    ],
)
def test_state_of_a_service_is_in_its_state_directory_by_default(
    tmp_path: Path, toml: str, environ: dict[str, str], state: str
) -> None:
    (tmp_path / "feedpub.toml").write_text(toml)
    assert load_config(tmp_path / "feedpub.toml", environ).feedpub.state == Path(state)


@pytest.mark.parametrize(
    ("toml", "output", "state"),
    [
        ("", "/var/lib/feedpub/feeds", "/var/lib/feedpub"),
        (
            'output = "../feeds"\nstate = "../.feedpub"',
            "/var/lib/feedpub/feeds",
            "/var/lib/feedpub/.feedpub",
        ),
        ('output = "public/./a/../b/"', "/var/lib/feedpub/public/b", "/var/lib/feedpub"),
        ('output = "../../a/../../b"', "/var/lib/feedpub/b", "/var/lib/feedpub"),
        ('output = "/srv/feeds"\nstate = "/srv/state"', "/srv/feeds", "/srv/state"),
        ('output = "~/feeds"', f"{Path.home()}/feeds", "/var/lib/feedpub"),
    ],
)
def test_relative_paths_of_a_service_are_within_its_state_directory(
    tmp_path: Path, toml: str, output: str, state: str
) -> None:
    """It is the only folder that the service may write to."""
    (tmp_path / "feedpub.toml").write_text(f"[feedpub]\n{toml}")
    settings = load_config(
        tmp_path / "feedpub.toml", {"STATE_DIRECTORY": "/var/lib/feedpub"}
    ).feedpub
    assert (settings.output, settings.state) == (Path(output), Path(state))


@pytest.mark.parametrize(
    ("written", "meant", "address"),
    [
        ("s3://my-bucket", Bucket("my-bucket"), "s3://my-bucket"),
        ("s3://my-bucket/", Bucket("my-bucket"), "s3://my-bucket"),
        (" s3://my.bucket/a/b-c/ ", Bucket("my.bucket", "a/b-c"), "s3://my.bucket/a/b-c"),
    ],
)
@pytest.mark.parametrize(
    "environ", [{}, {"STATE_DIRECTORY": "/var/lib/feedpub"}], ids=["alone", "systemd"]
)
def test_output_can_be_a_bucket(
    tmp_path: Path, written: str, meant: Bucket, address: str, environ: dict[str, str]
) -> None:
    (tmp_path / "feedpub.toml").write_text(f'[feedpub]\noutput = "{written}"')
    settings = load_config(tmp_path / "feedpub.toml", environ).feedpub
    assert (settings.output, str(settings.output), settings.anchor) == (meant, address, Path("/"))


def test_example_config_works_for_a_service(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "config" / "feedpub.toml"
    config = load_config(shipped, {"STATE_DIRECTORY": str(tmp_path)})
    assert (config.feedpub.output, config.feedpub.state) == (tmp_path / "feeds", tmp_path)
    assert {
        source.path for source in config.feed[0].source if isinstance(source, FolderSource)
    } == {shipped.parent / "articles" / "en"}


@pytest.mark.parametrize(
    "toml", ['output = ""', "output = 5", 'output = "a\\u0000"', "state = []", 'state = " "']
)
def test_invalid_path_of_a_service_is_an_error(tmp_path: Path, toml: str) -> None:
    (tmp_path / "feedpub.toml").write_text(f"[feedpub]\n{toml}")
    with pytest.raises(ConfigError, match=f"toml:2: feedpub: {toml.split(maxsplit=1)[0]}: "):
        load_config(tmp_path / "feedpub.toml", {"STATE_DIRECTORY": "/var/lib/feedpub"})


def test_state_of_a_service_in_the_output_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "feedpub.toml").write_text('[feedpub]\noutput = "."')
    with pytest.raises(ConfigError, match="would be published"):
        load_config(tmp_path / "feedpub.toml", {"STATE_DIRECTORY": "/var/lib/feedpub"})


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\r\n"])
def test_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "feedpub.toml"
    path.write_bytes(start + MINIMAL.replace(b"\n", b"\r\n"))
    assert load_config(path, {}).feed[0].name == "world"


def test_lines_are_counted_correctly_after_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "feedpub.toml"
    path.write_bytes(b"\xef\xbb\xbf\r\n[feedpub]\r\nx = 1\r\n")
    assert get_error(path).startswith(f"{path}:3: feedpub: x: unknown key")


def test_missing_file_is_an_error_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "feedpub.toml"
    assert get_error(path) == (
        f"{path}: no such file; `feedpub add URL` or `feedpub import FILE` creates one, or "
        "name another with -c FILE or $FEEDPUB_CONFIG"
    )


def test_folder_instead_of_a_file_is_an_error_with_advice(tmp_path: Path) -> None:
    assert (
        get_error(tmp_path)
        == f"{tmp_path}: is a folder; name the file in it: -c {tmp_path}/feedpub.toml"
    )


def test_unreadable_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "feedpub.toml"
    path.symlink_to("feedpub.toml")
    assert get_error(path) == f"{path}: cannot be read: Too many levels of symbolic links"


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ('[[feed]]\ntitle = "Zürich"\n'.encode("latin-1"), 2),
        ('title = "x"\n'.encode("utf-16"), 1),
        (b"a = 1\n\xff", 2),
    ],
)
def test_file_that_is_not_utf8_is_an_error_with_its_line(
    tmp_path: Path, body: bytes, line: int
) -> None:
    path = tmp_path / "feedpub.toml"
    path.write_bytes(body)
    assert get_error(path) == f"{path}:{line}: not UTF-8 text; save the file as UTF-8"


@pytest.mark.parametrize("toml", ["a = " + "[" * 9999, "a = " + "[" * 9999 + "]" * 9999])
def test_deeply_nested_brackets_are_an_error(tmp_path: Path, toml: str) -> None:
    path = tmp_path / "feedpub.toml"
    path.write_text(toml)
    assert get_error(path) == f"{path}:1: brackets nested hundreds deep; a config needs three"


def test_number_of_thousands_of_digits_is_an_error(tmp_path: Path) -> None:
    """Python refuses to parse it."""
    path = tmp_path / "feedpub.toml"
    path.write_text(f"[feedpub]\nkeep = {'9' * 5000}\n", "utf-8")
    assert get_error(path) == f"{path}:2: a number has thousands of digits"


@pytest.mark.parametrize(
    "toml", ["password = hunter2", 'a = "hunter2', "token = hunter2 # x", 'hunter2 = "\\h"x']
)
def test_syntax_error_shows_no_values(tmp_path: Path, toml: str) -> None:
    path = tmp_path / "feedpub.toml"
    path.write_text(toml)
    assert "hunter2" not in get_error(path)


def test_settings_are_immutable() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Config().http = Http()


def is_loaded_or_refused(body: bytes) -> bool:
    """Return True if a file is loaded or refused with file and line; other exceptions are bugs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feedpub.toml"
        path.write_bytes(body)
        try:
            load_config(path, {})
        except ConfigError as error:
            return all(line.startswith(f"{path}:") for line in str(error).split("\n"))
        return True


@settings(max_examples=100, deadline=None)
@given(st.binary())
def test_any_bytes_are_loaded_or_refused(body: bytes) -> None:
    assert is_loaded_or_refused(body)


_WORDS = st.sampled_from(
    [
        *(
            "[[feed]]",
            "[feedpub]",
            "[[feed.source]]",
            "[feed.rules]",
            "[feed.include]",
            "[[feed.rules]]",
            "[feed]",
        ),
        *(
            "name",
            "title",
            "type",
            "url",
            "path",
            "every",
            "cron",
            "headers",
            "auth",
            "remove",
            "formats",
            "output",
        ),
        *(" = ", " = [", "]", " = {", "}", ",", "\n", "\n", "\n", ".", "'", '"', "#"),
        *(
            '"world"',
            '"page"',
            '"folder"',
            '"https://example.org/"',
            '"30m"',
            '"* * * * *"',
            "5",
            "true",
            "1979-05-27",
        ),
        *('"text:"', '"re:("', '{ env = "A" }', '"\\u0000"', '"~x"', '"../feeds"'),
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(_WORDS, max_size=30))
def test_any_sequence_of_config_words_is_loaded_or_refused(words: list[str]) -> None:
    assert is_loaded_or_refused("".join(words).encode())


_KEYS = st.sampled_from(
    [
        "name",
        "title",
        "type",
        "url",
        "path",
        "every",
        "cron",
        "headers",
        "auth",
        "limit",
        "formats",
        "source",
        "links",
    ]
)
_VALUES = st.recursive(
    st.sampled_from(
        [
            '"world"',
            '"page"',
            '"folder"',
            '"https://example.org/"',
            '"30m"',
            "5",
            "true",
            "2.5",
            '""',
            "[]",
        ]
    ),
    lambda values: st.one_of(
        st.lists(values, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(_KEYS, values, max_size=3).map(
            lambda table: "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}"
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(_KEYS, _VALUES, max_size=6),
    st.sampled_from(["[[feed]]", "[feedpub]", "[feed]", ""]),
)
def test_any_value_of_any_key_is_loaded_or_refused(table: dict[str, str], heading: str) -> None:
    body = "\n".join([heading, *(f"{key} = {value}" for key, value in table.items())])
    assert is_loaded_or_refused(body.encode())
