"""Numbers that say too much of a person, found in what contacts write: payment cards, bank accounts, national ids.

A number counts only with its check digits right, in a length its issuer gives out, and written as people write it: in
one piece or in the issuer's groups. So nearly everything else that is long and has digits, an order number or a phone
number, is none. What follows a `+` or `#` in one piece is a phone or an order number, and is left alone.
Sources: ISO/IEC 7812 (cards), ISO 13616 and the SWIFT IBAN registry, release 99 (accounts); below for each country.
"""

import re
from collections.abc import Callable, Collection, Iterator
from datetime import date
from enum import StrEnum

from domain.moderation.links import visible


class PersonalDataPattern(StrEnum):
    PAYMENT_CARD = "PAYMENT_CARD"
    NATIONAL_ID = "NATIONAL_ID"
    BANK_ACCOUNT = "BANK_ACCOUNT"


def found_in(text: str, patterns: Collection[PersonalDataPattern], own: Collection[str] = ()) -> bool:
    """Whether a text holds one of the patterns. `own`: digits of phone numbers that are known, and never counted."""
    if not patterns:
        return False
    plain = _plain(text)
    return any(any(number not in own for number in FINDERS[pattern](plain)) for pattern in patterns)


def _plain(text: str) -> str:
    """The text with the digits of every script as 0 to 9 and every dash and space as one of each."""
    plain = visible(text)
    if not plain.isascii():
        plain = "".join(str(int(each)) if each.isdecimal() else each for each in plain)
        plain = re.sub(r"[\u2010-\u2015\u2212]", "-", plain)
    return re.sub(r"[^\S\n\r]", " ", plain)


# ---------------------------------------------------------------- payment cards

_STANDS_ALONE = r"(?<![\w+#№/=])(?<!\d[.,:-])(?={}(?!\w)(?![.,]\d))"
_WRITTEN = tuple(
    re.compile(_STANDS_ALONE.format(digits))
    for digits in (
        r"(\d{14,19})",
        r"(\d{4}([ .-])\d{4}\2\d{4}\2\d{4})",
        r"(\d{4}([ .-])\d{4}\2\d{4}\2\d{4}\2\d{1,3})",
        r"(\d{4}([ .-])\d{6}\2\d{4,5})",
    )
)

_SIXTEEN = frozenset({16})
_SIXTEEN_UP = frozenset(range(16, 20))

# First digits from, to, and lengths. Issuers' own tables; the ranges of ISO/IEC 7812 that are in use.
_ISSUERS: tuple[tuple[str, str, frozenset[int]], ...] = (
    ("4", "4", frozenset({16, 19})),  # Visa; its old numbers of 13 digits look like phone numbers
    ("51", "55", _SIXTEEN),  # Mastercard
    ("2221", "2720", _SIXTEEN),
    ("34", "34", frozenset({15})),  # American Express
    ("37", "37", frozenset({15})),
    ("300", "305", frozenset({14, *_SIXTEEN_UP})),  # Diners Club
    ("3095", "3095", frozenset({14, *_SIXTEEN_UP})),
    ("36", "36", frozenset({14, *_SIXTEEN_UP})),
    ("38", "39", frozenset({14, *_SIXTEEN_UP})),
    ("3528", "3589", _SIXTEEN_UP),  # JCB
    ("6011", "6011", _SIXTEEN_UP),  # Discover
    ("644", "659", _SIXTEEN_UP),  # Discover, RuPay, Elo
    ("60", "60", _SIXTEEN),  # RuPay
    ("508", "509", _SIXTEEN),  # RuPay, Elo
    ("62", "62", _SIXTEEN_UP),  # UnionPay
    ("81", "82", _SIXTEEN_UP),  # UnionPay, RuPay
    ("2200", "2204", _SIXTEEN_UP),  # Mir
    ("9792", "9792", _SIXTEEN),  # Troy
    ("5018", "5020", _SIXTEEN_UP),  # Maestro
    ("5038", "5038", _SIXTEEN_UP),
    ("5893", "5893", _SIXTEEN_UP),
    ("6304", "6304", _SIXTEEN_UP),
    ("6759", "6763", _SIXTEEN_UP),
)


def _cards(text: str) -> Iterator[str]:
    for written in _WRITTEN:
        for found in written.finditer(text):
            number = re.sub(r"\D", "", found[1])
            if _is_issued(number) and _luhn(number):
                yield number


def _is_issued(number: str) -> bool:
    return any(first <= number[: len(first)] <= last and len(number) in lengths for first, last, lengths in _ISSUERS)


def _luhn(number: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0


# ---------------------------------------------------------------- bank accounts

_IBAN_LENGTHS: dict[str, int] = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH CR HN HR LI LV",
        22: "BG BH DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ DJ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
_IBAN_BEGINS = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}")


def _accounts(text: str) -> Iterator[str]:
    for begins in _IBAN_BEGINS.finditer(text):
        length = _IBAN_LENGTHS.get(begins[0][:2].upper())
        number = _written_by_fours(text, begins.start(), length) if length is not None else None
        if number is not None and _mod_97(number) == 1:
            yield number


