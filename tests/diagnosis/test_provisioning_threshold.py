"""Symptom 7, row by row of the decision table (troubleshooting 2.7)."""

from dataclasses import replace

import pytest

from bot.diagnosis.job_run import examine_run
from bot.diagnosis.site import Site
from bot.model.assignment import RoleRule
from bot.model.change import Operation, Progress, RowChange
from bot.model.finding import ActionKind, Certainty
from bot.model.ids import ResourceId, ResourceTypeId
from bot.model.job import Limits, RunState, TaskKind
from bot.model.order import ChangeType, OrderProperty, OrderState
from bot.model.value import PropertyRule, ResourceVersion, Source
from tests.diagnosis.fakes import GENERATE, HR, NOW, FakeNim, ago, job, order, resource_type, run, task, task_run

SITE = Site()
START = ago(hours=6)
NOTHING_REMOVED = Progress(0, 3, 0)
AS_MANY_REMOVED = Progress(0, 3, 312)


def world(
    count: int = 312,
    change: ChangeType = ChangeType.DELETE,
    *,
    accounts: int = 940,
    limits: Limits | None = None,
    removed: Progress | None = NOTHING_REMOVED,
) -> FakeNim:
    nim = FakeNim()
    nim.types = [resource_type(limits=limits or Limits(0, 0, 0, 30, 30, 30), assignment_count=accounts)]
    nim.with_job(job("1003", "AD_Provisioning"), task("303", "Sync_AD", TaskKind.SYNCHRONIZE), GENERATE)
    nim.all_runs = [run("48301", "1003", RunState.BLOCKED, start=START, minutes=None)]
    nim.all_task_runs = [
        task_run(
            "7", TaskKind.GENERATE, RunState.BLOCKED, run_id="48301", start=START, task_id="306", name="Generate_AD"
        ),
        task_run("5", TaskKind.GENERATE, run_id="48200", start=ago(hours=30), task_id="306"),
        task_run("4", TaskKind.SYNCHRONIZE, run_id="48250", start=ago(hours=8), connector_id=HR, progress=removed),
    ]
    nim.all_the_orders = [
        order(str(5000 + i), OrderState.PENDING, change, owner_id=ResourceId(str(100 + i)), created_at=ago(hours=7))
        for i in range(count)
    ]
    nim.versions = [ResourceVersion(ResourceId(str(100 + i)), "Directory_User", "x", {}) for i in range(count)]
    nim.all_sources = [Source("HR_Person", ResourceId("5"), "x", "HR_Person_To_Directory_UserRecord", read_at=NOW)]
    return nim


async def ask(nim: FakeNim):
    return await examine_run(nim, nim.all_runs[0], SITE, NOW)


def resume(found):
    return next(one for one in found.offers if one.action is ActionKind.RESUME)


async def test_the_exceeded_threshold_is_told_with_its_share():
    found = await ask(world())
    assert found.symptom == 7
    assert found.evidence[0].value == "AD account: 33.1 % deleted, limit 30 %"
    assert found.tables[0].deleted == 312


async def test_7a_owners_that_are_no_identities_any_more():
    nim = world(removed=AS_MANY_REMOVED)
    nim.versions = nim.versions[:10]
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("7a", Certainty.CONFIRMED)
    assert not resume(found).allowed


async def test_7a_as_many_rows_removed_and_a_sampled_owner_without_a_source():
    nim = world(removed=AS_MANY_REMOVED)
    nim.all_sources = []
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("7a", Certainty.CONFIRMED)


async def test_7a_is_likely_from_the_source_of_one_owner():
    nim = world(removed=None)
    nim.all_sources = [replace(nim.all_sources[0], valid_to=ago(hours=8))]
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("7a", Certainty.LIKELY)


