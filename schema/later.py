"""Types that name each other in circles, named before they are made.

For the type checker these are the types themselves; while modules load they are names that the schema looks up at
the end. To make one, ask its own module.
"""

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from schema.channels import Channel as Channel
    from schema.contacts import Contact as Contact
    from schema.messages import Message as Message
    from schema.quota import Quota as Quota
    from schema.templates import Template as Template
    from schema.templates import TemplateParameter as TemplateParameter
    from schema.threads import Session as Session
    from schema.threads import Thread as Thread
    from schema.threads import ThreadConnection as ThreadConnection
    from schema.tickets import Ticket as Ticket
    from schema.tickets import TicketConnection as TicketConnection
    from schema.users import ApiKey as ApiKey
    from schema.users import User as User
else:
    Channel = Annotated["Channel", strawberry.lazy("schema.channels")]
    Contact = Annotated["Contact", strawberry.lazy("schema.contacts")]
    Message = Annotated["Message", strawberry.lazy("schema.messages")]
    Quota = Annotated["Quota", strawberry.lazy("schema.quota")]
    Template = Annotated["Template", strawberry.lazy("schema.templates")]
    TemplateParameter = Annotated["TemplateParameter", strawberry.lazy("schema.templates")]
    Session = Annotated["Session", strawberry.lazy("schema.threads")]
    Thread = Annotated["Thread", strawberry.lazy("schema.threads")]
    ThreadConnection = Annotated["ThreadConnection", strawberry.lazy("schema.threads")]
    Ticket = Annotated["Ticket", strawberry.lazy("schema.tickets")]
    TicketConnection = Annotated["TicketConnection", strawberry.lazy("schema.tickets")]
    ApiKey = Annotated["ApiKey", strawberry.lazy("schema.users")]
    User = Annotated["User", strawberry.lazy("schema.users")]
