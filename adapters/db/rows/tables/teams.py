"""Teams, each with its members in its row."""

from tortoise.models import Model

from adapters.db.rows.tables.columns import Instant, Uncommented, Words, key


class TeamRow(Model, metaclass=Uncommented):
    organization_id = Words()
    id = key()
    name = Words()
    folded_name = Words()
    created_at = Instant()
    members = Words()

    class Meta(Model.Meta):
        table = "teams"
