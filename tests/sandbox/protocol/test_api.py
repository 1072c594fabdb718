"""Tokens, permissions, paging, actions, changes: the wire around the queries."""

from __future__ import annotations

import asyncio

import pytest

ORDERS = "/api/ProvisioningPolicy/AssignedResourceType"
REVIEW = "/Custom/ProvisioningPolicy/ReviewProvisioning/Directory_User"


async def _token(nim, **changes):
    form = {
        "client_id": "nimdesk@nim.example.org",
        "client_secret": "sandbox-secret",
        "scope": "usercube_api",
        "grant_type": "client_credentials",
    } | changes
    form = {k: v for k, v in form.items() if v is not None}
    async with nim.http.post(nim.sandbox.url + "/connect/token", data=form) as answer:
        return answer.status, await answer.json()


async def test_a_token_is_given_for_the_right_secret(nim):
    status, body = await _token(nim)
    assert status == 200
    assert {**body, "access_token": "x"} == {
        "access_token": "x",
        "expires_in": 3600,
        "token_type": "Bearer",
        "scope": "usercube_api",
    }


@pytest.mark.parametrize("domain", ["localhost", "127.0.0.1", "NIM.example.org"])
async def test_the_client_may_be_told_with_any_name_of_the_host(nim, domain):
    assert (await _token(nim, client_id=f"nimdesk@{domain}"))[0] == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "nimdesk"}, "invalid_client"),
        ({"client_id": "nimdesk@elsewhere.org"}, "invalid_client"),
        ({"client_id": "stranger@localhost"}, "invalid_client"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": None}, "invalid_request"),
    ],
)
async def test_a_wrong_token_request_is_refused_by_name(nim, changes, error):
    assert await _token(nim, **changes) == (400, {"error": error})


async def test_the_discovery_document_names_the_token_endpoint(nim):
    status, body = await nim.call("GET", "/.well-known/openid-configuration")
    assert status == 200
    assert body["token_endpoint"] == f"{nim.sandbox.url}/connect/token"
    assert body["grant_types_supported"] == ["client_credentials"]


async def test_without_a_valid_token_nothing_is_answered(nim):
    for header in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": f"Basic {nim.token}"}):
        async with nim.http.get(nim.sandbox.url + "/api/Job/Job?api-version=1.0", headers=header) as answer:
            assert answer.status == 401
            assert await answer.read() == b""
            assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


async def test_a_revoked_token_is_refused_and_a_new_one_works(nim):
    await nim.call("POST", "/sandbox/tokens/revoke", json={})
    assert (await nim.get("/api/Job/Job"))[0] == 401
    await nim.sign_in()
    assert (await nim.get("/api/Job/Job"))[0] == 200


@pytest.mark.parametrize("version", ["", "1", "4.0", "1.0.0"])
async def test_a_missing_or_unknown_version_is_refused(nim, version):
    status, body = await nim.call("GET", "/api/Job/Job", params={"api-version": version})
    assert status == 400
    assert set(body) == {"type", "title", "status", "detail", "traceId"}


async def test_unknown_routes_and_ids_are_not_found(nim):
    for path in (
        "/api/Job/Nothing",
        "/api/Job/Job/999",
        "/api/Job/Job/x",
        "/api/Job",
        "/elsewhere",
        "/api/Job/Job/1/2",
    ):
        status, body = await nim.get(path)
        assert (status, body["status"]) == (404, 404), path


async def test_a_client_without_rights_is_told_which_permission_is_missing(start):
    nobody = await start(client="nobody")
    status, body = await nobody.get("/api/Job/JobInstance")
    assert status == 403
    assert "/Jobs/JobInstance/Query" in body["detail"]


async def test_a_reader_reads_everything_and_changes_nothing(start):
    reader = await start(client="readonly")
    assert (await reader.get(ORDERS, Path=REVIEW))[0] == 200
    assert (await reader.put(f"{ORDERS}/{reader.ids['order']}", {"ProvisioningState": 1}))[0] == 403
    run = f"/api/Job/Job/RunJob/{reader.ids['hr']}"
    assert (await reader.call("POST", run, params={"api-version": "1.0"}))[0] == 403


