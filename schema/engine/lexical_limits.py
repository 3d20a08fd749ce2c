"""A look at a document's bytes before it is parsed: what is too much is refused while counting is still cheap.

Parsing and validating can cost far more than the text's length suggests, and nothing can interrupt them. So the text is
read once, token by token, and everything that makes the later steps expensive has a bound here. What is not GraphQL
at all passes: the parser says it better.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

from schema.engine import limits

TOKEN = re.compile(
    r"""[\s,\ufeff]++
    | \#[^\n\r]*+
    | (?P<text>\"\"\"(?:[^"\\]++|\\\"\"\"|\\|"(?!\"\"))*+(?:\"\"\")?+ | "(?:[^"\\\n\r]++|\\.)*+"?+)
    | (?P<spread>\.\.\.)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*+)
    | (?P<open>[{(\[]) | (?P<close>[})\]])
    | (?P<sign>[:@$!=&|])
    | (?P<other>[-+.0-9A-Za-z]++|.)""",
    re.VERBOSE | re.DOTALL,
)


class TooComplex(Exception):
    """More was asked than one request may ask; the message names the limit."""


def check(text: str) -> None:
    """Raises `TooComplex` for what is over a limit."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > limits.DOCUMENT_BYTES:
        raise TooComplex(f"The document has {size:,} bytes; at most {limits.DOCUMENT_BYTES:,} are taken.")
    count = _Count()
    for match in TOKEN.finditer(text):
        if match.lastgroup is not None:
            count.take(match.lastgroup, match.group())


@dataclass(slots=True)
class _Count:
    tokens: int = 0
    aliases: int = 0
    directives: int = 0
    fragments: int = 0
    spreads: int = 0
    brackets: int = 0  # open round and square ones: inside them a colon is no alias
    depth: int = 0
    selections: list[Counter[str]] = field(default_factory=list[Counter[str]])
    before: str = ""  # the two tokens before this one
    last: str = ""

    def take(self, kind: str, token: str) -> None:
        self.tokens = _at_most(self.tokens + 1, limits.TOKENS, "tokens")
        match kind:
            case "open":
                self._open(token)
            case "close":
                self._close(token)
            case "spread":
                self.spreads = _at_most(self.spreads + 1, limits.SPREADS, "uses of fragments")
            case "name":
                self._name(token)
            case "sign":
                self._sign(token)
            case _:
                pass
        self.before, self.last = self.last, token

    def _open(self, token: str) -> None:
        self.depth = _at_most(self.depth + 1, limits.NESTING, "brackets inside each other")
        if token != "{":
            self.brackets += 1
        elif not self.brackets:
            self.selections.append(Counter())

    def _close(self, token: str) -> None:
        self.depth -= 1
        if token != "}":
            self.brackets = max(0, self.brackets - 1)
        elif not self.brackets and self.selections:
            self.selections.pop()

    def _name(self, token: str) -> None:
        if not self.selections:
            if token == "fragment" and self.last in ("", "}"):
                self.fragments = _at_most(self.fragments + 1, limits.FRAGMENTS, "fragments")
            return
        if self.brackets or self.last in ("...", "@", ":") or (self.before, self.last) == ("...", "on"):
            return
        here = self.selections[-1]
        here[token] = _at_most(here[token] + 1, limits.EQUAL_NAMES, "equal names in one selection")

    def _sign(self, token: str) -> None:
        if token == "@":
            self.directives = _at_most(self.directives + 1, limits.DIRECTIVES, "directives")
        elif token == ":" and self.selections and not self.brackets:
            self.aliases = _at_most(self.aliases + 1, limits.ALIASES, "aliases")


def _at_most(count: int, limit: int, what: str) -> int:
    if count > limit:
        raise TooComplex(f"The document has more than {limit:,} {what}.")
    return count
