"""The root of writing: one line a mutation."""

import strawberry

from schema.types.channels import channel_changes, connecting, template_review, templates
from schema.types.channels.channel_changes import ChannelConnectPayload, ChannelDisconnectPayload, ChannelUpdatePayload
from schema.types.channels.connecting import (
    ChannelAddNumberPayload,
    ChannelDiscoverPayload,
    ChannelRequestCodePayload,
    ChannelVerifyCodePayload,
)
from schema.types.channels.template_review import TemplateCreatePayload, TemplateDeletePayload
from schema.types.channels.templates import TemplatesSyncPayload
from schema.types.contacts import contact_changes
from schema.types.contacts.contact_changes import (
    ContactCreatePayload,
    ContactMergePayload,
    ContactSplitPayload,
    ContactUpdatePayload,
)
from schema.types.conversations import (
    library,
    message_changes,
    outcomes,
    sending,
    starting,
    thread_changes,
)
from schema.types.conversations.library import (
    LibraryItemCreatePayload,
    LibraryItemDeletePayload,
    LibraryItemUpdatePayload,
)
from schema.types.conversations.message_changes import MessageReactPayload, MessageReleasePayload
from schema.types.conversations.outcomes import MessageCancelPayload, MessageRetryPayload, MessageSettlePayload
from schema.types.conversations.sending import MessageSendPayload, MessageSendTemplatePayload
from schema.types.conversations.starting import ThreadStartPayload
from schema.types.conversations.thread_changes import (
    ThreadAssignPayload,
    ThreadClosePayload,
    ThreadMarkReadPayload,
    ThreadReopenPayload,
    ThreadTypingPayload,
)
from schema.types.desk import ticket_changes
from schema.types.desk.ticket_changes import (
    TicketAssignPayload,
    TicketClosePayload,
    TicketReopenPayload,
    TicketUnassignPayload,
    TicketUpdatePayload,
)
from schema.types.files import media
from schema.types.files.media import MediaPreparePayload
from schema.types.inputs import writing
from schema.types.people import organization, teams, users
from schema.types.people.organization import OrganizationUpdatePayload
from schema.types.people.teams import TeamCreatePayload, TeamDeletePayload, TeamUpdatePayload
from schema.types.people.users import (
    ApiKeyCreatePayload,
    ApiKeyRevokePayload,
    SignInPayload,
    SignOutPayload,
    UserCreatePayload,
)


