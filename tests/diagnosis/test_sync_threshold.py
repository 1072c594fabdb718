"""Symptom 3 in the worlds of the guide (troubleshooting 2.3 and 6, S12 to S18)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.diagnosis.job_run import examine_run
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms import sync_threshold
from bot.model.change import Operation, Progress, RowChange, TableMapping
from bot.model.file import AgentFile, FileVersion, Folder
from bot.model.finding import ActionKind, Certainty
from bot.model.ids import ResourceId
from bot.model.job import Limits, RunState, TaskKind, TaskRun
from bot.model.value import ResourceVersion
from tests.diagnosis.fakes import HR, NOW, FakeNim, ago, connector, job, run, task, task_run

SITE = Site(owners={"HR": "#hr-feeds"})
START = ago(hours=8)
CONNECTOR_LIMITS = Limits(100, 100, 100, 5, 5, 5, 1000, 1000, 5, 5)


def change(operation: Operation, key: str, resource: str = "", **values: str | None) -> RowChange:
    return RowChange("HR_Person", operation, key, resource, values)


def world(
    changes: list[RowChange], stored: int, *, rows: int | None = None, before: int | None = None, page: int = 1000
) -> FakeNim:
    nim = FakeNim(page_size=page)
    nim.all_connectors = [connector(HR, "HR", limits=CONNECTOR_LIMITS, sync_blocked=True)]
    nim.with_job(
        job("1001", "HR_Synchronization_Complete"),
        task("201", "Export_HR", TaskKind.EXPORT, HR),
        task("203", "Synchronize_HR", TaskKind.SYNCHRONIZE, HR),
    )
    nim.all_runs = [run("48213", "1001", RunState.BLOCKED, start=START, minutes=None)]
    nim.all_task_runs = [
        task_run(
            "7",
            TaskKind.SYNCHRONIZE,
            RunState.BLOCKED,
            run_id="48213",
            start=START,
            connector_id=HR,
            task_id="203",
            name="Synchronize_HR",
        )
    ]
    nim.tables = [(TableMapping("50", "HR_Person", HR, "hr_people", stored), Limits())]
    nim.changes = {("HR_Person", "48213"): changes}
    counts = {kind: sum(1 for one in changes if one.operation is kind) for kind in Operation}
    nim.progresses = {"7": Progress(counts[Operation.INSERT], counts[Operation.UPDATE], counts[Operation.DELETE])}
    if rows is not None:
        nim.listing = {
            Folder.EXPORT_OUTPUT: [
                AgentFile(
                    "hr_people.csv",
                    Folder.EXPORT_OUTPUT,
                    1900,
                    START,
                    rows=rows,
                    header="EmployeeId;Name",
                    previous=FileVersion(712_400, rows=before, header="EmployeeId;Name"),
                )
            ]
        }
    return nim


async def ask(nim: FakeNim):
    return await examine_run(nim, nim.all_runs[0], SITE, NOW)


def offer(found, action: ActionKind):
    return next(one for one in found.offers if one.action is action)


def blank(*, rows: int | None = 16) -> FakeNim:
    return world([change(Operation.DELETE, str(10000 + i), str(i)) for i in range(4796)], 4812, rows=rows, before=4811)


async def test_3a_a_blank_file_is_confirmed_by_its_rows():
    found = await ask(blank())
    assert (found.symptom, found.cause, found.certainty) == (3, "3a", Certainty.CONFIRMED)
    assert found.title == "HR sync stopped: it would delete 4,796 of 4,812 rows: the file is blank or cut…"
    assert not offer(found, ActionKind.RESUME).allowed
    assert offer(found, ActionKind.RELAUNCH_COMPLETE).allowed
    assert found.next.startswith("The HR team (#hr-feeds) delivers the file again")
    assert found.ruled_out[0].row == "3e"


async def test_3a_names_every_exceeded_threshold_worst_first():
    facts = [fact.value for fact in (await ask(blank())).evidence if fact.label == "Threshold"]
    assert facts == [
        "connector HR: 4,796 deleted, limit 100 (over by 4,696)",
        "connector HR: 99.6 % deleted, limit 5 %",
    ]


async def test_3a_is_only_likely_without_the_file():
    nim = blank(rows=None)
    assert (await ask(nim)).certainty is Certainty.LIKELY


async def test_3a_a_file_that_was_delivered_again_since_is_not_what_the_run_has_read():
    nim = blank(rows=4811)
    (file,) = nim.listing[Folder.EXPORT_OUTPUT]
    again = replace(file, modified_at=START + timedelta(hours=4), previous=FileVersion(1900, rows=16))
    nim.listing = {Folder.EXPORT_OUTPUT: [again]}
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("3a", Certainty.LIKELY)
    assert found.text.startswith("The file holds 16 rows")
    assert found.next.startswith("The file has been delivered again since: relaunch in complete mode")
    assert any(fact.label == "File written since" for fact in found.evidence)


async def test_3a_by_a_page_alone_is_never_certain():
    nim = blank()
    nim.companion = False
    found = await ask(nim)
    assert found.certainty.rank < Certainty.CONFIRMED.rank
    assert not found.tables[0].exact


def cut(gone: range, *, kept: int = 900, lines: int = 500) -> FakeNim:
    """The rows of `gone` are missing; the file holds fewer rows than before."""
    nim = world([change(Operation.DELETE, str(10000 + i), str(i)) for i in gone], kept, rows=lines, before=kept)
    nim.versions = rows(kept, EmployeeId=lambda i: str(10000 + i))
    nim.property_names = {"HR_Person": ["EmployeeId"]}
    return nim


async def test_3a_a_file_that_lost_its_end_is_possibly_cut_off():
    found = await ask(cut(range(500, 900)))
    assert (found.cause, found.certainty) == ("3a", Certainty.POSSIBLE)
    assert "the file is cut off" in found.title
    assert not offer(found, ActionKind.RESUME).allowed


async def test_3a_rows_that_are_missing_here_and_there_are_no_cut_file():
    found = await ask(cut(range(0, 900, 2)))
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)


async def test_3b_rows_that_were_rejected_for_their_key_look_deleted():
    nim = world([change(Operation.DELETE, str(i), str(i)) for i in range(200)], 2400, rows=2400, before=2400)
    file = nim.listing[Folder.EXPORT_OUTPUT][0]
    nim.listing = {Folder.EXPORT_OUTPUT: [replace(file, null_key_rows=200)]}
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("3b", Certainty.LIKELY)
    assert "200 rows of its file were rejected" in found.text
    assert not offer(found, ActionKind.RESUME).allowed


def links_only(*, gone: int = 900) -> FakeNim:
    nim = world([], 4812)
    nim.progresses = {"7": Progress(0, 0, 0, 0, gone)}
    return nim


async def test_3b_links_that_would_be_lost_while_the_rows_stay():
    found = await ask(links_only())
    assert (found.cause, found.certainty) == ("3b", Certainty.LIKELY)
    assert found.title == "HR sync stopped: it would remove 900 links and hardly a row"
    assert not offer(found, ActionKind.RESUME).allowed


async def test_3b_links_that_follow_deleted_rows_are_not_the_matter():
    nim = blank()
    nim.tables.append((TableMapping("49", "HR_Organization", HR, "hr_orgs", 6000), Limits()))
    nim.changes[("HR_Organization", "48213")] = []
    nim.progresses = {"7": Progress(0, 0, 4796, 0, 9341)}
    found = await ask(nim)
    assert found.cause == "3a"
    assert not any("links" in remark.why for remark in found.contributing)


async def test_what_is_only_partly_seen_has_no_row_and_says_so():
    nim = world(
        [
            change(Operation.UPDATE, str(i), str(i), Organization=f"N{i % 9}", CostCentre=f"C{i % 9}")
            for i in range(900)
        ],
        2400,
        page=200,
    )
    nim.versions = rows(900, Organization=lambda i: f"O{i % 9}", CostCentre=lambda i: f"B{i % 9}")
    nim.companion = False
    found = await ask(nim)
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)
    assert "Not all changes could be read" in found.text
    assert any("at least 200 updated" in fact.value for fact in found.evidence if fact.label == "Threshold")


async def test_a_place_is_named_only_where_nearly_all_rows_share_it():
    nim = world([change(Operation.DELETE, str(i), str(i)) for i in range(60)], 980)
    nim.versions = rows(980, Site=lambda i: ("Lyon", "Paris", "Nice")[i % 3], EndDate="2031-12-31")
    nim.property_names = {"HR_Person": ["EmployeeId", "Site", "EndDate"]}
    assert not any(fact.label == "Common place" for fact in (await ask(nim)).evidence)


async def test_a_table_without_changes_is_counted_exactly():
    nim = world([change(Operation.DELETE, str(i), str(i)) for i in range(1500)], 4812)
    nim.tables.append((TableMapping("49", "HR_Organization", HR, "hr_orgs", 60), Limits()))
    nim.changes[("HR_Organization", "48213")] = []
    assert next(one for one in (await ask(nim)).tables if one.name == "HR_Organization").exact


def rows(count: int, **values) -> list[ResourceVersion]:
    return [
        ResourceVersion(
            ResourceId(str(i)), "HR_Person", f"P{i}", {k: (v(i) if callable(v) else v) for k, v in values.items()}
        )
        for i in range(count)
    ]


async def test_3b_swapped_columns_are_confirmed_by_samples():
    nim = world(
        [change(Operation.UPDATE, str(i), str(i), FirstName=f"Last{i}", LastName=f"First{i}") for i in range(900)], 910
    )
    nim.versions = rows(900, FirstName=lambda i: f"First{i}", LastName=lambda i: f"Last{i}")
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("3b", Certainty.CONFIRMED)
    assert "two columns are exchanged" in found.title
    assert not offer(found, ActionKind.RESUME).allowed


async def test_3b_another_date_format_is_confirmed_by_samples():
    nim = world(
        [change(Operation.UPDATE, str(i), str(i), StartDate="2026-04-03", EndDate="2026-12-31") for i in range(900)],
        910,
    )
    nim.versions = rows(900, StartDate="03/04/2026", EndDate="31/12/2026")
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("3b", Certainty.CONFIRMED)
    assert "the date format changed" in found.title


async def test_3b_keys_that_lost_their_zeros_are_confirmed_by_pairs():
    deleted = [change(Operation.DELETE, f"{i:06d}", str(i)) for i in range(1, 480)]
    inserted = [change(Operation.INSERT, str(i)) for i in range(1, 480)]
    found = await ask(world(deleted + inserted, 490))
    assert (found.cause, found.certainty) == ("3b", Certainty.CONFIRMED)
    assert "ownership" in found.text


async def test_3c_a_site_that_left_the_export():
    nim = world([change(Operation.DELETE, str(i), str(i)) for i in range(60)], 980)
    nim.versions = rows(980, Site=lambda i: "Lyon" if i < 60 else "Paris" if i % 2 else "Nice")
    nim.property_names = {"HR_Person": ["EmployeeId", "Site", "EndDate"]}
    found = await ask(nim)
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)
    nim.versions = rows(980, Site=lambda i: "Lyon" if i < 60 else "Paris" if i % 2 else "Nice", EndDate="2031-12-31")
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("3c", Certainty.LIKELY)
    assert any(fact.value == "Site=Lyon" for fact in found.evidence)
    assert not offer(found, ActionKind.RESUME).allowed


async def test_3c_is_told_by_its_deletions_among_more_updates():
    nim = world(
        [change(Operation.DELETE, str(i), str(i)) for i in range(60)]
        + [change(Operation.UPDATE, str(i), str(i), Title=f"T{i}") for i in range(100, 400)],
        980,
    )
    nim.versions = rows(980, Site=lambda i: "Lyon" if i < 60 else "Paris" if i % 2 else "Nice", EndDate="2031-12-31")
    nim.property_names = {"HR_Person": ["EmployeeId", "Site", "EndDate", "Title"]}
    found = await ask(nim)
    assert found.cause == "3c"
    assert "it would delete 60 of 980 rows" in found.title


async def test_3d_a_first_synchronization_may_be_resumed():
    found = await ask(world([change(Operation.INSERT, str(i)) for i in range(300)], 0))
    assert (found.cause, found.certainty) == ("3d", Certainty.CONFIRMED)
    assert offer(found, ActionKind.RESUME).allowed
    assert not offer(found, ActionKind.RELAUNCH_COMPLETE).allowed


async def test_3e_a_reorganisation_is_only_possible():
    nim = world(
        [
            change(
                Operation.UPDATE,
                str(i),
                str(i),
                Organization=f"New{i % 12}",
                CostCentre=f"C{i % 12}",
                ManagerId=f"M{i % 12}",
            )
            for i in range(400)
        ],
        980,
    )
    nim.versions = rows(
        980, Organization=lambda i: f"Old{i % 12}", CostCentre=lambda i: f"B{i % 12}", ManagerId=lambda i: f"L{i % 12}"
    )
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("3e", Certainty.POSSIBLE)
    assert offer(found, ActionKind.RESUME).allowed


async def test_3f_a_small_table_with_a_tight_percentage():
    found = await ask(world([change(Operation.UPDATE, str(i), str(i), Title=f"T{i}") for i in range(11)], 180))
    assert (found.cause, found.certainty) == ("3f", Certainty.CONFIRMED)


def catching_up(*, days: int = 10, idle: float = 3, counters: bool = True) -> FakeNim:
    """Some sixty changes each day; then nothing was synchronized for days, and 170 come at once."""
    nim = world([change(Operation.UPDATE, str(i), str(i), Title=f"T{i}") for i in range(170)], 4812)
    nim.all_task_runs += [
        synchronized(f"h{day}", ago(days=idle + day, hours=8), Progress(3, 55, 2) if counters else None)
        for day in range(days)
    ]
    return nim


def synchronized(run_id: str, start: datetime, progress: Progress | None = None, **more) -> TaskRun:
    return task_run(
        run_id,
        TaskKind.SYNCHRONIZE,
        run_id=run_id,
        start=start,
        connector_id=HR,
        task_id="203",
        progress=progress,
        **more,
    )


async def test_3g_the_changes_of_days_of_standstill_come_at_once():
    found = await ask(catching_up())
    assert (found.cause, found.certainty) == ("3g", Certainty.LIKELY)
    assert offer(found, ActionKind.RESUME).allowed
    told = next(fact for fact in found.evidence if fact.label == "Usual day")
    assert told.value == "60 changes (middle of 9 days); none was applied for 2 days"


@pytest.mark.parametrize(
    "nim",
    [
        pytest.param(catching_up(counters=False), id="counters are not shown"),
        pytest.param(catching_up(days=4), id="too few days are seen"),
        pytest.param(catching_up(idle=1), id="it did not stand still"),
    ],
)
async def test_3g_is_not_told_without_its_measures(nim):
    found = await ask(nim)
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)
    assert not offer(found, ActionKind.RESUME).allowed


async def test_3g_a_mass_of_deletions_is_no_backlog():
    nim = catching_up()
    nim.changes = {
        ("HR_Person", "48213"): [change(Operation.DELETE, str(i), str(i)) for i in range(120)],
    }
    nim.progresses = {"7": Progress(0, 0, 120)}
    assert (await ask(nim)).cause is None


async def test_3g_counters_cost_no_further_request():
    with_past, without = catching_up(), world([change(Operation.UPDATE, "1", "1", Title="T")], 4812)
    await ask(with_past)
    await ask(without)
    assert sorted(with_past.made) == sorted(without.made)


ALL_GONE = Progress(0, 0, 4796)


def resumed(nim: FakeNim, *, hours: float = 2, progress: Progress | None = ALL_GONE) -> FakeNim:
    """Somebody went on past the threshold in a run of its own; the list of changes is gone with it."""
    start = START + timedelta(hours=hours)
    nim.all_runs.insert(0, run("48225", "1001", start=start, started_by="Karim Admin"))
    nim.all_task_runs.append(synchronized("48225", start, progress, is_validation=True))
    nim.changes = {}
    nim.tables = [(TableMapping("50", "HR_Person", HR, "hr_people", 16), Limits())]
    return nim


async def test_5_19_a_block_that_was_resumed_is_told_with_who_and_what_it_did():
    nim = resumed(blank())
    for one in nim.all_runs:
        found = await examine_run(nim, one, SITE, NOW)
        assert (found.symptom, found.cause, found.certainty) == (3, "3a", Certainty.LIKELY), one.id
        assert found.title == "HR: a resume past the threshold has deleted 4,796 rows"
        assert "no longer blocked" in found.text
        assert [remark.row for remark in found.contributing] == ["5.19", "7a"]
        assert "approver resumes it" in found.next
        assert {one.action for one in found.offers} == {ActionKind.RELAUNCH_COMPLETE}
        who = next(fact for fact in found.evidence if fact.label == "Resumed")
        assert (who.value, who.source) == ("by Karim Admin", "job run 48225")
        public = found.without_names()
        assert not any("Karim" in f"{fact.value}{public.text}{public.title}" for fact in public.evidence)


async def test_5_19_a_resume_that_is_under_way_is_told():
    nim = blank()
    nim.all_task_runs.append(
        task_run(
            "9",
            TaskKind.SYNCHRONIZE,
            RunState.RUNNING,
            run_id="48225",
            start=ago(minutes=1),
            seconds=None,
            connector_id=HR,
            task_id="203",
            is_validation=True,
        )
    )
    found = await ask(nim)
    assert found.text.startswith("Somebody is resuming it: run 48225 is in progress since 2026-03-03 09:59 UTC.")
    assert not any(one.allowed for one in found.offers)


async def test_5_19_costs_no_request_more_than_a_block_does():
    nim = resumed(blank())
    await examine_run(nim, nim.all_runs[1], SITE, NOW)
    assert len([one for one in nim.made if one not in {"progress", "agent_files"}]) <= 6


async def test_5_19_a_resume_of_ordinary_changes_is_settled():
    nim = resumed(world([], 4812), progress=Progress(3, 140, 2))
    nim.tables = [(TableMapping("50", "HR_Person", HR, "hr_people", 4813), Limits())]
    found = await examine_run(nim, nim.all_runs[1], SITE, NOW)
    assert (found.cause, found.certainty, found.offers) == ("3h", Certainty.CONFIRMED, ())
    assert found.title == "HR was blocked by a threshold, and somebody has resumed it"
    assert "140 updated" in found.text


async def test_5_19_what_a_resume_applied_is_not_called_harmless_where_it_is_not_shown():
    nim = resumed(blank(), progress=None)
    found = await examine_run(nim, nim.all_runs[1], SITE, NOW)
    assert (found.cause, found.certainty, found.offers) == (None, Certainty.UNKNOWN, ())
    assert "not shown" in found.text
    assert any(one.what == "the counters of the task" for one in found.missing)


async def test_5_19_the_companion_may_show_what_a_resume_applied():
    nim = resumed(blank(), progress=None)
    nim.progresses["48225"] = ALL_GONE
    found = await examine_run(nim, nim.all_runs[1], SITE, NOW)
    assert (found.cause, found.certainty) == ("3a", Certainty.LIKELY)


async def test_5_19_half_of_the_rows_deleted_is_only_possibly_a_cut_file():
    nim = resumed(world([], 4812), progress=Progress(0, 0, 2000))
    nim.tables = [(TableMapping("50", "HR_Person", HR, "hr_people", 2812), Limits())]
    found = await examine_run(nim, nim.all_runs[1], SITE, NOW)
    assert (found.cause, found.certainty) == ("3a", Certainty.POSSIBLE)


async def test_5_19_a_resume_that_was_repaired_since_is_settled():
    nim = resumed(blank())
    nim.all_task_runs.append(synchronized("48230", START + timedelta(hours=4), Progress(4795, 0, 0)))
    found = await examine_run(nim, nim.all_runs[1], SITE, NOW)
    assert (found.cause, found.certainty, found.offers) == ("3h", Certainty.LIKELY, ())
    assert "brought the deleted rows back" in found.text


def blocked_again(changes: list[RowChange], stored: int) -> FakeNim:
    """After the wrong resume the next synchronization stops at a threshold of the table that is left."""
    nim = resumed(blank(), hours=-2)
    nim.all_task_runs[0] = task_run(
        "5", TaskKind.SYNCHRONIZE, RunState.BLOCKED, run_id="48200", start=ago(hours=12), connector_id=HR, task_id="203"
    )
    nim.all_task_runs.append(
        task_run(
            "7", TaskKind.SYNCHRONIZE, RunState.BLOCKED, run_id="48213", start=START, connector_id=HR, task_id="203"
        )
    )
    nim.all_runs.sort(key=lambda one: one.id)
    nim.changes = {("HR_Person", "48213"): changes}
    nim.tables = [(TableMapping("50", "HR_Person", HR, "hr_people", stored), Limits())]
    counts = {kind: sum(1 for one in changes if one.operation is kind) for kind in Operation}
    nim.progresses = {"7": Progress(counts[Operation.INSERT], counts[Operation.UPDATE], counts[Operation.DELETE])}
    return nim


async def test_3f_is_not_said_of_a_table_that_a_wrong_resume_has_emptied():
    nim = blocked_again([change(Operation.DELETE, "1", "1"), change(Operation.INSERT, "2")], 16)
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("3a", Certainty.LIKELY)
    assert "is what that left" in found.text
    assert any("48213 is blocked now" in remark.why for remark in found.contributing)
    assert not any(one.action is ActionKind.RESUME for one in found.offers)


async def test_3e_the_rows_that_a_wrong_resume_has_deleted_come_back():
    found = await ask(blocked_again([change(Operation.INSERT, str(i)) for i in range(4790)], 16))
    assert (found.cause, found.certainty) == ("3e", Certainty.POSSIBLE)
    assert "they come back" in found.text
    assert offer(found, ActionKind.RESUME).allowed


async def test_3h_a_complete_run_since_makes_it_obsolete():
    nim = blank()
    nim.all_task_runs.append(
        task_run(
            "9", TaskKind.SYNCHRONIZE, run_id="48220", start=START + timedelta(hours=2), connector_id=HR, task_id="203"
        )
    )
    found = await ask(nim)
    assert (found.cause, found.certainty, found.offers) == ("3h", Certainty.CONFIRMED, ())


async def test_changes_that_cannot_be_read_are_never_resumed_from_here():
    nim = blank()
    nim.companion = False
    nim.denied = {"row_changes"}
    found = await ask(nim)
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)
    assert "cannot be judged" in offer(found, ActionKind.RESUME).why_not


async def test_counts_without_samples_are_at_most_likely():
    nim = blank()
    nim.denied = {"row_changes"}
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("3a", Certainty.LIKELY)


async def test_a_harmless_table_does_not_hide_a_dangerous_one():
    nim = blank()
    nim.tables.append((TableMapping("49", "HR_Organization", HR, "hr_orgs", 60), Limits()))
    nim.changes[("HR_Organization", "48213")] = [
        RowChange("HR_Organization", Operation.UPDATE, str(i), str(i), {"Name": "x"}) for i in range(5)
    ]
    nim.progresses = {"7": Progress(0, 5, 4796)}
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("3a", Certainty.CONFIRMED)
    assert found.contributing


async def test_it_is_found_by_its_connector_too():
    nim = blank()
    evidence = await sync_threshold.gather(nim, Subject(connector_id=HR), SITE, NOW)
    assert sync_threshold.diagnose(evidence, NOW).cause == "3a"


@pytest.mark.parametrize("count", [10, 4796])
async def test_requests_do_not_depend_on_the_number_of_changes(count):
    nim = world([change(Operation.DELETE, str(i), str(i)) for i in range(count)], 4812)
    await ask(nim)
    assert len([one for one in nim.made if one not in {"progress", "agent_files"}]) <= 6


async def test_public_texts_hold_no_rows():
    found = await ask(blank())
    assert any(fact.label == "Sample" for fact in found.evidence)
    assert not any(fact.label == "Sample" for fact in found.without_names().evidence)
