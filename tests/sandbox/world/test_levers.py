"""The outside world's switches."""

from __future__ import annotations

import pytest

from sandbox.identity_manager.interface import NotFound


def values(world):
    return {lever.name: lever.value for lever in world.world.levers()}


def test_every_world_has_rights_network_credentials_files_and_settings(small):
    found = {lever.group for lever in small().world.levers()}
    assert found >= {"rights", "network", "files", "settings"}


def test_a_lever_changes_the_world_and_shows_its_position(small):
    world = small()
    assert values(world)["network:AD"] == "up"
    world.world.pull("network:AD", "dns")
    assert values(world)["network:AD"] == "dns"
    run = world.run("AD_Synchronization_Delta")
    log = world.world.task_log(world.tasks(run)["Export"]["Id"], 5, "Error")
    assert "No such host is known. (dc01.contoso.local:636)" in log.lines[0].message


@pytest.mark.parametrize(("name", "value"), [("network:AD", "sideways"), ("disk", "full")])
def test_a_position_that_a_lever_does_not_have_is_refused(small, name, value):
    with pytest.raises(ValueError):
        small().world.pull(name, value)


def test_an_unknown_lever_is_not_found(small):
    with pytest.raises(NotFound):
        small().world.pull("nonsense", True)


def test_a_changed_rule_can_be_put_back(small):
    world = small(
        """
[[acts]]
do = "rule"
of = "AD_Entry_NominativeUser"
property = "department"
text = 'C#:person:return "Wrong";'
"""
    )
    name = "rule:AD_Entry_NominativeUser:department"
    assert values(world)[name] is False
    world.run("ComputeRoleModel_All")
    assert world.order("10001")["ProvisioningState"] == 1
    world.world.pull(name, True)
    world.run("ComputeRoleModel_All")
    assert world.order("10001")["ProvisioningState"] == 4


def test_a_withdrawn_role_rule_is_gone_until_it_is_put_back(small):
    world = small(
        """
[[acts]]
do = "role-rule"
role = "Sales_Pack"
kind = "CompositeRole"
"""
    )
    role = world.engine.database.role_ids["Sales_Pack"]
    assert world.store.rows("CompositeRoleRule", "RoleId = ?", (role,)) == []
    world.world.pull("rule:Sales_Pack", True)
    (rule,) = world.store.rows("CompositeRoleRule", "RoleId = ?", (role,))
    assert [row["Value"] for row in world.store.rows("RuleDimension", "CompositeRoleRuleId = ?", (rule["Id"],))] == [
        "Sales FR"
    ]


def test_an_edit_beside_hr_reaches_the_person_and_ends(small):
    world = small(
        """
[[acts]]
do = "record-edit"
people = ["10001"]
values = { Title = "Director" }

[[levers]]
name = "edit-ends"
group = "people"
label = "The edit ends"
on = [{ do = "record-edit", people = ["10001"] }]
"""
    )
    assert world.person("10001")["Title"] == "Director"
    world.world.pull("edit-ends", True)
    assert world.person("10001")["Title"] == "Account Manager"


def test_what_people_did_happens_once_and_cannot_be_undone(small):
    world = small(
        """
[[levers]]
name = "left"
group = "people"
label = "John Doe leaves"
on = [{ do = "hr-leave", people = ["10001"], end = "now-2d" }]
"""
    )
    world.world.pull("left", True)
    assert values(world)["left"] is True
    with pytest.raises(ValueError, match="cannot be undone"):
        world.world.pull("left", False)
    world.run("HR_Synchronization_Complete")
    assert world.person("10001")["PresenceState"] == "Left"
    assert world.order("10001")["IsDenied"]


def test_files_of_the_agent_are_real_and_bear_virtual_times(small):
    world = small()
    world.run("HR_Synchronization_Complete")
    (people,) = [f for f in world.world.agent_files(1, "ExportOutput") if f["Name"] == "hr_people.csv"]
    assert (people["Rows"], people["LastLineComplete"], people["NullKeyRows"]) == (60, True, 0)
    assert people["ModifiedUtc"].startswith("2026-03-03T08:07")
    path = world.engine.files.root / "Temp" / "ExportOutput" / "hr_people.csv"
    assert path.stat().st_size == people["SizeBytes"]
    assert path.stat().st_mtime == pytest.approx(world.engine.clock.now, abs=60)
    logs = world.engine.files.root / "log" / "tasks"
    assert len(list(logs.iterdir())) >= 3
