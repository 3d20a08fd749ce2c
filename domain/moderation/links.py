"""Links in a text, and whether one leads where an organization does not want its people led.

A block is a host, with whatever is below it, or a host and the beginning of a path. Both sides are read as a browser
reads them: case, ports, names before an `@`, punycode, escapes, wide letters and characters without a width make no
difference to a host; the case of a path does. What a phone makes no link of is none, a mail address for one.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import unquote

from domain.text.normal import normal

_LABEL = r"[^\W_](?:[^\W_]|-){0,62}"
_ASCII_LABEL = r"[A-Za-z0-9][A-Za-z0-9-]{0,62}"
# Not in the middle of a host and not behind an `@`; scripts without spaces may stand right before one in ASCII.
_BEGINS = r"(?<![^\W_])(?<![^\W_][.-])(?<!@)"
_BEGINS_ASCII = r"(?<![A-Za-z0-9@])(?<![A-Za-z0-9][.-])"
# A mail address is read over whole: to begin again within it would read its host once more for each label.
_GOES_ON = r"(?:(?P<mail>@)|(?::\d{1,5})?(?P<path>/[^\s?#<>\"]*+)?(?:[?#][^\s<>\"]*+)?)"

_WITH_SCHEME = re.compile(
    r"https?:[/\\]{2,}(?P<authority>(?:(?!https?:)[^\s/\\?#<>\"])++)(?P<path>[/\\][^\s?#<>\"]*+)?(?:[?#][^\s<>\"]*+)?",
    re.IGNORECASE,
)
_BARE = re.compile(rf"{_BEGINS}(?P<host>(?>{_LABEL}(?:\.{_LABEL})+)){_GOES_ON}")
_BARE_ASCII = re.compile(rf"{_BEGINS_ASCII}(?P<host>(?>{_ASCII_LABEL}(?:\.{_ASCII_LABEL})+)){_GOES_ON}")
_BLOCK = re.compile(
    r"(?:(?:https?:)?[/\\]{2,}+)?(?:\*\.)?(?P<host>[^\s/\\?#]++)(?P<path>[^\s?#]*+)(?:[?#].*)?", re.IGNORECASE
)

_INVISIBLE = frozenset(map(chr, [0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10)]))
_SENTENCES = str.maketrans("\ufdfa\ufdfb", "  ")  # signs that stand for up to 18 characters, with spaces between
_FULL_STOPS = str.maketrans("。｡", "..")  # which IDNA reads as dots
_AFTER_A_LINK = ".,;:!?'\")]}*_~`…"
_ESCAPED = re.compile(r"[%?#\s]")  # what would read as something else in a path that is kept
_PUNYCODE = "xn--"
_LONGEST_LABEL = 63


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """Where a link leads: a host in one spelling, and a path without escapes, empty or from its first slash on."""

    host: str
    path: str = ""


@dataclass(slots=True)
class Steps:
    """Blocks by the labels of their hosts, from the last one back, and then by the steps of their paths.

    A link is walked along these and no further than they go, however many labels and steps it has itself.
    """

    further: dict[str, "Steps"] = field(default_factory=dict[str, "Steps"])
    paths: "Steps | None" = None
    block: str | None = None


def blocked_link(text: str, blocks: Sequence[str]) -> str | None:
    """The block, as `normal_block` gives it, that a link in the text runs into; None where none does."""
    known = _known(tuple(blocks))
    if not known.further:
        return None
    return next((block for link in links_in(text) if (block := _met(known, link)) is not None), None)


def _met(known: Steps, link: Link) -> str | None:
    """The block that a link runs into; of several the one with the longest host."""
    met: str | None = None
    at: Steps | None = known
    for label in reversed(link.host.split(".")):
        at = at.further.get(label)
        if at is None:
            return met
        if at.paths is not None:
            met = _met_on_the_way(at.paths, link.path) or met
    return met


def _met_on_the_way(paths: Steps, path: str) -> str | None:
    for step in path.split("/")[1:]:
        if paths.block is not None or step not in paths.further:
            break
        paths = paths.further[step]
    return paths.block


def normal_block(entered: str) -> str | None:
    """A block as somebody entered it, in the one spelling it is kept in; None where it names no host."""
    link = _block(entered)
    return None if link is None else link.host + _ESCAPED.sub(lambda found: f"%{ord(found[0]):02X}", link.path)


def links_in(text: str) -> Iterator[Link]:
    """Whatever a phone would make a link of, with a scheme or without."""
    for authority, path in _written(visible(text).translate(_FULL_STOPS)):
        if host := _host(authority):
            yield Link(host, _path(path))


def _written(text: str) -> Iterator[tuple[str, str]]:
    """Every link as it stands: what is before its path, and the path."""
    for found in _WITH_SCHEME.finditer(text):
        yield from ((authority, found["path"] or "") for authority in _readings(found["authority"]))
    rest = _WITH_SCHEME.sub(" ", text)
    for pattern in (_BARE, _BARE_ASCII):
        yield from ((found["host"], found["path"] or "") for found in pattern.finditer(rest) if not found["mail"])


def visible(text: str) -> str:
    """The text as it reads: compatibility forms as what they stand for, without characters that show nothing."""
    if text.isascii():
        return text
    shown = "".join(each for each in text if each not in _INVISIBLE and unicodedata.category(each) != "Cf")
    return normal("NFKC", shown.translate(_SENTENCES))


@lru_cache(maxsize=64)  # an organization's blocks are looked at for each message, and hardly ever change
def _known(blocks: tuple[str, ...]) -> Steps:
    known = Steps()
    for block in blocks:
        if (link := _block(block)) is not None:
            at = known
            for label in reversed(link.host.split(".")):
                at = at.further.setdefault(label, Steps())
            paths = at.paths = at.paths or Steps()
            for step in link.path.split("/")[1:]:
                paths = paths.further.setdefault(step, Steps())
            paths.block = block
    return known


def _block(entered: str) -> Link | None:
    found = _BLOCK.fullmatch(visible(entered).translate(_FULL_STOPS).strip())
    host = _host(found["host"]) if found else None
    if found is None or host is None or not ("." in host or ":" in host):
        return None
    return Link(host, _path(found["path"]))


def _readings(authority: str) -> Iterator[str]:
    """What stands between the slashes, whole, and in parts where a phone may end the link before it ends."""
    yield authority
    yield from re.split(r"[,;|()'*]+", authority)
    yield from (found["host"] for found in _BARE_ASCII.finditer(authority) if not found["mail"])


def _host(authority: str) -> str | None:
    """A host without name, password and port, each label as it reads; an address in its one spelling."""
    host = unquote(authority.rpartition("@")[2])
    if host.startswith("["):
        return _address_6(host[1:].partition("]")[0])
    name = host.partition(":")[0].rstrip(_AFTER_A_LINK)
    return _address_4(name) or ".".join(map(_label, name.split("."))) or None


def _label(label: str) -> str:
    if label.lower().startswith(_PUNYCODE) and len(label) <= _LONGEST_LABEL:
        try:
            label = label[len(_PUNYCODE) :].encode("ascii").decode("punycode")
        except UnicodeError:
            return label.casefold()
    return normal("NFKC", label).casefold()


def _address_6(host: str) -> str | None:
    try:
        address = IPv6Address(host)
    except AddressValueError:
        return None
    return str(address.ipv4_mapped or f"[{address}]")


def _address_4(host: str) -> str | None:
    """An address as browsers read one: up to four numbers, decimal, octal or hexadecimal, the last taking the rest."""
    parts = host.split(".")
    if len(parts) > 4 or not all(re.fullmatch(r"0[xX][0-9a-fA-F]{0,8}|[0-9]{1,11}", part) for part in parts):
        return None
    try:
        *first, last = [_number(part) for part in parts]
    except ValueError:
        return None
    if any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):
        return None
    value = last + sum(number << 8 * (3 - place) for place, number in enumerate(first))
    return str(IPv4Address(value))


def _number(part: str) -> int:
    if part[:2] in ("0x", "0X"):
        return int(part[2:] or "0", 16)
    return int(part, 8 if part.startswith("0") else 10)


def _path(path: str) -> str:
    steps: list[str] = []
    for step in unquote(path.rstrip(_AFTER_A_LINK)).replace("\\", "/").split("/"):
        if step == "..":
            del steps[-1:]
        elif step not in ("", "."):
            steps.append(step)
    return "".join(f"/{step}" for step in steps)