async def test_the_path_of_an_entity_type_shows_only_its_owners(nim):
    everybody = await nim.rows(ORDERS, "select Id")
    users = await nim.rows(ORDERS, "select Id", Path=REVIEW)
    assert (len(everybody), len(users)) == (13, 12)


async def test_the_pending_orders_of_one_resource_type_have_a_path(nim):
    pending = "/Custom/ProvisioningPolicy/PendingAssignedResourceTypes/"
    rows = await nim.rows(ORDERS, "select ProvisioningState", Path=pending + "AD_Entry_NominativeUser")
    assert [r["ProvisioningState"] for r in rows] == [1] * 7
    assert (await nim.get(ORDERS, Path=pending + "Nothing"))[0] == 403


async def test_a_path_for_something_else_gives_no_access(nim):
    assert (await nim.get(ORDERS, Path="/Jobs/Job/Query"))[0] == 403
    assert (await nim.get(ORDERS, Path="/Custom/ProvisioningPolicy/ReviewProvisioning/Nobody"))[0] == 403
    assert (await nim.get("/api/Resource/Directory_User", Path="/Custom/Resources/AD_Entry/View"))[0] == 403
    assert (await nim.get("/api/Resource/Directory_User"))[0] == 400


async def test_the_parameter_names_are_case_insensitive(nim):
    status, _ = await nim.call(
        "GET",
        "/api/Resource/Directory_User",
        params={"API-Version": "1.0", "path": "/Custom/Resources/Directory_User/View"},
    )
    assert status == 200


@pytest.mark.parametrize("order", ["", " order by Id desc", " order by ProvisioningState asc, Id desc"])
async def test_pages_follow_each_other_without_gap_or_repetition(nim, order):
    whole = await nim.rows(ORDERS, f"select Id, ProvisioningState{order}")
    seen, token = [], ""
    for _ in range(10):
        status, body = await nim.get(
            ORDERS, squery=f"select Id, ProvisioningState{order}", PageSize=5, ContinuationToken=token
        )
        assert status == 200
        seen += body["Result"]
        token = body["ContinuationToken"]
        if not token:
            break
    assert seen == whole


async def test_a_page_size_and_a_limit_in_the_query_exclude_each_other(nim):
    assert (await nim.get(ORDERS, squery="top 3 select Id", PageSize=5))[0] == 400
    assert len(await nim.rows(ORDERS, "pagesize 3 select Id")) == 3


async def test_a_token_of_another_query_or_a_broken_one_is_refused(nim):
    _, body = await nim.get(ORDERS, squery="select Id", PageSize=5)
    token = body["ContinuationToken"]
    assert (await nim.get(ORDERS, squery="select RoleId", PageSize=5, ContinuationToken=token))[0] == 400
    assert (await nim.get(ORDERS, squery="select Id", PageSize=5, ContinuationToken="x"))[0] == 400
    assert (await nim.get(ORDERS, squery="select Id", ContinuationToken=token))[0] == 400
    for size in ("0", "-1", "many"):
        assert (await nim.get(ORDERS, PageSize=size))[0] == 400


async def test_the_date_header_is_the_virtual_clock(nim):
    await nim.call("POST", "/sandbox/tick", json={"seconds": 90})
    async with nim.http.get(nim.sandbox.url + "/api/Job/Job?api-version=1.0", headers=nim.headers) as answer:
        assert answer.headers["Date"] == "Mon, 02 Mar 2026 08:01:30 GMT"


async def test_running_a_job_starts_a_run_that_can_be_seen(nim):
    path = f"/api/Job/Job/RunJob/{nim.ids['hr']}"
    status, body = await nim.call("POST", path, params={"api-version": "1.0", "jobLogLevel": "1"})
    assert status == 200
    assert nim.world.calls == [("run_job", nim.ids["hr"], 1)]
    rows = await nim.rows("/api/Job/Job", f"join LastJobInstance l select l.Id where (Id = {nim.ids['hr']})")
    assert rows[0]["LastJobInstance"]["Id"] == body["Id"]
    status, body = await nim.call("POST", path, params={"api-version": "1.0"})
    assert (status, body["code"]) == (409, "job_already_running")
    assert (await nim.call("POST", "/api/Job/Job/RunJob/77", params={"api-version": "1.0"}))[0] == 404


