"""Reads over a real socket: what they ask, how often, and what they make of an installation that shows less."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import NimDenied, NimRejected, NimSurprised, NotExposed, NotUnderstood
from bot.model.ids import ConnectorId, JobRunId, OrderId, ResourceId, ResourceTypeId, TaskRunId
from bot.model.job import RunState, TaskKind
from bot.model.order import OrderState
from bot.nim.capabilities import Part
from bot.nim.environment import NimEnvironment
from tests.nim.stand_in import JOB, listed, replied

RUNS = "/api/Job/JobInstance"
TYPES = "/api/ProvisioningPolicy/ResourceType"
KINDS = "/api/Metadata/EntityType"
ORDERS = "/api/ProvisioningPolicy/AssignedResourceType"
PEOPLE = "/api/Resource/Directory_User"
CONNECTORS = "/api/Connectors/Connector"
TASK = {"Id": "9", "Identifier": "AD_FulfillTask"}
SINCE = datetime(2026, 3, 3, tzinfo=UTC)


def rejects(words, otherwise):
    """400 for a query that names one of the words, as an installation without these fields does."""

    async def answer(request):
        if any(word in request.query.get("squery", "") for word in words):
            return await replied(400, {"status": 400})(request)
        return await otherwise(request)

    return answer


def directory(nim):
    """A catalogue in which accounts have a distinguished name."""
    nim.give(
        TYPES,
        listed(
            {"Id": "71", "Identifier": "AD_User", "TargetEntityTypeId": "53", "Connection": {"ConnectorId": "2002"}},
            {"Id": "72", "Identifier": "AD_Admin", "TargetEntityTypeId": "53", "Connection": {"ConnectorId": "2002"}},
            {"Id": "73", "Identifier": "SAP_User", "TargetEntityTypeId": "54", "Connection": {"ConnectorId": "2003"}},
        ),
    )
    nim.give(
        KINDS,
        listed(
            {"Id": "51", "Identifier": "Directory_User", "Properties": [{"Id": "1", "Identifier": "EndDate"}]},
            {"Id": "53", "Identifier": "AD_Entry", "Properties": [{"Id": "2", "Identifier": "distinguishedName"}]},
            {"Id": "54", "Identifier": "SAP_User", "Properties": [{"Id": "3", "Identifier": "BNAME"}]},
            {"Id": "2147483653", "Identifier": "Job"},
        ),
    )


@pytest.mark.parametrize("end", ["/below/a/path", "/below/a/path/"])
async def test_an_address_below_a_path_is_kept_with_or_without_a_slash(nim, config, end):
    nim.give("/below/a/path/api/Job/Job", listed(JOB))

    async with NimEnvironment.open("production", replace(config, url=nim.url + end)) as env:
        jobs = await env.reads().catalogue.jobs()

    assert [job.identifier for job in jobs] == ["AD_Provisioning"]
    assert len(nim.token_forms) == 1


async def test_the_catalogue_is_read_once_for_all_who_ask_at_the_same_time(nim, env):
    nim.give("/api/Job/Job", listed(JOB))
    nim.slow = 0.02
    questions = [env.reads() for _ in range(20)]

    await asyncio.gather(*(question.catalogue.jobs() for question in questions))
    await env.reads().catalogue.jobs()

    assert nim.paths == {"GET /api/Job/Job": 1}
    assert sum(len(question.requests) for question in questions) == 1


async def test_a_question_that_is_given_up_does_not_spoil_the_catalogue_for_the_others(nim, env):
    nim.give("/api/Job/Job", listed(JOB))
    nim.slow = 0.05
    first = asyncio.create_task(env.reads().catalogue.jobs())
    await asyncio.sleep(0.01)
    second = asyncio.create_task(env.reads().catalogue.jobs())
    await asyncio.sleep(0.01)

    first.cancel()

    assert len(await second) == 1


async def test_the_catalogue_is_read_again_when_it_is_old_or_refreshed(nim, config):
    nim.give("/api/Job/Job", listed(JOB))
    async with NimEnvironment.open("production", replace(config, catalogue_seconds=0.05)) as env:
        await env.reads().catalogue.jobs()
        await asyncio.sleep(0.06)
        await env.reads().catalogue.jobs()
    async with NimEnvironment.open("production", config) as env:
        await env.reads().catalogue.jobs()
        env.refresh()
        await env.reads().catalogue.jobs()

    assert nim.paths == {"GET /api/Job/Job": 4}


async def test_the_products_own_jobs_are_hidden(nim, env):
    nim.give("/api/Job/Job", listed(JOB, {"Id": "2147483647", "Identifier": "DeployConfiguration"}))

    assert [job.identifier for job in await env.reads().catalogue.jobs()] == ["AD_Provisioning"]


async def test_a_catalogue_is_read_to_its_last_page(nim, env):
    nim.give("/api/Job/Job", listed(JOB, token="next"), listed({**JOB, "Id": "1002"}))

    jobs = await env.reads().catalogue.jobs()

    assert [job.id for job in jobs] == ["1001", "1002"]
    assert [request.query["ContinuationToken"] for request in nim.asked] == ["", "next"]
    assert nim.squeries[0] == nim.squeries[1]


async def test_a_list_that_never_ends_is_a_surprise(nim, env):
    nim.give("/api/Job/Job", listed(JOB, token="same"))

    with pytest.raises(NimSurprised, match="does not end"):
        await env.reads().catalogue.jobs()


async def test_whether_there_is_more_is_told_by_the_token_alone(nim, env):
    nim.give(RUNS, listed({"Id": "1", "JobId": "2"}, token="next"), listed({"Id": "1", "JobId": "2"}))

    cut = await env.reads().job_runs(limit=20)
    whole = await env.reads().job_runs(limit=1)

    assert (len(cut), cut.more) == (1, True)
    assert (len(whole), whole.more) == (1, False)


async def test_watching_asks_once_for_what_ended_runs_or_is_blocked(nim, env):
    nim.give(RUNS, listed({"Id": "5", "JobId": "1001", "State": 5, "StartDate": "2026-03-03T02:00:00Z"}))
    reads = env.reads()

    page = await reads.watched_runs(SINCE)

    assert [run.state for run in page] == [RunState.BLOCKED]
    assert len(reads.requests) == 1
    assert (
        'where (EndDate >= "2026-03-03T00:00:00Z" or EndDate = null or (State = 5 or State = 6))'
        in reads.requests[0].query
    )


async def test_after_a_long_absence_no_run_is_lost(nim, env):
    run = {"JobId": "1001", "State": 2, "StartDate": "2026-03-03T02:00:00Z", "EndDate": "2026-03-03T02:05:00Z"}
    nim.give(RUNS, listed({**run, "Id": "2"}, token="next"), listed({**run, "Id": "1"}))

    page = await env.reads().watched_runs(SINCE)

    assert ([one.id for one in page], page.more) == (["2", "1"], False)


async def test_runs_of_one_state_are_judged_again_after_they_were_read(nim, env):
    running = {"Id": "1", "JobId": "1001", "State": 7, "StartDate": "2026-03-03T02:00:00Z"}
    nim.give(RUNS, listed(running, {**running, "Id": "2", "EndDate": "2026-03-03T02:05:00Z"}))

    page = await env.reads().job_runs(states=[RunState.WARNING])

    assert [run.id for run in page] == ["2"]


async def test_thresholds_that_are_rejected_are_asked_for_once_and_then_left_out(nim, env):
    nim.give(TYPES, rejects(["MaximumInsert"], listed({"Id": "71", "Connection": {"ConnectorId": "2002"}})))

    first = await env.reads().catalogue.resource_types()
    await env.reads().catalogue.resource_types()
    env._shelf.forget()
    again = env.reads()
    await again.catalogue.resource_types()

    assert [(one.limits_shown, one.connector_id) for one in first] == [(False, "2002")]
    assert env.capabilities.table[Part.RESOURCE_TYPE_LIMITS] is False
    assert env.capabilities.table[Part.RESOURCE_TYPE_CONNECTION] is True
    assert len(again.requests) == 1


async def test_steps_and_tasks_come_with_the_jobs_and_entity_types_with_the_resource_types(nim, env):
    step = {"Id": "5", "JobId": "1001", "TaskId": "9", "LaunchOrder": 1, "Task": TASK}
    again = {**step, "Id": "6", "JobId": "1002"}
    nim.give("/api/Job/Job", listed({**JOB, "JobSteps": [step]}, {**JOB, "Id": "1002", "JobSteps": [again]}))
    ends = {"SourceEntityType": {"Id": "51", "Identifier": "Person"}, "TargetEntityType": {"Id": "53"}}
    nim.give(TYPES, listed({"Id": "71", "Connection": {"ConnectorId": "2002"}, **ends}))
    reads = env.reads()
    catalogue = reads.catalogue

    steps, tasks, kinds, _, _ = await asyncio.gather(
        catalogue.steps(), catalogue.tasks(), catalogue.entity_types(), catalogue.jobs(), catalogue.resource_types()
    )

    assert [(one.job_id, one.task_id, one.launch_order) for one in steps] == [("1001", "9", 1), ("1002", "9", 1)]
    assert [(one.id, one.identifier, one.kind) for one in tasks] == [("9", "AD_FulfillTask", TaskKind.FULFILL)]
    assert kinds == (("51", "Person"),)
    assert len(reads.requests) == 2


@pytest.mark.parametrize("jobs", [listed(JOB), rejects(["JobSteps"], listed(JOB)), replied(403)])
async def test_steps_are_asked_for_by_themselves_where_jobs_do_not_show_them(nim, env, jobs):
    nim.give("/api/Job/Job", jobs)
    nim.give("/api/Job/JobStep", listed({"Id": "5", "JobId": "1001", "TaskId": "9"}))

    steps = await env.reads().catalogue.steps()

    assert [(one.job_id, one.task_id) for one in steps] == [("1001", "9")]


@pytest.mark.parametrize(
    "jobs",
    [
        listed({**JOB, "JobSteps": [{"Id": "5", "JobId": "1001", "TaskId": "9"}]}),
        rejects(["Task st"], listed(JOB)),
        rejects(["JobSteps"], listed(JOB)),
        replied(403),
    ],
)
async def test_tasks_are_asked_for_by_themselves_where_jobs_do_not_show_them(nim, env, jobs):
    nim.give("/api/Job/Job", jobs)
    nim.give("/api/Job/Task", listed(TASK))

    tasks = await env.reads().catalogue.tasks()

    assert [one.identifier for one in tasks] == ["AD_FulfillTask"]


async def test_tables_come_with_the_connectors(nim, env):
    table = {"Id": "53", "EntityTypeId": "53", "ConnectorId": "2002", "EntityType": {"Identifier": "AD_Entry"}}
    link = {"Id": "7", "ConnectorId": "2002", "ConnectionTable": "members", "Column1": "dn", "MaximumDeletedLines": 9}
    nim.give(CONNECTORS, listed({"Id": "2002", "EntityTypeMappings": [table], "EntityAssociationMappings": [link]}))
    reads = env.reads()

    limits = await reads.table_limits(ConnectorId("2002"))

    assert [(one.entity_type, one.table, bounds.links_deleted) for one, bounds in limits] == [
        ("AD_Entry", "", None),
        ("", "members (dn)", 9),
    ]
    assert len(reads.requests) == 1


@pytest.mark.parametrize(
    "connectors", [listed({"Id": "2002"}), rejects(["EntityTypeMappings"], listed({"Id": "2002"})), replied(403)]
)
async def test_tables_are_asked_for_by_themselves_where_connectors_do_not_show_them(nim, env, connectors):
    nim.give(CONNECTORS, connectors)
    nim.give("/api/Connectors/EntityTypeMapping", listed({"Id": "53", "EntityTypeId": "53", "ConnectorId": "2002"}))
    nim.give("/api/Connectors/EntityAssociationMapping", listed({"Id": "7", "ConnectorId": "2002"}))

    tables = await env.reads().catalogue.mappings()

    assert [(one.entity_type_id, one.connector_id) for one in tables] == [("53", "2002")]


async def test_entity_types_are_all_read_where_resource_types_do_not_show_theirs(nim, env):
    directory(nim)

    kinds = await env.reads().catalogue.entity_types()

    assert dict(kinds) == {"51": "Directory_User", "53": "AD_Entry", "54": "SAP_User"}


async def test_a_query_that_is_rejected_without_its_optional_parts_too_is_told(nim, env):
    nim.give(TYPES, replied(400))

    with pytest.raises(NimRejected):
        await env.reads().catalogue.resource_types()

    assert env.capabilities.table[Part.RESOURCE_TYPE_LIMITS] is None


async def test_the_connector_of_a_type_is_asked_of_the_connectors_only_where_no_type_names_it(nim, env):
    nim.give(TYPES, listed({"Id": "71"}, {"Id": "72"}))
    nim.give(CONNECTORS, listed({"Id": "2001"}, {"Id": "2002"}))
    nim.give("/api/Connectors/Connector/ResourceTypes/2001", listed("71"))
    nim.give("/api/Connectors/Connector/ResourceTypes/2002", replied(200, [72]))

    types = await env.reads().catalogue.resource_types()

    assert {one.id: one.connector_id for one in types} == {"71": "2001", "72": "2002"}


async def test_a_refusal_of_the_catalogue_is_remembered_for_a_moment_only(nim, env):
    nim.give("/api/Job/Job", replied(403))

    for _ in range(3):
        with pytest.raises(NimDenied):
            await env.reads().catalogue.jobs()

    assert nim.paths == {"GET /api/Job/Job": 1}


async def test_one_order_with_its_values_takes_three_requests_with_a_warm_catalogue(nim, env):
    directory(nim)
    await env.reads().catalogue.resource_types()
    await env.reads().catalogue.entity_types()
    error = {"Id": "1", "ErrorMessage": "no right", "ErrorCode": 1, "JobInstanceId": "52001"}
    order = {"Id": "3930001", "ProvisioningState": 3, "IsDenied": True, "RoleId": "71", "ResourceId": "9"}
    resource = {"InternalDisplayName": "leroy", "distinguishedName": "CN=leroy,OU=Leavers"}
    nim.give(
        f"{ORDERS}/3930001",
        replied(200, {"Result": {**order, "AssignedResourceErrors": [error], "Resource": resource}}),
    )
    value = {"Id": "8", "AssignedResourceTypeId": "3930001", "Value": "x", "Property": {"Identifier": "sn"}}
    nim.give("/api/ProvisioningPolicy/AssignedResourceScalar", listed(value))
    nim.give("/api/ProvisioningPolicy/AssignedResourceNavigation", listed())
    reads = env.reads()

    read = await reads.order(OrderId("3930001"), properties=True)

    assert read.state is OrderState.ERRORED
    assert read.resource_dn == "CN=leroy,OU=Leavers"
    assert read.properties is not None
    assert [(one.name, one.value) for one in read.properties] == [("sn", "x")]
    assert len(reads.requests) == 3


async def test_the_directory_is_followed_for_the_types_that_were_asked_for(nim, env):
    directory(nim)
    nim.give(ORDERS, listed())

    await env.reads().orders(resource_type_ids=[ResourceTypeId("73")])
    await env.reads().orders(errored=True)

    sap, all_types = [squery for squery in nim.squeries if "ProvisioningReviewFilter" in squery]
    assert "distinguishedName" not in sap
    assert "join Resource of type AD_Entry acc" in all_types


async def test_orders_are_read_where_entity_types_are_not_shown(nim, env):
    nim.give(ORDERS, listed({"Id": "1", "ProvisioningState": 3}))
    nim.give(TYPES, replied(403))
    nim.give(KINDS, replied(403))

    assert len(await env.reads().orders(errored=True)) == 1


async def test_values_of_many_orders_take_one_request_and_more_than_fifty_are_refused(nim, env):
    nim.give("/api/ProvisioningPolicy/AssignedResourceScalar", listed())
    reads = env.reads()

    assert await reads.order_properties([]) == {}
    await reads.order_properties([OrderId(str(n)) for n in range(50)])
    with pytest.raises(NotUnderstood):
        await reads.order_properties([OrderId(str(n)) for n in range(51)])

    assert len(reads.requests) == 1


async def test_a_person_is_found_by_login_first_and_in_one_request(nim, env):
    directory(nim)
    await env.reads().catalogue.entity_types()
    nim.give(
        PEOPLE,
        listed(
            {"Id": "1", "InternalDisplayName": "Aleroy Zoé", "Login": "zaleroy"},
            {"Id": "2", "InternalDisplayName": "Martin Paul", "Login": "leroy", "EndDate": "2026-03-31"},
        ),
    )
    reads = env.reads()

    page = await reads.find_people("Leroy", limit=1)

    assert [person.name for person in page] == ["Martin Paul"]
    assert page.items[0].end_date == datetime(2026, 3, 31, tzinfo=UTC)
    assert page.more
    assert len(reads.requests) == 1
    assert nim.asked[-1].query["Path"] == "/Custom/Resources/Directory_User/View"


@pytest.mark.parametrize("words", ["", "   ", '"', "x" * 300])
async def test_words_that_name_nobody_ask_nothing(nim, env, words):
    nim.give(KINDS, listed())
    with pytest.raises(NotUnderstood):
        await env.reads().find_people(words)

    assert PEOPLE not in {request.path for request in nim.asked}


async def test_orders_are_asked_for_as_they_stood_at_a_time(nim, env):
    nim.give(ORDERS, listed())

    await env.reads().orders(as_of=datetime(2026, 3, 3, 2, 10, tzinfo=UTC))

    assert nim.asked[-1].query["squery"].startswith('as of "2026-03-03T02:10:00Z" join Role r')


async def test_values_without_a_history_are_looked_at_on_a_few_dates(nim, env):
    async def as_of(request):
        old = "as of" in request.query["squery"]
        return await replied(200, {"Id": "9", "LastName": "Blanc" if old else "Black"})(request)

    nim.give(f"{PEOPLE}/9", as_of)
    reads = env.reads()

    changes = await reads.history("Directory_User", ResourceId("9"), ["LastName"])

    assert [(one.old, one.new) for one in changes] == [("Blanc", "Black")]
    assert changes[0].not_before is not None
    assert changes[0].at - changes[0].not_before == timedelta(days=1)
    assert len(reads.requests) == 4


async def test_changes_are_asked_for_by_entity_type_and_run(nim, env):
    change = {"TaskInstanceId": "7", "ChangeOperation": 3, "PrimaryKey": "E1", "Changes": {"sn": "x"}}
    nim.give("/api/ResourceChange/AD_Entry/52001", listed(change, {**change, "ChangeOperation": 77}))

    page = await env.reads().row_changes("AD_Entry", JobRunId("52001"))

    assert [(one.operation.value, one.values) for one in page] == [("delete", {"sn": "x"}), ("unknown", {"sn": "x"})]


async def test_an_environment_without_a_companion_says_so_and_asks_nothing(nim, env):
    with pytest.raises(NotExposed, match="does not show task logs"):
        await env.reads().files.task_log(TaskRunId("7"))

    assert await env.reads().files.capabilities() == frozenset()
    assert nim.asked == []


async def test_resources_are_read_by_value_or_by_id(nim, env):
    nim.give(PEOPLE, listed({"Id": "7", "Login": "leroy"}))

    page = await env.reads().resources(
        "Directory_User", ["Login"], where=[("Site", "Paris")], ids=[ResourceId("7"), ResourceId("8")]
    )

    assert [one.properties for one in page] == [{"Login": "leroy"}]
    assert 'where (Site = "Paris" and (Id = 7 or Id = 8))' in nim.squeries[-1]
    with pytest.raises(NotUnderstood):
        await env.reads().resources("Directory_User", [], ids=[ResourceId(str(n)) for n in range(51)])


async def test_an_order_whose_values_are_refused_is_told_as_that_refusal(nim, env):
    nim.give(f"{ORDERS}/3930001", replied(200, {"Id": "3930001"}))
    nim.give("/api/ProvisioningPolicy/AssignedResourceScalar", replied(403))
    nim.give("/api/ProvisioningPolicy/AssignedResourceNavigation", listed())

    with pytest.raises(NimDenied):
        await env.reads().order(OrderId("3930001"), properties=True)
