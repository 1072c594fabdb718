"""What a person must have seen before an order in review is released: every property, before and after."""

from bot.diagnosis.masking import shown_value
from bot.model.order import ChangeType, Order, OrderProperty, OrderState
from bot.model.view import PropertyChange

CERTAIN = 100


def in_review(order: Order) -> bool:
    return order.state is OrderState.AWAITING_APPROVAL


def changes_of(order: Order, private: frozenset[str] = frozenset()) -> tuple[PropertyChange, ...]:
    """Those that change first, then by name; values on the deny-list are masked (safety rule 16).

    Empty for a deletion, which writes no property, and where they could not be read.
    """
    if not in_review(order) or order.change is ChangeType.DELETE:
        return ()
    made = [_change(one, private, new=order.change is ChangeType.CREATE) for one in order.properties or ()]
    return tuple(sorted(made, key=lambda one: (one.same, one.name.casefold())))


def _change(one: OrderProperty, private: frozenset[str], *, new: bool) -> PropertyChange:
    before = "" if new and one.current is None else one.current
    return PropertyChange(
        one.name,
        shown_value(one.name, before, private),
        None if one.denied else shown_value(one.name, one.value, private),
        _note(one, private),
        same=before is not None and before == one.value and not one.denied,
    )


def _note(one: OrderProperty, private: frozenset[str]) -> str:
    notes = []
    if one.policy_value is not None and one.policy_value != one.value:
        notes.append(f"the rule computes {shown_value(one.name, one.policy_value, private) or 'nothing'}")
    if one.confidence is not None and 0 < one.confidence < CERTAIN:
        notes.append(f"{one.confidence} % confidence")
    return ", ".join(notes)
