"""Values and links of orders with their owners, and source records with what they say: one request each."""

from datetime import UTC, datetime

from bot.model.ids import ResourceId, ResourceTypeId
from bot.model.order import OrderState
from tests.nim.stand_in import listed, replied

SCALARS = "/api/ProvisioningPolicy/AssignedResourceScalar"
LINKS = "/api/ProvisioningPolicy/AssignedResourceNavigation"
LINK_RULES = "/api/ProvisioningPolicy/ResourceNavigationRule"
ORDERS = "/api/ProvisioningPolicy/AssignedResourceType"
TYPES = "/api/ProvisioningPolicy/ResourceType"
KINDS = "/api/Metadata/EntityType"
PEOPLE = "/api/Resource/Directory_User"
ROW = {
    "Id": "9",
    "AssignedResourceTypeId": "500",
    "Value": "a",
    "PolicyValue": "b",
    "ProvisioningState": 4,
    "WhenPerformed": "2026-03-01T02:10:00Z",
    "Property": {"Identifier": "mail"},
    "AssignedResourceType": {"Id": "500", "ProvisioningState": 1, "RoleId": "71", "Role": {"Identifier": "AD_User"}},
    "Owner": {"InternalDisplayName": "Doe John", "Site": "Lyon", "Manager": {"Identifier": "7"}},
}
PROPERTIES = [{"Id": "1", "Identifier": "Site"}, {"Id": "2", "Identifier": "Records"}]


def catalogue(nim):
    nim.give(
        TYPES,
        listed({"Id": "70", "Identifier": "HR_To_User", "SourceEntityTypeId": "50", "TargetEntityTypeId": "51"}),
    )
    nim.give(
        KINDS,
        listed(
            {"Id": "50", "Identifier": "HR_Person", "Properties": [{"Id": "3", "Identifier": "SiteCode"}]},
            {"Id": "51", "Identifier": "Directory_User", "Properties": PROPERTIES},
            {"Id": "53", "Identifier": "AD_Entry", "Properties": [{"Id": "5", "Identifier": "mail"}]},
        ),
    )


async def test_a_value_comes_with_its_order_and_what_was_asked_of_its_owner(nim, env):
    catalogue(nim)
    nim.give(SCALARS, listed(ROW))
    reads = env.reads()

    page = await reads.held_values(
        ["Mail"], owners=(("Site", "Lyon"),), owner_properties=("Site", "Manager.Identifier"), limit=6
    )

    (one,) = page.items
    assert (one.order.id, one.order.state, one.order.owner_name) == ("500", OrderState.PENDING, "Doe John")
    assert (one.held.value, one.held.policy_value, one.held.state) == ("a", "b", OrderState.VERIFIED)
    assert one.held.performed_at == datetime(2026, 3, 1, 2, 10, tzinfo=UTC)
    assert one.owner == {"Site": "Lyon", "Manager.Identifier": "7"}
    assert "join o.Manager q0" in nim.asked[-1].query["squery"]
    assert '(PropertyId = 5 and o.Site = "Lyon")' in nim.asked[-1].query["squery"]
    assert nim.asked[-1].query["PageSize"] == "6"


async def test_a_value_is_asked_for_as_it_was_and_by_name_where_properties_are_not_shown(nim, env):
    nim.give(KINDS, replied(403))
    nim.give(SCALARS, listed())
    then = datetime(2026, 3, 1, tzinfo=UTC)

    await env.reads().held_values(
        ["mail"], owner_id=ResourceId("9"), resource_type_ids=[ResourceTypeId("71")], as_of=then
    )

    query = nim.asked[-1].query["squery"]
    assert query.startswith('as of "2026-03-01T00:00:00Z" join')
    assert '(p.Identifier = "mail" and OwnerId = 9 and a.RoleId = 71)' in query


async def test_a_value_whose_order_is_not_shown_is_left_out(nim, env):
    catalogue(nim)
    nim.give(SCALARS, listed({**ROW, "AssignedResourceType": None}))

    assert not (await env.reads().held_values(["mail"], owner_id=ResourceId("9"))).items


async def test_links_are_asked_for_by_what_they_lead_to(nim, env):
    catalogue(nim)
    nim.give(LINKS, listed({**ROW, "ResourceId": "77", "Resource": {"InternalDisplayName": "GG_VPN"}}))

    page = await env.reads().held_values(kind="navigation", owner_id=ResourceId("9"), resource_ids=[ResourceId("77")])

    assert [one.held.value for one in page] == ["GG_VPN"]
    assert "(OwnerId = 9 and ResourceId = 77)" in nim.asked[-1].query["squery"]


async def test_a_role_tells_which_links_it_gives_and_not_those_that_it_forbids(nim, env):
    nim.give(
        LINK_RULES,
        listed(
            {"Id": "1", "SingleRoleId": "8", "ResourceId": "77", "Resource": {"InternalDisplayName": "GG_VPN"}},
            {"Id": "2", "SingleRoleId": "8", "ResourceId": "78", "IsDenied": True},
            {"Id": "3", "SingleRoleId": "8"},
        ),
    )
    reads = env.reads()

    assert await reads.link_rules([]) == ()
    assert [(one.role_id, one.resource_id, one.resource) for one in await reads.link_rules(["8"])] == [
        ("8", "77", "GG_VPN")
    ]
    assert len(reads.requests) == 1


async def test_source_records_bring_along_what_they_say(nim, env):
    catalogue(nim)
    nim.give(f"{PEOPLE}/9", replied(200, {"Id": "9", "Records": [{"Id": "10"}]}))
    nim.give(
        ORDERS,
        listed(
            {"Id": "1", "OwnerId": "3", "OwnerType": "50", "Owner": {"InternalDisplayName": "x", "SiteCode": "LY"}},
            {"Id": "2", "OwnerId": "4", "OwnerType": "51"},
        ),
    )

    found = await env.reads().sources("Directory_User", ResourceId("9"), shown={"HR_Person": ["SiteCode"]})

    assert [one.values for one in found] == [{"SiteCode": "LY"}, None]


async def test_source_records_are_read_by_name_only_where_their_values_are_rejected(nim, env):
    catalogue(nim)
    nim.give(f"{PEOPLE}/9", replied(200, {"Id": "9"}))

    async def answer(request):
        if "SiteCode" in request.query["squery"]:
            return await replied(400, {"status": 400})(request)
        return await listed({"Id": "1", "OwnerId": "3", "OwnerType": "50", "Owner": {"InternalDisplayName": "x"}})(
            request
        )

    nim.give(ORDERS, answer)

    found = await env.reads().sources("Directory_User", ResourceId("9"), shown={"HR_Person": ["SiteCode"]})

    assert [(one.name, one.values) for one in found] == [("x", None)]
