"""What people type, as HTML: WhatsApp's marks, links, and nothing that runs."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.engine.values.text_marks import rendered

LINK = '<a href="{0}" target="_blank" rel="noopener nofollow">{0}</a>'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "plain"),
        ("*bold* _italic_ ~strike~", "<strong>bold</strong> <em>italic</em> <s>strike</s>"),
        ("*_both_*", "<strong><em>both</em></strong>"),
        ("(*bold*), _it_.", "(<strong>bold</strong>), <em>it</em>."),
        ("`a *b* c`", "<code>a *b* c</code>"),
        ("```\nx *y*\nz\n```", "<pre>x *y*\nz</pre>"),
        ("one\ntwo\r\nthree", "one<br>two<br>three"),
        ("2*3*4 snake_case_name", "2*3*4 snake_case_name"),
        ("* item", "* item"),
        ("*not\nbold*", "*not<br>bold*"),
        ("*open _too ~far", "*open _too ~far"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("žółć 👍🏽 *żar*", "žółć 👍🏽 <strong>żar</strong>"),
        ("", ""),
    ],
)
def test_marks_are_rendered_as_whatsapp_does(text: str, html: str) -> None:
    assert rendered(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("see https://acme.example/a_b_c.", f"see {LINK.format('https://acme.example/a_b_c')}."),
        ("(http://acme.example)", f"({LINK.format('http://acme.example')})"),
        ("*https://acme.example*", f"<strong>{LINK.format('https://acme.example')}</strong>"),
        ("https://", "https://"),
        ("https://...", "https://..."),
    ],
)
def test_links_lead_out_and_take_no_punctuation_with_them(text: str, html: str) -> None:
    assert rendered(text) == html


def test_a_links_parameters_survive() -> None:
    assert 'href="https://acme.example/?a=1&amp;b=2"' in rendered("https://acme.example/?a=1&b=2")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        "*<b onmouseover=alert(1)>x</b>*",
        'https://acme.example/"onmouseover="alert(1)',
        "https://acme.example/'onmouseover='alert(1)",
        "https://acme.example/<script>alert(1)</script>",
        "`</code><script>alert(1)</script>`",
        "```</pre><iframe src=https://evil.example></iframe>```",
        "data:text/html,<script>alert(1)</script>",
        "https://acme.example/*<svg/onload=alert(1)>*",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "<a href=javascript:alert(1)>x</a>",
        "<!--<script>-->",
    ],
)
def test_nothing_that_was_typed_runs(text: str) -> None:
    assert_harmless(rendered(text))


PIECES = (
    "*",
    "_",
    "~",
    "`",
    "```",
    "\n",
    " ",
    "<",
    ">",
    '"',
    "'",
    "&",
    "https://",
    "javascript:",
    "<script>",
    "a",
    "x/",
)


@settings(deadline=None, max_examples=300, derandomize=True)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_no_mixture_of_marks_and_tags_runs(text: str) -> None:
    assert_harmless(rendered(text))


@settings(deadline=None, max_examples=300, derandomize=True)
@given(st.text(st.characters(codec="utf-8", exclude_characters="*_~`\r\n\0"), max_size=60))
def test_what_has_no_marks_reads_as_it_was_typed(text: str) -> None:
    reader = Reader()

    reader.feed(rendered(text))

    assert reader.text == text


class Reader(HTMLParser):
    """What a browser would find."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def assert_harmless(html: str) -> None:
    reader = Reader()
    reader.feed(html)
    for tag, attributes in reader.found:
        assert tag in {"strong", "em", "s", "code", "pre", "a", "br"}
        assert attributes.keys() <= {"href", "target", "rel"}
        if tag == "a":
            assert attributes["rel"] == "noopener nofollow"
            assert re.match(r"https?://", attributes.get("href") or "https://", re.IGNORECASE)
