"""Whatever is asked: an answer or a refusal that says where, never a failure; and values stay values."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.identity_manager.entities import ENTITIES
from sandbox.identity_manager.squery.execute import run_list
from sandbox.identity_manager.squery.parser import parse
from sandbox.identity_manager.squery.plan import make_plan
from sandbox.identity_manager.squery.shapes import Shape, View
from sandbox.identity_manager.squery.syntax import SQueryError
from sandbox.identity_manager.store import Store
from tests.sandbox.protocol.small_world import SmallWorld, load_small_world

WORDS = (
    'join select where order by asc desc top of type and or null true false as "2026-01-01T00:00:00Z" Id Role Owner '
    "Resource AssignedResourceErrors AssignedResourceScalars Directory_User r o e r.Id r.FullName o.Login e.ErrorMessage "
    'ProvisioningState StartDate IsDenied = != < >= &= %=% !%= ( ) , . 3 -1 "x" "100%" : Property Performer'
).split()


@pytest.fixture(scope="module")
def world():
    store = Store()
    yield load_small_world("small", store)
    store.close()


def _answer(world: SmallWorld, text: str) -> list[dict[str, object]]:
    plan = make_plan(parse(text), Shape(ENTITIES["AssignedResourceType"], View(world.resources)))
    with world.store.reader() as connection:
        return run_list(plan, connection, size=5, after=None, offset=0).rows


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(WORDS), max_size=25))
def test_any_words_are_answered_or_refused(world, words):
    try:
        rows = _answer(world, " ".join(words))
    except SQueryError:
        return
    assert len(rows) <= 5


PATHS = ["Id", "ProvisioningState", "StartDate", "IsDenied", "r.FullName", "o.Login", "e.ErrorMessage", "o.Id", "e.Id"]
OPERANDS = ["null", "3", "true", '"x"', '"2026-01-01T00:00:00Z"', "OwnerId", "r.DisplayName"]
COMPARISONS = st.tuples(
    st.sampled_from(PATHS), st.sampled_from(["=", "!=", "<", ">=", "&=", "%=%", "!=%"]), st.sampled_from(OPERANDS)
).map(" ".join)
FILTERS = st.recursive(
    COMPARISONS,
    lambda inner: st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map(lambda t: f"({''.join(t)})"),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FILTERS, st.lists(st.sampled_from(PATHS), min_size=1, max_size=5, unique=True))
def test_any_filter_of_known_properties_is_answered_or_refused(world, condition, selected):
    joins = "join Role r join Owner of type Directory_User o join AssignedResourceErrors e"
    try:
        _answer(world, f"{joins} select {', '.join(selected)} where {condition} order by Id asc")
    except SQueryError:
        return


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(blacklist_characters='"', blacklist_categories=["Cs"]), max_size=30))
def test_a_text_is_found_as_it_is_and_never_read_as_a_query(world, text):
    if "\0" in text:
        return
    world.store.update("ResourceType", world.ids["type"], {"FullName": text})
    query = f'join Role r select Id where (r.FullName = "{text}" and r.FullName %=% "{text}") order by Id asc'
    assert len(_answer(world, query)) == 5
