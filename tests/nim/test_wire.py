"""How Identity Manager's rows become the product's words, whatever the installation's habits."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import NimSurprised, SettingsError
from bot.model.change import Progress
from bot.model.job import RunState, TaskKind
from bot.model.order import ChangeType, OrderState
from bot.nim.config import parse_states
from bot.nim.squery import Path
from bot.nim.wire import jobs, orders
from bot.nim.wire.changes import link_change
from bot.nim.wire.row import Row, item_row, list_rows, moment, next_token
from bot.nim.wire.states import States
from bot.nim.wire.task_kinds import task_kind

AT = datetime(2026, 3, 3, 8, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("id_value", ["52001", 52001])
def test_an_id_is_text_whether_it_came_as_text_or_as_a_number(id_value):
    assert Row({"Id": id_value}).id() == "52001"


def test_names_are_read_in_any_case():
    row = Row({"startDate": "2026-03-03T08:00:00Z", "TASK": {"identifier": "x"}})

    assert row.moment("StartDate") == AT
    assert row.at("Task").text("Identifier") == "x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-03T08:00:00Z", AT),
        ("2026-03-03T08:00:00.000Z", AT),
        ("2026-03-03T08:00:00.0000000Z", AT),
        ("2026-03-03T08:00:00", AT),
        ("2026-03-03T09:00:00+01:00", AT),
        ("9999-12-31T00:00:00Z", None),
        ("", None),
        ("soon", None),
        (None, None),
    ],
)
def test_a_time_is_read_with_or_without_fraction_and_the_year_9999_is_no_end(text, expected):
    assert moment(text) == expected


@pytest.mark.parametrize(
    "content", [{"Id": "5", "X": 1}, {"Result": {"Id": "5"}}, {"result": {"Id": "5"}}, {"Result": [{"Id": "5"}]}]
)
def test_an_item_is_read_bare_or_wrapped(content):
    assert item_row(content, "a job").id() == "5"


@pytest.mark.parametrize("token", [None, "", 0])
def test_the_last_page_has_no_token(token):
    assert next_token({"Result": [], "ContinuationToken": token}) == ""


def test_a_bare_array_is_a_list_too():
    assert [row.id() for row in list_rows([{"Id": 1}], "jobs")] == ["1"]


def test_a_row_without_its_id_is_a_surprise_that_names_its_fields_only():
    with pytest.raises(NimSurprised) as told:
        jobs.job(Row({"Identifier": "private"}))

    assert told.value.facts == {"shape": "identifier"}


@given(st.dictionaries(st.sampled_from(["Id", "State", "StartDate", "EndDate", "JobId", "Job", "User"]), JSON))
def test_no_value_of_a_run_breaks_its_reading(raw):
    try:
        jobs.job_run(Row(raw), States())
    except NimSurprised:
        return


@given(
    st.dictionaries(
        st.sampled_from(
            ["Id", "ProvisioningState", "AssignedResourceErrors", "Role", "Owner", "IsDenied", "ResourceId", "Resource"]
        ),
        JSON,
    )
)
def test_no_value_of_an_order_breaks_its_reading(raw):
    try:
        orders.order(Row(raw), dn=Path("dn", "acc"), read_at=AT)
    except NimSurprised:
        return


@pytest.mark.parametrize(
    ("code", "started", "ended", "expected"),
    [
        (2, AT, AT, RunState.COMPLETED),
        (3, AT, AT, RunState.ERRORED),
        (5, AT, None, RunState.BLOCKED),
        (6, AT, AT, RunState.BLOCKED),
        (7, AT, AT, RunState.WARNING),
        (10, AT, AT, RunState.WARNING),
        (4, AT, AT, RunState.CANCELLED),
        (3, AT, None, RunState.ERRORED),
        (2, AT, None, RunState.RUNNING),
        (7, AT, None, RunState.RUNNING),
        (1, AT, None, RunState.RUNNING),
        (8, AT, None, RunState.RUNNING),
        (0, None, None, RunState.QUEUED),
        (0, AT, AT, RunState.UNKNOWN),
        (1, AT, AT, RunState.UNKNOWN),
        (8, AT, AT, RunState.UNKNOWN),
        (None, AT, AT, RunState.UNKNOWN),
    ],
)
def test_a_run_is_judged_by_its_end_and_by_numbers_that_are_known(code, started, ended, expected):
    assert States().word(code, started, ended) is expected


@given(st.integers().filter(lambda code: code != 2))
def test_no_other_number_is_ever_taken_for_success(code):
    assert States().word(code, AT, AT) is not RunState.COMPLETED


def test_the_settings_teach_further_numbers():
    states = States(parse_states({"8": "cancelled", "1": "completed"}))

    assert states.word(8, AT, AT) is RunState.CANCELLED
    assert states.word(1, AT, AT) is RunState.COMPLETED


def test_a_wrong_word_for_a_state_is_named_with_its_key():
    with pytest.raises(SettingsError, match='states: "8" = "aborted"'):
        parse_states({"8": "aborted"})


@pytest.mark.parametrize(
    ("identifier", "name", "number", "expected"),
    [
        ("AD_Export_Complete", "", None, TaskKind.EXPORT),
        ("", "Export de l'annuaire", None, TaskKind.EXPORT),
        ("AD_Synchronization_Complete_Export", "", None, TaskKind.EXPORT),
        ("AD_PrepareSynchronization_Delta", "", None, TaskKind.PREPARE),
        ("", "Préparation de la synchronisation", None, TaskKind.PREPARE),
        ("AD_Synchronize", "", None, TaskKind.SYNCHRONIZE),
        ("", "Synchronisation AD", None, TaskKind.SYNCHRONIZE),
        ("UpdateEntityPropertyExpressions_Directory", "", None, TaskKind.EXPRESSIONS),
        ("ComputeCorrelationKeys", "", None, TaskKind.CORRELATION_KEYS),
        ("", "Calcul des clés de corrélation", None, TaskKind.CORRELATION_KEYS),
        ("ComputeRoleModel_All", "", None, TaskKind.ROLE_MODEL),
        ("", "Calculer le modèle de rôles", None, TaskKind.ROLE_MODEL),
        ("AD_GenerateProvisioningOrders", "", None, TaskKind.GENERATE),
        ("", "Génération des ordres de provisioning", None, TaskKind.GENERATE),
        ("AD_Fulfill", "", None, TaskKind.FULFILL),
        ("", "Fulfill provisioning orders", None, TaskKind.FULFILL),
        ("UpdateClassification", "", None, TaskKind.CLASSIFICATION),
        ("SetInternalUserProfiles", "", None, TaskKind.PROFILES),
        ("Task_17", "", 101, TaskKind.EXPORT),
        ("Task_17", "", 1, TaskKind.ROLE_MODEL),
        ("AD_Export", "", 107, TaskKind.EXPORT),
        ("Task_17", "Something", 64, TaskKind.OTHER),
        ("Task_17", "", None, TaskKind.OTHER),
    ],
)
def test_a_tasks_kind_is_told_from_its_names_before_its_number(identifier, name, number, expected):
    assert task_kind(identifier, name, number) is expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"IsDenied": True, "ResourceId": "9"}, ChangeType.DELETE),
        ({"IsDenied": True}, ChangeType.DELETE),
        ({"IsDenied": False}, ChangeType.CREATE),
        ({"ResourceId": "9"}, ChangeType.UPDATE),
    ],
)
def test_what_an_order_does_follows_from_its_account_and_its_denial(fields, expected):
    assert orders.order(Row({"Id": "1", **fields}), dn=None, read_at=AT).change is expected


def test_an_unknown_state_of_an_order_keeps_its_number():
    order = orders.order(Row({"Id": "1", "ProvisioningState": 42}), dn=None, read_at=AT)

    assert (order.state, order.code) == (OrderState.UNKNOWN, 42)


def test_the_errors_of_the_newest_run_come_first():
    errors = [
        {"Id": "1", "ErrorMessage": "old", "JobInstanceId": "900"},
        {"Id": "2", "ErrorMessage": "new", "JobInstanceId": "1000"},
    ]

    order = orders.order(Row({"Id": "1", "AssignedResourceErrors": errors}), dn=None, read_at=AT)

    assert [error.text for error in order.errors] == ["new", "old"]


def test_a_link_change_names_the_row_that_has_the_property_first():
    row = Row({"Property1Name": "member", "R1Pk": "group", "Property2Name": "memberOf", "R2Pk": "user"})

    assert (link_change(row, "AD_Entry", "member").key, link_change(row, "AD_Entry", "memberOf").key) == (
        "group",
        "user",
    )


@pytest.mark.parametrize("wrapped", ["", "null", "[1]", "{", '{"Other": 5}', '{"Deleted": "many"}'])
def test_progress_of_another_form_is_not_shown(wrapped):
    row = Row({"Id": "1", "JobInstanceId": "2", "WrappedProgress": wrapped})

    assert jobs.task_run(row, States()).progress is None


def test_progress_that_can_be_read_is_shown_with_its_time():
    row = Row(
        {
            "Id": "1",
            "JobInstanceId": "2",
            "WrappedProgress": '{"Deleted": 412, "Inserted": 0}',
            "LastProgressUpdate": "2026-03-03T08:00:00Z",
        }
    )

    assert jobs.task_run(row, States()).progress == Progress(inserted=0, deleted=412, at=AT)