@strawberry.type(
    description="Writing. Each is done whole or not at all, and answers with what it changed as it then stands, or with"
    " `userErrors` that say why nothing was done."
)
class Mutation:
    message_send: MessageSendPayload = writing(
        MessageSendPayload, sending.send, "Say something to a contact, within 24 hours of their last message."
    )
    message_send_template: MessageSendTemplatePayload = writing(
        MessageSendTemplatePayload,
        sending.send_by_template,
        "Send a reviewed template, at any time. Outside a session it uses a conversation of the month and of the day.",
    )
    message_retry: MessageRetryPayload = writing(
        MessageRetryPayload,
        outcomes.send_again,
        "Send a failed message again, as itself: a new attempt, judged and paid for as a new message would be. Refused"
        " CONFLICT while the outcome of the last one is unknown.",
    )
    message_cancel: MessageCancelPayload = writing(
        MessageCancelPayload,
        outcomes.take_back,
        "Take back a message that is still queued: FAILED with CANCELLED, the quota given back, nobody alarmed.",
    )
    message_settle: MessageSettlePayload = writing(
        MessageSettlePayload,
        outcomes.say_what_became,
        "Say what became of a message whose outcome the network never told.",
    )
    message_react: MessageReactPayload = writing(
        MessageReactPayload,
        message_changes.put_reaction,
        "Put an emoji on a message, or take it away. It costs nothing.",
    )
    message_release: MessageReleasePayload = writing(
        MessageReleasePayload,
        message_changes.release,
        "Show a quarantined message to everybody; who did it stays in the history of its ticket. Supervisors and"
        " administrators only.",
    )
    media_prepare: MediaPreparePayload = writing(
        MediaPreparePayload,
        media.prepare,
        "Reserve a place to upload to: PUT the bytes at `uploadUrl`, then send the media.",
    )
    thread_start: ThreadStartPayload = writing(
        ThreadStartPayload, starting.start, "Begin with a contact or a number, or go on with the thread that is there."
    )
    thread_mark_read: ThreadMarkReadPayload = writing(
        ThreadMarkReadPayload,
        thread_changes.read,
        "Take down the team's unread count; with it, perhaps, tell the contact.",
    )
    thread_typing: ThreadTypingPayload = writing(
        ThreadTypingPayload,
        thread_changes.typing,
        "Show the contact that somebody is writing, for 25 seconds or until the next message: say it again every 20"
        " while it is so. WhatsApp shows with it that what they wrote was read. Nothing is kept of it.",
    )
    thread_assign: ThreadAssignPayload = writing(
        ThreadAssignPayload, thread_changes.assign, "Hand a thread to somebody or to nobody, its newest ticket with it."
    )
    thread_close: ThreadClosePayload = writing(
        ThreadClosePayload,
        thread_changes.close,
        "Be done with a thread and its newest ticket, until the contact writes again.",
    )
    thread_reopen: ThreadReopenPayload = writing(
        ThreadReopenPayload, thread_changes.reopen, "Go on with a closed thread and its newest ticket."
    )
    ticket_assign: TicketAssignPayload = writing(
        TicketAssignPayload, ticket_changes.assign, "Hand a ticket to somebody or to nobody, its thread with it."
    )
    ticket_unassign: TicketUnassignPayload = writing(
        TicketUnassignPayload, ticket_changes.unassign, "Take a ticket's owner away, its thread's with it."
    )
    ticket_update: TicketUpdatePayload = writing(
        TicketUpdatePayload, ticket_changes.update, "Change what is known of a ticket; what is left out stays."
    )
    ticket_close: TicketClosePayload = writing(
        TicketClosePayload,
        ticket_changes.close,
        "Be done with a ticket and its thread, until the contact writes again.",
    )
    ticket_reopen: TicketReopenPayload = writing(
        TicketReopenPayload, ticket_changes.reopen, "Go on with a closed ticket, the newest of its thread."
    )
    library_item_create: LibraryItemCreatePayload = writing(
        LibraryItemCreatePayload, library.create, "Keep something ready to be sent again and again."
    )
    library_item_update: LibraryItemUpdatePayload = writing(
        LibraryItemUpdatePayload, library.update, "Change an item of the library; what is left out stays."
    )
    library_item_delete: LibraryItemDeletePayload = writing(
        LibraryItemDeletePayload, library.delete, "Throw an item of the library away."
    )
    channel_discover: ChannelDiscoverPayload = writing(
        ChannelDiscoverPayload,
        connecting.find_out,
        "What a Meta sign-in or token gives access to: permissions, accounts, numbers, and why a number can't be"
        " connected. Administrators only.",
    )
    channel_add_number: ChannelAddNumberPayload = writing(
        ChannelAddNumberPayload,
        connecting.add,
        "Put a new phone number on a business account; it has to be verified by code before it can be connected.",
    )
    channel_request_code: ChannelRequestCodePayload = writing(
        ChannelRequestCodePayload, connecting.ask_for_code, "Have the network send a verification code to a number."
    )
    channel_verify_code: ChannelVerifyCodePayload = writing(
        ChannelVerifyCodePayload, connecting.enter_code, "Enter the verification code that came to a number."
    )
    channel_connect: ChannelConnectPayload = writing(
        ChannelConnectPayload,
        channel_changes.connect,
        "Connect a business number, from a sign-in's draft or with a token of your own: it is checked, registered where"
        " it has to be, and its messages are sent here from now on. All of it or nothing. Administrators only.",
    )
    channel_update: ChannelUpdatePayload = writing(
        ChannelUpdatePayload,
        channel_changes.update,
        "Change a number: its name, how it is worked with, its token and secret, its profile. With a new token in place"
        " of a dead one, what waited goes out. Administrators only.",
    )
    channel_disconnect: ChannelDisconnectPayload = writing(
        ChannelDisconnectPayload,
        channel_changes.disconnect,
        "Neither receive nor send with a number any more, and forget its token. Its history stays; connected again, it"
        " is the same channel. Administrators only.",
    )
    templates_sync: TemplatesSyncPayload = writing(
        TemplatesSyncPayload,
        templates.sync,
        "Read an account's templates from the network now. They are read again every six hours, and when the network"
        " tells of something that does not fit; what it tells of one is taken over at once.",
    )
    contact_create: ContactCreatePayload = writing(
        ContactCreatePayload,
        contact_changes.create,
        "Enter somebody who has not written yet. A number that is somebody's already is refused.",
    )
    contact_update: ContactUpdatePayload = writing(
        ContactUpdatePayload,
        contact_changes.update,
        "Change what is known of a contact, and whether they asked to be left alone; what is left out stays.",
    )
    contact_merge: ContactMergePayload = writing(
        ContactMergePayload,
        contact_changes.merge,
        "Say that two contacts are one person: threads and tickets of both are theirs, each answering the name it"
        " came from. `contactSplit` undoes it.",
    )
    contact_split: ContactSplitPayload = writing(
        ContactSplitPayload,
        contact_changes.split,
        "Take back a merge, in whatever order contacts were merged: each has what came by its names.",
    )
    organization_update: OrganizationUpdatePayload = writing(
        OrganizationUpdatePayload,
        organization.update,
        "Change what is said of the organization and what it keeps out; what is left out stays. Administrators only.",
    )
    template_create: TemplateCreatePayload = writing(
        TemplateCreatePayload,
        template_review.create,
        "Have the network review a new template, or another language of one. What is wrong with it is said before the"
        " network is asked, as far as that can be known.",
    )
    template_delete: TemplateDeletePayload = writing(
        TemplateDeletePayload,
        template_review.delete,
        "Delete one language of a template at the network. Messages that wait to go with it fail, and say so.",
    )
    sign_in: SignInPayload = writing(
        SignInPayload,
        users.begin,
        "Begin a sign-in with address and password; the one thing that runs without being signed in. A wrong address"
        " and a wrong password get the same answer, and too many tries are THROTTLED.",
    )
    sign_out: SignOutPayload = writing(
        SignOutPayload, users.end, "End the sign-in that this request was made with; its sockets close."
    )
    api_key_create: ApiKeyCreatePayload = writing(
        ApiKeyCreatePayload, users.make_key, "Make a key for a program. Administrators only."
    )
    api_key_revoke: ApiKeyRevokePayload = writing(
        ApiKeyRevokePayload,
        users.revoke_key,
        "Take a key back: it opens nothing from now on, and its sockets close within a second. Administrators only.",
    )
    user_create: UserCreatePayload = writing(
        UserCreatePayload, users.make_user, "Add somebody who works here. Administrators only."
    )
    team_create: TeamCreatePayload = writing(
        TeamCreatePayload, teams.create, "Put people together in a new team. Administrators only."
    )
    team_update: TeamUpdatePayload = writing(
        TeamUpdatePayload,
        teams.update,
        "Change a team's name or members; what is left out stays. Administrators only.",
    )
    team_delete: TeamDeletePayload = writing(TeamDeletePayload, teams.delete, "Dissolve a team. Administrators only.")
