"""The life of an order: computed, blocked, sent, refused, executed, verified; and what a person may move."""

from __future__ import annotations

import pytest

from sandbox.identity_manager.interface import Conflict

PENDING, ERRORED, VERIFIED, AWAITING, ERROR, EXECUTED = 1, 3, 4, 5, 7, 8


def change_phone(world, key="10001"):
    world.engine.hr.change(key, Phone="+33 999 99 99 99")
    world.run("HR_Synchronization_Delta")


def test_a_change_in_hr_becomes_an_order_is_executed_and_verified_by_the_next_synchronisation(small):
    world = small()
    change_phone(world)
    order = world.order("10001")
    assert (order["ProvisioningState"], order["ConsolidatedProvisioningState"]) == (PENDING, 1 | 8)
    run = world.run("AD_Provisioning")
    assert world.tasks(run)["Generate"]["C1"] == 1
    assert world.order("10001")["ProvisioningState"] == EXECUTED
    world.run("AD_Synchronization_Delta")
    order = world.order("10001")
    assert (order["ProvisioningState"], order["ProvisioningReviewFilter"]) == (VERIFIED, 0)
    account = world.world.resources.get(order["ResourceId"])
    assert account["telephoneNumber"] == "+33 999 99 99 99"


def test_a_resource_type_that_requires_a_review_blocks_its_orders(small):
    world = small("[resource_types.AD_Entry_NominativeUser]\nBlockProvisioning = true\n")
    change_phone(world)
    order = world.order("10001")
    assert (order["ProvisioningState"], order["ProvisioningReviewFilter"]) == (AWAITING, 2)
    world.run("AD_Provisioning")
    assert world.order("10001")["ProvisioningState"] == AWAITING
    world.world.set_provisioning_state("AssignedResourceType", order["Id"], 1)
    scalars = world.store.rows("AssignedResourceScalar", "AssignedResourceTypeId = ?", (order["Id"],))
    assert sorted({s["ProvisioningState"] for s in scalars}) == [PENDING, VERIFIED]
    world.run("AD_Provisioning")
    assert world.order("10001")["ProvisioningState"] == EXECUTED


def test_only_blocked_and_errored_orders_can_be_unblocked_and_only_pending_ones_blocked(small):
    world = small()
    order = world.order("10001")["Id"]
    for state in (1, 5, 8):
        with pytest.raises(Conflict):
            world.world.set_provisioning_state("AssignedResourceType", order, state)
    change_phone(world)
    world.world.set_provisioning_state("AssignedResourceType", order, 5)
    assert world.order("10001")["ProvisioningState"] == AWAITING
    world.world.set_provisioning_state("AssignedResourceType", order, 1)
    assert world.order("10001")["ProvisioningState"] == PENDING


def test_an_uncertain_query_rule_blocks_the_property_and_not_the_account(small):
    world = small(
        """
[[acts]]
at = "now-1s"
do = "query-rule"
of = "AD_Entry_NominativeUser"
property = "manager"
source = 'C#:person:return "10005";'
target = "employeeID"
confidence = 60
"""
    )
    world.run("ComputeRoleModel_All")
    order = world.order("10001")
    assert (order["ProvisioningState"], order["ProvisioningReviewFilter"]) == (VERIFIED, 4)
    (link,) = world.store.rows(
        "AssignedResourceNavigation", "OwnerId = ? AND ProvisioningState = 5", (order["OwnerId"],)
    )
    assert link["ConfidenceLevel"] == 60


def test_a_rule_that_throws_puts_the_order_in_state_7_with_the_exception(small):
    world = small()
    world.engine.hr.change("10001", Title="")
    text = "C#:person:return person.Title.ToUpper();"
    world.engine.change_rule("AD_Entry_NominativeUser", "title", text)
    world.run("HR_Synchronization_Delta")
    order = world.order("10001")
    assert (order["ProvisioningState"], order["ProvisioningReviewFilter"]) == (ERROR, 32)
    assert world.errors(order["Id"]) == [
        "System.NullReferenceException: Object reference not set to an instance of an object. at ScalarRule AD_Entry:title"
    ]
    with pytest.raises(Conflict):
        world.world.set_provisioning_state("AssignedResourceType", order["Id"], 1)
    world.engine.hr.change("10001", Title="Director")
    world.run("HR_Synchronization_Delta")
    assert world.order("10001")["ProvisioningState"] == PENDING