async def test_7a_is_never_told_from_a_page_of_people_that_is_not_all():
    nim = world(removed=AS_MANY_REMOVED)
    nim.versions = nim.versions[:10] + [
        ResourceVersion(ResourceId(str(9000 + i)), "Directory_User", "x", {}) for i in range(1000)
    ]
    assert (await ask(nim)).cause is None


def rule(at) -> RoleRule:
    return RoleRule("88", "resource type rule", "71", "AD account", changed_at=at)


async def test_7b_a_rule_of_the_type_was_changed_since_the_last_good_run():
    nim = world(removed=None)
    nim.all_role_rules = [rule(ago(hours=12))]
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("7b", Certainty.LIKELY)
    assert found.ruled_out[0].row == "7a"
    assert not resume(found).allowed


async def test_7b_a_rule_of_a_role_that_gives_the_type_was_changed():
    nim = world()
    nim.all_role_rules = [
        RoleRule("25001", "resource type rule", "71", "AD account", parent_role_id="8001", changed_at=ago(days=99)),
        RoleRule("88", "single role rule", "8001", "AD account FR", changed_at=ago(hours=12)),
    ]
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("7b", Certainty.LIKELY)
    assert "AD account FR" in found.text


async def test_7b_an_older_change_of_a_rule_explains_nothing():
    nim = world(removed=None)
    nim.all_role_rules = [rule(ago(hours=40))]
    found = await ask(nim)
    assert found.cause is None
    assert [one.row for one in found.ruled_out] == ["7a", "7b"]


@pytest.mark.parametrize(("at", "certainty"), [(ago(hours=12), Certainty.LIKELY), (ago(days=9), Certainty.POSSIBLE)])
async def test_7c_one_value_changes_everywhere(at, certainty):
    nim = world(change=ChangeType.UPDATE)
    nim.values = {one.id: (OrderProperty("mail", "scalar", "x@new.com"),) for one in nim.all_the_orders}
    nim.rules = [PropertyRule("9", "scalar", ResourceTypeId("71"), "mail", changed_at=at)]
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("7c", certainty)


async def test_7d_only_links_change():
    assert ((await ask(world(change=ChangeType.UPDATE))).cause) == "7d"


async def test_7e_accounts_would_be_made_anew():
    nim = world(200)
    nim.all_the_orders += [
        order(
            str(7000 + i),
            OrderState.PENDING,
            ChangeType.CREATE,
            owner_id=ResourceId(str(100 + i)),
            created_at=ago(hours=7),
        )
        for i in range(199)
    ]
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("7e", Certainty.LIKELY)
    assert not resume(found).allowed


async def test_7f_owners_who_have_left():
    nim = world()
    nim.versions = [replace(one, properties={"EndDate": "2026-02-28"}) for one in nim.versions]
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("7f", Certainty.LIKELY)
    assert resume(found).allowed


def moving(*names: str, pairs: int = 4) -> FakeNim:
    """Accounts whose organisational properties change, each along a few pairs of values."""
    nim = world(change=ChangeType.UPDATE)
    nim.values = {
        one.id: tuple(
            OrderProperty(name, "scalar", f"{name} new {number % pairs}", current=f"{name} old {number % pairs}")
            for name in names
        )
        for number, one in enumerate(nim.all_the_orders)
    }
    return nim


async def test_7g_several_organisational_properties_move_together():
    found = await ask(moving("department", "manager", "company"))
    assert (found.cause, found.certainty) == ("7g", Certainty.POSSIBLE)
    assert "announced" in found.text
    assert resume(found).allowed


@pytest.mark.parametrize(("at", "cause"), [(ago(days=9), "7g"), (ago(hours=12), "7c"), (None, "7c")])
async def test_7g_one_property_alone_moves_only_where_its_rule_is_the_old_one(at, cause):
    nim = moving("department")
    nim.rules = [PropertyRule("9", "scalar", ResourceTypeId("71"), "department", changed_at=at)]
    assert (await ask(nim)).cause == cause


