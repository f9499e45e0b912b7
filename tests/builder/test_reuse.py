"""Files that are rendered from unchanged parts of published files equal a complete rendering."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedpub.builder import html, json_feed, render_article, render_page, reuse, rss_atom
from feedpub.builder.documents import prepare
from feedpub.builder.reuse import FileRecord, RenderRecord, render_feed
from feedpub.core.models import Entry, Feed, PodcastTag, StoryLink
from feedpub.publisher import FolderOutput
from tests.builder import full
from tests.support.feeds import NOW, RENDERERS, TEXT, entries, entry, feed, feeds

PARTS = {
    "rss": rss_atom.render_rss_parts,
    "atom": rss_atom.render_atom_parts,
    "json": json_feed.render_json_parts,
    "html": html.render_page_parts,
}
PODCAST = st.sampled_from(
    [
        (),
        (PodcastTag("itunes:duration", "00:14"),),
        (PodcastTag("podcast:person", "<item>", (("role", "host & guest"),)),),
        (PodcastTag("psc:chapters", children=(PodcastTag("psc:chapter", "]]>"),)),),
    ]
)
THOROUGH = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def render_all(case: Feed) -> dict[str, bytes]:
    """Render every document of a feed completely."""
    files = {case.file(suffix): RENDERERS[suffix](case) for suffix in case.formats}
    files[f"{case.name}.html"] = render_page(case)
    for each in case.entries:
        if each.slug:
            files[f"{case.name}/{each.slug}.html"] = render_article(case, each)
    return files


@st.composite
def podcasts(draw: st.DrawFn) -> Feed:
    """Generate a feed whose channel and entries may have podcast elements and other stories."""
    case = draw(feeds())
    story = (StoryLink("https://agency.example/1", draw(TEXT)),)
    some = [
        replace(each, podcast=draw(PODCAST), also_at=draw(st.sampled_from([(), story])))
        for each in case.entries
    ]
    return replace(case, entries=tuple(some), podcast=draw(PODCAST))


@st.composite
def changes(draw: st.DrawFn) -> tuple[Feed, Feed]:
    """Generate a feed, and the same feed after entries or its channel have changed."""
    before = draw(podcasts())
    kept = [each for each in before.entries if draw(st.booleans())]
    changed = [
        replace(each, title=draw(TEXT)) if draw(st.integers(0, 3)) == 0 else each for each in kept
    ]
    new = [draw(entries(number)) for number in range(10, 10 + draw(st.integers(0, 2)))]
    new = [replace(each, podcast=draw(PODCAST)) for each in new]
    after = replace(before, entries=(*new, *changed), updated=NOW + timedelta(hours=1))
    channel: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
        [
            {},
            {},
            {},
            {"title": "Another"},
            {"language": "he"},
            {"author": "Jane Roe"},
            {"summary_only": not before.summary_only},
            {"previous": 7},
            {"formats": ("json",)},
        ]
    )
    return before, replace(after, **draw(channel))


@THOROUGH
@given(case=podcasts(), data=st.data())
def test_fragments_do_not_depend_on_other_fragments(case: Feed, data: st.DataObject) -> None:
    positions = st.sets(st.integers(0, max(len(case.entries) - 1, 0)))
    selected = data.draw(positions) if case.entries else set()
    for suffix, render in PARTS.items():
        whole, some = render(prepare(case)), render(prepare(case, selected))
        assert (some.head, some.tail, some.separator) == (whole.head, whole.tail, whole.separator)
        assert len(whole.fragments) == len(case.entries), suffix
        assert list(some.fragments) == [whole.fragments[each] for each in sorted(selected)]


@THOROUGH
@given(case=changes())
def test_files_equal_a_complete_rendering_after_any_change(case: tuple[Feed, Feed]) -> None:
    with TemporaryDirectory() as folder:
        output, record = FolderOutput(Path(folder)), RenderRecord()
        for each in (*case, case[0]):
            rendered = render_feed(each, record, output)
            output.publish(rendered.files)
            record = RenderRecord.from_bytes(rendered.record.to_bytes())
            assert record == rendered.record
            expected = render_all(each)
            assert {name: output.read(name) for name in expected} == expected
            assert set(record.files) == set(expected)
            assert render_feed(each, record, output).files == {}


# --- single cases ---


@pytest.fixture
def output(tmp_path: Path) -> FolderOutput:
    return FolderOutput(tmp_path / "feeds")


def publish(case: Feed, output: FolderOutput, record: RenderRecord | None = None) -> RenderRecord:
    """Publish a feed, and return the record of its files."""
    rendered = render_feed(case, record or RenderRecord(), output)
    output.publish(rendered.files)
    return rendered.record


WHOLE = full.FEED
NEWER = replace(
    WHOLE,
    entries=(entry(0, title="The newest"), *WHOLE.entries),
    updated=NOW,
)


def test_unchanged_feed_is_not_rendered(output: FolderOutput) -> None:
    record = publish(WHOLE, output)
    rendered = render_feed(WHOLE, record, output)
    assert rendered.files == {}
    assert rendered.record == record


@pytest.mark.parametrize("name", ["harbour.rss", "harbour.html", "harbour/die-alte-werft.html"])
@pytest.mark.parametrize("case", [WHOLE, NEWER], ids=["unchanged", "new entry"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-300]),
        lambda path: path.write_bytes(path.read_bytes().replace(b"Werft", b"Kranz")),
        lambda path: path.write_bytes(b""),
        lambda path: path.unlink(),
        lambda path: (path.rename(path.with_suffix(".old")), path.symlink_to("harbour.old")),
    ],
    ids=["cut", "edited", "empty", "missing", "link"],
)
def test_changed_file_is_rendered_completely(
    output: FolderOutput, tmp_path: Path, name: str, case: Feed, damage: object
) -> None:
    record = publish(WHOLE, output)
    assert callable(damage)
    damage(tmp_path / "feeds" / name)
    publish(case, output, record)
    expected = render_all(case)
    assert {each: output.read(each) for each in expected} == expected


def mark_fragments(record: RenderRecord, output: FolderOutput) -> RenderRecord:
    """Change a word in every published file, and its record, so that fragments show their origin.

    No correct program writes such a record. The word has as many bytes as before.
    """
    marked: dict[str, bytes] = {}
    for name in record.files:
        marked[name] = (output.read(name) or b"").replace(b"eleven years", b"ELEVEN YEARS")
    output.publish(marked)
    files: dict[str, FileRecord] = {}
    for name, file in record.files.items():
        parts = reuse.split_file(marked[name], file)
        files[name] = replace(file, digest=reuse.combine(map(reuse.hash_part, parts)))
    return replace(record, files=files)


def marked_names(output: FolderOutput, names: Mapping[str, object]) -> Iterator[str]:
    for name in names:
        if b"ELEVEN YEARS" in (output.read(name) or b""):
            yield name


DOCUMENTS = ["harbour.rss", "harbour.atom", "harbour.json", "harbour.html"]


def test_unchanged_fragments_are_taken_from_the_published_files(output: FolderOutput) -> None:
    record = mark_fragments(publish(WHOLE, output), output)
    record = publish(NEWER, output, record)
    assert list(marked_names(output, record.files)) == DOCUMENTS
    newest = [name for name in DOCUMENTS if b"The newest" in (output.read(name) or b"")]
    assert newest == DOCUMENTS


@pytest.mark.parametrize(
    "changed",
    [
        replace(NEWER, title="Another"),
        replace(NEWER, language="de"),
        replace(NEWER, base_url="https://other.example/"),
        replace(NEWER, summary_only=True),
        replace(NEWER, entries=(replace(WHOLE.entries[0], rights="Mine"), *WHOLE.entries[1:])),
    ],
    ids=["title", "language", "base_url", "summary_only", "entry"],
)
def test_changed_inputs_are_rendered_anew(output: FolderOutput, changed: Feed) -> None:
    record = mark_fragments(publish(WHOLE, output), output)
    record = publish(changed, output, record)
    assert list(marked_names(output, record.files)) == []
    expected = render_all(changed)
    assert {each: output.read(each) for each in expected} == expected


def test_changed_code_renders_everything_anew(
    output: FolderOutput, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = mark_fragments(publish(WHOLE, output), output)
    monkeypatch.setattr(reuse, "_digest_code", lambda: "of another version")
    publish(WHOLE, output, record)
    assert list(marked_names(output, record.files)) == []


@pytest.mark.parametrize(
    "stored",
    [None, b"", b"\xff", b"[]", b"{}", b"null", b'["","",[],{"a":1}]', b'["","",[],[]]'],
    ids=str,
)
def test_record_of_another_version_is_ignored(stored: bytes | None) -> None:
    assert RenderRecord.from_bytes(stored) == RenderRecord()


def test_fragments_of_an_inconsistent_record_are_not_used(output: FolderOutput) -> None:
    record = publish(WHOLE, output)
    files = {name: replace(file, fragments=(1,)) for name, file in record.files.items()}
    publish(NEWER, output, replace(record, files=files))
    expected = render_all(NEWER)
    assert {each: output.read(each) for each in expected} == expected


def test_record_of_a_folder_is_not_used_for_a_bucket(output: FolderOutput) -> None:
    """Its files may have other headers there."""
    record = publish(WHOLE, output)
    output.has_marks = True
    assert set(render_feed(WHOLE, record, output).files) == set(record.files)


def test_record_grows_by_some_bytes_for_each_entry() -> None:
    digests = ("0" * 32,) * 50
    files = {name: FileRecord("0" * 32, "", 1000, ",", (10_000,) * 50) for name in DOCUMENTS}
    assert len(RenderRecord("0" * 32, "0" * 32, digests, files).to_bytes()) < 5000


def test_entries_that_differ_in_any_field_have_other_digests(output: FolderOutput) -> None:
    plain: Entry = entry(1, html="<p>ab</p>", text="cd")
    others = [
        replace(plain, html="<p>ab</p>c", text="d"),
        replace(plain, text="cd "),
        replace(plain, title="<p>"),
        replace(plain, also_at=(StoryLink("https://x.example/", "X"),)),
        replace(plain, updated=plain.updated + timedelta(seconds=1)),
    ]
    digests = {publish(feed(each), output).entries[0] for each in (plain, *others)}
    assert len(digests) == len(others) + 1
