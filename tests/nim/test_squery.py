"""SQuery is made of typed parts: no value and no name changes its structure."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import NotUnderstood
from bot.nim.squery import (
    Group,
    Join,
    Op,
    Path,
    Query,
    Sort,
    all_of,
    any_of,
    compare,
    equal,
    identifier,
    literal,
    newest,
    number,
    one_of,
    paths,
)
from sandbox.identity_manager.squery.parser import parse

TEXTS = st.text(max_size=250)
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.datetimes(timezones=st.just(UTC)), TEXTS)
STRING = re.compile(r'"[^"]*"')


def query(value, op=Op.CONTAINS):
    return Query(select=paths("Id"), where=all_of(compare("FullName", op, value), equal("JobId", 7)))


def test_a_query_reads_as_the_products_own_do():
    user, job = Join("User", "u"), Join("Job", "j")
    made = Query(
        joins=(user, job),
        select=(*paths("Id", "StartDate"), user["InternalDisplayName"], job["Identifier"]),
        where=all_of(
            compare("StartDate", Op.AT_LEAST, datetime(2026, 1, 1, tzinfo=UTC)),
            any_of(equal("State", 3), equal("State", 5)),
        ),
        order=newest("StartDate"),
    )

    assert made.text == (
        "join User u join Job j select Id, StartDate, u.InternalDisplayName, j.Identifier "
        'where (StartDate >= "2026-01-01T00:00:00Z" and (State = 3 or State = 5)) order by StartDate desc, Id desc'
    )


def test_a_single_condition_is_parenthesised_too():
    assert (
        Query(select=paths("Id"), where=equal("JobId", 1019)).text == "select Id where (JobId = 1019) order by Id asc"
    )


def test_the_order_always_ends_with_the_id():
    assert Query(select=paths("Id"), order=(Sort(Path("Name")),)).text.endswith("order by Name asc, Id asc")


def test_an_items_query_has_no_order():
    moment = datetime(2026, 1, 15, 23, tzinfo=UTC)

    assert Query(select=paths("Id"), as_of=moment, item=True).text == 'as of "2026-01-15T23:00:00Z" select Id'


@given(VALUES)
def test_no_value_changes_the_structure(value):
    try:
        text = query(value).text
    except NotUnderstood:
        return
    harmless = query("x").text
    shape = STRING.sub("?", text) if isinstance(value, (str, datetime)) else text.replace(literal(value), "?", 1)

    assert shape == harmless.replace('"x"', "?")


@given(st.text(max_size=200))
def test_what_is_accepted_arrives_as_it_was_typed(value):
    try:
        text = query(value, Op.EQUAL).text
    except NotUnderstood:
        return

    assert f'"{value}"' in text
    assert parse(text).select == parse(query("x", Op.EQUAL).text).select


@given(st.text())
def test_a_name_is_an_identifier_or_refused(name):
    try:
        accepted = Path(name).text
    except ValueError:
        return

    assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", accepted)


@given(st.text())
def test_an_id_is_a_number_or_refused(text):
    try:
        accepted = number(text)
    except NotUnderstood:
        return

    assert re.fullmatch(r"-?[0-9]+", text, re.ASCII)
    assert accepted == int(text)


@pytest.mark.parametrize("text", ['a" or Id != null or "', "a\nb", "a\x00b", "a\u202eb", "x" * 201, "\ud800"])
def test_what_needs_an_escape_is_refused_with_what_to_do(text):
    with pytest.raises(NotUnderstood) as told:
        literal(text)

    assert told.value.advice != NotUnderstood.next_step


@pytest.mark.parametrize("name", ["", "a b", "a.b", "1a", "é", 'x"', "a)", "a\n"])
def test_no_name_carries_more_than_a_name(name):
    with pytest.raises(ValueError, match="no SQuery identifier"):
        identifier(name)


def test_an_empty_group_would_let_everything_through_and_is_refused():
    with pytest.raises(ValueError, match="empty group"):
        one_of("State", [])
    with pytest.raises(ValueError, match="joins no conditions"):
        Group("; drop", (equal("Id", 1),))


def test_aliases_are_unique_and_declared_before_they_are_used():
    record = Join("MainRecord", "mr")
    with pytest.raises(ValueError, match="unique"):
        Query(select=paths("Id"), joins=(record, Join("Owner", "MR")))
    with pytest.raises(ValueError, match="different from every property"):
        Query(select=paths("Id"), joins=(Join("Owner", "id"),))
    with pytest.raises(ValueError, match="word of SQuery"):
        Join("ChangedBy", "by")
    with pytest.raises(ValueError, match="belongs to no join"):
        Query(select=(Path("LastName", "mr"),))
    with pytest.raises(ValueError, match="not declared before"):
        Query(select=paths("Id"), joins=(Join("Organization", "org", after=record), record))


def test_a_boolean_is_not_written_as_a_number():
    assert literal(value=True) == "true"
    assert literal(1) == "1"
    assert literal(None) == "null"
