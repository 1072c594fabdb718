"""The companion's protocol, which the sandbox serves on its own base URL."""

from __future__ import annotations

import pytest

PREFIX = "/ext/nimdesk/v1"


async def _ask(nim, path, *, method="GET", **arguments):
    headers = {"Authorization": f"Bearer {nim.sandbox.companion_token}"}
    return await nim.call(method, PREFIX + path, headers=headers, **arguments)


async def test_a_default_installation_has_what_a_real_companion_has(nim):
    status, body = await _ask(nim, "/capabilities")
    assert (status, body) == (
        200,
        {"version": 1, "capabilities": ["agent-files", "job-resume", "server-log", "task-log"]},
    )
    assert (await _ask(nim, "/enums"))[0] == 404
    assert (await _ask(nim, f"/task-instances/{nim.ids['failed_task']}/progress"))[0] == 404


async def test_it_has_a_token_of_its_own(nim):
    for headers in (dict[str, str](), nim.headers):
        status, _ = await nim.call("GET", PREFIX + "/capabilities", headers=headers)
        assert status == 401


async def test_a_task_log_is_told_with_its_lines(nim):
    status, body = await _ask(nim, f"/task-instances/{nim.ids['failed_task']}/log?tail=5&minLevel=Error")
    assert status == 200
    assert body == {
        "TaskInstanceId": str(nim.ids["failed_task"]),
        "Truncated": True,
        "Lines": [
            {"Timestamp": "2026-03-02T08:00:00Z", "Level": "Error", "Message": "LdapErr: DSID-0C090447, data 532"}
        ],
    }
    assert (await _ask(nim, "/task-instances/9/log"))[0] == 404
    assert (await _ask(nim, f"/task-instances/{nim.ids['failed_task']}/log?minLevel=Loud"))[0] == 400
    assert len((await _ask(nim, "/server-log?tail=1"))[1]["Lines"]) == 1


async def test_only_the_known_folders_are_listed(nim):
    status, body = await _ask(nim, f"/agents/{nim.ids['agent']}/files?folder=ExportOutput")
    assert (status, body["Result"][0]["Name"]) == (200, "ExportOutput.csv")
    assert (await _ask(nim, f"/agents/{nim.ids['agent']}/files?folder=../etc"))[0] == 400
    assert (await _ask(nim, "/agents/99/files?folder=Collect"))[0] == 404


async def test_resuming_what_is_not_blocked_is_refused(nim):
    path = f"/job-instances/{nim.ids['blocked_run']}/resume"
    status, body = await _ask(nim, path, method="POST", json={"Mode": "validate"})
    assert (status, body["code"]) == (409, "not_blocked")
    assert (await _ask(nim, path, method="POST", json={"Mode": "force"}))[0] == 400


async def test_an_installation_with_extra_endpoints_shows_history_sources_progress_and_names(start):
    nim = await start("extra")
    _, body = await _ask(nim, "/capabilities")
    assert len(body["capabilities"]) == 9
    _, history = await _ask(nim, f"/resources/Directory_User/{nim.ids['anne']}/history?PageSize=2")
    assert [v["Changes"] for v in history["Result"]] == [
        {"Login": {"Old": "aleroy", "New": "aleroymartin"}},
        {"MainRecord.LastName": {"Old": "Leroy", "New": "Leroy-Martin"}},
    ]
    assert history["Result"][0]["ValidFrom"] == "2026-02-10T09:00:00Z"
    _, rest = await _ask(
        nim,
        f"/resources/Directory_User/{nim.ids['anne']}/history?PageSize=2&ContinuationToken={history['ContinuationToken']}",
    )
    assert rest["ContinuationToken"] is None
    _, only = await _ask(nim, f"/resources/Directory_User/{nim.ids['anne']}/history?property=lastname")
    assert len(only["Result"]) == 2
    _, sources = await _ask(nim, f"/resources/Directory_User/{nim.ids['anne']}/sources")
    assert sources["Result"] == [
        {
            "EntityType": "HR_Person",
            "ResourceId": str(nim.ids["hr_anne"]),
            "InternalDisplayName": "Leroy Anne (HR)",
            "ResourceType": "HR_Person_To_Directory_UserRecord",
            "WorkflowState": 18,
            "Properties": ["LastName"],
        }
    ]
    assert (await _ask(nim, f"/task-instances/{nim.ids['failed_task']}/progress"))[1]["Deleted"] == 412
    assert (await _ask(nim, "/enums"))[1]["InstanceState"]["5"] == "BlockedSynchronization"
    status, computed = await _ask(
        nim,
        "/role-model/compute",
        method="POST",
        json={"EntityType": "Directory_User", "ResourceId": str(nim.ids["anne"]), "Simulate": True},
    )
    assert (status, computed["Simulated"]) == (200, True)
    assert (await _ask(nim, f"/resources/AD_Entry/{nim.ids['anne']}/history"))[0] == 404


@pytest.mark.parametrize("capability", ["task-log", "enums"])
async def test_each_capability_can_be_switched_while_running(nim, capability):
    before = set((await _ask(nim, "/capabilities"))[1]["capabilities"])
    on = capability not in before
    status, _ = await nim.call("POST", f"/sandbox/levers/companion:{capability}", json={"value": on})
    assert status == 200
    after = set((await _ask(nim, "/capabilities"))[1]["capabilities"])
    assert after == (before | {capability} if on else before - {capability})
