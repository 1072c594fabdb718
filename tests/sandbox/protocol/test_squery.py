"""What a query means, over the wire."""

from __future__ import annotations

import pytest

ORDERS = "/api/ProvisioningPolicy/AssignedResourceType"
USERS = "/api/Resource/Directory_User"
VIEW = "/Custom/Resources/Directory_User/View"


async def _users(nim, where, select="Id, Login"):
    rows = await nim.rows(USERS, f"select {select} where {where} order by Id asc", Path=VIEW)
    return [r.get("Login") for r in rows]


async def test_a_list_without_select_returns_ids_only(nim):
    rows = await nim.rows("/api/Job/Job", "")
    assert [set(r) for r in rows] == [{"Id"}] * 3


async def test_an_item_without_query_returns_its_own_properties(nim):
    status, body = await nim.get(f"/api/Job/Job/{nim.ids['hr']}")
    assert status == 200
    assert body["Id"] == str(nim.ids["hr"])
    assert body["IsIncremental"] is False
    assert body["LogLevel"] == 6
    assert "CronTabExpression" not in body


async def test_property_names_and_keywords_are_case_insensitive_and_answered_in_their_own_spelling(nim):
    rows = await nim.rows(
        "/api/job/job", 'JOIN agent A SELECT identifier, a.uRI WHERE (IDENTIFIER %= "HR") Order BY id ASC'
    )
    assert rows == [
        {"Id": str(nim.ids["hr"]), "Identifier": "HR_Synchronization_Complete", "Agent": {"Uri": "http://agent1:5010"}}
    ]


async def test_joined_values_nest_by_path_not_by_alias(nim):
    rows = await nim.rows(
        "/api/ProvisioningPolicy/AssignedResourceScalar",
        "join AssignedResourceType art join art.Role artr join Property p select Value, artr.FullName, art.Id, p.Identifier",
    )
    assert rows[0]["AssignedResourceType"] == {"Id": str(nim.ids["order"]), "Role": {"FullName": "AD account 31"}}
    assert rows[0]["Property"] == {"Identifier": "sAMAccountName"}


async def test_a_row_without_the_joined_target_stays_without_the_nested_object(nim):
    rows = await nim.rows(ORDERS, "join Resource r select Id, r.InternalDisplayName order by Id asc")
    assert rows[0]["Resource"] == {"InternalDisplayName": "aleroy"}
    assert "Resource" not in rows[1]
    assert len(rows) == 13


async def test_an_owner_of_another_type_stays_without_the_nested_object(nim):
    rows = await nim.rows(ORDERS, "join Owner of type HR_Person o select Id, o.EmployeeId order by Id desc")
    assert rows[0]["Owner"] == {"EmployeeId": "U001"}
    assert all("Owner" not in r for r in rows[1:])


async def test_one_navigation_joined_twice_comes_back_as_one_object(nim):
    rows = await nim.rows(
        ORDERS,
        "join Owner o join Owner of type Directory_User u join u.MainRecord m "
        "select o.InternalDisplayName, u.Login, m.FirstName order by Id asc",
    )
    assert rows[0] == {
        "Id": str(nim.ids["order"]),
        "Owner": {"InternalDisplayName": "Anne Leroy", "Login": "aleroymartin", "MainRecord": {"FirstName": "Anne"}},
    }


async def test_a_collection_is_an_array_of_all_members_and_the_limit_counts_root_rows(nim):
    rows = await nim.rows(
        ORDERS,
        "join AssignedResourceErrors e top 2 select Id, e.ErrorMessage, e.JobInstanceId "
        "where (ProvisioningReviewFilter &= 32) order by Id asc",
    )
    assert len(rows) == 2
    assert [len(r["AssignedResourceErrors"]) for r in rows] == [2, 2]
    assert rows[0]["AssignedResourceErrors"][1]["JobInstanceId"] == str(nim.ids["blocked_run"])


async def test_a_condition_on_a_collection_holds_when_any_member_meets_it(nim):
    first = nim.ids["order"]
    rows = await nim.rows(
        ORDERS, f'join AssignedResourceErrors e select Id where (e.ErrorMessage =% " {first}") order by Id asc'
    )
    assert [r["Id"] for r in rows] == [str(first)]
    none = await nim.rows(ORDERS, "join AssignedResourceErrors e select Id where (e.Id = null) order by Id asc")
    assert len(none) == 8


async def test_links_between_resources_are_followed_both_ways(nim):
    path = "/Custom/Resources/AD_Entry/View"
    groups = await nim.rows(
        "/api/Resource/AD_Entry", "join memberOf g select dn, g.dn where (g.dn != null) order by Id asc", Path=path
    )
    assert groups == [{"Id": str(nim.ids["account"]), "dn": "CN=aleroy,OU=Staff", "memberOf": [{"dn": "CN=Group"}]}]
    members = await nim.rows("/api/Resource/AD_Entry", 'join member m select m.dn where (dn = "CN=Group")', Path=path)
    assert members[0]["member"] == [{"dn": "CN=aleroy,OU=Staff"}]


async def test_records_of_a_person_and_their_organization_are_reached(nim):
    rows = await nim.rows(
        USERS,
        "join MainRecord r join PresenceState p join r.Organization o join Records rs join rs.Organization ro "
        'select r.FirstName, r.LastName, o.DisplayName, rs.LastName, ro.Identifier where (p.Identifier="P") order by Id asc',
        Path=VIEW,
    )
    assert rows[0]["MainRecord"] == {
        "FirstName": "Anne",
        "LastName": "Leroy-Martin",
        "Organization": {"DisplayName": "Sales"},
    }
    assert rows[0]["Records"] == [{"LastName": "Leroy-Martin", "Organization": {"Identifier": "S80"}}]


