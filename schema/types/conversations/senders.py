"""Who said or did something."""

from typing import assert_never

import strawberry

from domain.people.actors import Author, ByAutomation, ByContact, ByIntegration, ByPhoneApp, BySystem, ByUser
from domain.text.names import first_shown
from schema.context import Context
from schema.engine.values.scalars import PhoneNumber
from schema.types.lazy import ApiKey
from schema.types.names import MessageSender
from schema.types.people import users

DESK = "Deskline"
PROGRAM = "A program"
RULE = "A rule"
PHONE = "The phone's app"


@strawberry.type(description="A program that came with an API key; it is called what the key is.")
class Integration(MessageSender):
    api_key: ApiKey | None = strawberry.field(description="The key it came with; null where that is no longer known.")


@strawberry.type(description="A workflow, a program that said what it is, or Deskline by one of its rules.")
class Automation(MessageSender):
    name: str = strawberry.field(description=f'What to show as the sender; "{DESK}" for Deskline itself.')


@strawberry.type(description="The business's own WhatsApp app on a phone.")
class PhoneApp(MessageSender):
    phone_number: PhoneNumber | None = strawberry.field(
        description="The business number it was written from; null where the network did not say."
    )


SENDER_TYPES = (Integration, Automation, PhoneApp)
"""Those that the schema finds nowhere but behind their interface."""


async def sender(context: Context, author: Author) -> MessageSender:
    from schema.types.contacts import contacts

    match author:
        case ByContact(contact):
            return await contacts.existing(context, contact)
        case ByUser(id):
            user = await users.loaded(context, id)
            assert user is not None, "users are kept for the history"
            return user
        case ByIntegration(api_key):
            key = await users.loaded_key(context, api_key)
            return Integration(display_name=first_shown(key.name if key else None) or PROGRAM, api_key=key)
        case ByAutomation(name):
            return Automation(display_name=first_shown(name) or RULE, name=name)
        case ByPhoneApp(phone_number):
            number = PhoneNumber(phone_number) if phone_number else None
            return PhoneApp(display_name=PHONE, phone_number=number)
        case BySystem():
            return Automation(display_name=DESK, name=DESK)
    assert_never(author)
