"""The bodies of webhooks, in the shapes the network sends since version 24 (no conversation object in statuses)."""

from typing import Final

from adapters.whatsapp.simulator.graph.errors import status_error
from adapters.whatsapp.simulator.graph.templates import Template
from adapters.whatsapp.simulator.wire import Json, JsonObject
from adapters.whatsapp.simulator.world import Conversation, Message, Number, Person, Rung

PRICED: Final[frozenset[Rung]] = frozenset({"sent", "delivered"})


def message_change(conversation: Conversation, message: JsonObject) -> JsonObject:
    """A message a person wrote. `message` is complete but for its sender, who is put in front."""
    person = conversation.person
    sender: JsonObject = {"from": person.wa_id} if person.wa_id else {}
    sender["from_user_id"] = person.user_id
    return _messages_change(conversation.number, _contact(person, with_username=True), "messages", sender | message)


def status_change(
    conversation: Conversation, message: Message, rung: Rung, *, at: float, code: int | None = None
) -> JsonObject:
    """A mark on a message of the business. `code` is why it failed."""
    person = conversation.person
    status: JsonObject = {"id": message.id, "status": rung, "timestamp": str(int(at))}
    if person.wa_id:
        status["recipient_id"] = person.wa_id
    if rung != "failed" or message.by_user_id:
        status["recipient_user_id"] = person.user_id
    if message.callback_data is not None:
        status["biz_opaque_callback_data"] = message.callback_data
    if rung in PRICED or (rung == "read" and "delivered" not in message.reported):
        status["pricing"] = _pricing(message)
    if rung == "failed":
        status["errors"] = [status_error(131000 if code is None else code)]
        return _messages_change(conversation.number, None, "statuses", status)
    return _messages_change(conversation.number, _contact(person, with_username=rung != "sent"), "statuses", status)


def template_change(template: Template) -> JsonObject:
    """The end of a review, or a pause."""
    return {
        "value": {
            "event": template.status,
            "message_template_id": int(template.id),
            "message_template_name": template.name,
            "message_template_language": template.language,
            "reason": template.rejected_reason,
            "message_template_category": template.category,
        },
        "field": "message_template_status_update",
    }


def quality_change(template: Template, before: str) -> JsonObject:
    """How people take a template changed."""
    scores: JsonObject = {"previous_quality_score": before, "new_quality_score": template.quality}
    return {"value": scores | _named(template), "field": "message_template_quality_update"}


def category_change(template: Template, before: str) -> JsonObject:
    """The network moved a template to another category."""
    categories: JsonObject = {"previous_category": before, "new_category": template.category}
    return {"value": categories | _named(template), "field": "template_category_update"}


def _named(template: Template) -> JsonObject:
    return {
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
    }


def webhook_body(business_account_id: str, changes: list[JsonObject], time: int | None = None) -> JsonObject:
    entry: JsonObject = {"id": business_account_id}
    if time is not None:
        entry["time"] = time
    listed: list[Json] = [*changes]
    entry["changes"] = listed
    return {"object": "whatsapp_business_account", "entry": [entry]}


def _messages_change(number: Number, contact: JsonObject | None, field: str, item: JsonObject) -> JsonObject:
    value: JsonObject = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": number.digits, "phone_number_id": number.id},
    }
    if contact is not None:
        value["contacts"] = [contact]
    value[field] = [item]
    return {"value": value, "field": "messages"}


def _contact(person: Person, *, with_username: bool) -> JsonObject:
    profile: JsonObject = {"name": person.name}
    if with_username and person.username:
        profile["username"] = person.username
    contact: JsonObject = {"profile": profile}
    if person.wa_id:
        contact["wa_id"] = person.wa_id
    contact["user_id"] = person.user_id
    return contact


def _pricing(message: Message) -> JsonObject:
    return {
        "billable": not message.is_free,
        "pricing_model": "PMP",
        "category": message.category,
        "type": "free_customer_service" if message.is_free else "regular",
    }
