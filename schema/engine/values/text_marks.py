"""What a person typed, as HTML that is safe to show.

Links are http and https only. Every character that is no mark stands for itself; a sanitizer that knows only these
tags has the last word.
"""

import html
import re

import nh3

from domain.text.marks import MARK

TAGS = {"*": "strong", "_": "em", "~": "s"}
ALLOWED_TAGS = {"strong", "em", "s", "code", "pre", "a", "br"}
ALLOWED_ATTRIBUTES = {"a": {"href", "target"}}

TRAILING = ".,;:!?)]}*_~"  # ends a sentence or a mark more often than an address


def rendered(text: str) -> str:
    """HTML for a message's body."""
    return nh3.clean(
        _marked(text.replace("\r\n", "\n").replace("\r", "\n")),
        tags=ALLOWED_TAGS,
        attributes=ALLOWED_ATTRIBUTES,
        url_schemes={"http", "https"},
        link_rel="noopener nofollow",
    )


def _marked(text: str) -> str:
    pieces: list[str] = []
    at = 0
    for match in MARK.finditer(text):
        pieces += [_plain(text[at : match.start()]), _piece(match)]
        at = match.end()
    pieces.append(_plain(text[at:]))
    return "".join(pieces)


def _piece(match: re.Match[str]) -> str:
    kind, whole = match.lastgroup, match.group()
    match kind:
        case "block":
            return f"<pre>{html.escape(whole[3:-3].strip(chr(10)))}</pre>"
        case "code":
            return f"<code>{html.escape(whole[1:-1])}</code>"
        case "link":
            return _link(whole)
        case _:
            tag = TAGS[whole[0]]
            return f"<{tag}>{_marked(whole[1:-1])}</{tag}>"


def _link(address: str) -> str:
    bare = address.rstrip(TRAILING)
    if bare.endswith("//"):
        return _plain(address)
    shown = html.escape(bare)
    return f'<a href="{shown}" target="_blank">{shown}</a>{_plain(address[len(bare) :])}'


def _plain(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
