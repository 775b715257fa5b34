"""CORS as a Python object: what one request of the tables cannot show."""

import asyncio
import json

import pytest

from cors import CORS, Policy, PolicyError
from cors.fields import NAMES
from microdot import Microdot, Request
from microdot.microdot import NoCaseDict
from tests.cors import run_cases

_A = "https://a.example"
_B = "https://b.example"


def _request(app, method="GET", path="/", **headers):
    fields = NoCaseDict()
    for name, value in headers.items():
        fields[name.replace("_", "-")] = value
    return Request(app, ("127.0.0.1", 1), method, path, "1.1", fields, body=b"")


def _dispatch(app, request):
    return asyncio.run(app.dispatch_request(request))


def _allowed(app, origin):
    return _dispatch(app, _request(app, Origin=origin)).headers.get("Access-Control-Allow-Origin")


def _app(**options):
    app = Microdot()
    app.get("/")(lambda request: "hello")
    return app, CORS(app, **options)


def test_signature_is_that_of_the_reference():
    app = Microdot()
    cors = CORS(app, [_A], True, ["PUT"], ["X-A"], ["X-B"], 5, True)
    assert cors.allowed_origins == [_A]
    assert cors.allow_credentials is True
    assert cors.allowed_methods == ["PUT"]
    assert cors.expose_headers == ["X-A"]
    assert cors.allowed_headers == ["X-B"]
    assert cors.max_age == 5
    assert cors.allow_private_network is False
    assert cors.debug is False


def test_defaults_are_those_of_the_reference():
    cors = CORS()
    assert cors.allowed_origins is None
    assert cors.allow_credentials is False
    for name in ("allowed_methods", "expose_headers", "allowed_headers", "max_age"):
        assert getattr(cors, name) is None, name


def test_attach_later():
    app = Microdot()
    cors = CORS(allowed_origins=[_A])
    assert app.after_request_handlers == []
    cors.initialize(app)
    assert _allowed(app, _A) == _A


def test_initialize_with_handle_cors_false_attaches_nothing():
    app = Microdot()
    handler = app.options_handler
    CORS(allowed_origins=[_A]).initialize(app, handle_cors=False)
    assert app.options_handler == handler
    assert app.after_request_handlers == app.after_error_request_handlers == []


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"allowed_origins": _A}, f'allowed_origins: "{_A}": not a list; write ["{_A}"]'),
        ({"allowed_methods": "GET"}, 'allowed_methods: "GET": not a list; write ["GET"]'),
        (
            {"allowed_origins": "*", "allow_credentials": True},
            'allowed_origins: "*": any origin with credentials; '
            'write the list of origins, or "allow_credentials": false',
        ),
        ({"max_age": -1}, "max_age: -1: out of range; "
            "write a whole number from 0 to 86400, or null"),
        ({"allowed_origins": False}, "allowed_origins: false: not a list; "
            'write a list of strings or "*"'),
        ({"allowed_origins": {_A}}, "allowed_origins: <set>: not a list; "
            'write a list of strings or "*"'),
    ],
)  # fmt: skip
def test_bad_values_are_refused_when_made_and_when_assigned(fields, text):
    with pytest.raises(ValueError) as caught:
        CORS(**fields)
    assert str(caught.value) == text
    cors = CORS(allowed_origins=[_B])
    names = list(fields)
    for name in names[1:]:
        setattr(cors, name, fields[name])
    before = getattr(cors, names[0])
    with pytest.raises(PolicyError) as caught:
        setattr(cors, names[0], fields[names[0]])
    assert str(caught.value) == text
    assert getattr(cors, names[0]) is before
    assert cors.policy.allowed_origins == (_B,)


def test_a_list_may_be_a_tuple():
    app, cors = _app(allowed_origins=(_A,))
    assert _allowed(app, _A) == _A
    assert cors.allowed_origins == (_A,)


