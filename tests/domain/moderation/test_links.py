"""A blocked link is found however it is written, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.moderation.links import blocked_link, links_in, normal_block

BLOCKS = ("evil.example", "bit.example/abc", "bücher.example", "192.0.2.1", "[2001:db8::1]")


@pytest.mark.parametrize(
    "text",
    [
        "evil.example",
        "Look at EVIL.example.",
        "https://evil.example",
        "http://www.sub.evil.example/offer?x=1#y",
        "https://evil.example:8080/",
        "http://good.example@evil.example/x",
        "https://user:word@evil.example:443",
        "http://evil.example\\@good.example",
        "http:\\\\evil.example",
        "http://%65vil.example",
        "e\u200bvil.exa\u00admple",
        "\uff45\uff56\uff49\uff4c\uff0eexample",
        "evil。example",
        "*evil.example* or _evil.example_",
        "(evil.example)",
        "-evil.example",
        "请看evil.example。谢谢",
        "http://evil.example请看",
        "http://good.example,evil.example",
        "http://good.example|http://evil.example",
        "evil.example./x",
    ],
)
def test_a_blocked_host_is_found_however_it_is_written(text: str) -> None:
    assert blocked_link(text, BLOCKS) == "evil.example"


@pytest.mark.parametrize(
    "text",
    [
        "not-evil.example",
        "evil.example.com",
        "evil.exampleman",
        "evil example",
        "evil, example",
        "ana@evil.example",
        "evil.example@good.example",
        "http://good.example|evil.example@good.example",
        "mail.-evil.example@good.example",
        "@evil.example",
        "https://good.example/evil.example",
        "https://good.example/?to=evil.example",
        "good.example/x?evil.example",
        "http://evil",
        "http://",
        "https://@/",
        "http://[nonsense]/",
        "http://1.2.3.4.5/",
        "http://1.256.1.1/",
        "http://09.0.2.1/",
        "The total is 1.5, or 2.50",
        "",
    ],
)
def test_what_leads_elsewhere_or_nowhere_is_not_blocked(text: str) -> None:
    assert blocked_link(text, BLOCKS) is None


@pytest.mark.parametrize(
    ("text", "is_blocked"),
    [
        ("bit.example/abc", True),
        ("https://bit.example/abc/", True),
        ("bit.example/abc/def?x=1", True),
        ("bit.example/abc.", True),
        ("bit.example/%61bc", True),
        ("bit.example/x/../abc", True),
        ("bit.example/./abc", True),
        ("bit.example//abc", True),
        ("bit.example", False),
        ("bit.example/ab", False),
        ("bit.example/abcd", False),
        ("bit.example/ABC", False),
        ("bit.example/x/abc", False),
    ],
)
def test_a_block_with_a_path_holds_for_what_begins_with_its_steps(text: str, *, is_blocked: bool) -> None:
    assert (blocked_link(text, BLOCKS) is not None) is is_blocked


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("a.b.example/x/y/z", "b.example/x/y"),
        ("a.b.example/x", None),
        ("c.example", None),
        ("x.a.b.example/q/r", "a.b.example/q"),
        ("x.a.b.example/q", "a.b.example/q"),
        ("example.a.b", None),
    ],
)
def test_of_several_blocks_the_one_of_the_longest_host_is_met(text: str, met: str | None) -> None:
    blocks = ("b.example/x/y", "b.example/x/y/z", "a.b.example/q", "nonsense", "c.example/z", "d.c.example")

    assert blocked_link(text, blocks) == met


@pytest.mark.parametrize("host", ["bücher.example", "BÜCHER.example", "xn--bcher-kva.example", "XN--BCHER-KVA.example"])
def test_a_host_in_punycode_is_the_host_it_stands_for(host: str) -> None:
    assert blocked_link(f"see {host} now", BLOCKS) == "bücher.example"
    assert blocked_link("see http://bücher.example", [normal_block(host) or ""]) is not None


def test_a_label_that_only_looks_like_punycode_is_read_as_it_stands() -> None:
    assert {link.host for link in links_in("http://XN--ÿ.example")} == {"xn--ÿ.example"}
    assert next(links_in(f"http://xn--{'a' * 70}.example")).host == f"xn--{'a' * 70}.example"


@pytest.mark.parametrize(
    "text",
    ["192.0.2.1", "http://3221225985/", "http://0xC0.0.2.1", "http://0300.0.0x201/", "http://[::ffff:192.0.2.1]/"],
)
def test_an_address_is_one_in_whatever_notation(text: str) -> None:
    assert blocked_link(text, BLOCKS) == "192.0.2.1"


def test_an_address_of_the_newer_kind_is_one_in_whatever_notation() -> None:
    assert blocked_link("http://[2001:DB8:0:0::1]:80/x", ["[2001:db8::1]"]) is not None
    assert blocked_link("http://[2001:db8::2]/", ["[2001:db8::1]"]) is None


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        ("HTTPS://Evil.Example/", "evil.example"),
        ("*.evil.example", "evil.example"),
        (" evil.example:80/a/?x#y ", "evil.example/a"),
        ("//evil.example/a/./b", "evil.example/a/b"),
        ("evil.example/100%25", "evil.example/100%25"),
        ("evil.example/a%20b%3F", "evil.example/a%20b%3F"),
        ("xn--bcher-kva.example", "bücher.example"),
        ("http://3221225985", "192.0.2.1"),
        ("[2001:db8:0::1]", "[2001:db8::1]"),
        ("", None),
        ("   ", None),
        ("localhost", None),
        ("two words.example", None),
        ("com.", None),
        ("[nonsense]", None),
    ],
)
def test_a_block_is_kept_in_one_spelling_and_nonsense_is_none(entered: str, kept: str | None) -> None:
    assert normal_block(entered) == kept
    if kept is not None:
        assert normal_block(kept) == kept, "what is kept is read again as itself"


def test_a_block_with_an_escaped_path_still_blocks() -> None:
    block = normal_block("evil.example/a%2525b")
    assert block is not None
    assert blocked_link("http://evil.example/a%2525b", [block]) == block
    assert blocked_link("http://evil.example/a%25b", [block]) is None


NAME = st.from_regex(r"[a-z][a-z0-9]{0,10}", fullmatch=True)


@given(
    st.sampled_from(["", "http://", "HTTPS://", "http://a:b@"]),
    st.lists(NAME, max_size=3),
    st.sampled_from(["", ":80"]),
    st.sampled_from(["", "/", "/x/y", "?q=1"]),
    st.text("abc 123,;!", max_size=10),
)
def test_a_link_to_a_host_or_below_it_is_found_amid_any_words(
    scheme: str, parents: list[str], port: str, rest: str, words: str
) -> None:
    link = ".".join([*parents, "evil.example"])
    assert blocked_link(f"{words} {scheme}{link}{port}{rest} {words}", BLOCKS) == "evil.example"


@given(st.text(max_size=300))
def test_no_text_breaks_the_search(text: str) -> None:
    assert blocked_link(text, ()) is None
    list(links_in(text))
    list(links_in(f"http://{text}"))
    normal_block(text)


def test_the_longest_text_of_a_host_like_kind_takes_no_time() -> None:
    for text in ("a." * 2048, "a" * 4096, "a-" * 2048, "http://" * 585, "@a." * 1365, "1." * 2048):
        assert blocked_link(text, BLOCKS) is None