@pytest.mark.parametrize(
    ("where", "logins"),
    [
        ('Login = "jdoe"', ["jdoe"]),
        ('Login = "JDOE"', []),
        ('Login %= "JD"', ["jdoe"]),
        ('Login =% "OE"', ["jdoe"]),
        ('Login %=% "ENO"', ["ebenoit"]),
        ('Login !%=% "e"', []),
        ('Login !%= "a"', ["ebenoit", "jdoe", "percent"]),
        ('Login !=% "t"', ["aleroymartin", "jdoe"]),
        ('InternalDisplayName %=% "éric"', ["ebenoit"]),
        ('InternalDisplayName %=% "100% _"', ["percent"]),
        ('InternalDisplayName %=% "0__"', []),
        ('(Login = "jdoe" or Login = "percent") and Identifier != "U003"', ["percent"]),
        ('Login = "jdoe" or Login = "percent" and Identifier = "U003"', ["jdoe"]),
        ("IsActive = false", ["jdoe"]),
        ("EmployeeCount >= 3", []),
        ("EmployeeCount &= 2 and IsActive = false", ["jdoe"]),
        ("MainRecordId = null", []),
        ("Login = Login and Identifier < Login", ["aleroymartin", "ebenoit", "jdoe", "percent"]),
        ('Login = "x\' OR 1=1 --"', []),
    ],
)
async def test_an_operator_selects_the_right_people(nim, where, logins):
    assert await _users(nim, where) == logins


async def test_as_of_shows_a_person_as_it_was(nim):
    query = 'as of "{}" join MainRecord mr select Login, mr.LastName'
    seen = []
    for date in ("2026-01-15T00:00:00Z", "2026-02-05T00:00:00Z", "2026-02-20T00:00:00Z"):
        status, body = await nim.get(f"{USERS}/{nim.ids['anne']}", squery=query.format(date), Path=VIEW)
        assert status == 200
        seen.append((body["Login"], body["MainRecord"]["LastName"]))
    assert seen == [("aleroy", "Leroy"), ("aleroy", "Leroy-Martin"), ("aleroymartin", "Leroy-Martin")]


async def test_the_first_language_answers_for_the_neutral_name(nim):
    rows = await nim.rows("/api/Job/Job", "select DisplayName, DisplayName_L1, DisplayName_L2 order by Id asc")
    assert rows[0]["DisplayName_L1"] == rows[0]["DisplayName"] == "HR - complete"
    assert "DisplayName_L2" not in rows[0]


async def test_numbers_are_numbers_and_ids_are_texts(nim):
    rows = await nim.rows(ORDERS, "select OwnerType, OwnerId, ProvisioningState, IsDenied, EndDate order by Id asc")
    first = rows[0]
    assert isinstance(first["OwnerType"], str)
    assert first["ProvisioningState"] == 3
    assert first["IsDenied"] is False
    assert first["EndDate"] == "9999-12-31T00:00:00Z"


async def test_the_current_value_is_answered_on_request_only(nim):
    path = "/api/ProvisioningPolicy/AssignedResourceScalar"
    plain = await nim.rows(path, "select Value, CurrentValue")
    asked = await nim.rows(path, "select Value, CurrentValue", getCurrentValues="true")
    assert "CurrentValue" not in plain[0]
    assert asked[0]["CurrentValue"] == "aleroy"


@pytest.mark.parametrize(
    ("squery", "position"),
    [
        ("selec Id", 0),
        ("select Id where (State = 3", 26),
        ("select Id where State == 3", 23),
        ("select Nothing", 7),
        ("select x.Id", 7),
        ("join Job j join User j select Id", 21),
        ("join Nowhere n select Id", 5),
        ('select Id where (StartDate > "yesterday")', 29),
        ('select Id where State %= "3"', 25),
        ('select Id where State = "three"', 24),
        ("select Id where State < null", 24),
        ("join Job j select j.Agent.Uri", 18),
        ("join TaskInstances t select Id order by t.Id asc", 40),
        ("select Id order by Id", 21),
        ("top -1 select Id", None),
        ('between "2026-01-01T00:00:00Z" and "2026-01-02T00:00:00Z" select Id', 0),
        ("select Id where Id = 99999999999999999999", 21),
    ],
)
async def test_a_wrong_query_is_a_400_that_says_where(nim, squery, position):
    status, body = await nim.get("/api/Job/JobInstance", squery=squery)
    assert status == 400
    assert body["title"] == "Bad Request"
    if position is not None:
        assert f"at position {position})" in body["detail"]


async def test_what_only_newer_versions_have_is_unknown_in_the_old_one(nim):
    squery = "join JobInstance ji select Id, ji.State"
    assert (await nim.get("/api/Job/TaskInstance", squery=squery))[0] == 400
    assert (await nim.get("/api/Job/TaskInstance", squery=squery, api_version="3.0"))[0] == 200
    assert (await nim.get("/api/Job/Job", squery="select RepairLevel"))[0] == 400


async def test_thresholds_of_resource_types_are_readable_in_the_plain_profile(nim):
    rows = await nim.rows(
        "/api/ProvisioningPolicy/ResourceType", "select MaximumDeletePercent, MaximumInsert order by Id asc"
    )
    assert rows[0] == {"Id": str(nim.ids["type"]), "MaximumDeletePercent": 30, "MaximumInsert": 0}
