"""Files as the API shows and takes them."""

from dataclasses import replace
from typing import Any

import pytest

from domain.files.media import PLAYABLE, Media, MediaState, Rendition
from domain.files.rules import RULES
from schema.engine.values import ids
from schema.engine.values.media_links import LIFETIME, Named, Purpose
from schema.engine.values.scalars import instant_text
from tests.builders import ACME, MEDIA, NOON, a_media
from tests.schema.desk import SchemaDesk, open_desk

SHOWN = "query ($id: ID!) { node(id: $id) { ... on Media { state url urlExpiresAt failure renditions { name } } } }"
PREPARE = """
mutation ($input: MediaPrepareInput!) {
  mediaPrepare(input: $input) {
    uploadUrl media { id state bytes fileName url }
    userErrors { __typename code field ... on MediaRejectedError { rule { kind direction } mimeType bytes } }
  }
}
"""


@pytest.fixture
async def desk() -> SchemaDesk:
    return await open_desk()


async def shown(desk: SchemaDesk, media: Media) -> Any:
    await desk.given(media)
    return (await desk.ask(SHOWN, {"id": ids.MEDIA.encode(media.id)}))["node"]


async def test_the_rules_are_shown_as_they_refuse(desk: SchemaDesk) -> None:
    rules = (await desk.ask("{ mediaRules { kind direction mimeTypes maxBytes notes } }"))["mediaRules"]

    assert rules == [
        {
            "kind": rule.kind.value,
            "direction": rule.direction.value,
            "mimeTypes": list(rule.mime_types),
            "maxBytes": rule.max_bytes,
            "notes": rule.notes,
        }
        for rule in RULES
    ]


async def test_a_file_has_a_link_once_its_bytes_are_here(desk: SchemaDesk) -> None:
    media = await shown(desk, a_media())
    assert (media["state"], media["url"], media["urlExpiresAt"]) == ("PENDING", None, None)

    media = await shown(desk, replace(a_media(), state=MediaState.READY))
    assert media["urlExpiresAt"] == instant_text(NOON + LIFETIME)
    named = desk.cursors.links.read(media["url"].removeprefix("/media/"), Purpose.GET, NOON)
    assert (named.organization, named.media) == (ACME, MEDIA)


async def test_a_file_that_could_not_be_had_says_why(desk: SchemaDesk) -> None:
    media = await shown(desk, replace(a_media(), state=MediaState.EXPIRED, failure="Gone."))

    assert media == {"state": "EXPIRED", "url": None, "urlExpiresAt": None, "failure": "Gone.", "renditions": []}


async def test_other_forms_of_a_file_have_links_of_their_own(desk: SchemaDesk) -> None:
    form = Rendition(PLAYABLE, "audio/mpeg", 7, "ab" * 32, "file-1-playable")
    await desk.given(replace(a_media(), state=MediaState.READY, renditions=(form,)))
    asked = "query ($id: ID!) { node(id: $id) { ... on Media { renditions { name mimeType bytes url } } } }"

    (told,) = (await desk.ask(asked, {"id": ids.MEDIA.encode(MEDIA)}))["node"]["renditions"]

    assert (told["name"], told["mimeType"], told["bytes"]) == ("playable", "audio/mpeg", 7)
    assert desk.cursors.links.read(told["url"].removeprefix("/media/"), Purpose.GET, NOON) == Named(
        ACME, MEDIA, PLAYABLE
    )


async def test_a_place_to_upload_to_is_reserved(desk: SchemaDesk) -> None:
    asked = {"kind": "DOCUMENT", "mimeType": "application/pdf", "bytes": 100, "fileName": "a.pdf"}

    prepared = (await desk.ask(PREPARE, {"input": asked}))["mediaPrepare"]

    assert prepared["userErrors"] == []
    media = prepared["media"]
    assert (media["state"], media["bytes"], media["fileName"], media["url"]) == ("PENDING", 100, "a.pdf", None)
    named = desk.cursors.links.read(prepared["uploadUrl"].removeprefix("/media/"), Purpose.PUT, NOON)
    assert ids.MEDIA.encode(named.media) == media["id"]


async def test_a_refused_file_names_the_rule(desk: SchemaDesk) -> None:
    asked = {"kind": "IMAGE", "mimeType": "image/heic", "bytes": 100}

    prepared = (await desk.ask(PREPARE, {"input": asked}))["mediaPrepare"]

    assert (prepared["media"], prepared["uploadUrl"]) == (None, None)
    assert prepared["userErrors"] == [
        {
            "__typename": "MediaRejectedError",
            "code": "MEDIA_REJECTED",
            "field": None,
            "rule": {"kind": "IMAGE", "direction": "OUTBOUND"},
            "mimeType": "image/heic",
            "bytes": 100,
        }
    ]
