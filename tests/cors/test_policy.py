"""Policy as a Python object: what the tables of files cannot show."""

import json

import pytest

from cors import Policy, PolicyError
from cors.fields import NAMES
from strict.fault import Fault, nearest, show
from strict.reasons import DUPLICATE_KEY, REASONS, UNKNOWN_KEY, UPPER_CASE

_WHOLE = {
    "version": 1,
    "allowed_origins": ["https://a.example", "https://*.b.example", "http://localhost:*"],
    "allow_credentials": True,
    "allowed_methods": ["PUT", "DELETE"],
    "allowed_headers": ["X-Token"],
    "expose_headers": ["X-Frame-Id"],
    "max_age": 0,
    "allow_private_network": True,
    "resource_policy": "same-site",
    "allowed_hosts": ["camera.example.com"],
    "block_cross_origin_writes": False,
}


def test_of_many_keys_given_twice_16_are_named() -> None:
    """Each takes as long as the whole text, and a body of a request is no shorter than a policy."""
    text = "{" + ", ".join(['"version": 1'] * 500) + "}"
    with pytest.raises(PolicyError) as caught:
        Policy.from_json(text)
    assert [found.reason for found in caught.value.faults] == [DUPLICATE_KEY] * 16


def test_attributes_are_named_as_the_fields():
    policy = Policy.from_json(json.dumps(_WHOLE))
    assert tuple(_WHOLE) == NAMES
    for name, value in _WHOLE.items():
        expected = tuple(value) if isinstance(value, list) else value
        assert getattr(policy, name) == expected, name


@pytest.mark.parametrize("text", [5, None, ["{}"], {"version": 1}])
def test_a_policy_is_read_from_text_alone(text):
    with pytest.raises(TypeError, match="from str or bytes"):
        Policy.from_json(text)


def test_defaults():
    policy = Policy()
    assert [getattr(policy, name) for name in NAMES] == [
        1, (), False, None, None, None, None, False, "same-origin", None, True,
    ]  # fmt: skip
    assert policy.warnings == ()


def test_resource_policy_follows_any_origin_unless_given():
    assert Policy(allowed_origins="*").resource_policy == "cross-origin"
    given = Policy(allowed_origins="*", resource_policy="same-site")
    assert given.resource_policy == "same-site"


@pytest.mark.parametrize("fields", [_WHOLE, {"version": 1}, {"version": 1, "allowed_origins": "*"}])
def test_to_json_reads_back_as_itself(fields):
    policy = Policy.from_json(json.dumps(fields))
    again = Policy.from_json(policy.to_json())
    assert again.to_json() == policy.to_json()
    assert again.digest == policy.digest


def test_to_json_is_this_text():
    assert Policy(allowed_origins=["https://a.example"], max_age=5).to_json() == (
        '{\n  "version": 1,\n  "allowed_origins": ["https://a.example"],\n'
        '  "allow_credentials": false,\n  "allowed_methods": null,\n  "allowed_headers": null,\n'
        '  "expose_headers": null,\n  "max_age": 5,\n  "allow_private_network": false,\n'
        '  "resource_policy": "same-origin",\n  "allowed_hosts": null,\n'
        '  "block_cross_origin_writes": true\n}\n'
    )


def test_digest_is_of_the_meaning_not_of_the_spelling():
    short = Policy.from_json('{"version":1,"allowed_origins":["https://a.example"]}')
    long = Policy.from_json(
        b'{\n "max_age": null, "$schema": "x",\n "allowed_origins": ["https:\\/\\/a.example"],\n'
        b' "version": 1}'
    )
    assert short.digest == long.digest == "fa8e86be2646"
    assert Policy().digest != short.digest


def test_text_may_be_bytes_of_any_kind():
    text = '{"version": 1, "max_age": 7}'
    for given in (text, text.encode(), bytearray(text.encode()), memoryview(text.encode())):
        assert Policy.from_json(given).max_age == 7


def test_matches():
    policy = Policy(allowed_origins=["https://a.example", "http://localhost:*"])
    assert policy.matches("https://a.example") is True
    assert policy.matches("http://localhost:3000") is True
    assert policy.matches("https://b.example") is False
    assert Policy(allowed_origins="*").matches("https://b.example") is True
    assert Policy().matches("https://a.example") is False


def test_faults_have_field_value_reason_and_remedy():
    with pytest.raises(PolicyError) as caught:
        Policy(allowed_origins=["https://A.example"], max_ages=1)
    assert caught.value.faults == (
        Fault("max_ages", 1, UNKNOWN_KEY, 'write "max_age"'),
        Fault("allowed_origins[0]", "https://A.example", UPPER_CASE, 'write "https://a.example"'),
    )
    assert str(caught.value).count("\n") == 1
    assert isinstance(caught.value, ValueError)
    assert str(caught.value.faults[0]) == 'max_ages: 1: unknown key; write "max_age"'


def test_one_value_with_two_reasons_is_two_faults_and_one_line():
    with pytest.raises(PolicyError) as caught:
        Policy(allowed_origins=["https://Example.com/"])
    assert [fault.reason for fault in caught.value.faults] == ["upper case", "trailing slash"]
    assert str(caught.value) == (
        'allowed_origins[0]: "https://Example.com/": upper case, trailing slash; write "https://example.com"'
    )


def test_reasons_are_a_closed_list_without_doubles():
    assert len(set(REASONS)) == len(REASONS)


@pytest.mark.parametrize("text", ["\ud800", '{"version": 1, "x": "\ud800"}'])
def test_lone_surrogates_are_no_utf8(text):
    with pytest.raises(PolicyError, match="not UTF-8"):
        Policy.from_json(text)


def test_escaped_surrogate_is_refused_where_it_matters():
    with pytest.raises(PolicyError) as caught:
        Policy.from_json('{"version": 1, "allowed_origins": ["https://\\ud800.example"]}')
    assert str(caught.value) == (
        'allowed_origins[0]: "https://\\ud800.example": not ASCII; '
        'write the name in punycode, as in "https://xn--bcher-kva.example"'
    )
    assert Policy(allowed_origins=["https://*.a.example"]).matches("https://\ud800.a.example") is False


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\"b\\c\n\x7f\u00fc\U0001f600", '"a\\"b\\\\c\\u000a\\u007f\\u00fc\\ud83d\\ude00"'),
        ([1, [None, True]], "[1, [null, true]]"),
        (1.5, "1.5"),
        (object, "<type>"),
        ("x" * 500, '"' + "x" * 116 + "..."),
    ],
)  # fmt: skip
def test_show(value, text):
    assert show(value) == text


def test_nearest():
    assert nearest("maxage", NAMES) == "max_age"
    assert nearest("zzzzzzz", NAMES) is None
