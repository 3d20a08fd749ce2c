"""What WhatsApp reads as marks in a text: *bold*, _italic_, ~strike~, `code` and ```block```.

A mark opens behind anything but a letter or digit, closes before anything but one, touches its words, and stays on
its line; a block may have several. In links there are none.
"""

import re

# Each alternative looks no further than its own closing mark, so that the whole text is read in one pass.
MARK = re.compile(
    r"""```(?P<block>[^`]+(?:`{1,2}[^`]+)*)```
    | `(?P<code>[^`\n]+)`
    | (?P<link>https?://[^\s<>"'`]+)
    | (?<![^\W_])(?:
          \*(?=\S)(?P<bold>[^*\n]+)(?<=\S)\*
        | _(?=\S)(?P<italic>[^_\n]+)(?<=\S)_
        | ~(?=\S)(?P<strike>[^~\n]+)(?<=\S)~
      )(?![^\W_])""",
    re.VERBOSE | re.IGNORECASE,
)


def unmarked(text: str) -> str:
    """The words alone."""
    return MARK.sub(_words, text)


def _words(match: re.Match[str]) -> str:
    whole = match.group()
    match match.lastgroup:
        case "block":
            return whole[3:-3]
        case "code":
            return whole[1:-1]
        case "link":
            return whole
        case _:
            return unmarked(whole[1:-1])
