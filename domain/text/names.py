"""What people and programs are called where their name is shown: one line, and never nothing.

People call themselves what they like in WhatsApp, blanks and signs that show nothing among it. A name that shows
nothing is none.
"""

import re
import unicodedata

from domain.contacts import Contact
from domain.people.organizations import User

NAME_SHOWN = 200  # characters; what follows is cut off
UNKNOWN = "Unknown"

# Letters and symbols by their class, and yet nothing to see: Hangul fillers, the empty Braille cell, and what stands
# where a sign could not be read.
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\ufffd")
# But for those that stand between words; and those that turn around what is read beside them, which is not theirs.
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")
_UNSEEN = ("C", "Z", "M")  # controls and signs without a shape, blanks, marks that stand on a letter


def contact_name(contact: Contact) -> str:
    """What people here call them, else they themselves, else their username or number."""
    numbers = [phone.number for phone in contact.phones]
    wa_number = f"+{contact.wa_id}" if contact.wa_id else None
    return first_shown(contact.name, contact.profile_name, contact.username, *numbers, wa_number) or UNKNOWN


def user_name(user: User) -> str:
    return first_shown(user.name, user.email) or UNKNOWN


def first_shown(*names: str | None) -> str | None:
    """The first that shows something, on one line; None where none does."""
    return next((in_one_line(name, NAME_SHOWN) for name in names if name and shows_something(name)), None)


def shows_something(text: str) -> bool:
    return any(sign not in _BLANK_LETTERS and not unicodedata.category(sign).startswith(_UNSEEN) for sign in text)


def in_one_line(text: str, limit: int) -> str:
    """The words with a blank between them and without controls, at most `limit` characters, the last … where cut."""
    line = " ".join(_CONTROLS.sub("", text).split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"
