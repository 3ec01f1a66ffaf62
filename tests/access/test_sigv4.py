"""Signatures: what botocore signs is taken; what was changed afterwards is not."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import boto3
import pytest
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st

from logq.access.sigv4 import SERVICES, SKEW, Signatures, SignedRequest, read_claim
from logq.errors import Unauthenticated
from tests.access.signing import KEY, NOW, SECRET, signed

JSON_11 = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "Logs_20140328.PutLogEvents",
}
JSON_10 = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "GraniteServiceVersion20100801.PutMetricData",
    "x-amzn-query-mode": "true",
}
QUERY = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
CBOR = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
CBOR_PATH = "http://h/service/GraniteServiceVersion20100801/operation/PutMetricData"


def why(
    request: SignedRequest,
    *,
    now: int = NOW,
    secret: str = SECRET,
    signatures: Signatures | None = None,
) -> str:
    """Why a request is refused; empty if it is taken."""
    try:
        claim = read_claim(request)
        assert claim.key_id == KEY
        (signatures or Signatures()).check(request, claim, lambda _: secret, now)
    except Unauthenticated as error:
        assert SECRET not in str(error)
        return error.reason
    return ""


# ---- what is taken


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(signed(b'{"logGroupName":"a"}', headers=JSON_11), id="logs, JSON 1.1"),
        pytest.param(signed(b"{}", headers=JSON_10, service="monitoring"), id="JSON 1.0"),
        pytest.param(
            signed(b"Action=ListMetrics&Version=2010-08-01", headers=QUERY, service="monitoring"),
            id="monitoring, query",
        ),
        pytest.param(
            signed(b"\xbf\xff", headers=CBOR, service="monitoring", url=CBOR_PATH), id="CBOR"
        ),
        pytest.param(
            signed(b"Action=GetCallerIdentity&Version=2011-06-15", headers=QUERY, service="sts"),
            id="sts",
        ),
        pytest.param(signed(b"Action=Publish", headers=QUERY, service="sns"), id="sns"),
        pytest.param(signed(b"{}", headers=JSON_11, service="events"), id="events"),
        pytest.param(
            signed(
                gzip.compress(b"{}" * 500, mtime=0),
                headers={**JSON_11, "Content-Encoding": "gzip"},
            ),
            id="gzip",
        ),
        pytest.param(signed(b"", headers=JSON_11), id="no body"),
        pytest.param(signed(bytes(range(256)) * 4000), id="a megabyte of any bytes"),
        pytest.param(signed(region="eu-central-1"), id="another region"),
        pytest.param(signed(url="http://h:5080/?Action=ListMetrics&a=b", method="GET", body=b""),
                     id="GET with a query"),
        pytest.param(signed(url="http://h/?b=2&a=1&a=0&c&=&d=%2F%20x&z=~"), id="an odd query"),
        pytest.param(signed(url="http://h/a//b/./c/../d/"), id="a path with dots"),
        pytest.param(signed(url="http://h/a%20b/%C3%A4/c%2Fd/~x/+/@:"), id="an encoded path"),
        pytest.param(signed(headers={**JSON_11, "X-Odd": "  a   b \t c  "}), id="inner spaces"),
        pytest.param(signed(headers={"X-Amz-Content-SHA256": "44136fa355b3678a1146ad16f7e8649e94fb"
                                     "4fc21fe77e8310c060f61caaff8a"}), id="payload hash stated"),
    ],
)  # fmt: skip
def test_what_botocore_signs_is_taken(request_: SignedRequest) -> None:
    assert why(request_) == ""
    assert why(request_, secret=SECRET + "x") == "signature"


@pytest.mark.parametrize("client", ["logs", "cloudwatch", "events", "sns", "sts"])
def test_what_boto3_sends_is_taken(client: str) -> None:
    """The request as it leaves boto3, headers and retries included."""
    sent: list[SignedRequest] = []
    made = boto3.client(
        client, region_name="us-east-1", endpoint_url="http://127.0.0.1:9",
        aws_access_key_id=KEY, aws_secret_access_key=SECRET, config=Config(),
    )  # fmt: skip

    def keep(request: object, **_: object) -> object:
        url = request.url.removeprefix("http://127.0.0.1:9")  # type: ignore[attr-defined]
        path, _, query = url.partition("?")
        headers = [
            (name, value.decode("latin-1") if isinstance(value, bytes) else str(value))
            for name, value in request.headers.items()  # type: ignore[attr-defined]
        ]
        body = request.body or b""  # type: ignore[attr-defined]
        data = body.encode() if isinstance(body, str) else bytes(body)
        sent.append(SignedRequest("POST", path, query, [("host", "127.0.0.1:9"), *headers], data))
        raise KeyboardInterrupt

    made.meta.events.register("before-send", keep)
    call: Callable[[], object] = {
        "logs": lambda: made.put_log_events(
            logGroupName="gä", logStreamName="s", logEvents=[{"timestamp": 1, "message": "m" * 99}]
        ),
        "cloudwatch": lambda: made.put_metric_data(
            Namespace="n", MetricData=[{"MetricName": f"m{i}", "Value": 1} for i in range(500)]
        ),
        "events": lambda: made.list_rules(),
        "sns": lambda: made.publish(TopicArn="arn:aws:sns:a:1:t", Message="a&b=c ä"),
        "sts": lambda: made.get_caller_identity(),
    }[client]
    with pytest.raises(KeyboardInterrupt):
        call()

    now = int(datetime.now(UTC).timestamp() * 1000)
    assert why(sent[0], now=now) == ""
    assert why(replace(sent[0], body=sent[0].body + b" "), now=now) == "signature"


def test_a_signature_with_the_date_header_is_taken() -> None:
    """Clients without X-Amz-Date sign Date."""
    text = "Mon, 23 Nov 2026 23:00:00 GMT"
    request = signed(headers={"Date": text})
    names = {name.lower() for name, _ in request.headers}

    assert ("x-amz-date" in names) or "date" in names
    assert why(request) == ""


def test_spaces_after_the_commas_of_the_header_are_optional() -> None:
    request = changed(signed(), "Authorization", lambda value: value.replace(", ", ","))

    assert why(request) == ""


printable = st.characters(min_codepoint=32, max_codepoint=126)
paths = st.text(
    alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="?#%")
)
pairs = st.tuples(st.text(alphabet="ab%2F~+*-_.", max_size=4), st.text(alphabet="xy=", max_size=4))
names = st.from_regex(r"x-[a-z]{1,8}", fullmatch=True)


@given(
    st.binary(max_size=200),
    paths,
    st.lists(pairs, max_size=4),
    st.dictionaries(names, st.text(alphabet=printable, max_size=20), max_size=4),
    st.sampled_from(sorted(SERVICES)),
)
def test_whatever_botocore_signs_is_taken(
    body: bytes,
    path: str,
    query: list[tuple[str, str]],
    headers: dict[str, str],
    service: str,
) -> None:
    text = "&".join(f"{name}={value}" for name, value in query)
    url = f"http://127.0.0.1:5080/{path.lstrip('/')}{'?' if text else ''}{text}"

    assert why(signed(body, url=url, headers=headers, service=service)) == ""


# ---- what is not


def changed(request: SignedRequest, name: str, change: Callable[[str], str]) -> SignedRequest:
    headers = [(n, change(v) if n.lower() == name.lower() else v) for n, v in request.headers]
    assert headers != list(request.headers)
    return replace(request, headers=headers)


def without(request: SignedRequest, name: str) -> SignedRequest:
    headers = [(n, v) for n, v in request.headers if n.lower() != name.lower()]
    assert headers != list(request.headers)
    return replace(request, headers=headers)


def added(request: SignedRequest, name: str, value: str) -> SignedRequest:
    return replace(request, headers=[*request.headers, (name, value)])


def unsigned(request: SignedRequest, name: str) -> SignedRequest:
    """The request signed without a header that it then has all the same."""
    value = next(v for n, v in request.headers if n.lower() == name)
    kept = {
        n: v for n, v in request.headers
        if n.lower() not in (name, "authorization", "x-amz-date", "host")
    }  # fmt: skip
    return added(signed(request.body, headers=kept), name, value)


GOOD = signed(b'{"a":1}', headers=JSON_10, url="http://h:1/p?q=1")

ATTACKS: dict[str, tuple[SignedRequest, str]] = {
    "no signature": (without(GOOD, "Authorization"), "missing"),
    "an empty header": (changed(GOOD, "Authorization", lambda _: ""), "incomplete"),
    "basic authentication": (changed(GOOD, "Authorization", lambda _: "Basic x"), "incomplete"),
    "another algorithm": (
        changed(GOOD, "Authorization", lambda v: v.replace("SHA256", "SHA1")), "incomplete"),
    "the signature is left out": (
        changed(GOOD, "Authorization", lambda v: v.rpartition(",")[0]), "incomplete"),
    "an empty signature": (
        changed(GOOD, "Authorization", lambda v: v[:-64]), "incomplete"),
    "a short signature": (changed(GOOD, "Authorization", lambda v: v[:-1]), "incomplete"),
    "a signature of zeros": (
        changed(GOOD, "Authorization", lambda v: v[:-64] + "0" * 64), "signature"),
    "two signatures": (
        added(GOOD, "authorization", next(v for n, v in GOOD.headers if n == "Authorization")),
        "incomplete"),
    "a part is there twice": (
        changed(GOOD, "Authorization", lambda v: v + ", Signature=" + "0" * 64), "incomplete"),
    "the body was changed": (replace(GOOD, body=b'{"a":2}'), "signature"),
    "the body was emptied": (replace(GOOD, body=b""), "signature"),
    "the method was changed": (replace(GOOD, method="PUT"), "signature"),
    "the path was changed": (replace(GOOD, path="/p2"), "signature"),
    "the path was encoded once more": (replace(GOOD, path="/%70"), "signature"),
    "the query was changed": (replace(GOOD, query="q=2"), "signature"),
    "a query was added": (replace(GOOD, query="q=1&Action=DeleteAlarms"), "signature"),
    "the operation was changed": (
        changed(GOOD, "X-Amz-Target", lambda v: v.replace("Put", "Delete")), "signature"),
    "a second operation was added": (
        added(GOOD, "x-amz-target", "GraniteServiceVersion20100801.DeleteAlarms"), "incomplete"),
    "the operation is not signed": (unsigned(GOOD, "x-amz-target"), "unsigned"),
    "the mode is not signed": (unsigned(GOOD, "x-amzn-query-mode"), "unsigned"),
    "an operation was added to an unsigned place": (
        added(signed(), "X-Amz-Target", "Logs_20140328.DeleteLogGroup"), "unsigned"),
    "the host was changed": (changed(GOOD, "Host", lambda _: "evil"), "signature"),
    "the host is there twice": (added(GOOD, "host", "evil"), "incomplete"),
    "the host is not signed": (
        changed(GOOD, "Authorization", lambda v: v.replace("host;", "")), "unsigned"),
    "the date is not signed": (
        changed(GOOD, "Authorization", lambda v: v.replace("x-amz-date;", "")), "unsigned"),
    "a signed header is gone": (without(GOOD, "Content-Type"), "signature"),
    "the date was changed": (
        changed(GOOD, "X-Amz-Date", lambda _: "20261123T230001Z"), "signature"),
    "the date is none": (changed(GOOD, "X-Amz-Date", lambda _: "20269999T230001Z"), "incomplete"),
    "the date is gone": (without(GOOD, "X-Amz-Date"), "incomplete"),
    "the day of the scope was changed": (
        changed(GOOD, "Authorization", lambda v: v.replace("/20261123/", "/20261124/")), "scope"),
    "the region was changed": (
        changed(GOOD, "Authorization", lambda v: v.replace("us-east-1", "us-east-2")), "signature"),
    "signed for another service": (signed(service="iam"), "scope"),
    "the service was changed": (
        changed(GOOD, "Authorization", lambda v: v.replace("/logs/", "/sns/")), "signature"),
    "the ending of the scope was changed": (
        changed(GOOD, "Authorization", lambda v: v.replace("aws4_request", "aws5")), "incomplete"),
    "names in capitals": (
        changed(GOOD, "Authorization", lambda v: v.replace("host", "Host")), "incomplete"),
    "too old": (signed(at=NOW - SKEW - 1000), "request-expired"),
    "from the future": (signed(at=NOW + SKEW + 1000), "request-expired"),
    "with another secret": (signed(secret="x"), "signature"),
    "a body that is not signed": (
        signed(headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}), "payload"),
    "a streamed body": (
        signed(headers={"X-Amz-Content-SHA256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}), "payload"),
    "a hash of another body": (
        signed(headers={"X-Amz-Content-SHA256": "0" * 64}), "payload"),
    "a hash was added": (added(GOOD, "X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD"), "unsigned"),
    "a presigned address": (
        SignedRequest("GET", "/", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0", [], b""),
        "presigned"),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused(name: str) -> None:
    request, reason = ATTACKS[name]

    assert why(request) == reason


def test_the_request_that_the_attacks_change_is_good() -> None:
    assert why(GOOD) == ""


def test_a_request_is_good_for_fifteen_minutes() -> None:
    assert [why(GOOD, now=NOW + shift) for shift in (-SKEW, SKEW)] == ["", ""]
    assert why(GOOD, now=NOW + SKEW + 1) == "request-expired"


def test_an_unsigned_body_is_taken_over_tls_if_it_is_allowed() -> None:
    request = signed(b"a", headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
    allowing = Signatures(unsigned_payload=True)

    assert why(request, signatures=allowing) == "payload"
    assert why(replace(request, secure=True), signatures=allowing) == ""
    assert why(replace(request, secure=True)) == "payload"


@given(st.data())
def test_a_changed_byte_is_found(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD.body) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != GOOD.body[at]))

    body = GOOD.body[:at] + bytes([other]) + GOOD.body[at + 1 :]

    assert why(replace(GOOD, body=body)) == "signature"


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=200), st.text(max_size=30))
def test_any_header_is_refused_and_never_a_crash(value: str, query: str) -> None:
    for start in ("", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential="):
        request = replace(without(GOOD, "Authorization"), query=query)
        assert why(added(request, "Authorization", start + value)) == "incomplete"


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=40))
def test_any_date_is_refused_and_never_a_crash(value: str) -> None:
    assert why(changed(GOOD, "X-Amz-Date", lambda _: f" {value}")) in ("incomplete", "scope")
    dated = added(without(GOOD, "X-Amz-Date"), "Date", value)
    assert why(dated) in ("incomplete", "scope", "signature", "unsigned", "request-expired")


def test_derived_keys_are_kept_and_can_be_forgotten() -> None:
    asked: list[str] = []
    signatures = Signatures()

    def secret(key_id: str) -> str:
        asked.append(key_id)
        return SECRET

    for _ in range(3):
        signatures.check(GOOD, read_claim(GOOD), secret, NOW)
    assert asked == [KEY]

    signatures.forget()
    signatures.check(GOOD, read_claim(GOOD), secret, NOW)
    assert asked == [KEY, KEY]


def test_derived_keys_do_not_pile_up() -> None:
    signatures = Signatures()
    for number in range(1500):
        request = signed(region=f"r-{number}")
        signatures.check(request, read_claim(request), lambda _: SECRET, NOW)

    assert len(signatures._derived) <= 1024
