"""Symptom 2, row by row of the decision table (troubleshooting 2.2)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms import missing_data
from bot.model.change import Progress, TableMapping
from bot.model.file import AgentFile, Folder
from bot.model.finding import ActionKind, Certainty
from bot.model.ids import ResourceId
from bot.model.job import Limits, RunState, TaskKind
from bot.model.value import ResourceVersion
from tests.diagnosis.fakes import HR, NOW, FakeNim, ago, connector, job, run, task, task_run

SITE = Site()


def world(*, incremental: float = 5 / 60, complete: float = 7, rows: int | None = 4812, stored: int = 4812) -> FakeNim:
    """HR with an incremental job every 15 minutes and a complete one at 03:00; ages in hours."""
    nim = FakeNim()
    nim.all_connectors = [connector(HR, "HR", sync_blocked=False, limits=Limits(100, 100, 100, 5, 5, 5))]
    nim.with_job(
        job("1002", "HR_Delta", is_incremental=True, cron="*/15 * * * *"),
        task("211", "Export_HR_Delta", TaskKind.EXPORT, HR),
        task("213", "Sync_HR_Delta", TaskKind.SYNCHRONIZE, HR),
    )
    nim.with_job(
        job("1001", "HR_Complete", cron="0 3 * * *"),
        task("201", "Export_HR", TaskKind.EXPORT, HR),
        task("203", "Sync_HR", TaskKind.SYNCHRONIZE, HR),
    )
    nim.all_task_runs = [
        task_run(
            "1",
            TaskKind.EXPORT,
            run_id="48201",
            start=ago(hours=incremental, minutes=2),
            connector_id=HR,
            task_id="211",
        ),
        task_run(
            "2",
            TaskKind.SYNCHRONIZE,
            run_id="48201",
            start=ago(hours=incremental, minutes=1),
            connector_id=HR,
            task_id="213",
        ),
        task_run("3", TaskKind.SYNCHRONIZE, run_id="48190", start=ago(hours=complete), connector_id=HR, task_id="203"),
    ]
    nim.all_runs = [run("48190", "1001", start=ago(hours=complete))]
    nim.tables = [(TableMapping("50", "HR_Person", HR, "hr_people", stored), Limits())]
    nim.listing = {
        Folder.EXPORT_OUTPUT: [
            AgentFile(
                "hr_people.csv",
                Folder.EXPORT_OUTPUT,
                700_000,
                ago(minutes=6),
                rows=rows,
                null_key_rows=0,
                duplicate_key_rows=0,
            )
        ]
    }
    return nim


async def ask(nim: FakeNim, **more):
    subject = Subject(connector_id=HR, **more)
    return missing_data.diagnose(await missing_data.gather(nim, subject, SITE, NOW), NOW)


KEY = {"key": "30412", "entity_type": "HR_Person", "property_name": "EmployeeId"}


def relaunch(found):
    return next(one for one in found.offers if one.action is ActionKind.RELAUNCH_COMPLETE)


async def test_2a_a_blocked_connector_is_skipped():
    nim = world()
    nim.all_connectors = [connector(HR, "HR", sync_blocked=True)]
    found = await ask(nim)
    assert (found.symptom, found.cause, found.certainty) == (2, "2a", Certainty.CONFIRMED)
    assert not relaunch(found).allowed


async def test_2b_the_exports_fail_in_a_row():
    nim = world()
    nim.all_task_runs += [
        task_run(
            f"9{i}",
            TaskKind.EXPORT,
            RunState.ERRORED,
            run_id=f"4830{i}",
            start=ago(minutes=i),
            connector_id=HR,
            task_id="211",
        )
        for i in range(1, 4)
    ]
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("2b", Certainty.CONFIRMED)
    assert found.text.startswith("3 exports in a row failed")


@pytest.mark.parametrize("state", [{"deactivated": True}, {"incremental_use": 1, "complete_use": 3}])
async def test_2c_not_synchronized_by_design(state):
    nim = world()
    nim.all_connectors = [connector(HR, "HR", sync_blocked=False, **state)]
    assert ((await ask(nim)).cause) == "2c"


async def test_2d_scheduled_runs_have_stopped():
    found = await ask(world(incremental=3.75))
    assert (found.cause, found.certainty) == ("2d", Certainty.LIKELY)
    assert not relaunch(found).allowed


async def test_2d_not_while_a_run_is_in_progress():
    nim = world(incremental=3.75)
    nim.all_task_runs.append(
        task_run(
            "9",
            TaskKind.EXPORT,
            RunState.RUNNING,
            run_id="48300",
            start=ago(minutes=1),
            seconds=None,
            connector_id=HR,
            task_id="211",
        )
    )
    found = await ask(nim)
    assert found.cause is None
    assert "48300" in relaunch(found).why_not


async def test_2d_is_measured_against_the_configured_rhythm():
    nim = world(incremental=2)
    nim.all_jobs[0] = replace(nim.all_jobs[0], cron="0 * * * *")
    found = await ask(nim)
    assert found.cause != "2d"
    assert any("recommended" in one.why for one in found.contributing)


async def test_2e_the_complete_run_is_overdue_and_rows_differ():
    nim = world(complete=31, rows=4829)
    nim.all_runs.append(run("48199", "1001", RunState.CANCELLED, start=ago(hours=7)))
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("2e", Certainty.LIKELY)
    assert "48199 was cancelled" in found.text
    assert relaunch(found).allowed
    assert {one.row for one in found.ruled_out} == {"2a", "2b"}
    assert found.outlook is not None
    assert found.outlook.heals


async def test_2e_is_only_possible_without_the_files():
    nim = world(complete=31, rows=4829)
    nim.companion = False
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("2e", Certainty.POSSIBLE)
    assert relaunch(found).allowed


async def test_2e_is_not_told_when_the_counts_agree():
    assert ((await ask(world(complete=31))).cause) == "2m"


async def test_2e_announces_that_the_run_will_stop_at_a_threshold():
    found = await ask(world(complete=31, rows=5012))
    assert "will stop at a threshold" in relaunch(found).label


async def test_2e_is_not_relaunched_on_a_file_that_is_cut():
    found = await ask(world(complete=31, rows=1000))
    assert "holds 1,000 rows" in relaunch(found).why_not


async def test_2f_a_restore_is_known_by_the_askers_word_only():
    found = await ask(world(), told="incremental does not pick up new servers since the restore")
    assert (found.cause, found.certainty) == ("2f", Certainty.LIKELY)
    assert relaunch(found).allowed


async def test_2g_a_rejected_row_is_not_helped_by_a_complete_run():
    nim = world()
    nim.listing[Folder.COLLECT] = [
        AgentFile("hr_people.nullpk.csv", Folder.COLLECT, 10, ago(hours=7), rejected_keys=("30412",))
    ]
    found = await ask(nim, **KEY)
    assert (found.cause, found.certainty) == ("2g", Certainty.CONFIRMED)
    assert not relaunch(found).allowed


async def test_what_is_not_stored_is_unknown_without_the_files():
    nim = world()
    nim.companion = False
    found = await ask(nim, **KEY)
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)
    assert "30412 is not stored" in found.text


async def test_2h_neither_stored_nor_rejected_after_a_complete_run():
    found = await ask(world(), **KEY)
    assert (found.cause, found.certainty) == ("2h", Certainty.POSSIBLE)


@pytest.mark.parametrize(
    ("computed", "certainty"), [(3, Certainty.CONFIRMED), (0.01, Certainty.POSSIBLE), (None, Certainty.LIKELY)]
)
async def test_2i_the_object_is_there_and_a_later_computation_is_missing(computed, certainty):
    nim = world()
    nim.versions = [ResourceVersion(ResourceId("5"), "HR_Person", "Leroy", {"EmployeeId": "30412"})]
    if computed:
        nim.all_task_runs.append(
            task_run("8", TaskKind.ROLE_MODEL, run_id="48203", start=ago(hours=computed), seconds=10, connector_id=None)
        )
    found = await ask(nim, **KEY)
    assert (found.cause, found.certainty) == ("2i", certainty)
    assert ("may be missing" in found.title) == ("would repair" in found.outlook.text) == (computed == 0.01)
    assert relaunch(found).allowed


def removed(*, deleted: int | None = 1, runs: int = 1) -> FakeNim:
    """30412 was stored until three hours ago; a synchronization has run then."""
    nim = world()
    nim.versions = [
        ResourceVersion(
            ResourceId("5"), "HR_Person", "Leroy", {"EmployeeId": "30412"}, valid_to=ago(hours=2, minutes=59)
        )
    ]
    nim.all_task_runs += [
        task_run(
            f"7{number}",
            TaskKind.SYNCHRONIZE,
            run_id=f"4819{number}",
            start=ago(hours=3 - number),
            connector_id=HR,
            task_id="213",
            progress=Progress(deleted=deleted) if deleted is not None else None,
        )
        for number in range(runs)
    ]
    return nim


async def test_2l_a_synchronization_removed_it():
    found = await ask(removed(), **KEY)
    assert (found.cause, found.certainty) == ("2l", Certainty.CONFIRMED)
    assert "30412 was stored until run 48190" in found.text
    assert not relaunch(found).allowed


async def test_2l_one_of_several_runs_removed_it():
    found = await ask(removed(runs=2), **KEY)
    assert (found.cause, found.certainty) == ("2l", Certainty.CONFIRMED)
    assert "one of 2 runs" in found.text


async def test_2l_without_counters_the_run_is_not_known():
    found = await ask(removed(deleted=None), **KEY)
    assert (found.cause, found.certainty) == ("2l", Certainty.LIKELY)


async def test_2l_what_was_never_stored_was_not_removed():
    nim = removed()
    nim.versions = []
    assert (await ask(nim, **KEY)).cause == "2h"


@pytest.mark.parametrize("absent", ["jdoe", "GRP_Finance"])
async def test_2j_a_link_whose_other_end_is_not_stored_is_dropped(absent):
    nim = world()
    nim.versions = [
        ResourceVersion(ResourceId(str(number)), "AD_Entry", name, {"sAMAccountName": name})
        for number, name in enumerate(("jdoe", "GRP_Finance"))
        if name != absent
    ]
    link = {"key": "jdoe", "other_key": "GRP_Finance", "entity_type": "AD_Entry", "property_name": "sAMAccountName"}
    found = await ask(nim, **link)
    assert (found.cause, found.certainty) == ("2j", Certainty.LIKELY)
    assert f"{absent} is not: a link whose other end is unknown is dropped" in found.text
    assert not relaunch(found).allowed
    assert len([one for one in nim.made if one != "agent_files"]) <= 6


async def test_2j_a_link_between_what_is_stored_was_not_dropped_for_that():
    nim = world()
    nim.versions = [
        ResourceVersion(ResourceId(str(number)), "AD_Entry", name, {"sAMAccountName": name})
        for number, name in enumerate(("jdoe", "GRP_Finance"))
    ]
    link = {"key": "jdoe", "other_key": "GRP_Finance", "entity_type": "AD_Entry", "property_name": "sAMAccountName"}
    assert (await ask(nim, **link)).cause != "2j"


@pytest.mark.parametrize("told", ["HR changed the name 2 minutes ago", "HR has changed it at 9:58"])
async def test_2k_what_changed_after_the_synchronization_began_is_not_due_yet(told):
    found = await ask(world(), told=told)
    assert (found.cause, found.certainty) == ("2k", Certainty.LIKELY)
    assert found.outlook.heals
    assert found.outlook.next_at == NOW + timedelta(minutes=15)


async def test_2k_what_changed_before_it_is_another_matter():
    assert (await ask(world(), told="HR changed the name 20 minutes ago")).cause == "2m"


async def test_2k_does_not_hide_that_the_runs_have_stopped():
    assert (await ask(world(incremental=3.75), told="HR changed the name 2 minutes ago")).cause == "2d"


async def test_2m_everything_is_fresh():
    found = await ask(world())
    assert (found.cause, found.certainty) == ("2m", Certainty.POSSIBLE)
    assert found.title == "HR: data are 5 min old: no fault of the synchronization is seen"


async def test_a_connector_without_a_complete_job_is_remarked():
    nim = world()
    nim.all_jobs = nim.all_jobs[:1]
    assert any("no complete job" in one.why for one in (await ask(nim)).contributing)


async def test_nothing_read_is_unknown():
    nim = world()
    nim.denied = {
        "connector",
        "recent_task_runs",
        "latest_runs",
        "table_limits",
        "connectors",
        "jobs",
        "tasks",
        "steps",
    }
    found = await ask(nim)
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)


async def test_it_costs_at_most_six_requests():
    nim = world()
    await ask(nim, **KEY)
    assert len([one for one in nim.made if one != "agent_files"]) <= 6


async def test_the_age_is_that_of_the_synchronize_task_and_not_of_the_job():
    nim = world(incremental=1)
    found = await ask(nim)
    fact = next(one for one in found.evidence if one.label == "Last incremental")
    assert fact.at == NOW - timedelta(hours=1)