async def test_7g_is_not_told_of_one_property_whose_rule_is_not_readable():
    assert (await ask(moving("department"))).cause == "7c"


async def test_what_an_account_holds_as_it_shall_be_does_not_change():
    nim = moving("department", "manager")
    same = OrderProperty("mail", "scalar", "x@contoso.com", current="x@contoso.com", state=OrderState.VERIFIED)
    nim.values = {one: (same, *held) for one, held in nim.values.items()}
    assert (await ask(nim)).cause == "7g"


async def test_7g_is_not_told_where_everybody_moves_somewhere_else():
    assert (await ask(moving("department", "manager", pairs=10_000))).cause == "7c"


async def test_7g_is_not_told_where_other_properties_change_too():
    assert (await ask(moving("department", "manager", "mail"))).cause == "7c"


async def test_7h_a_small_number_and_a_tight_percentage():
    found = await ask(world(3, accounts=9))
    assert (found.cause, found.certainty) == ("7h", Certainty.CONFIRMED)


async def test_7i_a_backlog():
    nim = world(change=ChangeType.UPDATE)
    nim.all_the_orders = [replace(one, created_at=ago(days=5 - i / 80)) for i, one in enumerate(nim.all_the_orders)]
    found = await ask(nim)
    assert "7i" in [found.cause, *(one.row for one in found.contributing)]


@pytest.mark.parametrize(("there", "certainty"), [(True, Certainty.CONFIRMED), (False, Certainty.POSSIBLE)])
async def test_7j_the_target_was_not_synchronized(there, certainty):
    nim = world(260, ChangeType.CREATE, accounts=800)
    nim.all_task_runs.append(task_run("3", TaskKind.EXPORT, RunState.ERRORED, run_id="48240", start=ago(hours=9)))
    nim.values = {one.id: (OrderProperty("sAMAccountName", "scalar", "jdoe"),) for one in nim.all_the_orders}
    if there:
        nim.versions.append(ResourceVersion(ResourceId("1"), "AD_Entry", "Doe", {"sAMAccountName": "jdoe"}))
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("7j", certainty)
    assert not resume(found).allowed


@pytest.mark.parametrize(
    ("held_back", "certainty"), [(50, Certainty.CONFIRMED), (10, Certainty.LIKELY), (0, Certainty.POSSIBLE)]
)
async def test_7j_the_accounts_wait_in_the_blocked_synchronization_of_the_target(held_back, certainty):
    nim = world(260, ChangeType.CREATE, accounts=800)
    blocked = task_run("3", TaskKind.SYNCHRONIZE, RunState.BLOCKED, run_id="48240", start=ago(hours=9))
    nim.all_task_runs.insert(0, blocked)
    nim.values = {
        one.id: (OrderProperty("sAMAccountName", "scalar", f"new{one.id}"),) for one in nim.all_the_orders[:50]
    }
    nim.changes[("AD_Entry", "48240")] = [
        RowChange("AD_Entry", Operation.INSERT, one, values={"sAMAccountName": f"new{one}"})
        for one in list(nim.values)[:held_back]
    ]
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("7j", certainty)
    assert not resume(found).allowed


async def test_orders_that_cannot_be_counted_are_never_forced_from_here():
    nim = world()
    nim.denied = {"orders"}
    found = await ask(nim)
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)
    assert not resume(found).allowed


@pytest.mark.parametrize("removed", [None, NOTHING_REMOVED, Progress(0, 0, 800)])
@pytest.mark.parametrize("change", list(ChangeType))
async def test_it_costs_at_most_six_requests(change, removed):
    nim = world(800, change, removed=removed)
    nim.all_role_rules = [RoleRule("25001", "resource type rule", "71", "AD account", parent_role_id="8001")]
    nim.values = {one.id: (OrderProperty("mail", "scalar", "x"),) for one in nim.all_the_orders}
    await ask(nim)
    assert len(nim.made) <= 6, nim.made
