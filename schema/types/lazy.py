"""Types that name each other in circles, named before they are made.

For the type checker these are the types themselves; while modules load they are names that the schema looks up at
the end. To make one, ask its own module.
"""

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from schema.types.channels.channels import Channel as Channel
    from schema.types.channels.templates import Template as Template
    from schema.types.channels.templates import TemplateParameter as TemplateParameter
    from schema.types.contacts.contacts import Contact as Contact
    from schema.types.conversations.messages import Message as Message
    from schema.types.conversations.threads import Session as Session
    from schema.types.conversations.threads import Thread as Thread
    from schema.types.conversations.threads import ThreadConnection as ThreadConnection
    from schema.types.counting.quota import Quota as Quota
    from schema.types.desk.tickets import Ticket as Ticket
    from schema.types.desk.tickets import TicketConnection as TicketConnection
    from schema.types.people.teams import Team as Team
    from schema.types.people.users import ApiKey as ApiKey
    from schema.types.people.users import User as User
else:
    Channel = Annotated["Channel", strawberry.lazy("schema.types.channels.channels")]
    Contact = Annotated["Contact", strawberry.lazy("schema.types.contacts.contacts")]
    Message = Annotated["Message", strawberry.lazy("schema.types.conversations.messages")]
    Quota = Annotated["Quota", strawberry.lazy("schema.types.counting.quota")]
    Template = Annotated["Template", strawberry.lazy("schema.types.channels.templates")]
    TemplateParameter = Annotated["TemplateParameter", strawberry.lazy("schema.types.channels.templates")]
    Session = Annotated["Session", strawberry.lazy("schema.types.conversations.threads")]
    Thread = Annotated["Thread", strawberry.lazy("schema.types.conversations.threads")]
    ThreadConnection = Annotated["ThreadConnection", strawberry.lazy("schema.types.conversations.threads")]
    Ticket = Annotated["Ticket", strawberry.lazy("schema.types.desk.tickets")]
    TicketConnection = Annotated["TicketConnection", strawberry.lazy("schema.types.desk.tickets")]
    Team = Annotated["Team", strawberry.lazy("schema.types.people.teams")]
    ApiKey = Annotated["ApiKey", strawberry.lazy("schema.types.people.users")]
    User = Annotated["User", strawberry.lazy("schema.types.people.users")]
