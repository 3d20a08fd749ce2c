"""Who said or did something, by the one thing they have in common."""

import strawberry


@strawberry.interface(
    description="Who said or did something: the contact, a user, a program, a rule, or somebody with the phone in hand."
    " More kinds may come; all have a name to show."
)
class MessageSender:
    display_name: str = strawberry.field(
        description="What a person would call them: one line, never empty. Somebody without a name, or with one that"
        " shows nothing, is called by their username or number, else Unknown."
    )