def test_a_value_kept_by_hand_is_not_computed_away(small):
    world = small(
        """
[[acts]]
at = "now-1s"
do = "manual-value"
of = "AD_Entry_NominativeUser"
people = ["10001"]
property = "title"
value = "Interim Director"
"""
    )
    world.run("AD_Provisioning")
    world.run("AD_Synchronization_Delta")
    world.run("ComputeRoleModel_All")
    (title,) = world.store.rows(
        "AssignedResourceScalar", "OwnerId = ? AND WorkflowState = 16", (world.person("10001")["Id"],)
    )
    assert (title["Value"], title["PolicyValue"], title["CurrentValue"]) == (
        "Interim Director",
        "Account Manager",
        "Interim Director",
    )


def test_too_many_deletions_of_a_small_type_block_the_generation_and_resuming_forces_it(small):
    world = small("[connectors.HR]\nMaximumUpdatedLines = 0\nMaxPercentageUpdatedLines = 0\n")
    leavers = list(world.engine.hr.people)[:25]
    for key in leavers:
        world.engine.hr.change(key, EndDate="01/03/2026")
    world.run("HR_Synchronization_Complete")
    run = world.run("AD_Provisioning")
    assert run["State"] == 6
    role = world.engine.database.role_ids["AD_Entry_NominativeUser"]
    deletions = world.store.count(
        "AssignedResourceType", "IsDenied = 1 AND ProvisioningState = 1 AND RoleId = ?", (role,)
    )
    assert deletions == len(leavers)
    resumed = world.world.resume(run["Id"], "validate")
    world.world.advance(120)
    assert world.store.row("JobInstance", resumed)["State"] == 2
    assert world.store.count("AssignedResourceType", "IsDenied = 1 AND ProvisioningState = 8") == deletions


def test_an_executed_order_that_nothing_confirms_expires_without_a_text(small):
    world = small("[resource_types.AD_Entry_NominativeUser]\nTransmittedStateValidityPeriod = 60\n")
    world.engine.jobs.stopped_schedules.update({"AD_Synchronization_Delta", "AD_Synchronization_Complete"})
    change_phone(world)
    world.run("AD_Provisioning")
    world.world.advance(90 * 60)
    order = world.order("10001")
    assert order["ProvisioningState"] == ERRORED
    assert world.errors(order["Id"]) == []
    world.run("AD_Synchronization_Complete")
    assert world.order("10001")["ProvisioningState"] == VERIFIED


def test_a_deactivated_connector_provisions_nothing(small):
    world = small("[connectors.AD]\nIsDeactivated = true\n")
    change_phone(world)
    run = world.run("AD_Provisioning")
    assert run["State"] == 2
    assert world.order("10001")["ProvisioningState"] == PENDING


def test_an_agent_that_cannot_log_in_sends_nothing_and_the_orders_wait(small):
    world = small()
    change_phone(world)
    world.world.pull("credential:AD", "wrong")
    run = world.run("AD_Provisioning")
    assert world.tasks(run)["Fulfill"]["State"] == ERRORED
    assert world.order("10001")["ProvisioningState"] == PENDING
    assert world.errors(world.order("10001")["Id"]) == []


def test_computing_one_person_shows_the_difference_and_stores_it_only_when_asked(small):
    world = small()
    world.engine.change_rule("AD_Entry_NominativeUser", "department", 'C#:person:return "Sales EMEA";')
    person = world.person("10001")["Id"]
    (change,) = world.world.compute_one("Directory_User", person, True)
    assert change["Properties"] == [{"Property": "department", "CurrentValue": "Sales FR", "PolicyValue": "Sales EMEA"}]
    assert world.order("10001")["ProvisioningState"] == VERIFIED
    world.world.compute_one("Directory_User", person, False)
    assert world.order("10001")["ProvisioningState"] == PENDING


def test_a_membership_that_was_removed_by_hand_is_given_again_and_keeps_its_earlier_states(small):
    world = small(
        """
[[levers]]
name = "removed"
group = "people"
label = "Somebody removes John Doe from the group"
on = [{ do = "ad-change", people = ["10001"], leave = "GG_Sales" }]
"""
    )
    group = world.engine.database.find("AD_Entry", group_guid(world, "GG_Sales"))
    person = world.person("10001")["Id"]
    world.world.pull("removed", True)
    for job in ("AD_Synchronization_Delta", "AD_Provisioning", "AD_Synchronization_Delta"):
        world.run(job)

    rows = world.store.connection.execute(
        "SELECT ProvisioningState FROM AssignedResourceNavigation WHERE OwnerId = ? AND ResourceId = ? ORDER BY ValidTo",
        (person, group.id),
    )
    states = [row[0] for row in rows]
    assert (states[0], states[-1]) == (VERIFIED, VERIFIED)
    assert PENDING in states


def group_guid(world, name):
    return world.engine.directory.find(f"CN={name},OU=Groups,DC=contoso,DC=com").guid
