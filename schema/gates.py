"""The fields that not everybody sees, and the right each asks for. Rights are those of a role or a key's scopes."""

from collections.abc import Mapping

from domain.people.actors import Right

GATED_FIELDS: Mapping[str, Right] = {
    "Message.original": Right.SUPERVISE,
    "Message.versions": Right.SUPERVISE,
}
"""By "Type.field". Without the right the field answers null, or nothing of a list; the rest of the answer stands."""
