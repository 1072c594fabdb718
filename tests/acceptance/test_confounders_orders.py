"""Blocked and errored orders with a second circumstance (troubleshooting 5), from the wire to the finding.

What is expected then is the confounder's answer, and not the cause that the world was made for.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.desk.contract import as_object
from tests.acceptance.asking import NAMES, OPERATOR, World, allowed, label_of, world_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]
LOCKED = "the target refused the service account's logon"


def in_world(name: str) -> Any:
    """Each world's tests go to one worker: it is made once for each."""
    return pytest.mark.parametrize("world", [pytest.param(name, marks=pytest.mark.xdist_group(name))], indirect=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(request: pytest.FixtureRequest) -> AsyncIterator[tuple[World, str]]:
    short, _, confounder = str(request.param).partition("+")
    name = next(one for one in NAMES if one.startswith(f"{short}-"))
    async with world_of(f"{name}+{confounder}") as made:
        yield made, str(label_of(name)["ask"])


async def asked(world: tuple[World, str], *others: str, companion: bool = True) -> list[dict[str, Any]]:
    """The answers to the world's own question, then to the others."""
    made, question = world
    async with made.desk(companion=companion) as desk:
        return [as_object(await desk.hear(OPERATOR, words)) for words in (question, *others)]


def found(answer: dict[str, Any]) -> tuple[int | None, str | None, str]:
    return answer["symptom"], answer["cause"], answer["certainty"]


def why_not(answer: dict[str, Any], action: str) -> str:
    offers = [*answer["offers"], *(offer for group in answer["groups"] for offer in group["offers"])]
    return next(str(offer["why_not"]) for offer in offers if offer["action"] == action)


def link(answer: dict[str, Any], name: str) -> tuple[str, str]:
    return next((one["mark"], one["text"]) for one in answer["chain"] if one["name"] == name)


@in_world("s24+already_fixed")
async def test_what_was_repaired_and_sent_again_is_resolved_and_offers_nothing(world):
    first, listed = await asked(world, "orders errored")
    for answer in (first, listed):
        assert found(answer) == (5, None, "confirmed")
        assert answer["title"].startswith("Resolved at ")
        assert "went well" in answer["text"]
        assert not allowed(answer)


@in_world("s24+two_faults")
async def test_a_locked_account_is_a_second_cause_that_is_repaired_first(world):
    first, listed, run = await asked(world, "orders errored", "job AD_Provisioning")
    for answer in (first, listed, run):
        assert found(answer) == (5, "5a", "confirmed")
        assert answer["text"].startswith("2 independent causes. ")
        assert LOCKED in answer["contributing"][-1]["why"]
        assert answer["next"].startswith("First: The Active Directory team renews the service account's logon")
        assert LOCKED in why_not(answer, "unblock_one")
        assert not {"unblock_one", "relaunch"} & allowed(answer)


@in_world("s24+two_faults")
async def test_without_the_log_the_second_failure_is_told_and_not_explained(world):
    (answer,) = await asked(world, companion=False)
    assert found(answer) == (5, "5a", "confirmed")
    assert "AD Incremental failed in run" in answer["contributing"][-1]["why"]
    assert LOCKED not in str(answer)
    assert any("log of task" in one["what"] for one in answer["missing"])


@in_world("s24+one_taken")
async def test_an_order_that_somebody_else_took_is_left_out(world):
    (answer,) = await asked(world)
    assert found(answer) == (5, "5a", "confirmed")
    assert answer["groups"][0]["count"] == 149


@in_world("s24+others_gone")
async def test_deletions_that_passed_and_are_gone_speak_for_protected_accounts(world):
    (answer,) = await asked(world)
    assert found(answer) == (5, "5b", "likely")
    assert answer["evidence"][0]["value"].startswith("120 of 150 deletions")
    assert "grants" not in answer["next"]


@in_world("s25+french_released")
async def test_what_a_colleague_sent_on_one_branch_leaves_the_other(world):
    (answer,) = await asked(world)
    assert answer["cause"] == "5a"
    assert answer["groups"][0]["count"] == 60
    assert "the right to delete in OU=Leavers,OU=DE" in answer["next"]


@in_world("s26+container_made")
async def test_a_container_that_exists_now_is_only_to_be_tested(world):
    (answer,) = await asked(world)
    assert found(answer) == (5, "5d", "likely")
    assert answer["next"] == "The container exists now: test with one."


@in_world("s26+values_denied")
async def test_without_the_values_no_container_is_named(world):
    (answer,) = await asked(world)
    assert found(answer) == (5, "5d", "likely")
    assert "OU=" not in answer["title"]
    assert "the values of the orders" in [one["what"] for one in answer["missing"]]


@in_world("s26+account_locked")
async def test_a_locked_account_comes_before_a_missing_container(world):
    (answer,) = await asked(world)
    assert answer["cause"] == "5d"
    assert LOCKED in answer["text"]
    assert answer["next"].startswith("First: The Active Directory team renews")
    assert "unblock_one" not in allowed(answer)


@in_world("s27+synchronized_since")
async def test_what_a_complete_synchronization_did_not_confirm_may_be_tested(world):
    (answer,) = await asked(world)
    assert found(answer) == (5, "5h", "likely")
    assert answer["groups"][0]["count"] == 8
    assert "unblock_one" in allowed(answer)
    assert "relaunch_complete" not in allowed(answer)


@in_world("s29+secret_expired")
async def test_an_expired_secret_stands_before_all_three_groups(world):
    (answer,) = await asked(world)
    assert answer["text"].startswith("4 independent causes. ")
    assert answer["next"].startswith("First: The Entra ID team renews")
    assert "unblock_one" not in allowed(answer)


@in_world("s19+colleague_approved")
async def test_an_order_that_was_approved_meanwhile_is_on_its_way(world):
    (answer,) = await asked(world)
    assert (answer["symptom"], answer["cause"]) == (None, None)
    assert link(answer, "job")[0] == "waiting"
    assert "unblock_one" not in allowed(answer)


@in_world("s19+recomputing")
async def test_while_the_role_model_is_computed_a_blocked_order_is_less_sure(world):
    (answer,) = await asked(world)
    assert found(answer) == (4, "4d", "likely")
    assert "ask again when it has ended" in answer["text"]
    assert "unblock_one" not in allowed(answer)


@in_world("s19+homonym")
async def test_two_people_of_one_name_are_asked_about(world):
    _, named, login = await asked(world, "why is John Doe's AD account blocked?", "why is jdoe's AD account blocked?")
    assert named["kind"] == "choice"
    assert len(named["choices"]) == 2
    assert found(login) == (4, "4d", "confirmed")


@in_world("s20+recomputing")
async def test_while_the_role_model_is_computed_nothing_of_a_list_is_released(world):
    (answer,) = await asked(world)
    assert found(answer) == (4, "4b", "likely")
    assert "unblock_one" not in allowed(answer)


@in_world("s21+earlier_released")
async def test_when_the_earlier_order_was_released_nothing_stands_before_the_later_one(world):
    (answer,) = await asked(world)
    assert answer["cause"] != "4c"
    assert answer["certainty"] in {"possible", "unknown"}


@in_world("s22+approved")
async def test_a_request_that_was_approved_meanwhile_has_an_order(world):
    (answer,) = await asked(world)
    assert answer["symptom"] is None
    assert link(answer, "order")[0] == "ok"
    assert link(answer, "job")[0] == "waiting"


@in_world("s22+declined")
async def test_a_request_that_was_declined_meanwhile_is_told_as_declined(world):
    (answer,) = await asked(world)
    assert (answer["symptom"], answer["certainty"]) == (None, "confirmed")
    assert link(answer, "assignment") == ("broken", "declined")


JOINED = """
[[acts]]
at = "{at}"
do = "hr-join"
group = "newcomer"
count = 1
site = "Lyon"
values = {{ FirstName = "Julie", LastName = "Vernet", ContractType = "Permanent", EndDate = "" }}
"""
WAYS = {
    "HR stands still": (
        """
        [[acts]]
        at = "night-14h"
        do = "schedule"
        running = false
        jobs = ["HR_Synchronization_Complete", "HR_Synchronization_Delta"]
        """,
        ("identity", "broken", "possible"),
    ),
    "the logon expired before the nightly run": (
        """
        [[acts]]
        at = "night-1h"
        do = "credential"
        connector = "AD"
        state = "expired"
        """,
        ("job", "broken", "likely"),
    ),
    "the connector was deactivated": (
        """
        [[acts]]
        at = "night-1h"
        do = "setting"
        of = "Connector"
        name = "AD"
        values = { IsDeactivated = true }
        """,
        ("job", "broken", "confirmed"),
    ),
    "the type asks for a review": (
        """
        [resource_types.AD_Entry_NominativeUser]
        BlockProvisioning = true
        """,
        ("order", "broken", "confirmed"),
    ),
    "somebody made the account by hand": (
        """
        [[acts]]
        at = "night-11h"
        do = "ad-create"
        people = "newcomer"
        """,
        ("job", "broken", "likely"),
    ),
    "the type is not created automatically": (
        """
        [resource_types.AD_Entry_NominativeUser]
        AllowAdd = false
        """,
        ("order", "broken", "likely"),
    ),
    "the account is there and its synchronization fails": (
        """
        [[acts]]
        at = "night+11m"
        do = "credential"
        connector = "AD"
        state = "expired"
        """,
        ("account", "broken", "likely"),
    ),
}
"""What happens to a newcomer of the evening before, and where the way to the account stops then, how sure."""


@pytest.mark.parametrize("what", WAYS)
async def test_the_way_to_an_account_stops_at_its_first_broken_link(tmp_path: Path, what: str):
    told, expected = WAYS[what]
    path = tmp_path / "way.toml"
    lines = "\n".join(line.strip() for line in told.splitlines())
    path.write_text(
        f'people = 400\n[time]\nclock = "10:07"\nhistory_days = 1\n{JOINED.format(at="night-12h")}{lines}\n'
    )

    async with world_of(path) as made:
        answer = await made.asked("why has Julie Vernet no AD account")

    stopped = next(one for one in answer["chain"] if one["mark"] in {"broken", "waiting"})
    assert (stopped["name"], stopped["mark"], answer["certainty"]) == expected, answer
    behind = [one["mark"] for one in answer["chain"][answer["chain"].index(stopped) + 1 :]]
    assert set(behind) <= {"not reached"}


async def test_somebody_who_joined_this_morning_waits_for_the_next_run(tmp_path: Path):
    path = tmp_path / "way.toml"
    path.write_text(f'people = 400\n[time]\nclock = "10:07"\nhistory_days = 1\n{JOINED.format(at="now-1h")}')

    async with world_of(path) as made:
        answer = await made.asked("pourquoi Julie Vernet n'a pas de compte AD ?")

    assert answer["certainty"] == "confirmed"
    assert link(answer, "job") == (
        "waiting",
        "next run: AD Provisioning, " + answer["outlook"]["next_at"][:10] + " 02:10 UTC",
    )
