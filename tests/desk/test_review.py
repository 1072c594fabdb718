"""Review and unblock this order: the modal holds every property, before and after, and what speaks against it."""

from dataclasses import replace

import pytest

from bot.desk.review import changes_of
from bot.model.ids import OrderId, ResourceTypeId
from bot.model.order import ChangeType, Order, OrderProperty, OrderState


def scalar(name, current, value, policy=None, **more):
    return OrderProperty(name, "scalar", value, policy if policy is not None else value, current, **more)


@pytest.fixture
def order():
    return Order(
        OrderId("1"),
        OrderState.AWAITING_APPROVAL,
        5,
        ChangeType.UPDATE,
        ResourceTypeId("7"),
        "AD_Entry",
        properties=(
            scalar("company", "Acme", "Acme"),
            scalar("title", "Clerk", "Lead", "Head"),
            scalar("unicodePwd", "a", "b"),
            scalar("department", None, "Sales"),
            replace(scalar("manager", "Doe", "Roe"), kind="navigation", confidence=80),
        ),
    )


def test_every_property_is_there_and_those_that_change_come_first(order):
    assert [(one.name, one.before, one.after, one.same) for one in changes_of(order)] == [
        ("department", None, "Sales", False),
        ("manager", "Doe", "Roe", False),
        ("title", "Clerk", "Lead", False),
        ("unicodePwd", "••••", "••••", False),
        ("company", "Acme", "Acme", True),
    ]


def test_what_speaks_against_a_value_stands_beside_it(order):
    notes = {one.name: one.note for one in changes_of(order)}
    assert notes["title"] == "the rule computes Head"
    assert notes["manager"] == "80 % confidence"


def test_an_installation_s_own_private_properties_are_masked_too(order):
    shown = {one.name: one.after for one in changes_of(order, frozenset({"title"}))}
    assert shown["title"] == "••••"


def test_a_new_account_had_nothing_before_and_a_denied_value_goes(order):
    new = replace(order, change=ChangeType.CREATE, properties=(scalar("department", None, "Sales"),))
    assert [one.before for one in changes_of(new)] == [""]
    denied = replace(order, properties=(scalar("department", "HR", "Sales", denied=True),))
    assert [one.after for one in changes_of(denied)] == [None]


def test_there_is_nothing_to_review_in_a_deletion_or_outside_a_review(order):
    assert changes_of(replace(order, change=ChangeType.DELETE)) == ()
    assert changes_of(replace(order, state=OrderState.ERRORED)) == ()
    assert changes_of(replace(order, properties=None)) == ()
