"""Templates and what the network decides about them, told by webhook."""

from collections.abc import Callable
from dataclasses import replace

from adapters.whatsapp.simulator.graph import templates
from adapters.whatsapp.simulator.graph.errors import GraphError
from adapters.whatsapp.simulator.graph.samples import Samples
from adapters.whatsapp.simulator.graph.templates import Template
from adapters.whatsapp.simulator.ids import Ids
from adapters.whatsapp.simulator.options import TemplateReview
from adapters.whatsapp.simulator.webhooks.payloads import (
    category_change,
    quality_change,
    template_change,
)
from adapters.whatsapp.simulator.webhooks.posts import Update, Webhooks
from adapters.whatsapp.simulator.wire import JsonObject
from adapters.whatsapp.simulator.world import World


class Reviews:
    """`by_itself` is what becomes of a new template without anybody's doing."""

    def __init__(
        self,
        by_itself: TemplateReview,
        world: World,
        ids: Ids,
        samples: Samples,
        webhooks: Webhooks,
        now: Callable[[], float],
    ) -> None:
        self.by_itself: TemplateReview = by_itself
        self._world = world
        self._ids = ids
        self._samples = samples
        self._webhooks = webhooks
        self._now = now
        self._deleted: set[tuple[str, str]] = set()

    def add(self, wanted: JsonObject) -> Template:
        """A new template, in review until `decide`."""
        if len(self._world.templates) >= templates.MAX_TEMPLATES:
            raise GraphError(
                100, f"There are {templates.MAX_TEMPLATES} templates already", subcode=templates.CAP_REACHED
            )
        template = templates.create(wanted, template_id=self._ids.number(), handles=self._samples.handles)
        if (template.name, template.language) in self._deleted:
            details = f"{template.name} in {template.language} is being deleted"
            raise GraphError(100, details, subcode=templates.BEING_DELETED)
        if self._world.template(template.name, template.language) is not None:
            details = f"There is {template.name} in {template.language} already"
            raise GraphError(100, details, subcode=templates.EXISTS_ALREADY)
        self._world.templates[template.id] = template
        return template

    def decide(self, template: Template, status: str, reason: str) -> Template:
        """What the network decides about a template: any status, reported by webhook."""
        reviewed = replace(template, status=status, rejected_reason=reason)
        self._world.templates[template.id] = reviewed
        self._webhooks.report(Update("templates", template_change(reviewed), time=int(self._now())))
        return reviewed

    def decide_by_itself(self, template: Template) -> None:
        """What the options have become of a new template."""
        reviewed = templates.REVIEWED.get(self.by_itself)
        if reviewed is not None and template.id in self._world.templates:
            self.decide(template, *reviewed)

    def rate(self, template: Template, quality: str) -> Template:
        """How people take a template, reported by webhook."""
        rated = replace(template, quality=quality)
        self._tell_of(rated, quality_change(rated, template.quality))
        return rated

    def move(self, template: Template, category: str) -> Template:
        """The network finds that a template belongs in another category, and says so by webhook."""
        moved = replace(template, category=category)
        self._tell_of(moved, category_change(moved, template.category))
        return moved

    def delete(self, name: str, template_id: str | None) -> None:
        """All languages of a name, or one of them. The name of an approved one can't be used again for a while."""
        named = [template for template in self._world.templates.values() if template.name == name]
        gone = [template for template in named if template_id in (None, template.id)]
        if not gone:
            raise GraphError(100, f"There is no message template {name}", subcode=templates.NO_SUCH_TEMPLATE)
        for template in gone:
            if template.status == "APPROVED":
                self._deleted.add((template.name, template.language))
            self._tell_of(template, template_change(replace(template, status="PENDING_DELETION")))
            del self._world.templates[template.id]

    def _tell_of(self, template: Template, change: JsonObject) -> None:
        self._world.templates[template.id] = template
        self._webhooks.report(Update("templates", change, time=int(self._now())))
