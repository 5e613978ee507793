"""Control endpoints, injected faults and the call log, as WSGI middleware in front of moto.

For: tests that need an AWS that refuses, fails, stalls, throttles or breaks off, and tests that must know exactly
which calls a program made. What an answer *says* is the business of moto, `plugin.py` and `own.py`, how a service words
an error that of `wire.py`.

Control endpoints (unsigned, JSON):

    POST   /mrready-test/faults      a list of rules, replaces the list; `[]` clears it
    GET    /mrready-test/faults      the list in force
    GET    /mrready-test/calls       every AWS call seen since the last DELETE, oldest first
    DELETE /mrready-test/calls       forget them
    POST   /mrready-test/resources   {Region: {"AWS::Service::Type": [resource, ...]}}: what Cloud Control lists and
                                     reads; replaces the table; `{}` empties it
    GET    /mrready-test/resources   the table in force
    .../faults/ID, .../calls/ID, .../resources/ID
                                     the same for requests signed with the access key id ID only; its faults and its
                                     resources, once posted, stand in place of the others (so one server serves many
                                     tests at a time)
    POST   /mrready-test/page-sizes  {"cloudformation:ListStacks": 1, ...} the most items on a page; `{}` clears

A rule: {"fault": "denied" | "http500" | "timeout" | "truncated" | "throttled" | "changed",
         "action":    IAM action ("kms:DescribeKey", "apigateway:GET"); a trailing `*` matches any rest,
         "calls":     the calls that need the action: a list of operations as for "operation",
         "operation": exact operation ("apigateway:GetAuthorizers", "apigatewayv2:GetAuthorizers"), of Cloud Control
                      with or without the type ("cloudcontrol:ListResources AWS::EC2::VPCEndpoint"),
         "region":    Region of the request,
         "contains":  text that must occur in the request's path, query or body (a pool id, say),
         "page":      only requests for page n or later (2 = any request that carries a page token),
         "times":     only the first n matching requests,
         "seconds":   how long "timeout" holds the connection (default 20),
         "merge":     for "changed": a JSON merge patch (RFC 7396) on an answer in JSON or CBOR,
         "replace":   for "changed": {old text: new text} in an answer in XML}
All but "fault" are optional; what is given must all match; the first matching rule wins.

"action" alone matches the calls that need it by AWS's naming: `kms:DescribeKey` for itself, `ses:` for `sesv2`, both
actions of `wafv2:GetWebACLForResource` on a user pool, `cloudformation:ListResources` for every list of Cloud Control.
Which further actions the handler of a type of resource needs is not known here. A rule that is given "calls" takes
these in place of that, and the refusal names the rule's action: {"fault": "denied", "action":
"ec2:DescribeVpcEndpoints", "calls": ["cloudcontrol:ListResources AWS::EC2::VPCEndpoint"]}.

A resource: {"Identifier": text, "Properties": {...}, "Listed": {...} the properties a list shows (default: all),
"Parent": {...} further members that a `ResourceModel` may ask for}.

A call in the log: `service`, `operation`, `type_name` (of Cloud Control), `region`, IAM `actions`, `read_only`, `page`,
`caller` (access key id), `request` (path, query and body; CBOR as JSON), the `fault` it met and its `status`.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from own import RESOURCES, Refused, check_resources
from own import answer as own_answer
from paging import PAGE_SIZES
from wire import (
    CBOR_HEADERS,
    TOKEN_MEMBERS,
    Answer,
    Call,
    Reader,
    answer_json,
    denied_answer,
    error_answer,
    failed_answer,
    merged,
    throttled_answer,
)

PREFIX = "/mrready-test/"
FAULTS = ("denied", "http500", "timeout", "truncated", "throttled", "changed")
RULE_MEMBERS = {
    *("fault", "action", "calls", "operation", "region", "contains", "page", "times", "seconds", "merge", "replace")
}

Rewrite = Callable[[Call, bytes], bytes]


class Faults:
    """The middleware. `rewrite` gets every successful answer's body and returns the one to send."""

    def __init__(self, app: Any, rewrite: Rewrite) -> None:
        self.app = app
        self.rewrite = rewrite
        self.reader = Reader()
        self.lock = threading.Lock()
        # By access key id; "" is for all others.
        self.rules: dict[str, list[dict[str, Any]]] = {"": []}
        self.used: dict[str, list[int]] = {"": []}
        self.calls: list[dict[str, Any]] = []
        self.pages: dict[tuple[str, str, str], int] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        environ["wsgi.input"] = io.BytesIO(body)
        if environ["PATH_INFO"].startswith(PREFIX):
            status, headers, out = self.control(environ, body)
        else:
            status, headers, out = self.aws(environ, body)
        start_response(status, headers)
        return [out]

    # Control endpoints

    def control(self, environ: dict[str, Any], body: bytes) -> Answer:
        name, _, caller = environ["PATH_INFO"].removeprefix(PREFIX).partition("/")
        what = (environ["REQUEST_METHOD"], name)
        try:
            given = json.loads(body) if body else None
            with self.lock:
                if what == ("POST", "faults"):
                    self.rules[caller], self.used[caller] = check_rules(given), [0] * len(given)
                    return answer_json("200 OK", {"rules": len(given)})
                if what == ("GET", "faults"):
                    return answer_json("200 OK", self.rules.get(caller, []))
                if what == ("GET", "calls"):
                    return answer_json("200 OK", [call for call in self.calls if caller in ("", call["caller"])])
                if what == ("DELETE", "calls"):
                    self.calls = [call for call in self.calls if caller not in ("", call["caller"])]
                    return answer_json("200 OK", {})
                if what == ("POST", "resources"):
                    RESOURCES[caller] = check_resources(given)
                    return answer_json("200 OK", RESOURCES[caller])
                if what == ("GET", "resources"):
                    return answer_json("200 OK", RESOURCES.get(caller, {}))
                if what == ("POST", "page-sizes"):
                    PAGE_SIZES.clear()
                    PAGE_SIZES.update({str(key): int(value) for key, value in given.items()})
                    return answer_json("200 OK", PAGE_SIZES)
        except (ValueError, TypeError, AttributeError) as error:
            return answer_json("400 Bad Request", {"error": str(error)})
        return answer_json("404 Not Found", {"error": f"no such control endpoint: {what[0]} {what[1]}"})

    # AWS requests

    def aws(self, environ: dict[str, Any], body: bytes) -> Answer:
        call = self.reader.read(environ, body)
        if call is None:
            return self.ask_moto(environ)
        with self.lock:
            call.page = self.pages.get((call.name, call.region, call.token), 2) if call.token else 1
            rule = self.match(call)
            record = {
                "service": call.service,
                "operation": call.operation,
                "type_name": call.type_name,
                "region": call.region,
                "actions": call.actions,
                "read_only": call.read_only,
                "page": call.page,
                "caller": call.caller,
                "request": call.haystack,
                "fault": rule["fault"] if rule else None,
                "status": None,
            }
            self.calls.append(record)
        fault = rule["fault"] if rule else None
        if fault == "timeout":
            time.sleep(float(rule.get("seconds", 20)))
            hang_up(environ)
        if fault == "denied":
            action = rule.get("action", "*")
            answer = denied_answer(call, call.actions[0] if action.endswith("*") else action)
        elif fault in ("http500", "throttled"):
            answer = failed_answer(call) if fault == "http500" else throttled_answer(call)
        else:
            answer = self.answer(environ, call, rule if fault == "changed" else None)
        record["status"] = int(answer[0].split()[0])
        if fault == "truncated":
            send_half(environ, answer)
        return answer

    def answer(self, environ: dict[str, Any], call: Call, change: dict[str, Any] | None) -> Answer:
        try:
            document = own_answer(call)
            if document is not None:
                status, headers, out = answer_json("200 OK", document, "application/x-amz-json-1.0")
            else:
                status, headers, out = self.ask_moto(environ)
        except Refused as error:
            return error_answer(call, *error.args)
        except ValueError as error:
            return error_answer(call, 400, "ValidationException", str(error))
        except NotImplementedError as error:
            return error_answer(call, 400, "UnknownOperationException", f"not in moto: {error}")
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            return error_answer(call, 500, "InternalFailure", f"moto failed: {error!r}")
        if not status.startswith("2"):
            return self.error_from_moto(call, status, headers, out)
        try:
            out = self.rewrite(call, out)
        except ValueError as error:
            return error_answer(call, 400, "BadRequestException", str(error))
        if change:
            out = changed(out, change)
        token = next_token(out)
        if token:
            with self.lock:
                self.pages[(call.name, call.region, token)] = call.page + 1
        replaced = {"content-length"}
        if call.cbor:
            out = self.reader.to_cbor(call, out)
            replaced.add("content-type")
        headers = [(name, value) for name, value in headers if name.lower() not in replaced]
        headers += CBOR_HEADERS if call.cbor else []
        headers.append(("Content-Length", str(len(out))))
        return status, headers, out

    def error_from_moto(self, call: Call, status: str, headers: list[tuple[str, str]], out: bytes) -> Answer:
        """An error of moto's as it is; in CBOR, or without the code in the body, where AWS sends it that way."""
        rest = call.service in ("lambda", "sesv2")
        if not call.cbor and not rest:
            return status, headers, out
        document = json.loads(out)
        code = str(document.get("__type", "InternalFailure")).rpartition("#")[2]
        message = str(document.get("message", document.get("Message", "")))
        return error_answer(call, int(status.split()[0]), code, message)

    def ask_moto(self, environ: dict[str, Any]) -> Answer:
        caught: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            caught[:] = [status, headers]

        chunks = self.app(environ, start_response)
        try:
            out = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        return caught[0], list(caught[1]), out

    def match(self, call: Call) -> dict[str, Any] | None:
        caller = call.caller if call.caller in self.rules else ""
        for index, rule in enumerate(self.rules[caller]):
            if not needs(call, rule):
                continue
            if rule.get("operation", call.name) not in call.names or rule.get("region", call.region) != call.region:
                continue
            if rule.get("contains", "") not in call.haystack or call.page < rule.get("page", 1):
                continue
            if "times" in rule and self.used[caller][index] >= rule["times"]:
                continue
            self.used[caller][index] += 1
            return rule
        return None


