import pytest

from feedpub.cleaner.rules import FollowLink, Ruleset, ftr
from feedpub.cleaner.rules.model import Replacement, Rule, RuleTest


def parse_ftr(*lines: str) -> Ruleset:
    return ftr.parse_ftr("\n".join(lines), "x.txt")


def test_rules_have_file_and_line() -> None:
    rules = parse_ftr("# of a site", "", "body: //div[@id='a:b']", "Body : //main", "title://h1")
    assert rules.content == (
        Rule("body", "//div[@id='a:b']", "//div[@id='a:b']", "x.txt", 3),
        Rule("body", "//main", "//main", "x.txt", 4),
    )
    assert str(rules.title[0]) == "rule title '//h1' (x.txt:5)"
    assert rules.issues == ()


def test_attribute_commands_become_xpath() -> None:
    rules = parse_ftr(
        "strip_id_or_class: 'promo'",
        "strip_image_src: /ads/",
        "strip: //aside",
        "strip_attr: //@style",
    )
    assert [rule.xpath for rule in rules.remove] == [
        '//*[contains(@class, "promo") or contains(@id, "promo")]',
        '//img[contains(@src, "/ads/")]',
        "//aside",
        "//@style",
    ]


def test_find_and_replace_are_paired() -> None:
    rules = parse_ftr(
        "find_string: <b>",
        "replace_string: <i>",
        "find_string: x",
        "replace_string:",
        "replace_string(y): z",
    )
    assert rules.replace == (Replacement("<b>", "<i>"), Replacement("x", ""), Replacement("y", "z"))


def test_condition_applies_to_preceding_link() -> None:
    rules = parse_ftr(
        "next_page_link: //a[1]",
        "single_page_link: //a[2]",
        "if_page_contains: //b",
        "single_page_link: //i",
    )
    assert [link.condition for link in rules.single_page] == ["//b", ""]
    assert rules.next_page == (FollowLink(rules.next_page[0].rule),)


def test_switches_are_yes_or_no() -> None:
    rules = parse_ftr("prune: no", "autodetect_on_failure: TRUE", "skip_json_ld: yes")
    assert (rules.prune, rules.autodetect, rules.json_ld) == (False, True, False)
    assert parse_ftr("tidy: yes") == Ruleset()


def test_commands_with_argument_are_read() -> None:
    rules = parse_ftr(
        "http_header(User-Agent): Reader/1",
        "wrap_in(blockquote): //p[@class='q']",
        "src_lazy_load_attr: data-big",
        "native_ad_clue: //meta[@name='ad']",
    )
    assert rules.headers == (("user-agent", "Reader/1"),)
    assert [(wrap.tag, wrap.rule.source) for wrap in rules.wrap] == [
        ("blockquote", "//p[@class='q']")
    ]
    assert (rules.lazy_source, rules.ads[0].source) == (("data-big",), "//meta[@name='ad']")
    assert rules.issues == ()


def test_expected_texts_belong_to_preceding_test() -> None:
    rules = parse_ftr(
        "test_url: https://x.example/a",
        "test_contains: one",
        "test_contains: two",
        "test_url: http://x.example/b",
    )
    assert rules.tests == (
        RuleTest("https://x.example/a", ("one", "two"), "x.txt", 1),
        RuleTest("http://x.example/b", (), "x.txt", 4),
    )


@pytest.mark.parametrize("command", sorted(ftr.LEGACY))
def test_legacy_command_is_ignored(command: str) -> None:
    assert parse_ftr(f"{command}: //div[") == Ruleset()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("bdy: //p", 'unknown command "bdy"; did you mean body?'),
        ("// remove it", "no command"),
        ("body: //div[", "is not XPath 1.0"),
        ("body: //div[contains(@class='a')]", "contains() is given 1 arguments"),
        ("strip: //a[contain(@class, 'x')]", "there is no function contain()"),
        ("strip: //a[re:test(@class, 'x')]", "not XPath 1.0"),
        ("strip: document('/etc/passwd')", "not XPath 1.0"),
        ("body:", "body has no value"),
        ("strip_id_or_class:", "strip_id_or_class has no value"),
        ("http_header(Host): other.example", 'the header "Host" is not supported'),
        ("http_header(Authorization): Basic eA==", 'the header "Authorization" is not supported'),
        ("http_header(cookie):", "no valid value"),
        ("wrap_in(script): //p", 'wrap_in does not support "script"'),
        ("src_lazy_load_attr: a b", "is not the name of an attribute"),
        ("find_string: x", "1 find_string and 0 replace_string"),
        ("find_string:", "find_string has no value"),
        ("replace_string(): x", "has empty brackets"),
        ("replace_string(a:b): x", "split at its first colon"),
        ("if_page_contains: //b", "must follow a single_page_link"),
        ("test_contains: x", "must follow a test_url"),
        ("test_url: x.example", "is not a web address"),
    ],
)
def test_issue_names_its_line(line: str, expected: str) -> None:
    rules = parse_ftr("title: //h1", line, "date: //time")
    (problem,) = rules.issues
    assert str(problem).startswith("x.txt:2: ")
    assert expected in problem.text
    assert rules.title
    assert rules.date


def test_arguments_of_nested_functions_are_counted() -> None:
    inner = "substring-before(//a[not(contains(., ')'))]/@href, \",(\")"
    line = f"title: concat({inner}, 'x', name(), //b[(1 + 2) mod 2]/text())"
    assert parse_ftr(line).issues == ()