def _written_by_fours(text: str, start: int, length: int) -> str | None:
    """The characters of a number of this length from a place on, in one piece or in groups of four; in capitals."""
    taken: list[str] = []
    separator: str | None = None
    at = start
    while len(taken) < length and at < len(text):
        each = text[at]
        at += 1
        if each.isascii() and each.isalnum():
            taken.append(each.upper())
        elif each in " -" and len(taken) % 4 == 0 and text[at - 2].isalnum() and separator in (None, each):
            separator = each
        else:
            return None
    ends = at == len(text) or not (text[at].isascii() and text[at].isalnum())
    return "".join(taken) if len(taken) == length and ends else None


def _mod_97(number: str) -> int:
    moved = number[4:] + number[:4]
    return int("".join(str(int(each, 36)) for each in moved)) % 97


# ---------------------------------------------------------------- national ids


def _national_ids(text: str) -> Iterator[str]:
    for pattern, is_right in _NATIONAL:
        for found in pattern.finditer(text):
            number = re.sub(r"[^0-9A-Z]", "", found[0].upper())
            if is_right(number):
                yield number


def _cpf(number: str) -> bool:
    """Brazil, Receita Federal: nine digits and two check digits."""
    if len(set(number)) == 1:
        return False

    def check(digits: str) -> str:
        weighted = sum(int(digit) * (len(digits) + 1 - place) for place, digit in enumerate(digits))
        return str(weighted * 10 % 11 % 10)

    return number[9] == check(number[:9]) and number[10] == check(number[:10])


def _curp(number: str) -> bool:
    """Mexico, RENAPO: letters of the name, day of birth, sex, state, consonants, and a check digit of 18 characters."""
    values = "0123456789ABCDEFGHIJKLMN\xd1OPQRSTUVWXYZ"
    weighted = sum(values.index(each) * (18 - place) for place, each in enumerate(number[:17]))
    return _is_day(number[4:10]) and number[17] == str(-weighted % 10)


def _dni(number: str) -> bool:
    """Spain, DNI and NIE: the number modulo 23 names the letter."""
    digits = number[:-1].translate(str.maketrans("XYZ", "012"))
    return number[-1] == "TRWAGMYFPDXBNJZSQVHLCKE"[int(digits) % 23]


def _codice_fiscale(number: str) -> bool:
    """Italy, Agenzia delle Entrate: fifteen characters, every other weighed by a table of its own, name the last."""
    odd = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
    values = [int(each) if each.isdigit() else ord(each) - ord("A") for each in number[:15]]
    total = sum(value if place % 2 else odd[value] for place, value in enumerate(values))
    return number[15] == chr(ord("A") + total % 26)


def _pesel(number: str) -> bool:
    """Poland: day of birth, the century in its month, and a check digit."""
    century, month = divmod(int(number[2:4]), 20)
    day = f"{number[:2]}{month:02}{number[4:6]}"
    weighted = sum(int(digit) * weight for digit, weight in zip(number, (1, 3, 7, 9) * 3, strict=False))
    checked = weighted - int(number[10]) * 7 + int(number[10])
    return century < 5 and _is_day(day) and checked % 10 == 0


def _resident_identity(number: str) -> bool:
    """China, GB 11643: place, day of birth, order, and a check character modulo 11."""
    weighted = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(number[:17]))
    return _is_day(number[8:14]) and number[6:8] in ("19", "20") and number[17] == "10X98765432"[weighted % 11]


def _is_day(digits: str) -> bool:
    """Whether six digits are a day of some year: two of the year, of the month, of the day."""
    year, month, day = int(digits[:2]), int(digits[2:4]), int(digits[4:])
    try:
        date(2000 + year, month, day)
    except ValueError:
        return False
    return True


def _whole(pattern: str) -> re.Pattern[str]:
    """A number that stands by itself; not in a phone number, an order number, an address or a decimal."""
    return re.compile(rf"(?<![\w+#№/=])(?<!\w[.-]){pattern}(?!\w)(?![.-]\w)", re.IGNORECASE | re.ASCII)


_NATIONAL: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
    (_whole(r"(?:\d{3}\.\d{3}\.\d{3}-\d{2}|\d{11})"), _cpf),
    (_whole(r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d"), _curp),
    (_whole(r"(?:\d{8}|[XYZ]-?\d{7})[ -]?[A-HJ-NP-TV-Z]"), _dni),
    (_whole(r"[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]"), _codice_fiscale),
    (_whole(r"\d{11}"), _pesel),
    (_whole(r"\d{17}[0-9X]"), _resident_identity),
)

FINDERS: dict[PersonalDataPattern, Callable[[str], Iterator[str]]] = {
    PersonalDataPattern.PAYMENT_CARD: _cards,
    PersonalDataPattern.NATIONAL_ID: _national_ids,
    PersonalDataPattern.BANK_ACCOUNT: _accounts,
}
