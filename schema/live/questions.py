"""What a subscription asks of the log: which events, from where on.

Read from the compiled document and its variables, once per listener. The generator functions behind the schema's
subscription fields are never called.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import FieldNode, GraphQLError, GraphQLSchema, VariableNode, get_argument_values, get_variable_values

from domain.conversations.status import MessageStatus
from domain.conversations.threads import Thread
from domain.events import ChannelChanged, Event, MessageAdded, MessageStatusChanged, thread_of
from domain.ids import ChannelId, ThreadId, UserId
from domain.people.actors import Actor
from schema.engine.api_error import bad_request
from schema.engine.documents import BadDocument, Compiled
from schema.engine.values import ids
from schema.gates import GATED_FIELDS

READ_RECEIPTS = frozenset(
    {MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ, MessageStatus.PLAYED, MessageStatus.FAILED}
)

KINDS: Mapping[str, type[Event] | None] = {
    "threadEvents": None,
    "inboxEvents": None,
    "messageAdded": MessageAdded,
    "messageStatusChanged": MessageStatusChanged,
}
"""The kind of event each subscription field shows; None shows all."""

GroupKey: TypeAlias = tuple[str, str | None, str, str]
"""Document and operation, variables but for the one that says where to begin, rights: who shares it shares frames."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which events a listener wants. Empty conditions ask nothing; all others have to hold."""

    kind: type[Event] | None = None
    thread: ThreadId | None = None  # events of this thread alone
    threads: frozenset[ThreadId] = frozenset()
    channels: frozenset[ChannelId] = frozenset()
    owners: frozenset[UserId] = frozenset()

    @property
    def looks_at_threads(self) -> bool:
        """Whether the event alone does not decide it."""
        return bool(self.channels or self.owners)

    def may_want(self, event: Event) -> bool:
        """What the event alone decides."""
        if self.kind is not None and not isinstance(event, self.kind):
            return False
        if self.kind is MessageStatusChanged and not _is_receipt(event):
            return False
        thread = thread_of(event)
        if self.thread is not None and thread != self.thread:
            return False
        if thread is None:
            return self._wants_without_thread(event)
        return not self.threads or thread in self.threads

    def wants_of(self, event: Event, threads: Mapping[ThreadId, Thread]) -> bool:
        """What its thread decides, once the event itself may be wanted."""
        id = thread_of(event)
        if id is None or not self.looks_at_threads:
            return True
        thread = threads.get(id)
        if thread is None:
            return False
        fits = not self.channels or thread.channel in self.channels
        return fits and (not self.owners or thread.owner in self.owners)

    def _wants_without_thread(self, event: Event) -> bool:
        if isinstance(event, ChannelChanged) and self.channels:
            return event.channel in self.channels and not self.threads and not self.owners
        return not (self.threads or self.channels or self.owners)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, where to begin, and what makes two listeners one group."""

    compiled: Compiled
    question: Question
    after: str | None
    variables: Mapping[str, Any]
    telling: str  # the variables that make a difference to a frame, in one spelling

    def group_key(self, actor: Actor) -> GroupKey:
        return self.compiled.text, self.compiled.name, self.telling, rights_key(actor)


def read_question(schema: GraphQLSchema, compiled: Compiled, variables: Mapping[str, Any]) -> Asked:
    """Raises `BadDocument` for variables that do not fit and `ApiError` for ids of the wrong kind."""
    field = compiled.roots[0]
    arguments = _arguments(schema, compiled, field, variables)
    name = field.name.value
    if name not in KINDS:
        raise bad_request(f"{name} cannot be listened to here.")
    filter: Mapping[str, Collection[str] | None] = arguments.get("filter") or {}
    thread = arguments.get("threadId")
    question = Question(
        kind=KINDS[name],
        thread=ids.THREAD.asked(thread) if thread is not None else None,
        threads=frozenset(ids.THREAD.asked_all(filter.get("threadIds"))),
        channels=frozenset(ids.CHANNEL.asked_all(filter.get("channelIds"))),
        owners=frozenset(ids.USER.asked_all(filter.get("ownerIds"))),
    )
    return Asked(compiled, question, arguments.get("after"), variables, _telling(compiled, field, variables))


def rights_key(actor: Actor) -> str:
    """Equal for actors who see the same of any event: the role, and which of the gated fields open for them."""
    gated = sorted({right for right in GATED_FIELDS.values() if actor.may(right)})
    return ",".join([actor.role, *gated])


def _arguments(
    schema: GraphQLSchema, compiled: Compiled, field: FieldNode, variables: Mapping[str, Any]
) -> dict[str, Any]:
    values = get_variable_values(
        schema, compiled.operation.variable_definitions or (), dict(variables), max_errors=1, hide_suggestions=True
    )
    if isinstance(values, list):
        raise BadDocument(values[0])
    assert schema.subscription_type is not None
    definition = schema.subscription_type.fields[field.name.value]
    try:
        return get_argument_values(definition, field, values, hide_suggestions=True)
    except GraphQLError as error:
        raise BadDocument(error) from None


def _telling(compiled: Compiled, field: FieldNode, variables: Mapping[str, Any]) -> str:
    begins = {
        argument.value.name.value
        for argument in field.arguments or ()
        if argument.name.value == "after" and isinstance(argument.value, VariableNode)
    }
    known = {definition.variable.name.value for definition in compiled.operation.variable_definitions or ()}
    telling = {
        name: value
        for name, value in variables.items()
        if name in known and not (name in begins and compiled.uses.get(name) == 1)
    }
    return json.dumps(telling, sort_keys=True)  # and not orjson, which writes no number that is longer than 64 bits


def _is_receipt(event: Event) -> bool:
    return isinstance(event, MessageStatusChanged) and event.status in READ_RECEIPTS
