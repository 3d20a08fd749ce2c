"""What each webhook body becomes, file by file: the project's own in `tests/payloads`, one per shape, and those kept
beside the project where they are there.

An update is written in few words: `message text +1555… > wamid` is a text that answers a message, `quiet` extends no
session, `ignored …` is kept with that reason.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.whatsapp.inbound import CloudInterpreter
from domain.contacts import Person
from domain.ids import DeliveryId
from domain.messages import ContactCards, InteractiveReply, Location, Notice, Order, Text, Unsupported
from domain.ports import Delivery
from domain.updates import (
    DeletionReceived,
    EditReceived,
    IdentityChanged,
    Ignored,
    IncomingContent,
    IncomingMedia,
    MessageEchoed,
    MessageReceived,
    ReactionReceived,
    StatusReported,
)
from domain.updates import Update as NetworkUpdate

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests" / "payloads"
BESIDE = ROOT.parent / "shared" / "whatsapp" / "payloads"

OWN_BODIES: dict[str, list[str]] = {
    "account_alerts__01": ["ignored account_alerts"],
    "account_review_update__01": ["ignored account_review_update"],
    "account_update__01": ["ignored account_update: ACCOUNT_DELETED"],
    "audio__01": ["message audio +15550102001"],
    "automatic_events__01": ["ignored automatic_events"],
    "batch__01": [
        "status DELIVERED",
        "status READ",
        "message text +15550102001",
        "message text +15550102001",
        "ignored account_update: ACCOUNT_RESTRICTION",
        "message text +15550102002",
    ],
    "batch_bad_items__01": [
        "ignored unreadable: a message that is no object",
        "ignored unreadable: a message that is no object",
        "ignored unreadable: a message (unknown) without an id",
        "ignored unreadable: a message (text) whose sender is not told",
        "ignored unreadable: a message (text) without an id",
        "message unsupported(text) +15550102001",
        "message text +15550102001",
        "message unsupported(unknown) +15550102001",
        "message text +15550102001",
    ],
    "batch_bad_items__02": [
        "ignored unreadable: a status that is no object",
        "ignored unreadable: a status that is no object",
        "ignored status: none told",
        "status SENT",
        "status SENT",
    ],
    "batch_bad_shapes__01": [
        "ignored unreadable: a change that is no object",
        "ignored unreadable: a change that is no object",
        "ignored unreadable: a change that is no object",
        "ignored unreadable: a change that is no object",
        "ignored unreadable: messages that are no object",
        "ignored unreadable: a message (text) to no number",
    ],
    "batch_null_lists__01": ["ignored nothing in it"],
    "bsuid_malformed__01": ["message text +15550102001"],
    "bsuid_status__01": ["status DELIVERED"],
    "bsuid_text__01": ["message text US.70020030040"],
    "bsuid_text__02": ["message text US.70020030040"],
    "bsuid_text__03": ["message text US.70020030040"],
    "bsuid_text__04": ["message text +15550102001 US.70020030040"],
    "bsuid_text__05": ["message text +15550102001 US.70020030040"],
    "bsuid_text__06": ["message text US.70020030040"],
    "business_capability_update__01": ["ignored business_capability_update"],
    "business_username_updates__01": ["ignored business_username_updates"],
    "button__01": ["message answer(yes: Yes, please) +15550102001 > wamid.o1"],
    "button_reply__01": ["message answer(b1: Tomorrow) +15550102001 > wamid.o1"],
    "call_permission_reply__01": ["message unsupported(interactive:call_permission_reply) +15550102001"],
    "calls__01": ["ignored calls: connect"],
    "calls_status__01": ["ignored calls: call"],
    "contacts__01": ["message cards(Tomas Reyes +1 555-010-2002) +15550102001"],
    "contacts_empty__01": ["message unsupported(contacts) +15550102001"],
    "document__01": ["message document +15550102001"],
    "document_with_errors__01": ["message unsupported(document) +15550102001"],
    "edit__01": ["edit to text +15550102001 > wamid.m0"],
    "flows__01": ["ignored flows: FLOW_STATUS_CHANGE"],
    "group_lifecycle_update__01": ["ignored group_lifecycle_update: group_create"],
    "group_message__01": ["ignored group"],
    "group_status__01": ["ignored group"],
    "group_status__02": ["ignored group"],
    "history__01": ["ignored history", "ignored history"],
    "history_declined__01": ["ignored history"],
    "history_media__01": ["ignored history: image"],
    "image__01": ["message image +15550102001"],
    "image_no_id__01": ["message unsupported(image) +15550102001"],
    "image_numbers__01": ["message image +15550102001"],
    "interactive_empty__01": ["message unsupported(interactive) +15550102001"],
    "interactive_future__01": ["message unsupported(interactive:hologram_reply) +15550102001"],
    "kind_ad__01": ["message unsupported(ad) +15550102001"],
    "kind_future__01": ["message unsupported(hologram) +15550102001"],
    "list_reply__01": ["message answer(r1: Large) +15550102001"],
    "location__01": ["message location(48.10, 11.50) +15550102001"],
    "message_template_components_update__01": ["ignored message_template_components_update"],
    "message_template_quality_update__01": ["ignored message_template_quality_update"],
    "message_template_status_update__01": ["ignored message_template_status_update: REJECTED"],
    "messages_future_list__01": ["ignored messages: holograms", "ignored messages: holograms"],
    "messaging_handovers__01": ["ignored messaging_handovers: control_taken"],
    "nfm_reply__01": ["message answer(flow: Sent) +15550102001"],
    "no_field__01": ["message text +15550102001"],
    "no_field__02": ["ignored a change without a field"],
    "nothing__01": ["ignored nothing in it"],
    "nothing__02": ["ignored nothing in it"],
    "nothing__03": ["ignored nothing in it"],
    "order__01": ["message order(2 BELL 4.5) +15550102001"],
    "payment_method__01": ["message unsupported(interactive:payment_method) +15550102001"],
    "phone_number_name_update__01": ["ignored phone_number_name_update"],
    "phone_number_quality_update__01": ["ignored phone_number_quality_update: FLAGGED"],
    "reaction__01": ["reaction 👍🏽 +15550102001 > wamid.o1"],
    "reaction_no_target__01": ["message unsupported(reaction) +15550102001 quiet"],
    "reaction_removed__01": ["reaction removed +15550102001 > wamid.o1"],
    "reaction_removed__02": ["reaction removed +15550102001 > wamid.o1"],
    "request_welcome__01": ["ignored request_welcome"],
    "revoke__01": ["deletion +15550102001 > wamid.m0"],
    "security__01": ["ignored security: PIN_CHANGED"],
    "smb_app_state_sync__01": ["ignored smb_app_state_sync: contact"],
    "smb_message_echoes__01": ["echo text to +15550102001"],
    "standby__01": ["ignored standby: text", "ignored standby: text"],
    "standby__02": ["ignored standby"],
    "status_deleted__01": ["ignored status: deleted"],
    "status_delivered__01": ["status DELIVERED"],
    "status_failed__01": ["status FAILED 131026"],
    "status_failed__02": ["status FAILED 131047"],
    "status_failed__03": ["status FAILED 990001"],
    "status_failed__04": ["status FAILED without a code"],
    "status_future__01": ["ignored status: in_orbit"],
    "status_no_id__01": ["ignored unreadable: a status (sent) without an id", "status SENT"],
    "status_no_number__01": ["ignored unreadable: a status (delivered) of no number"],
    "status_played__01": ["status PLAYED"],
    "status_read__01": ["status READ"],
    "status_sent__01": ["status SENT"],
    "status_sent_callback_data__01": ["status SENT"],
    "status_warning__01": ["ignored status: warning"],
    "sticker__01": ["message sticker +15550102001"],
    "sticker_animated__01": ["message animated sticker +15550102001"],
    "system_changed_number__01": ["+15550102001 is +15550102003 now"],
    "system_changed_number__02": ["+15550102001 is +15550102003 now"],
    "system_changed_user_id__01": ["+15550102001 is US.1 now"],
    "system_empty__01": ["message notice +15550102001 quiet"],
    "system_identity_changed__01": ["message notice +15550102001 quiet"],
    "template_category_update__01": ["ignored template_category_update"],
    "text__01": ["message text +15550102001"],
    "text__02": ["message text +15550102001"],
    "text_conversation_context__01": ["message text +15550102001"],
    "text_empty__01": ["message unsupported(text) +15550102001"],
    "text_escaped__01": ["message text +15550102001"],
    "text_forwarded__01": ["message text +15550102001 forwarded"],
    "text_forwarded__02": ["message text +15550102001 forwarded"],
    "text_lone_surrogate__01": ["message text +15550102001"],
    "text_no_type__01": ["message text +15550102001"],
    "text_nul__01": ["message text +15550102001"],
    "text_product__01": ["message text +15550102001 > wamid.o2"],
    "text_referral__01": ["message text +15550102001 referral"],
    "text_referral_bare__01": ["message text +15550102001 referral"],
    "text_reply__01": ["message text +15550102001 > wamid.o1"],
    "text_times__01": [
        "message text +15550102001",
        "message text +15550102001",
        "message text +15550102001",
        "message text +15550102001",
        "message text +15550102001",
        "message text +15550102001",
    ],
    "unknown_field__01": ["ignored from_the_future"],
    "unknown_field__02": ["ignored from_the_future"],
    "unsupported__01": ["message unsupported(unsupported) +15550102001"],
    "unsupported__02": ["message unsupported(poll_creation) +15550102001"],
    "unsupported__03": ["message unsupported(unsupported) +15550102001"],
    "unsupported__04": ["message unsupported(unknown) +15550102001"],
    "user_id_update__01": ["told aside: +15550102001 US.1 is US.2 now"],
    "user_preferences__01": ["ignored user_preferences"],
    "value_errors__01": ["ignored We were unable to authenticate the app user", "ignored an error without a title"],
    "video__01": ["message video +15550102001"],
    "voice__01": ["message voice +15550102001"],
}

BODIES_BESIDE: dict[str, list[str]] = {
    "account_alerts__01": ["ignored account_alerts"],
    "account_review_update__01": ["ignored account_review_update"],
    "account_settings_update__01": ["ignored account_settings_update: [phone_number_settings]"],
    "account_update__01": ["ignored account_update: ACCOUNT_DELETED"],
    "account_update__02": ["ignored account_update: ACCOUNT_VIOLATION"],
    "account_update__03": ["ignored account_update: AUTH_INTL_PRICE_ELIGIBILITY_UPDATE"],
    "account_update__04": ["ignored account_update: MM_LITE_TERMS_SIGNED"],
    "account_update__05": ["ignored account_update: PARTNER_APP_INSTALLED"],
    "account_update__06": ["ignored account_update: PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE"],
    "account_update__07": ["ignored account_update: PARTNER_REMOVED"],
    "account_update__08": ["ignored account_update: VOLUME_BASED_PRICING_TIER_UPDATE"],
    "account_update__09": ["ignored account_update: ACCOUNT_RECONNECTED"],
    "account_update__10": ["ignored account_update: VERIFIED_ACCOUNT"],
    "audio__01": ["message audio +972987654321 US.13491208655302741918 forwarded"],
    "automatic_events__01": ["ignored automatic_events"],
    "automatic_events__02": ["ignored automatic_events: some_future_event"],
    "batch__01": [
        "message unsupported(interactive) +972987654321 US.13491208655302741918 > wamid.gvwegfretge==",
        "ignored Something went wrong",
    ],
    "batch__02": ["message text +1234567890", "reaction 👍 +1234567890 > wamid.GBGX2323902"],
    "batch__03": [
        "message text +16505551234",
        "message location(37.77, -122.42) +16505551234",
        "reaction 👍 +16505551234 > wamid.TEXT123",
        "message sticker +16505551234",
        "ignored user_preferences",
        "ignored user_preferences",
    ],
    "batch__04": [
        "ignored account_alerts",
        "ignored account_review_update",
        "ignored account_update: ACCOUNT_DELETED",
        "ignored business_capability_update",
        "ignored history",
        "ignored message_template_components_update",
        "ignored message_template_quality_update",
        "ignored message_template_status_update: APPROVED",
        "message text +111",
        "ignored messages: message_echoes",
        "status DELIVERED",
        "ignored messages: calls",
        "ignored partner_solutions: SOLUTION_CREATED",
        "ignored payment_configuration_update",
        "ignored phone_number_name_update",
        "ignored phone_number_quality_update: UPGRADE",
        "ignored security: PIN_RESET_REQUEST",
        "ignored smb_app_state_sync: contact",
        "ignored unreadable: a message (text) to no number",
        "ignored template_category_update",
        "ignored user_preferences",
    ],
    "batch__05": ["message text +5678"],
    "bsuid_status__01": ["status DELIVERED"],
    "bsuid_status__02": ["status DELIVERED"],
    "bsuid_text__01": ["message text US.1234"],
    "bsuid_text__02": ["ignored unreadable: a message (text) whose sender is not told"],
    "bsuid_text__03": ["message text US.13491208655302741918"],
    "bsuid_text__04": ["message text +5678 US.13491208655302741918"],
    "business_capability_update__01": ["ignored business_capability_update"],
    "business_username_updates__01": ["ignored business_username_updates"],
    "button__01": ["message answer(callback_data: title) +972987654321 US.13491208655302741918 > wamid.xyzxyz=="],
    "button__02": ["message answer(No-Button-Payload: No) +5678 > gBGGFmkiWVVPAgkgQkwi"],
    "button__03": ["message answer(No-Button-Payload: No) +16315551234 > wamid.ID"],
    "button__04": ["message answer(Unsubscribe: Unsubscribe) +16505551234 > wamid.HBgLMTY1MDM4Nz"],
    "button_reply__01": ["message answer(callback_data: title) +972987654321 US.13491208655302741918 > wamid.xyzxyz"],
    "button_reply__02": ["ignored unreadable: a message (interactive) whose sender is not told"],
    "button_reply__03": ["message answer(btn1: Option 1) +1234567890"],
    "call_permission_reply__01": [
        "message unsupported(interactive:call_permission_reply) +972987654321 US.13491208655302741918 > wamid.y=="
    ],
    "calls__01": ["ignored calls: connect"],
    "calls__02": ["ignored calls: terminate"],
    "calls__03": ["ignored calls: call_transcription_available"],
    "calls__04": ["ignored calls: connect"],
    "contacts__01": [
        "message cards(Chandler Bing +1 555-555-5555, Monica +15559964718, Rachel Green +15554734529)"
        " +972987654321 US.13491208655302741918"
    ],
    "contacts__02": ["message cards(Person Ok +55 11 11111-1111) +1111111111111"],
    "contacts__03": ["message unsupported(contacts) +5678"],
    "document__01": ["message document +972987654321 US.13491208655302741918 forwarded"],
    "document__02": ["ignored unreadable: a message (document) whose sender is not told"],
    "document__03": ["message document +16505551234"],
    "edit__01": ["edit to image +16505551234 > wamid.HBgLMTQxMjU1NT"],
    "flows__01": ["ignored flows: FLOW_STATUS_CHANGE"],
    "flows__02": ["ignored flows: CLIENT_ERROR_RATE"],
    "flows__03": ["ignored flows: ENDPOINT_LATENCY"],
    "flows__04": ["ignored flows: FLOW_VERSION_EXPIRY_WARNING"],
    "group_lifecycle_update__01": ["ignored group_lifecycle_update: group_create"],
    "group_lifecycle_update__02": ["ignored group_lifecycle_update: group_delete"],
    "group_message__01": ["ignored group"],
    "group_participants_update__01": ["ignored group_participants_update: group_participants_add"],
    "group_settings_update__01": ["ignored group_settings_update: group_settings_update"],
    "group_settings_update__02": ["ignored group_settings_update: group_settings_update"],
    "group_status__01": ["ignored group"],
    "group_status__02": ["ignored group"],
    "group_status_aggregated__01": ["ignored group", "ignored group", "ignored group"],
    "group_status_update__01": ["ignored group_status_update: group_suspend"],
    "history__01": ["ignored history"],
    "history_declined__01": ["ignored history"],
    "image__01": ["message image +972987654321 US.13491208655302741918"],
    "image__02": ["message image +5678"],
    "image__03": ["message image +1111111111111"],
    "image__04": ["message image +1234567890"],
    "list_reply__01": ["message answer(callback_data: title) +972987654321 US.13491208655302741918 > wamid.xyzxyz"],
    "list_reply__02": ["message answer(id_list_reply: Yes) +5678"],
    "list_reply__03": ["message answer(priority_express: Priority Mail Express) +16505551234 > wamid.HBgLMTU1NTE3ND"],
    "location__01": ["message location(12.25, 43.91) +972987654321 US.13491208655302741918 forwarded"],
    "location__02": ["message location(0.00, 1.00) +5678"],
    "location__03": ["message location(40.78, -73.96) +16505551234 > wamid.HBgLMTU1NTE3ND"],
    "location__04": ["message location(-6.21, 106.85) +15558995549"],
    "malformed__01": ["message text +5678"],
    "malformed__02": ["ignored status: in_orbit"],
    "malformed__03": ["ignored unreadable: a message (location) without an id"],
    "malformed__04": ["ignored unreadable: a message (contacts) whose sender is not told"],
    "malformed__05": ["message unsupported(ad) +5678"],
    "message_template_components_update__01": ["ignored message_template_components_update"],
    "message_template_quality_update__01": ["ignored message_template_quality_update"],
    "message_template_status_update__01": ["ignored message_template_status_update: APPROVED"],
    "message_template_status_update__02": ["ignored message_template_status_update: APPROVED"],
    "message_template_status_update__03": ["ignored message_template_status_update: FLAGGED"],
    "messaging_handovers__01": ["ignored messaging_handovers: control_passed"],
    "nfm_reply__01": ["message answer(flow: Sent) +972987654321 US.13491208655302741918 > wamid.gvwegfretge=="],
    "nfm_reply__02": ["ignored unreadable: a message (interactive) whose sender is not told"],
    "order__01": ["message order(3 HAMBURGER 30, 2 FRENCH_FRIES 35, 2 SODA 10) +972987654321 US.13491208655302741918"],
    "order__02": ["message order(1 n6k6x0y7oe 99.99) +16505551234"],
    "order__03": ["message order(1 1031 599.9, 1 10320 2399) +5678"],
    "partner_solutions__01": ["ignored partner_solutions: SOLUTION_CREATED"],
    "payment_configuration_update__01": ["ignored payment_configuration_update"],
    "payment_method__01": ["ignored unreadable: a message (interactive) whose sender is not told"],
    "payment_notification__01": ["message unsupported(interactive:payment_notification) +5678"],
    "phone_number_name_update__01": ["ignored phone_number_name_update"],
    "phone_number_quality_update__01": ["ignored phone_number_quality_update: THROUGHPUT_UPGRADE"],
    "reaction__01": ["reaction 😮 +972987654321 US.13491208655302741918 > wamid.yzxyzx="],
    "reaction__02": ["reaction 👍 +16505551234 > wamid.HBgLMTY1MDM4Nz"],
    "reaction_removed__01": ["reaction removed +972987654321 US.13491208655302741918 > wamid.yzxyzx="],
    "reaction_removed__02": ["ignored unreadable: a message (reaction) whose sender is not told"],
    "referral_document__01": ["message document +16505551234 referral"],
    "referral_image__01": ["message image +16505551234 forwarded referral"],
    "request_welcome__01": ["ignored request_welcome"],
    "revoke__01": ["deletion +16505551234 > wamid.HBgLMTY1MDM4Nz"],
    "security__01": ["ignored security: PIN_RESET_REQUEST"],
    "smb_app_state_sync__01": ["ignored smb_app_state_sync: contact"],
    "smb_message_echoes__01": ["echo text to +16505551234 US.13491208655302741918"],
    "smb_message_echoes__02": ["echo edit to text +972123456789 > wamid.zzzzzz"],
    "smb_message_echoes_bsuid__01": ["echo text to US.13491208655302741918"],
    "smb_message_echoes_edit__01": ["echo edit to image +16505551234 US.13491208655302741918 > wamid.HBgLMTQxMjU1NT"],
    "standby__01": ["ignored standby: text"],
    "standby__02": ["ignored standby"],
    "status_deleted__01": ["ignored status: deleted"],
    "status_delivered__01": ["status DELIVERED"],
    "status_delivered__02": ["status DELIVERED"],
    "status_delivered__03": ["status DELIVERED"],
    "status_delivered__04": ["ignored unreadable: a status (delivered) of no number"],
    "status_failed__01": ["status FAILED 130472"],
    "status_failed__02": ["status FAILED 131053"],
    "status_failed__03": ["status FAILED 131047"],
    "status_played__01": ["status PLAYED"],
    "status_read__01": ["status READ"],
    "status_read__02": ["status READ"],
    "status_sent__01": ["status SENT"],
    "status_sent__02": ["status SENT"],
    "status_sent__03": ["status SENT"],
    "status_sent_callback_data__01": ["status SENT"],
    "sticker__01": ["message sticker +972987654321 US.13491208655302741918"],
    "sticker__02": ["message sticker +1111111111111"],
    "sticker_animated__01": ["message animated sticker +972987654321 US.13491208655302741918"],
    "system_customer_identity_changed__01": ["message notice +972987654321 quiet"],
    "system_user_changed_number__01": ["+972987654321 is +972912345678 now"],
    "system_user_changed_number__02": ["+15550002222 is +15550003333 now"],
    "system_user_changed_user_id__01": ["+16505551234 is +16505559876 US.20837465019283746501 now"],
    "template_category_update__01": ["ignored template_category_update"],
    "template_category_update__02": ["ignored template_category_update"],
    "text__01": ["message text +972987654321 US.13491208655302741918"],
    "text__02": ["ignored unreadable: a message (text) whose sender is not told"],
    "text__03": ["message text +1234567890"],
    "text_conversation_context__01": ["message text +16505551234"],
    "text_forwarded__01": ["message text +972987654321 US.13491208655302741918 forwarded"],
    "text_forwarded__02": ["message text +16315551234 forwarded"],
    "text_product_context__01": ["message text +15553907225 > wamid.IDCONTEXT1"],
    "text_referral__01": ["message text +972987654321 US.13491208655302741918 referral"],
    "text_referral__02": ["message text +16505551234 forwarded referral"],
    "text_referral__03": ["ignored unreadable: a message (text) whose sender is not told"],
    "text_referral__04": ["message text +5678 referral"],
    "text_reply_context__01": ["message text +972987654321 US.13491208655302741918 > wamid.xyzxyz=="],
    "unknown_field_xyz__01": ["ignored unknown_field_xyz"],
    "unsupported__01": ["message unsupported(unsupported) +972987654321 US.13491208655302741918"],
    "unsupported__02": ["message unsupported(unsupported) +5678"],
    "unsupported__03": ["message unsupported(unsupported) +15550001111"],
    "unsupported__04": ["message unsupported(edit) +16505551234"],
    "user_id_update__01": ["told aside: +5678 US.13491208655302741918 is US.98765432100000000001 now"],
    "user_preferences__01": ["ignored user_preferences"],
    "user_preferences__02": ["ignored user_preferences"],
    "value_errors__01": ["ignored We were unable to authenticate the app user"],
    "video__01": ["message video +972987654321 US.13491208655302741918 forwarded"],
    "video__02": ["message video +1111111111111"],
    "video__03": ["message video +628333444555"],
    "voice__01": ["message voice +972987654321 US.13491208655302741918"],
    "voice__02": ["message voice +1111111111111"],
}


@pytest.mark.parametrize("name", sorted(OWN_BODIES))
def test_each_own_body_becomes_what_the_table_says(name: str) -> None:
    assert becomes(OWN / f"{name}.json") == OWN_BODIES[name]


def test_every_own_body_is_in_the_table_and_the_other_way_round() -> None:
    assert {path.stem for path in OWN.glob("*.json")} == set(OWN_BODIES)


# Bodies beside the project are no part of it: without them these tests are not there, except where they must be.
if BESIDE.is_dir() or os.environ.get("CI") == "true":

    @pytest.mark.parametrize("name", sorted(BODIES_BESIDE))
    def test_each_body_beside_the_project_becomes_what_the_table_says(name: str) -> None:
        assert becomes(BESIDE / f"{name}.json") == BODIES_BESIDE[name]

    def test_every_body_beside_the_project_is_in_the_table_and_the_other_way_round() -> None:
        assert {path.stem for path in BESIDE.glob("*.json")} == set(BODIES_BESIDE)


def becomes(path: Path) -> list[str]:
    delivery = Delivery(DeliveryId("d1"), datetime(2026, 1, 1, tzinfo=UTC), path.read_bytes())
    updates = CloudInterpreter().updates(delivery)
    assert [update.place.index for update in updates] == list(range(len(updates)))
    return [in_few_words(update) for update in updates]


def in_few_words(update: NetworkUpdate) -> str:
    match update:
        case Ignored(reason=reason):
            return f"ignored {reason}"
        case StatusReported(status=status, failure=failure):
            code = failure.code or "without a code" if failure else ""
            return f"status {status} {code}".rstrip()
        case ReactionReceived(person=person, emoji=emoji, target=target):
            return f"reaction {emoji or 'removed'} {who(person)} > {target[:20]}"
        case MessageEchoed():
            return f"echo {kind(update.content)} to {who(update.person)}"
        case EditReceived(content=content, target=target):
            return f"{'echo ' * update.echoed}edit to {kind(content)} {who(update.person)} > {target[:20]}"
        case DeletionReceived(target=target):
            return f"{'echo ' * update.echoed}deletion {who(update.person)} > {target[:20]}"
        case IdentityChanged(person=person, renamed=renamed, wamid=wamid):
            return f"{'told aside: ' * (wamid is None)}{who(person)} is {who(renamed)} now"
        case MessageReceived():
            parts = ["message", kind(update.content), who(update.person)]
            parts += ["quiet"] * (not update.extends_session) + ["forwarded"] * update.forwarded
            parts += ["referral"] if update.referral else []
            parts += [f"> {update.reply_to[:20]}"] if update.reply_to else []
            return " ".join(parts)


def kind(content: IncomingContent) -> str:
    match content:
        case Text():
            return "text"
        case Location(latitude=latitude, longitude=longitude):
            return f"location({latitude:.2f}, {longitude:.2f})"
        case ContactCards(cards=cards):
            return f"cards({', '.join(' '.join((card.name, *card.phones, *card.emails)) for card in cards)})"
        case InteractiveReply(option_id=option, title=title):
            return f"answer({option}: {title})"
        case Order(items=items):
            return f"order({', '.join(f'{item.quantity} {item.product_id} {item.price:g}' for item in items)})"
        case Notice():
            return "notice"
        case Unsupported(kind=kind):
            return f"unsupported({kind})"
        case IncomingMedia(kind=kind, voice=voice, animated=animated):
            return "voice" if voice else f"{'animated ' * animated}{kind.lower()}"


def who(person: Person) -> str:
    return " ".join(
        [f"+{person.wa_id}"] * (person.wa_id is not None)
        + [person.business_scoped_id or ""] * (person.business_scoped_id is not None)
    )
