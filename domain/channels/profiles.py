"""The business profile that people see in WhatsApp. Source: WhatsApp Business Platform, "Business profiles"."""

import re
from dataclasses import dataclass

from domain.errors import Refused, invalid

LENGTHS = {"about": 139, "address": 256, "description": 512, "email": 128}
WEBSITES = 2
WEBSITE_LENGTH = 256
DISPLAY_NAME_LENGTH = 200

_CATEGORY = re.compile(r"[A-Z][A-Z_]{0,63}")
_ADDRESS = re.compile(r"https?://[^\s]+")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


@dataclass(frozen=True, slots=True)
class BusinessProfile:
    """As the network told it; `display_name` is the approved one."""

    display_name: str
    category: str | None = None
    about: str | None = None
    description: str | None = None
    email: str | None = None
    websites: tuple[str, ...] = ()
    address: str | None = None


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """What shall be different; None leaves it, an empty text takes it away."""

    display_name: str | None = None
    about: str | None = None
    description: str | None = None
    category: str | None = None
    email: str | None = None
    websites: tuple[str, ...] | None = None
    address: str | None = None

    @property
    def is_of_profile(self) -> bool:
        """Whether it asks for anything besides the name, which the network reviews."""
        parts = (self.about, self.description, self.category, self.email, self.websites, self.address)
        return any(part is not None for part in parts)


def profile_fault(change: ProfileChange, *field: str) -> Refused | None:
    """The first value that the network would not take; `field` is where the profile stands in the input."""
    for name, limit in LENGTHS.items():
        text = getattr(change, name)
        if text is not None and len(text) > limit:
            return invalid(f"At most {limit} characters.", *field, name)
    if change.about is not None and not change.about.strip():
        return invalid("It can be changed, and not taken away: the network keeps one.", *field, "about")
    if change.email and not _EMAIL.fullmatch(change.email):
        return invalid("This is not an email address.", *field, "email")
    if change.category is not None and not _CATEGORY.fullmatch(change.category):
        return invalid("A category is one of the network's words, such as RETAIL.", *field, "category")
    if change.display_name is not None and not 1 <= len(change.display_name.strip()) <= DISPLAY_NAME_LENGTH:
        return invalid(f"A display name has 1 to {DISPLAY_NAME_LENGTH} characters.", *field, "displayName")
    if len(change.websites or ()) > WEBSITES:
        return invalid(f"At most {WEBSITES} addresses.", *field, "websites")
    if any(len(site) > WEBSITE_LENGTH or not _ADDRESS.fullmatch(site) for site in change.websites or ()):
        told = f"An address begins with http:// or https:// and has at most {WEBSITE_LENGTH} characters."
        return invalid(told, *field, "websites")
    return None


def differs(display_name: str, legal_name: str | None) -> bool:
    """Whether people are shown another name than the company is registered by. Without a legal name nobody can say."""
    return legal_name is not None and _plain(display_name) != _plain(legal_name)


def _plain(name: str) -> str:
    """Case, blanks and signs say nothing about who it is."""
    return "".join(filter(str.isalnum, name.casefold()))