def needs(call: Call, rule: dict[str, Any]) -> bool:
    """Whether the call needs the action of the rule."""
    if "calls" in rule:
        return any(name in rule["calls"] for name in call.names)
    action = rule.get("action", "*")
    if action.endswith("*"):
        return any(each.startswith(action[:-1]) for each in call.actions)
    return action in call.actions


def check_rules(rules: Any) -> list[dict[str, Any]]:
    if not isinstance(rules, list):
        raise ValueError("a list of rules is needed")
    for rule in rules:
        unknown = set(rule) - RULE_MEMBERS
        if unknown:
            raise ValueError(f"unknown members: {sorted(unknown)}")
        if rule.get("fault") not in FAULTS:
            raise ValueError(f"fault must be one of {FAULTS}")
        if (rule["fault"] == "changed") != bool({"merge", "replace"} & set(rule)):
            raise ValueError("changed, and only that, needs merge or replace")
        if not isinstance(rule.get("calls", []), list):
            raise ValueError("calls is a list")
    return rules


def next_token(body: bytes) -> str | None:
    """The page token an answer hands out, JSON or XML."""
    if body.lstrip().startswith(b"<"):
        found = re.search(rb"<(NextToken|Marker)>([^<]+)</", body)
        return found.group(2).decode() if found else None
    try:
        document = json.loads(body)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    return next((str(document[name]) for name in TOKEN_MEMBERS if document.get(name)), None)


def changed(body: bytes, rule: dict[str, Any]) -> bytes:
    """An answer as a rule wants it."""
    text = body.decode()
    for old, new in rule.get("replace", {}).items():
        text = text.replace(old, new)
    return json.dumps(merged(json.loads(text), rule["merge"])).encode() if "merge" in rule else text.encode()


def hang_up(environ: dict[str, Any]) -> None:
    """Closes the connection without an answer. Werkzeug takes a ConnectionError for a client that left."""
    close(environ["werkzeug.socket"])
    raise ConnectionAbortedError("injected: no answer")


def send_half(environ: dict[str, Any], answer: Answer) -> None:
    """Sends the headers, with the length of the whole body, then half of it, then closes the connection."""
    status, headers, out = answer
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    raw = f"HTTP/1.1 {status}\r\n{head}Connection: close\r\n\r\n".encode() + out[: len(out) // 2]
    connection = environ["werkzeug.socket"]
    try:
        connection.sendall(raw)
    finally:
        close(connection)
    raise ConnectionAbortedError("injected: truncated answer")


def close(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