async def test_cancelling_sets_the_wish_and_a_finished_run_refuses(nim):
    _, body = await nim.call("POST", f"/api/Job/Job/RunJob/{nim.ids['hr']}", params={"api-version": "1.0"})
    status, _ = await nim.put(f"/api/Job/JobInstance/{body['Id']}", {"CancelRequested": True})
    assert status == 200
    assert (await nim.get(f"/api/Job/JobInstance/{body['Id']}"))[1]["CancelRequested"] is True
    status, body = await nim.put(f"/api/Job/JobInstance/{nim.ids['blocked_run']}", {"CancelRequested": True})
    assert (status, body["code"]) == (409, "already_finished")


async def test_unblocking_an_order_changes_its_state_and_keeps_the_old_version(nim):
    order = nim.ids["order"]
    assert await nim.put(f"{ORDERS}/{order}", {"provisioningState": 1}) == (200, {"Id": str(order)})
    assert (await nim.get(f"{ORDERS}/{order}", squery="select ProvisioningState"))[1]["ProvisioningState"] == 1
    before = await nim.rows(ORDERS, f'as of "2026-02-01T00:00:00Z" select ProvisioningState where (Id = {order})')
    assert before[0]["ProvisioningState"] == 3
    status, body = await nim.put(f"{ORDERS}/{nim.ids['pending']}", {"ProvisioningState": 1})
    assert (status, body["code"]) == (409, "state_not_changeable")


@pytest.mark.parametrize(
    "body",
    [
        {"ProvisioningReviewFilter": 0},
        {"Nothing": 1},
        {"ProvisioningState": "1"},
        {"ProvisioningState": True},
        {},
        [],
        {"WhenTransmitted": "2026-01-01T00:00:00Z"},
    ],
)
async def test_a_body_that_cannot_be_written_is_refused(nim, body):
    assert (await nim.put(f"{ORDERS}/{nim.ids['order']}", body))[0] == 400


async def test_a_body_that_is_no_json_is_refused(nim):
    url = f"{ORDERS}/{nim.ids['order']}"
    wrong = {"Content-Type": "application/json", **nim.headers}
    assert (await nim.call("PUT", url, params={"api-version": "1.0"}, data=b"{", headers=wrong))[0] == 400
    assert (await nim.call("PUT", url, params={"api-version": "1.0"}, data={"a": "b"}))[0] == 415
    assert (await nim.put(f"{ORDERS}/1", {"ProvisioningState": 1}))[0] == 404


async def test_properties_of_one_assignment_have_a_list_of_their_own(nim):
    path = f"/api/ProvisioningPolicy/AssignedResourceScalar/FromAssignedResourceType/{nim.ids['order']}"
    rows = await nim.rows(
        path,
        "join Property p select Value, p.Identifier",
        Path="/Custom/Resources/Directory_User/ViewOwnedResources",
        QueryRootEntityType="Directory_User",
        QueryBinding="Records.OwnerAssignedResourceTypes.AssignedResourceScalars",
    )
    assert rows == [
        {"Id": str(nim.ids["scalar"]), "Value": "aleroymartin", "Property": {"Identifier": "sAMAccountName"}}
    ]


async def test_changes_of_a_synchronization_are_paged_and_filtered(nim):
    path = f"/api/ResourceChange/AD_Entry/{nim.ids['blocked_run']}"
    status, body = await nim.get(path, PageSize=10)
    assert status == 200
    assert len(body["Result"]) == 10
    assert body["Result"][1] == {
        "TaskInstanceId": str(nim.ids["failed_task"]),
        "ChangeOperation": 3,
        "PrimaryKey": "CN=u1,OU=Staff",
        "Changes": {"sAMAccountName": "u1"},
    }
    _, rest = await nim.get(path, PageSize=10, ContinuationToken=body["ContinuationToken"])
    assert rest["Result"][0]["PrimaryKey"] == "CN=u10,OU=Staff"
    _, deleted = await nim.get(path, changeOperationType=3)
    assert len(deleted["Result"]) == 12
    _, keyed = await nim.get(path, primaryKeyFilter="cn=U12")
    assert [c["PrimaryKey"] for c in keyed["Result"]] == ["CN=u12,OU=Staff"]
    _, links = await nim.get(f"/api/ResourceLinkChange/AD_Entry/member/{nim.ids['blocked_run']}")
    assert links["Result"][0]["R2Pk"] == "CN=u1"
    assert (await nim.get(f"/api/ResourceFileChange/AD_Entry/{nim.ids['blocked_run']}"))[1]["Result"] == []


