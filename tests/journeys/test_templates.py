"""A template's whole way: made in the API, reviewed by the network, sent with a picture, seen on the phone."""

import httpx

from tests.journeys.desk import ADA, NUMBER, Desk, Installation, Json
from tests.journeys.test_media import PNG, upload

CHANNELS = "{ channels { id phoneNumberId } }"
CREATE = """
mutation ($input: TemplateCreateInput!) {
  templateCreate(input: $input) { template { id status } userErrors { code message field } }
}
"""
LISTEN = """
subscription {
  inboxEvents {
    __typename
    thread { id }
    ... on TemplateChanged { template { id status category quality sendable } }
    ... on MessageStatusChanged { message { id status failure { title hint } } }
  }
}
"""
SEND = """
mutation ($input: MessageSendTemplateInput!) {
  messageSendTemplate(input: $input) {
    message { id content { ... on TemplateContent { renderedBody renderedFooter headerMedia { id } } } }
    userErrors { code message field }
  }
}
"""
DELETE = """
mutation ($input: TemplateDeleteInput!) {
  templateDelete(input: $input) { deletedTemplateId userErrors { code message } }
}
"""
SYNC = """
mutation ($input: TemplatesSyncInput!) {
  templatesSync(input: $input) { added changed removed userErrors { code message } }
}
"""


def control(installation: Installation, method: str, path: str, body: Json) -> None:
    installation.phones.http.request(method, f"{installation.phones.url}/_sim{path}", json=body).raise_for_status()


def channel_of(desk: Desk) -> str:
    return next(each["id"] for each in desk.ask(CHANNELS)["channels"] if each["phoneNumberId"] == NUMBER)


def bytes_on_the_phone(installation: Installation, message: Json) -> bytes:
    file: httpx.Response = installation.phones.http.get(f"{installation.phones.url}/_sim/media/{message['file']['id']}")
    return file.raise_for_status().content


async def test_a_template_is_made_approved_and_sent_with_its_picture(installation: Installation) -> None:
    desk, channel = installation.desk, channel_of(installation.desk)
    picture = upload(desk, "IMAGE", "image/png", PNG, fileName="bike.png")
    wanted = {
        "channelId": channel,
        "name": "bike_ready",
        "language": "en",
        "category": "UTILITY",
        "header": {"kind": "IMAGE", "mediaId": picture},
        "body": "Hi {{name}}, your bike is ready.",
        "footer": "The workshop",
        "examples": [{"component": "body", "name": "name", "value": "Ada"}],
    }
    control(installation, "PUT", "/templates", {"review": "approve"})

    async with desk.socket() as socket:
        await socket.subscribe(LISTEN)
        made = desk.ask(CREATE, input=wanted)["templateCreate"]
        assert made["userErrors"] == []
        seen = (await socket.event_of("TemplateChanged"))["template"]
        while seen["status"] != "APPROVED":
            seen = (await socket.event_of("TemplateChanged"))["template"]
        assert (seen["id"], seen["sendable"]) == (made["template"]["id"], True)

        installation.phones.write(ADA, "hello")
        thread = (await socket.event_of("MessageAdded"))["thread"]["id"]
        asked = {
            "threadId": thread,
            "templateId": seen["id"],
            "headerMediaId": picture,
            "parameters": [{"component": "body", "name": "name", "value": "Ada"}],
        }
        sent = desk.ask(SEND, input=asked)["messageSendTemplate"]
        assert sent["userErrors"] == []
        while (await socket.event_of("MessageStatusChanged"))["message"]["status"] != "DELIVERED":
            pass

    content = sent["message"]["content"]
    assert content["headerMedia"] == {"id": picture}
    [shown] = [each for each in installation.phones.messages(ADA) if each["kind"] == "template"]
    assert (shown["text"], bytes_on_the_phone(installation, shown)) == (content["renderedBody"], PNG)

    network_id = next(each["id"] for each in templates_at_the_network(installation) if each["name"] == "bike_ready")
    async with desk.socket() as socket:
        await socket.subscribe(LISTEN)
        control(installation, "POST", f"/templates/{network_id}", {"category": "MARKETING"})
        assert (await socket.event_of("TemplateChanged"))["template"]["category"] == "MARKETING"
        control(installation, "POST", f"/templates/{network_id}", {"quality": "RED"})
        assert (await socket.event_of("TemplateChanged"))["template"]["quality"] == "RED"

    assert desk.ask(SYNC, input={"channelId": channel})["templatesSync"] | {"changed": 0} == {
        "added": 0,
        "changed": 0,
        "removed": 0,
        "userErrors": [],
    }
    gone = desk.ask(DELETE, input={"templateId": seen["id"]})["templateDelete"]
    assert gone == {"deletedTemplateId": seen["id"], "userErrors": []}
    assert [each for each in templates_at_the_network(installation) if each["name"] == "bike_ready"] == []
    refused = desk.ask(CREATE, input=wanted)["templateCreate"]["userErrors"]
    assert [(each["code"], each["field"]) for each in refused] == [("INVALID", ["name"])]


def templates_at_the_network(installation: Installation) -> list[Json]:
    answer = installation.phones.http.get(
        f"{installation.phones.url}/v26.0/100000000000001/message_templates",
        params={"limit": "100"},
        headers={"Authorization": "Bearer journey-network-token"},
    )
    return answer.raise_for_status().json()["data"]