def test_the_list_that_was_passed_may_be_changed():
    origins = [_A]
    app, cors = _app(allowed_origins=origins)
    origins.append(_B)
    assert _allowed(app, _B) == _B
    origins[0] = "https://c.example"
    assert _allowed(app, _A) is None
    assert _allowed(app, "https://c.example") == "https://c.example"
    assert cors.allowed_origins is origins


def test_an_invalid_list_is_said_once_and_can_be_mended(capsys):
    app, cors = _app(allowed_origins=[_A])
    cors.allowed_origins.append("https://b.example/")
    for _ in range(3):
        assert _allowed(app, _A) is None
    assert capsys.readouterr().out == (
        "cors: no origin is allowed until this is fixed:\n"
        'allowed_origins[1]: "https://b.example/": trailing slash; write "https://b.example"\n'
    )
    assert cors.policy.allowed_origins == ()
    cors.allowed_origins[1] = _B
    assert _allowed(app, _A) == _A
    assert _allowed(app, _B) == _B


def test_an_invalid_star_with_credentials_is_closed_too(capsys):
    app, cors = _app(allowed_origins=["null"])
    cors.allowed_origins.append(_A)
    response = _dispatch(app, _request(app, Origin="null"))
    assert "Access-Control-Allow-Origin" not in response.headers
    assert response.headers["Vary"] == "Origin"
    assert "not alone in the list" in capsys.readouterr().out


def test_an_invalid_list_leaves_what_the_guard_reads(capsys):
    hosts = ("camera.example",)
    guards = {"allowed_hosts": hosts, "resource_policy": "same-site", "block_cross_origin_writes": False}
    assert {name for name in NAMES if not hasattr(CORS(), name)} == {"version", *guards}
    app, cors = _app()
    cors.policy = Policy(allowed_origins=[_A], **guards)
    cors.allowed_origins.append("*")
    assert _allowed(app, _A) is None
    assert {name: getattr(cors.policy, name) for name in guards} == guards
    assert capsys.readouterr().out.count("not alone in the list") == 1


def test_policy_is_replaced_at_once():
    app, cors = _app(allowed_origins=[_A], allow_credentials=True, max_age=5)
    policy = Policy(allowed_origins="*", allowed_hosts=["camera.local"])
    cors.policy = policy
    assert cors.policy is policy
    assert cors.allowed_origins == "*"
    assert cors.allow_credentials is False
    assert cors.max_age is None
    assert _allowed(app, _B) == "*"


def test_attributes_keep_the_rest_of_a_policy():
    cors = CORS()
    cors.policy = Policy(
        allowed_origins=[_A],
        allowed_hosts=["camera.local"],
        resource_policy="same-site",
        block_cross_origin_writes=False,
    )
    cors.allowed_origins = [_B]
    assert cors.policy.allowed_origins == (_B,)
    assert cors.policy.allowed_hosts == ("camera.local",)
    assert cors.policy.resource_policy == "same-site"
    assert cors.policy.block_cross_origin_writes is False


def test_lists_of_a_policy_may_be_changed_through_the_attribute():
    app, cors = _app()
    policy = Policy(allowed_origins=[_A])
    cors.policy = policy
    cors.allowed_origins.append(_B)
    assert _allowed(app, _B) == _B
    assert cors.policy.allowed_origins == (_A, _B)
    assert policy.allowed_origins == (_A,)


def test_policy_is_a_policy():
    with pytest.raises(TypeError):
        CORS().policy = {"version": 1}


def test_get_cors_headers():
    app = Microdot()
    cors = CORS(app, [_A], True, expose_headers=["X-A"], max_age=5, handle_cors=False)
    request = _request(app, Origin=_A)
    assert cors.get_cors_headers(request) == {
        "Access-Control-Allow-Origin": _A,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "X-A",
    }
    assert request.g._vary == {"Origin"}
    assert cors.get_cors_headers(_request(app, Origin=_B)) == {}
    preflight = _request(
        app, "OPTIONS", Origin=_A, Access_Control_Request_Method="PUT",
        Access_Control_Request_Headers="x-a",
    )  # fmt: skip
    assert cors.get_cors_headers(preflight) == {
        "Access-Control-Allow-Origin": _A,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Max-Age": "5",
        "Access-Control-Allow-Methods": "PUT",
        "Access-Control-Allow-Headers": "x-a",
    }
    assert preflight.g._vary == {
        "Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers",
    }  # fmt: skip


