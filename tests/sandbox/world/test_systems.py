"""The managed systems: what they refuse, and in which words."""

from __future__ import annotations

import pytest

from sandbox.identity_manager.world.expressions import BadExpression, Expression, RuleError
from sandbox.identity_manager.world.preparation import Preparation, PreparationError
from sandbox.identity_manager.world.systems.access import Access, Credential, Host
from sandbox.identity_manager.world.systems.accounts import AccountSystem, AccountTable
from sandbox.identity_manager.world.systems.dialects import ENTRA, SQL
from sandbox.identity_manager.world.systems.directory import BASE, Directory, parent_of
from sandbox.identity_manager.world.systems.errors import TargetError
from sandbox.identity_manager.world.systems.order import Order
from sandbox.identity_manager.world.systems.table import FILE_FAULTS, FileFault, Table, delivered


@pytest.fixture
def directory() -> Directory:
    found = Directory(Access("dc01:636", Host(), Credential("svc-nim")), 1)
    found.put(BASE, {})
    for name in ("Sites", "Leavers"):
        found.put(f"OU={name},{BASE}", {"objectClass": "organizationalUnit"})
    found.put(
        f"CN=Old,OU=Leavers,{BASE}", {"objectClass": "user", "sAMAccountName": "old", "userPrincipalName": "old@c"}
    )
    return found


def user(login: str, upn: str = "") -> dict[str, str | None]:
    return {"objectClass": "user", "sAMAccountName": login, "userPrincipalName": upn or f"{login}@contoso.com"}


@pytest.mark.parametrize(
    ("dn", "attributes", "text"),
    [
        (
            f"CN=A,OU=Nantes,OU=Sites,{BASE}",
            user("a"),
            "problem 2001 (NO_OBJECT), data 0, best match of: 'OU=Sites,DC=contoso,DC=com'",
        ),
        (f"CN=Old,OU=Leavers,{BASE}", user("a"), "00002071: UpdErr: DSID-031B0DCF, problem 6005 (ENTRY_EXISTS)"),
        (f"CN=A,OU=Sites,{BASE}", user("OLD"), "00000524: UpdErr: DSID-031A11E2, problem 6005 (ENTRY_EXISTS)"),
        (f"CN=A,OU=Sites,{BASE}", user("a", "old@c"), "Att 90290 (userPrincipalName)"),
        (f"CN=A,OU=Sites,{BASE}", user("a" * 21), "(CONSTRAINT_ATT_TYPE), data 0, Att 900dd (sAMAccountName):len 42"),
    ],
)
def test_a_directory_refuses_what_it_cannot_hold(directory, dn, attributes, text):
    with pytest.raises(TargetError) as refusal:
        directory.add(dn, attributes)
    assert text in refusal.value.text


def test_the_line_of_the_nearest_container_decides_on_a_right(directory):
    directory.put(f"OU=FR,OU=Leavers,{BASE}", {})
    directory.rule("delete", f"OU=Leavers,{BASE}", allowed=False)
    directory.rule("delete", f"OU=FR,OU=Leavers,{BASE}", allowed=True)
    assert directory.may("delete", f"CN=X,OU=FR,OU=Leavers,{BASE}")
    assert not directory.may("delete", f"CN=X,OU=Leavers,{BASE}")
    assert directory.may("delete", f"CN=X,OU=Sites,{BASE}")


def test_what_may_not_be_read_is_silently_absent(directory):
    directory.rule("read", f"OU=Leavers,{BASE}", allowed=False)
    assert sorted(e.dn for e in directory.readable()) == [BASE, f"OU=Sites,{BASE}"]


def test_a_protected_or_full_container_cannot_be_deleted(directory):
    leavers = directory.find(f"OU=Leavers,{BASE}")
    with pytest.raises(TargetError, match="CANT_ON_NON_LEAF"):
        directory.delete(leavers.guid, leavers.dn)
    old = directory.find_login("old")
    old.protected = True
    with pytest.raises(TargetError, match="INSUFF_ACCESS_RIGHTS"):
        directory.delete(old.guid, old.dn)
    with pytest.raises(TargetError, match="NO_OBJECT"):
        directory.delete("gone", f"CN=X,OU=Leavers,{BASE}")


def test_commas_inside_a_name_do_not_end_it():
    assert parent_of(r"CN=Doe\, John,OU=Sites,DC=c") == "OU=Sites,DC=c"


@pytest.mark.parametrize(
    ("state", "code"),
    [("expired", "532"), ("wrong", "52e"), ("locked", "775"), ("disabled", "533"), ("missing", "525")],
)
def test_a_refused_logon_carries_its_sub_code(directory, state, code):
    directory.access.credential.state = state
    with pytest.raises(TargetError, match=f"error, data {code}, v4563"):
        directory.log_in(0)


def test_a_password_expires_at_its_instant(directory):
    directory.access.credential.expires = 100.0
    directory.log_in(99)
    with pytest.raises(TargetError, match="data 532"):
        directory.log_in(100)


def entra() -> AccountSystem:
    kind = AccountTable(
        "entra_users",
        "ENTRA_User",
        ("userPrincipalName",),
        ("displayName",),
        {"usageLocation": frozenset({"FR"})},
        generated_key=True,
    )
    return AccountSystem(Access("graph:443", Host(), Credential("app")), ENTRA, [kind], seed=1, delta_capable=True)


