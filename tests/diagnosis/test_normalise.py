from hypothesis import given
from hypothesis import strategies as st

from bot.diagnosis.normalise import NO_TEXT, VERSION, error_key, group_text


def refused(dn: str, dsid: str = "DSID-03152501") -> str:
    return f"Cannot delete '{dn}': 00000005: SecErr: {dsid}, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0"


def test_deletions_of_different_people_in_different_containers_are_one_error():
    assert group_text(refused("CN=Doe\\, John,OU=Leavers,DC=contoso,DC=com")) == group_text(
        refused("CN=Leroy\\, Anne,OU=FR,OU=Leavers,DC=contoso,DC=com", "DSID-0C0910CC")
    )


def test_different_sub_codes_stay_apart():
    texts = [
        f"LdapErr: DSID-0C090436, comment: AcceptSecurityContext error, data {code}, v4563" for code in ("52e", "775")
    ]
    assert group_text(texts[0]) != group_text(texts[1])


def test_different_http_states_stay_apart():
    assert group_text("success: 403 (Forbidden)") != group_text("success: 503 (Service Unavailable)")


def test_quoted_property_names_are_the_error_and_other_quoted_words_are_not():
    names = {"userPrincipalName", "Mail"}
    text = "value '{}' for property '{}' already exists"
    assert group_text(text.format("a", "userPrincipalName"), names) == group_text(
        text.format("b", "userPrincipalName"), names
    )
    assert group_text(text.format("a", "userPrincipalName"), names) != group_text(text.format("a", "Mail"), names)


def test_a_key_carries_its_version_and_class():
    assert error_key("rights/denied", refused("CN=A,OU=B")).startswith(f"{VERSION}:rights/denied|")


def test_an_empty_text_has_a_key_of_its_own():
    assert error_key("unknown", " \n") == f"{VERSION}:{NO_TEXT}"


def test_a_text_is_read_at_its_head_and_tail_only():
    assert group_text("a" * 3000 + "b" * 9000 + "c" * 3000) == group_text("a" * 3000 + "d" * 5000 + "c" * 3000)


@given(st.text(max_size=500))
def test_any_text_has_a_key(text):
    key = error_key("unknown", text)
    assert key.startswith(f"{VERSION}:")
    assert key == error_key("unknown", text)
