"""Who may do what: the table of the design, row by row, for every role and every scope of a key."""

from itertools import combinations

import pytest

from domain.people.actors import Actor, ByIntegration, ByUser, Right, Role, Scope, key_actor, user_actor
from tests.builders import ACME, API_KEY, SIGN_IN, USER

ADMIN, SUPERVISOR, AGENT, INTEGRATOR, READER = "ADMIN", "SUPERVISOR", "AGENT", "INTEGRATOR", "READER"

# What it is about · the roles that may · the scope of a key that may
TABLE: dict[Right, tuple[set[str], str]] = {
    # read and listen: threads, tickets, contacts, channels, templates, library, quota, reports, own views
    Right.READ: ({ADMIN, SUPERVISOR, AGENT, INTEGRATOR, READER}, "read"),
    # send, retry, cancel, settle, react, note, call, typing, mark read, start, mediaPrepare
    Right.SEND: ({ADMIN, SUPERVISOR, AGENT, INTEGRATOR}, "messages"),
    # assign, close, reopen, update threads and tickets
    Right.TICKETS: ({ADMIN, SUPERVISOR, AGENT, INTEGRATOR}, "tickets"),
    # contacts: create, update, merge, split; records
    Right.CONTACTS: ({ADMIN, SUPERVISOR, AGENT, INTEGRATOR}, "contacts"),
    # library, views for others, templatesSync, templateCreate, templateDelete
    Right.LIBRARY: ({ADMIN, SUPERVISOR, INTEGRATOR}, "messages"),
    # workflows, webhook endpoints: see, change, replay
    Right.INTEGRATIONS: ({ADMIN, SUPERVISOR, INTEGRATOR}, "integrations"),
    # messageRelease, original, versions, threadEvidence, contactExport
    Right.SUPERVISE: ({ADMIN, SUPERVISOR}, "admin"),
    # connect, verify, update, disconnect channels; tokens and secrets
    Right.CHANNELS: ({ADMIN}, "channels"),
    # organization, users, teams, keys, contactErase, deliveries, audit
    Right.ADMINISTER: ({ADMIN}, "admin"),
}


def a_user_as(role: Role) -> Actor:
    return user_actor(ACME, USER, role, SIGN_IN)


def a_key_for(*scopes: Scope) -> Actor:
    return key_actor(ACME, API_KEY, scopes)


def test_the_table_speaks_of_every_right() -> None:
    assert set(TABLE) == set(Right)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("right", list(Right))
def test_a_user_may_do_what_the_row_says_for_their_role(right: Right, role: Role) -> None:
    roles, _ = TABLE[right]

    assert a_user_as(role).may(right) is (role.value in roles)


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("right", list(Right))
def test_a_key_may_read_and_do_the_rows_of_its_scope_and_admin_may_do_all(right: Right, scope: Scope) -> None:
    _, needed = TABLE[right]

    assert a_key_for(scope).may(right) is (right is Right.READ or scope.value in {needed, "admin"})


@pytest.mark.parametrize("scopes", list(combinations(Scope, 2)))
def test_a_key_with_several_scopes_may_do_the_rows_of_each_and_no_more(scopes: tuple[Scope, Scope]) -> None:
    each = [a_key_for(scope).rights for scope in scopes]

    assert a_key_for(*scopes).rights == each[0] | each[1]


def test_a_key_without_any_scope_may_do_nothing() -> None:
    assert a_key_for().rights == frozenset()


def test_a_key_acts_as_integrator_and_with_admin_as_admin() -> None:
    for scope in Scope:
        assert a_key_for(scope).role is (Role.ADMIN if scope is Scope.ADMIN else Role.INTEGRATOR)
    assert a_key_for(Scope.READ, Scope.ADMIN).role is Role.ADMIN


def test_a_key_says_it_was_a_program_and_a_user_says_who() -> None:
    assert a_key_for(Scope.READ).author == ByIntegration(API_KEY)
    assert a_key_for(Scope.READ).sign_in is None

    assert a_user_as(Role.AGENT).author == ByUser(USER)
    assert a_user_as(Role.AGENT).sign_in == SIGN_IN


def test_every_user_and_key_has_a_name_of_its_own() -> None:
    assert a_user_as(Role.AGENT).key == f"user:{USER}"
    assert a_key_for(Scope.READ).key == f"key:{API_KEY}"