def test_get_cors_headers_by_hand_gets_its_vary():
    app = Microdot()
    cors = CORS(app, [_A], handle_cors=False)
    app.get("/")(lambda request: ("hello", cors.get_cors_headers(request)))
    response = _dispatch(app, _request(app, Origin=_A))
    assert response.headers["Access-Control-Allow-Origin"] == _A
    assert response.headers["Vary"] == "Origin"


def test_beside_another_user_of_vary():
    app, _ = _app(allowed_origins=[_A])

    @app.before_request
    def session(request):
        request.g._vary = {"Cookie"}

    response = _dispatch(app, _request(app, Origin=_A))
    assert sorted(response.headers["Vary"].split(", ")) == ["Cookie", "Origin"]


def test_headers_can_be_read_in_any_case_afterwards():
    app, _ = _app(allowed_origins=[_A], expose_headers=["X-A"])
    seen = []

    @app.after_request
    def later(request, response):
        seen.append(response.headers["access-control-allow-origin"])
        response.headers["vary"] = "Cookie"

    response = _dispatch(app, _request(app, Origin=_A))
    assert seen == [_A]
    assert [name for name in response.headers if name.lower() == "vary"] == ["Vary"]


def test_plain_dict_for_headers():
    app, _ = _app(allowed_origins=[_A])

    @app.get("/plain")
    def plain(request):
        request.after_request_handlers.clear()
        return "hello"

    hook = app.after_request_handlers[0]
    response = _dispatch(app, _request(app))
    response.headers = {"X-Long-Enough-Name": "1", "vary": "Accept"}
    hook(_request(app, Origin=_A), response)
    assert response.headers == {
        "X-Long-Enough-Name": "1", "Vary": "Accept, Origin", "Access-Control-Allow-Origin": _A,
    }  # fmt: skip
    response.headers = {}
    hook(_request(app, Origin=_A), response)
    assert response.headers == {"Vary": "Origin", "Access-Control-Allow-Origin": _A}


@pytest.mark.parametrize(
    ("origins", "expected"),
    [([_A], {"Vary": "Origin"}), ("*", {"Access-Control-Allow-Origin": "*"})],
)
def test_request_that_could_not_be_read(origins, expected):
    app, _ = _app(allowed_origins=origins)
    response = _dispatch(app, None)
    assert response.status_code == 400
    assert dict(response.headers) == expected


def test_two_objects_on_one_application_do_not_double():
    app, _ = _app(allowed_origins=[_A])
    CORS(app, allowed_origins=[_B])
    response = _dispatch(app, _request(app, Origin=_B))
    assert dict(response.headers) == {"Vary": "Origin", "Access-Control-Allow-Origin": _B}


def test_one_object_on_two_applications():
    first, cors = _app(allowed_origins=[_A])
    second = Microdot()
    cors.initialize(second)
    options = _dispatch(second, _request(second, "OPTIONS", "/"))
    assert options.headers["Allow"] == "OPTIONS"
    assert _dispatch(first, _request(first, "OPTIONS", "/")).headers["Allow"] == "GET, HEAD, OPTIONS"


def test_the_options_handler_that_was_there_answers_all_but_preflights():
    app = Microdot()
    calls = []

    def options(request):
        calls.append(request.path)
        return {"Allow": "DAV"}

    app.options_handler = options
    CORS(app, allowed_origins=[_A])
    preflight = _request(app, "OPTIONS", Origin=_A, Access_Control_Request_Method="PUT")
    assert _dispatch(app, preflight).status_code == 204
    assert calls == []
    answer = _dispatch(app, _request(app, "OPTIONS", "/x", Origin=_A))
    assert answer.headers["Allow"] == "DAV"
    assert calls == ["/x"]