async def test_an_incremental_read_shows_what_changed_since(nim):
    path = "/Custom/Resources/Directory_User/View"
    status, body = await nim.get("/api/Resource/Incremental/Directory_User/2026-02-05T00:00:00Z", Path=path)
    assert status == 200
    assert [r["Id"] for r in body["Result"]] == [str(nim.ids["anne"])]
    assert body["Result"][0]["Login"] == "aleroymartin"


async def test_a_connector_names_its_resource_types(nim):
    assert (await nim.get("/api/Connectors/Connector/ResourceTypes/2002"))[1]["Result"] == [str(nim.ids["type"])]
    assert (await nim.get("/api/Connectors/Connector/ResourceTypes/2001"))[1]["Result"] == []
    assert (await nim.get("/api/Connectors/Connector/ResourceTypes/9"))[0] == 404


async def test_the_entity_types_of_the_system_are_listed_with_large_ids(nim):
    rows = await nim.rows(
        "/api/Metadata/EntityType",
        'select Id, Identifier where (Identifier = "Job" or Identifier = "Directory_User") order by Id asc',
        Path="/Connectors/EntityType/Query",
    )
    assert [(r["Identifier"], int(r["Id"]) > 2**31 - 1) for r in rows] == [("Directory_User", False), ("Job", True)]


async def test_the_harsh_profile_wraps_hides_and_delays(start):
    nim = await start(profile="harsh")
    status, body = await nim.get(f"/api/Job/Job/{nim.ids['hr']}", squery="select Identifier")
    assert body["Result"]["Identifier"] == "HR_Synchronization_Complete"
    tasks = await nim.rows("/api/Job/TaskInstance", "select Id, State, C2, WrappedProgress where (State = 5)")
    assert set(tasks[0]) == {"Id", "State"}
    assert (await nim.get("/api/ProvisioningPolicy/ResourceType", squery="select MaximumDelete"))[0] == 400
    assert (await nim.call("GET", "/ext/nimdesk/v1/capabilities"))[0] == 404
    assert (await nim.call("GET", "/sandbox/settings"))[1]["max_page_size"] == 200
    _, wrapped = await nim.put(f"{ORDERS}/{nim.ids['order']}", {"ProvisioningState": 1})
    assert wrapped == {"Result": {"Id": str(nim.ids["order"])}}
    query = f"join LastJobInstance l select l.Id where (Id = {nim.ids['hr']})"
    before = (await nim.rows("/api/Job/Job", query))[0]["LastJobInstance"]["Id"]
    runs = len(await nim.rows("/api/Job/JobInstance", ""))
    status, text = await nim.call("POST", f"/api/Job/Job/RunJob/{nim.ids['hr']}", params={"api-version": "1.0"})
    assert (status, text) == (200, "")
    assert len(await nim.rows("/api/Job/JobInstance", "")) == runs
    hidden = (await nim.rows("/api/Job/Job", query))[0]["LastJobInstance"]["Id"]
    assert int(hidden) <= int(before) or hidden == str(nim.ids["blocked_run"] - 1)
    for _ in range(60):
        await asyncio.sleep(0.1)
        if len(await nim.rows("/api/Job/JobInstance", "")) == runs + 1:
            break
    shown = (await nim.rows("/api/Job/Job", query))[0]["LastJobInstance"]["Id"]
    assert int(shown) == nim.ids["blocked_run"] + 1


async def test_a_root_entity_that_does_not_exist_is_refused(nim):
    assert (await nim.get("/api/Job/Job", QueryRootEntityType="Nothing"))[0] == 400
    assert (await nim.get("/api/Job/Job", QueryRootEntityType="job"))[0] == 200


async def test_a_query_of_fifteen_thousand_signs_is_answered(nim):
    many = " or ".join(f"Id = {n}" for n in range(1000))
    assert 10_000 < len(many) < 15_000
    assert len(await nim.rows("/api/Job/Job", f"select Id where ({many} or Id = {nim.ids['hr']})")) == 1