def added(**values: str) -> Order:
    whole = {"userPrincipalName": "a@c", "displayName": "A", "usageLocation": "FR", **values}
    return Order("Added", "ENTRA_User", "", whole)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"displayName": ""}, "A value is required for property 'displayName'"),
        ({"usageLocation": "ZZ"}, "Invalid value specified for property 'usageLocation' of resource 'User'"),
        ({"userPrincipalName": "TAKEN@c"}, "same value for property userPrincipalName already exists. ObjectConflict"),
        ({"jobTitle": "x" * 300}, "exceeds the maximum allowed length of 256"),
    ],
)
def test_entra_words_its_refusals_as_graph_does(values, text):
    system = entra()
    system.put("ENTRA_User", {"userPrincipalName": "taken@c", "displayName": "T", "usageLocation": "FR"})
    with pytest.raises(TargetError) as refusal:
        system.apply(added(**values), 0)
    assert text in refusal.value.text


def test_entra_throttles_after_its_window_is_full_and_takes_orders_again_in_the_next():
    system = entra()
    system.orders_per_window = 1
    system.apply(added(), 0)
    with pytest.raises(TargetError, match=r"429 \(Too Many Requests\). Retry-After: 120"):
        system.apply(added(userPrincipalName="b@c"), 60)
    system.apply(added(userPrincipalName="b@c"), 120)


def test_a_database_names_the_key_that_is_taken():
    kind = AccountTable("sqlapp_users", "SQLAPP_User", ("Mail",), ("Mail",))
    system = AccountSystem(Access("sql:1433", Host(), Credential("svc")), SQL, [kind], seed=1, delta_capable=False)
    system.put("SQLAPP_User", {"Login": "a", "Mail": "a@c"})
    with pytest.raises(TargetError, match=r"UNIQUE KEY constraint 'UQ_Users_Mail'.*The duplicate key value is \(a@c\)"):
        system.apply(Order("Added", "SQLAPP_User", "", {"Login": "b", "Mail": "a@c"}), 0)


def people(*rows: dict[str, str]) -> Table:
    return Table("hr_people", ["EmployeeId", "Name"], list(rows))


def test_preparation_rejects_rows_without_key_and_with_a_double_one():
    table = people(*({"EmployeeId": k, "Name": n} for k, n in (("1", "a"), ("", "b"), ("2", "c"), ("2", "d"))))
    found = Preparation().prepare(table, ["EmployeeId", "Name"], complete=True)
    assert set(found.upserts) == {"1"}
    assert [r["Name"] for r in found.null_rows] == ["b"]
    assert [r["Name"] for r in found.duplicates] == ["d"]


def test_an_incremental_preparation_compares_with_the_previous_file_only():
    preparation = Preparation()
    preparation.prepare(
        people({"EmployeeId": "1", "Name": "a"}, {"EmployeeId": "2", "Name": "b"}), ["EmployeeId"], complete=True
    )
    found = preparation.prepare(
        people({"EmployeeId": "2", "Name": "B"}, {"EmployeeId": "3", "Name": "c"}), ["EmployeeId"], complete=False
    )
    assert (set(found.upserts), found.deletes) == ({"2", "3"}, ["1"])


def test_a_missing_column_is_named():
    with pytest.raises(PreparationError, match="Header with name 'Name' was not found"):
        Preparation().prepare(Table("hr_people", ["EmployeeId"], []), ["EmployeeId", "Name"], complete=True)


def test_every_file_fault_leaves_the_source_as_it_is():
    for kind in FILE_FAULTS:
        table = Table("t", ["Key", "When"], [{"Key": "007", "When": "03/04/2026"}])
        columns = {"rename-column": ("Key", "Id"), "swap-columns": ("Key", "When"), "iso-dates": ("When",)}.get(
            kind, ("Key",)
        )
        broken = delivered(table, [FileFault(kind, "t", columns, ("007",), 0, "007")])
        assert table.rows == [{"Key": "007", "When": "03/04/2026"}], kind
        assert (broken.header, broken.rows) != (table.header, table.rows) or kind in {"upper-case", "wrong-encoding"}, (
            kind
        )


@pytest.mark.parametrize(
    ("body", "result"),
    [
        ('person.First.Substring(0, 1).ToLower() + "."', "j."),
        ('If(person.Age > 30 and not person.Left, "a", "b")', "a"),
        ('Coalesce(person.None1, "", person.First)', "John"),
        ("person.Boss.First", "Ada"),
        ('EscapeDn("Doe, John")', r"Doe\, John"),
        ('Address("O\'Brien Müller")', "o-brien-muller"),
        ('"x" + person.None1', "x"),
    ],
)
def test_rule_expressions_are_evaluated(body, result):
    subject = {"First": "John", "Age": 40, "Left": False, "None1": None, "Boss": {"First": "Ada"}}
    assert Expression(f"C#:person:return {body};")(subject) == result


def test_a_member_of_nothing_throws_as_in_the_product():
    with pytest.raises(RuleError, match="NullReferenceException"):
        Expression("C#:person:return person.Boss.First;")({"Boss": None})


@pytest.mark.parametrize(
    "text",
    [
        "person.First",
        "C#:person:return __import__('os');",
        "C#:person:return person.First.__class__();",
        "C#:person:return (lambda: 1)();",
        "C#:person:return other.First;",
    ],
)
def test_nothing_else_is_evaluated(text):
    with pytest.raises(BadExpression):
        Expression(text)