def test_attached_to_a_sub_application_that_is_mounted():
    sub = Microdot()
    sub.get("/x")(lambda request: "hello")
    CORS(sub, allowed_origins=[_A])
    app = Microdot()
    app.mount(sub, url_prefix="/sub")
    answer = _dispatch(app, _request(app, path="/sub/x", Origin=_A))
    assert answer.headers["Access-Control-Allow-Origin"] == _A
    preflight = _request(app, "OPTIONS", "/sub/x", Origin=_A, Access_Control_Request_Method="PUT")
    answer = _dispatch(app, preflight)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Methods"] == "PUT"
    assert "Allow" not in answer.headers


def test_a_handler_of_all_answers_may_run_before_or_after():
    app = Microdot()

    @app.after_error_request
    def first(request, response):
        response.headers["Server"] = "camera"
        response.headers["Content-Type"] = "text/html"

    CORS(app, allowed_origins=[_A])
    preflight = _request(app, "OPTIONS", Origin=_A, Access_Control_Request_Method="PUT")
    answer = _dispatch(app, preflight)
    assert answer.status_code == 204
    assert answer.headers["Server"] == "camera"
    assert "Content-Type" not in answer.headers


def test_debug_speaks_on_the_console(capsys):
    app, cors = _app(allowed_origins=[_A])
    preflight = {"Origin": _B, "Access_Control_Request_Method": "PUT"}
    _dispatch(app, _request(app, "OPTIONS", **preflight))
    assert capsys.readouterr().out == ""
    cors.debug = True
    _dispatch(app, _request(app, "OPTIONS", **preflight))
    assert capsys.readouterr().out == (
        'cors: preflight refused: origin "https://b.example" is not in allowed_origins\n'
    )


def test_over_a_socket_with_the_server_of_microdot():
    """The 204 has no Content-Length and no body when Microdot itself writes it."""

    async def talk():
        app, _ = _app(allowed_origins=[_A])

        async def serve(reader, writer):
            async def awrite(data):
                writer.write(data)
                await writer.drain()

            async def aclose():
                writer.close()

            writer.awrite, writer.aclose = awrite, aclose
            await app.handle_request(reader, writer)

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"OPTIONS /none HTTP/1.1\r\nHost: camera\r\nOrigin: https://a.example\r\n"
            b"Access-Control-Request-Method: PUT\r\n\r\n"
        )
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        server.close()
        return answer

    answer = asyncio.run(talk())
    assert sorted(answer.split(b"\r\n")) == sorted(
        [
            b"HTTP/1.0 204 No Content",
            b"Access-Control-Allow-Origin: https://a.example",
            b"Access-Control-Allow-Methods: PUT",
            b"Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
            b"",
            b"",
        ]
    )


def test_an_unexpected_header_fails_a_case():
    case = {
        "policy": {"version": 1, "allowed_origins": [_A]},
        "request": {"method": "GET", "headers": {"Origin": _A}},
        "expect": {"status": 200, "sets": {"Vary": ["origin"]}, "handler": True},
    }
    assert run_cases.run_case(case) == [
        f"answer: unexpected Access-Control-Allow-Origin: {_A}",
        f"wire: unexpected Access-Control-Allow-Origin: {_A}",
    ]


def test_a_row_patches_its_group(tmp_path):
    """As RFC 7396 section 2 says: members are merged, null removes one, a list is replaced."""
    group = {
        "policy": {"version": 1},
        "request": {"method": "GET", "headers": {"A": "1", "B": "2"}},
        "x": [1],
    }
    rows = [{"name": "same"}, {"request": {"headers": {"A": "3", "B": None}}, "x": [2]}, {"request": None}]
    (tmp_path / "table.json").write_text(json.dumps([{**group, "rows": rows}, {"name": "by itself"}]))
    assert run_cases.load(str(tmp_path)) == [
        {**group, "name": "same", "file": "table"},
        {**group, "request": {"method": "GET", "headers": {"A": "3"}}, "x": [2], "file": "table"},
        {"policy": {"version": 1}, "x": [1], "file": "table"},
        {"name": "by itself", "file": "table"},
    ]
