"""Turns: whoever looks for a thing that somebody else may be making waits until they are done."""

from domain.contacts import Person, number_variants
from domain.ids import Wamid

JOINING = "contacts/joining"
"""The turn of whoever makes contacts one, or parts them: they lock names and rows of several, as they find them."""


def turn_of_message(number: str, wamid: Wamid) -> str:
    """The turn of whoever parks for a message or makes it known: it is taken before either looks for the other."""
    return f"wamid/{number}/{wamid}"


def turns_of_person(person: Person) -> tuple[str, ...]:
    """The turn of whoever may be the first to know this person: their number may be written in a form that another
    one's key does not meet."""
    return (f"person/{max(number_variants(person.wa_id), key=len)}",) if person.wa_id is not None else ()
