"""The error catalogue as data: every row is hit by its own sample, and direction and strength decide as documented."""

import pytest

from bot.diagnosis.catalogue import classify, classify_log, rows, wait_minutes
from bot.model.order import ChangeType


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.kind.id)
def test_every_sample_is_first_matched_by_its_own_row(row):
    assert classify(row.sample).id == row.kind.id


def test_the_catalogue_has_a_hundred_rows_with_different_ids():
    assert len({row.kind.id for row in rows()}) == len(rows()) == 100


def test_numbers_in_guids_and_words_in_distinguished_names_mean_nothing():
    text = "Failed for 'CN=Doe,OU=Maintenance,DC=contoso,DC=com' 41150404-1105-4042-8504-118500403401"
    assert classify(text).error_class == "unknown"


def test_a_missing_parent_is_a_missing_object_for_a_change():
    text = "0000208D: NameErr: DSID-03100288, problem 2001 (NO_OBJECT), data 0, best match of: 'OU=Sites,DC=contoso,DC=com'"
    assert classify(text, ChangeType.CREATE).error_class == "data/parent-missing"
    assert classify(text, ChangeType.DELETE).error_class == "data/not-found"


def test_an_address_that_answers_404_is_for_one_order_a_missing_object():
    text = "Response status code does not indicate success: 404 (Not Found)."
    assert classify(text).error_class == "address/url"
    assert classify(text, ChangeType.UPDATE).error_class == "data/not-found"


def test_a_state_is_no_error():
    assert not classify("Threshold Exceeded").known


def test_the_last_line_of_a_log_decides_over_the_first():
    kind, line = classify_log(("No such host is known. (a:443)", "There is not enough space on the disk."))
    assert (kind.error_class, line) == ("disk/full", "There is not enough space on the disk.")


def test_a_weak_line_gives_way_to_a_stronger_one():
    kind, _ = classify_log(
        (
            "The remote certificate is invalid: NotTimeValid",
            "The SSL connection could not be established, see inner exception.",
        )
    )
    assert kind.error_class == "certificate/expired"


def test_the_inner_exception_decides_when_the_outer_says_nothing():
    kind, _ = classify_log(("Task failed. ---> System.IO.IOException: There is not enough space on the disk.",))
    assert kind.error_class == "disk/full"


def test_a_weak_class_is_better_than_none():
    kind, line = classify_log(("Something odd happened", "Access is denied."))
    assert (kind.error_class, line) == ("rights/denied", "Access is denied.")


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("Response status code does not indicate success: 429 (Too Many Requests). Retry-After: 120", 2),
        ("Response status code does not indicate success: 429 (Too Many Requests).", 15),
        ("No connection could be made because the target machine actively refused it.", 5),
        ("ORA-28001: the password has expired", None),
    ],
)
def test_a_wait_is_named_only_for_what_can_pass_by_itself(text, minutes):
    assert wait_minutes(classify(text), text) == minutes


@pytest.mark.parametrize(
    ("text", "error_class"),
    [
        ("Le serveur LDAP n'est pas disponible.", "network/ldap-down"),
        ("Espace insuffisant sur le disque.", "disk/full"),
        ("Aucune connexion n'a pu être établie car l'ordinateur cible l'a expressément refusée.", "network/refused"),
        ("Hôte inconnu. (hr-api)", "network/dns"),
        ("Les informations d'identification fournies sont incorrectes", "credentials/invalid"),
        ("Accès refusé.", "rights/denied"),
        ("Le délai d'exécution a expiré", "network/timeout"),
        ("Impossible de trouver le fichier 'hr_people.csv'.", "file/missing"),
        ("ldap_bind: Invalid credentials (49)", "credentials/invalid"),
        ("HTTP 403", "rights/denied"),
        ("Violation of PRIMARY KEY constraint 'PK'. Cannot insert duplicate key.", "data/duplicate"),
        ("The attribute syntax specified to the directory service is invalid.", "data/invalid-value"),
        ("ORA-12541: TNS:no listener", "network/refused"),
    ],
)
def test_further_texts_hit_the_expected_class(text, error_class):
    assert classify(text).error_class == error_class
