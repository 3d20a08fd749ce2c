"""Phone numbers as people type them, paste them from address books, and read them off business cards.

The decision is in `docs/decisions/2026-12-01-numbers-are-read-by-a-table.md`.
"""

import re
import unicodedata

from domain.text.countries import Country, countries_calling, country_of

NO_NUMBER = (
    "A number is written with its country code, as +16505551234, or as in your organization's country, where that is"
    " entered."
)
TYPED_LIMIT = 64  # characters; a number has at most 15 digits
_SIGNS = re.compile(r"[ ().\-/]")
_DIGITS = re.compile(r"[0-9]+")
_ABROAD = "00"  # dialled in most countries where others write +
_LONGEST = 15  # digits, by E.164


def typed_number(text: str, country: str | None = None) -> str | None:
    """The digits of a number in E.164 form, without +; None where it is none.

    `country` is where it is written, by its two letters or its English name: without one it has to begin with its
    country's code, after + or 00.
    """
    found = plain_number(text)
    if found is None:
        return None
    is_abroad, digits = found
    if is_abroad:
        return _abroad(digits)
    home = country_of(country)
    return _at_home(digits, home) if home is not None else None


def plain_number(text: str) -> tuple[bool, str] | None:
    """The digits in a text that holds a number and nothing else, and whether they begin with a country's code."""
    if len(text) > TYPED_LIMIT:
        return None
    shown = "".join(map(_plain, unicodedata.normalize("NFKC", text))).strip().removeprefix("tel:").lstrip("( ")
    digits = _SIGNS.sub("", shown.removeprefix("+"))
    if not _DIGITS.fullmatch(digits):
        return None
    if shown.startswith("+"):
        return True, digits
    return (True, digits.removeprefix(_ABROAD)) if digits.startswith(_ABROAD) else (False, digits)


def _plain(sign: str) -> str:
    """A digit of any script, a blank or dash of any width; nothing for what nobody sees."""
    match unicodedata.category(sign):
        case "Nd":
            return str(unicodedata.decimal(sign))
        case "Cf":
            return ""
        case "Zs":
            return " "
        case "Pd":
            return "-"
        case _:
            return "-" if sign == "\u2212" else sign  # the minus, which is no dash


def _abroad(digits: str) -> str | None:
    countries = countries_calling(digits)
    numbers = (_of(country, digits[len(country.calling) :]) for country in countries)
    return next((number for number in numbers if number is not None), None)


def _at_home(digits: str, home: Country) -> str | None:
    """As it is dialled there; also with the country's code and no sign before it, where it can't be anything else."""
    return _of(home, digits) or (_abroad(digits) if digits.startswith(home.calling) else None)


def _of(country: Country, national: str) -> str | None:
    """The number without the trunk prefix, which nobody dials from abroad, whether or not it stands in brackets."""
    trunk = country.trunk
    if trunk == "0" or (trunk and not country.takes(national)):
        national = national.removeprefix(trunk)
    number = country.calling + national
    return number if country.takes(national) and len(number) <= _LONGEST else None
