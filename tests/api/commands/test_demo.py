"""The demo: what is on its stage, and that it stays on this machine."""

import signal
from pathlib import Path

import httpx
import pytest

from tests.journeys.desk import Desk, Phones, Process, address_in, deskline, http_client, running

STAGE = """
{
  viewer { organization { name } user { name role } }
  users(first: 10) { edges { node { name role } } }
  channels { state destination }
  threads { edges { node { contact { displayName } lastMessage { preview } } } }
}
"""
START = deskline("demo", "--no-open", "--port", "0")


def told(process: Process, http: httpx.Client) -> tuple[Desk, Phones]:
    url = address_in(process.line())
    demo = http.get(f"{url}/demo.json").raise_for_status().json()
    return Desk(url, demo["token"], http), Phones(url + demo["simulator"], demo["number"], http)


def test_acme_its_people_its_number_and_two_phones_are_there_at_once(tmp_path: Path) -> None:
    with running(*START, directory=tmp_path) as process, http_client() as http:
        desk, _ = told(process, http)
        stage = desk.ask(STAGE)
        demo = http.get(f"{desk.url}/demo.json").json()

    assert stage["viewer"] == {"organization": {"name": "Acme"}, "user": {"name": "Alex Kim", "role": "ADMIN"}}
    assert [edge["node"] for edge in stage["users"]["edges"]] == [
        {"name": "Alex Kim", "role": "ADMIN"},
        {"name": "Noor Haddad", "role": "AGENT"},
        {"name": "Sam Rivera", "role": "AGENT"},
    ]
    assert stage["channels"] == [{"state": "CONNECTED", "destination": "HELP_DESK"}]
    assert [phone["name"] for phone in demo["phones"]] == ["Ada Moreno", "Ben Okafor"]
    assert demo["numberDisplay"] == "+1 555-010-0001"


@pytest.mark.parametrize("path", ["/demo.json", "/", "/simulator/_sim", "/graphql"])
def test_a_page_of_another_place_that_points_its_name_here_gets_nothing(path: str, tmp_path: Path) -> None:
    with running(*START, directory=tmp_path) as process, http_client() as http:
        url = address_in(process.line())

        answer = http.get(url + path, headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert "token" not in answer.text


def test_without_a_directory_nothing_of_it_stays(tmp_path: Path) -> None:
    with running(*START, directory=tmp_path, settings={"TMPDIR": str(tmp_path)}) as process:
        process.line()
        assert list(tmp_path.glob("deskline-demo-*"))
        process.signal(signal.SIGINT)

        assert process.wait() == 0

    assert [path.name for path in tmp_path.iterdir()] == ["log.txt"]
    assert not [line for line in process.log.splitlines() if "[info " not in line], "nothing is wrong with it"


def test_in_a_directory_it_goes_on_where_it_was(tmp_path: Path) -> None:
    kept = ("--directory", str(tmp_path / "kept"))
    with running(*START, *kept, directory=tmp_path) as process:
        process.line()
        process.signal(signal.SIGTERM)
        assert process.wait() == 0

    with running(*START, *kept, directory=tmp_path) as process, http_client() as http:
        desk, _ = told(process, http)
        stage = desk.ask(STAGE)

    assert [edge["node"]["name"] for edge in stage["users"]["edges"]] == ["Alex Kim", "Noor Haddad", "Sam Rivera"]
    assert stage["channels"] == [{"state": "CONNECTED", "destination": "HELP_DESK"}]


def test_the_settings_of_a_real_desk_are_none_of_its_business(tmp_path: Path) -> None:
    real = tmp_path / "real.db"
    settings = {
        "DESKLINE_DATABASE_URL": f"sqlite:///{real}",
        "DESKLINE_GRAPH_API_URL": "http://127.0.0.1:1",
        "DESKLINE_APP_SECRETS": "real-secret",
    }
    with running(*START, directory=tmp_path, settings=settings) as process, http_client() as http:
        desk, _ = told(process, http)
        stage = desk.ask(STAGE)

    assert not real.exists()
    assert stage["channels"][0]["state"] == "CONNECTED"
