"""Who somebody is and what they may do, as Slack's groups and the settings say. Whatever is unclear gives no role."""

import asyncio

import pytest

from bot.errors import SlackProblem
from bot.model.actor import Role
from bot.slack.roles import KEPT_SECONDS, Roles
from sandbox.workspace.config import PARTNER_TEAM, TEAM

NADIA, OMAR, INES, GIL, PETRA, DEPLOYBOT = (
    "U0NADIA0001",
    "U0OMAR00001",
    "U0INES00001",
    "U0GIL000001",
    "U0PETRA0001",
    "U0DEPLOYBOT",
)
GRANTS = {Role.VIEWER: ("@helpdesk",), Role.OPERATOR: ("@IAM-Operators",), Role.APPROVER: (INES,)}


class Time:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def roles(slack, time):
    return Roles(slack.client(), GRANTS, team_id=TEAM, monotonic=time)


async def test_a_role_comes_from_a_group_or_a_user_id_and_brings_the_lesser_ones(roles):
    nadia, omar, ines = await asyncio.gather(*(roles.actor(TEAM, who) for who in (NADIA, OMAR, INES)))

    assert nadia.roles == {Role.VIEWER}
    assert omar.roles == {Role.VIEWER, Role.OPERATOR}
    assert ines.roles == {Role.VIEWER, Role.OPERATOR, Role.APPROVER}
    assert nadia.name in {"Nadia Benali", "nadia"}


async def test_concurrent_checks_share_one_reading_of_the_groups(roles, slack):
    await asyncio.gather(*(roles.actor(TEAM, who) for who in (NADIA, OMAR, INES)))

    assert len(await slack.calls("usergroups.list")) == 1


@pytest.mark.parametrize(("team", "who"), [(TEAM, GIL), (TEAM, DEPLOYBOT), (PARTNER_TEAM, PETRA), (TEAM, PETRA)])
async def test_guests_bots_and_foreigners_have_no_role_even_where_everybody_has_one(slack, team, who):
    roles = Roles(slack.client(), {Role.VIEWER: ("*", who)}, team_id=TEAM)

    assert (await roles.actor(team, who)).roles == frozenset()
    assert (await roles.actor(TEAM, NADIA)).roles == {Role.VIEWER}


async def test_a_foreign_team_is_not_even_looked_up(roles, slack):
    await roles.actor(PARTNER_TEAM, PETRA)

    assert await slack.calls("users.info") == []


async def test_somebody_who_was_deactivated_has_no_role(roles, slack):
    await slack.post("control/user", user="omar", deleted=True)

    assert (await roles.actor(TEAM, OMAR)).roles == frozenset()


async def test_a_group_is_kept_for_a_minute_and_read_again_before_an_action(roles, slack, time):
    await roles.actor(TEAM, NADIA)
    await slack.post("control/usergroup", handle="iam-operators", add=["nadia"])

    time.at += KEPT_SECONDS / 2
    assert Role.OPERATOR not in (await roles.actor(TEAM, NADIA)).roles
    assert Role.OPERATOR in (await roles.actor(TEAM, NADIA, fresh=True)).roles


async def test_a_role_that_was_taken_away_ends_within_a_minute(roles, slack, time):
    assert Role.OPERATOR in (await roles.actor(TEAM, OMAR)).roles
    await slack.post("control/usergroup", handle="iam-operators", remove=["omar"])

    time.at += KEPT_SECONDS + 1
    assert Role.OPERATOR not in (await roles.actor(TEAM, OMAR)).roles


@pytest.mark.parametrize("method", ["usergroups.list", "users.info"])
async def test_when_slack_cannot_be_asked_nobody_is_let_through_on_an_old_answer(roles, slack, time, method):
    await roles.actor(TEAM, OMAR)
    await slack.fault(method, error="internal_error", times=5)
    time.at += KEPT_SECONDS + 1

    with pytest.raises(SlackProblem, match="Nothing was done"):
        await roles.actor(TEAM, OMAR, fresh=True)


async def test_a_group_that_does_not_exist_gives_nobody_a_role(slack):
    roles = Roles(slack.client(), {Role.VIEWER: ("@nobody-made-this",)}, team_id=TEAM)

    assert (await roles.actor(TEAM, NADIA)).roles == frozenset()


async def test_whom_to_ask_names_the_group_and_never_a_person(roles):
    assert roles.whom_to_ask(Role.OPERATOR) == "@IAM-Operators"
    assert INES not in roles.whom_to_ask(Role.APPROVER)
