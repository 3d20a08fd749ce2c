"""Webhook items as the network writes them: everything optional, unknown fields and kinds passed over.

Source: WhatsApp Business Platform, "Webhooks" and the pages of each kind of message.
"""

import msgspec

from adapters.whatsapp.inbound.reading import Word, as_code, as_list, as_object, as_text, read_model


class ErrorData(msgspec.Struct):
    details: Word = None


class ReportedError(msgspec.Struct):
    code: Word = None
    title: Word = None
    message: Word = None
    details: Word = None
    error_data: ErrorData | None = None

    @property
    def explanation(self) -> Word:
        return (self.error_data.details if self.error_data else None) or self.details or self.message or self.title


def reported_errors(errors: object) -> list[ReportedError]:
    """A list of errors, also where it is one error, or where an error is its code or its words alone."""
    listed = as_list(errors)
    return [error for raw in ([errors] if listed is None else listed) if (error := _reported_error(raw)) is not None]


def _reported_error(raw: object) -> ReportedError | None:
    value = as_object(raw)
    if value is not None:
        return read_model(value, ReportedError)[0]
    words = as_text(raw)
    if words is None:
        return None
    return ReportedError(code=words) if as_code(words) is not None else ReportedError(title=words)


class Profile(msgspec.Struct):
    name: Word = None
    username: Word = None


class Sender(msgspec.Struct):
    """An entry of `contacts`, next to the messages it belongs to."""

    wa_id: Word = None
    user_id: Word = None
    profile: Profile | None = None


class Context(msgspec.Struct):
    id: Word = None
    forwarded: bool | None = None
    frequently_forwarded: bool | None = None


class ReferralBody(msgspec.Struct):
    source_url: Word = None
    source_id: Word = None
    headline: Word = None
    body: Word = None


class TextBody(msgspec.Struct):
    body: Word = None


class MediaBody(msgspec.Struct):
    id: Word = None
    mime_type: Word = None
    sha256: Word = None
    caption: Word = None
    filename: Word = None
    voice: bool | None = None
    animated: bool | None = None


class ReactionBody(msgspec.Struct):
    message_id: Word = None
    emoji: Word = None


class SystemBody(msgspec.Struct):
    body: Word = None
    type: Word = None
    wa_id: Word = None
    new_wa_id: Word = None  # as older webhooks call it
    user_id: Word = None


class EditBody(msgspec.Struct):
    original_message_id: Word = None
    message: object = None


class RevokeBody(msgspec.Struct):
    original_message_id: Word = None


class NewUserId(msgspec.Struct):
    previous: Word = None
    current: Word = None


class UserIdUpdate(msgspec.Struct):
    """An item of the field `user_id_update`."""

    wa_id: Word = None
    detail: Word = None
    user_id: NewUserId | None = None
    timestamp: object = None


class Choice(msgspec.Struct):
    id: Word = None
    title: Word = None
    description: Word = None


class FilledForm(msgspec.Struct):
    name: Word = None
    body: Word = None
    response_json: object = None  # mostly a text that holds JSON


class Interactive(msgspec.Struct):
    type: Word = None
    button_reply: Choice | None = None
    list_reply: Choice | None = None
    nfm_reply: FilledForm | None = None


class ButtonBody(msgspec.Struct):
    payload: Word = None
    text: Word = None


class LocationBody(msgspec.Struct):
    latitude: Word = None
    longitude: Word = None
    name: Word = None
    address: Word = None


class CardName(msgspec.Struct):
    formatted_name: Word = None
    first_name: Word = None
    last_name: Word = None


class CardPhone(msgspec.Struct):
    phone: Word = None
    wa_id: Word = None


class CardEmail(msgspec.Struct):
    email: Word = None


class CardCompany(msgspec.Struct):
    company: Word = None


class CardBody(msgspec.Struct):
    name: CardName | None = None
    phones: list[CardPhone] | None = None
    emails: list[CardEmail] | None = None
    org: CardCompany | None = None
    vcard: Word = None
    origin: Word = None


class OrderedProduct(msgspec.Struct):
    product_retailer_id: Word = None
    quantity: Word = None
    item_price: Word = None
    currency: Word = None


class OrderBody(msgspec.Struct):
    text: Word = None
    product_items: list[object] | None = None


class UnsupportedBody(msgspec.Struct):
    type: Word = None


class InboundMessage(msgspec.Struct):
    id: Word = None
    sender: Word = msgspec.field(default=None, name="from")
    sender_user_id: Word = msgspec.field(default=None, name="from_user_id")
    to: Word = None
    to_user_id: Word = None
    timestamp: object = None  # seconds since 1970, mostly as text
    type: Word = None
    group_id: Word = None
    context: Context | None = None
    referral: ReferralBody | None = None
    errors: object = None
    text: TextBody | None = None
    image: MediaBody | None = None
    video: MediaBody | None = None
    audio: MediaBody | None = None
    document: MediaBody | None = None
    sticker: MediaBody | None = None
    reaction: ReactionBody | None = None
    system: SystemBody | None = None
    edit: EditBody | None = None
    revoke: RevokeBody | None = None
    interactive: Interactive | None = None
    button: ButtonBody | None = None
    location: LocationBody | None = None
    contacts: list[object] | None = None
    order: OrderBody | None = None
    unsupported: UnsupportedBody | None = None


class Preference(msgspec.Struct):
    wa_id: Word = None
    user_id: Word = None
    category: Word = None
    value: Word = None
    timestamp: object = None


class ReportedStatus(msgspec.Struct):
    id: Word = None
    status: Word = None
    timestamp: object = None
    recipient_id: Word = None
    recipient_user_id: Word = None
    recipient_type: Word = None
    recipient_participant_id: Word = None
    participant_recipient_id: Word = None
    biz_opaque_callback_data: Word = None
    errors: object = None
