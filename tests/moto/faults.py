"""Control endpoints, injected faults and the call log, as WSGI middleware in front of moto.

For: tests that need an AWS that refuses, fails, stalls, throttles or breaks off, and tests that must know exactly
which calls a program made. What an answer *says* is moto's and `plugin.py`'s business, not this file's.

Control endpoints (unsigned, JSON):

    POST   /mrready-test/faults      a list of rules, replaces the list; `[]` clears it
    GET    /mrready-test/faults      the list in force
    GET    /mrready-test/calls       every AWS call seen since the last DELETE, oldest first
    DELETE /mrready-test/calls       forget them
    .../faults/ID, .../calls/ID      the same for requests signed with the access key id ID only; its faults, once
                                     posted, stand in place of the others (so one server serves many tests at a time)
    POST   /mrready-test/page-sizes  {"cloudformation:ListStacks": 1, ...} the most items on a page; `{}` clears

A rule: {"fault": "denied" | "http500" | "timeout" | "truncated" | "throttled",
         "action":    IAM action ("kms:DescribeKey", "apigateway:GET"); a trailing `*` matches any rest,
         "operation": exact operation ("apigateway:GetAuthorizers", "apigatewayv2:GetAuthorizers"),
         "region":    Region of the request,
         "contains":  text that must occur in the request's path, query or body (a pool id, say),
         "page":      only requests for page n or later (2 = any request that carries a page token),
         "times":     only the first n matching requests,
         "seconds":   how long "timeout" holds the connection (default 20)}
All but "fault" are optional; what is given must all match; the first matching rule wins.
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
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote
from uuid import uuid4
from xml.sax.saxutils import escape

import botocore.session
from werkzeug.http import HTTP_STATUS_CODES

PREFIX = "/mrready-test/"
ACCOUNT = "123456789012"
CALLER = f"arn:aws:sts::{ACCOUNT}:assumed-role/Audit/planted-session-name"

FAULTS = ("denied", "http500", "timeout", "truncated", "throttled")
RULE_MEMBERS = {"fault", "action", "operation", "region", "contains", "page", "times", "seconds"}

# What changes nothing. `AdminGetUser*` reads but makes the user billable for the month, so it does not count.
READ_PREFIXES = ("Get", "List", "Describe", "Lookup", "Search", "Head", "Estimate", "Validate")
NOT_READS = {"AdminGetUser", "AdminGetUserAuthFactors", "GetTokensFromRefreshToken", "ValidateTemplate"}

TOKEN_MEMBERS = ("NextToken", "nextToken", "PaginationToken", "Marker", "NextMarker", "position")

XML_NAMESPACES = {
    "cloudformation": "http://cloudformation.amazonaws.com/doc/2010-05-15/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}
JSON_TARGETS = {"AWSCognitoIdentityProviderService": "cognito-idp", "TrentService": "kms"}


@dataclass
class Call:
    """One AWS request: who is asked for what, where."""

    service: str
    operation: str
    region: str
    action: str
    resource: str
    token: str | None
    parameters: dict[str, Any]
    haystack: str
    caller: str = ""
    page: int = 1

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"

    @property
    def read_only(self) -> bool:
        return self.operation.startswith(READ_PREFIXES) and self.operation not in NOT_READS


class RestOperations:
    """Finds the API Gateway operation of a method and path, from the models botocore ships."""

    def __init__(self) -> None:
        session = botocore.session.get_session()
        self.routes: list[tuple[str, re.Pattern[str], int, str, str]] = []
        for service in ("apigateway", "apigatewayv2"):
            model = session.get_service_model(service)
            for name in model.operation_names:
                http = model.operation_model(name).http
                path = http["requestUri"].split("?")[0]
                pattern = re.sub(r"\\\{[^}]*\\\+\\\}", ".+", re.escape(path))
                pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", pattern)
                literals = sum(1 for part in path.split("/") if "{" not in part)
                self.routes.append((http["method"], re.compile(pattern + "/?"), literals, service, name))
        self.routes.sort(key=lambda route: -route[2])

    def find(self, method: str, path: str) -> tuple[str, str]:
        for wanted, pattern, _, service, name in self.routes:
            if wanted == method and pattern.fullmatch(path):
                return service, name
        return ("apigatewayv2" if path.startswith("/v2/") else "apigateway"), "Unknown"


Answer = tuple[str, list[tuple[str, str]], bytes]
Rewrite = Callable[[Call, bytes], bytes]


class Faults:
    """The middleware. `rewrite` gets every successful answer's body and returns the one to send."""

    def __init__(self, app: Any, rewrite: Rewrite, page_sizes: dict[str, int]) -> None:
        self.app = app
        self.rewrite = rewrite
        self.page_sizes = page_sizes
        self.rest = RestOperations()
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
                if what == ("POST", "page-sizes"):
                    self.page_sizes.clear()
                    self.page_sizes.update({str(key): int(value) for key, value in given.items()})
                    return answer_json("200 OK", self.page_sizes)
        except (ValueError, TypeError, AttributeError) as error:
            return answer_json("400 Bad Request", {"error": str(error)})
        return answer_json("404 Not Found", {"error": f"no such control endpoint: {what[0]} {what[1]}"})

    # AWS requests

    def aws(self, environ: dict[str, Any], body: bytes) -> Answer:
        call = self.identify(environ, body)
        if call is None:
            return self.ask_moto(environ)
        with self.lock:
            call.page = self.pages.get((call.name, call.region, call.token), 2) if call.token else 1
            rule = self.match(call)
            record = {
                "service": call.service,
                "operation": call.operation,
                "region": call.region,
                "action": call.action,
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
        if fault in ("denied", "http500", "throttled"):
            answer = fault_answer(call, fault)
        else:
            answer = self.answer(environ, call)
        record["status"] = int(answer[0].split()[0])
        if fault == "truncated":
            send_half(environ, answer)
        return answer

    def answer(self, environ: dict[str, Any], call: Call) -> Answer:
        try:
            status, headers, out = self.ask_moto(environ)
        except NotImplementedError as error:
            return error_answer(call, 400, "UnknownOperationException", f"not in moto: {error}")
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            return error_answer(call, 500, "InternalFailure", f"moto failed: {error!r}")
        if status.startswith("2"):
            try:
                out = self.rewrite(call, out)
            except ValueError as error:
                return error_answer(call, 400, "BadRequestException", str(error))
            headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
            headers.append(("Content-Length", str(len(out))))
            token = next_token(out)
            if token:
                with self.lock:
                    self.pages[(call.name, call.region, token)] = call.page + 1
        return status, headers, out

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
            action = rule.get("action")
            if action and not (call.action.startswith(action[:-1]) if action.endswith("*") else call.action == action):
                continue
            if rule.get("operation", call.name) != call.name or rule.get("region", call.region) != call.region:
                continue
            if rule.get("contains", "") not in call.haystack or call.page < rule.get("page", 1):
                continue
            if "times" in rule and self.used[caller][index] >= rule["times"]:
                continue
            self.used[caller][index] += 1
            return rule
        return None

    def identify(self, environ: dict[str, Any], body: bytes) -> Call | None:
        scope = re.search(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request", environ.get("HTTP_AUTHORIZATION", ""))
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if scope:
            caller, region, service = scope.groups()
        elif target.split(".")[0] in JSON_TARGETS:
            caller, region, service = "", "us-east-1", JSON_TARGETS[target.split(".")[0]]
        else:
            return None
        path = unquote(environ["PATH_INFO"])
        query = {name: values[-1] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        if target:
            operation = target.split(".")[-1]
            parameters = json.loads(body or b"{}")
            action = f"{service}:{operation}"
        elif service == "apigateway":
            service, operation = self.rest.find(environ["REQUEST_METHOD"], path)
            parameters = query
            action = f"apigateway:{environ['REQUEST_METHOD']}"
        else:
            form = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
            parameters = {**query, **form}
            operation = parameters.get("Action", "Unknown")
            action = f"{service}:{operation}"
        return Call(
            service=service,
            operation=operation,
            region=region,
            action=action,
            resource=resource_arn(service, region, path, parameters),
            token=next((str(parameters[name]) for name in TOKEN_MEMBERS if parameters.get(name)), None),
            parameters=parameters,
            caller=caller,
            haystack=f"{path}?{unquote(environ.get('QUERY_STRING', ''))}\n{unquote(body.decode(errors='replace'))}",
        )


def check_rules(rules: Any) -> list[dict[str, Any]]:
    if not isinstance(rules, list):
        raise ValueError("a list of rules is needed")
    for rule in rules:
        unknown = set(rule) - RULE_MEMBERS
        if unknown:
            raise ValueError(f"unknown members: {sorted(unknown)}")
        if rule.get("fault") not in FAULTS:
            raise ValueError(f"fault must be one of {FAULTS}")
    return rules


def next_token(body: bytes) -> str | None:
    """The page token an answer hands out, JSON or XML."""
    if body.lstrip().startswith(b"<"):
        found = re.search(rb"<NextToken>([^<]+)</NextToken>", body)
        return found.group(1).decode() if found else None
    try:
        document = json.loads(body)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    return next((str(document[name]) for name in TOKEN_MEMBERS if document.get(name)), None)


def resource_arn(service: str, region: str, path: str, parameters: dict[str, Any]) -> str:
    """The resource AWS would name when it refuses the call."""
    if service == "kms":
        key = str(parameters.get("KeyId", "*"))
        return key if key.startswith("arn:") or key == "*" else f"arn:aws:kms:{region}:{ACCOUNT}:key/{key}"
    if service == "cognito-idp":
        pool = parameters.get("UserPoolId")
        return f"arn:aws:cognito-idp:{region}:{ACCOUNT}:userpool/{pool}" if pool else "*"
    if service in ("apigateway", "apigatewayv2"):
        return f"arn:aws:apigateway:{region}::{path}"
    if service == "cloudformation" and parameters.get("StackName"):
        stack = str(parameters["StackName"])
        return stack if stack.startswith("arn:") else f"arn:aws:cloudformation:{region}:{ACCOUNT}:stack/{stack}/*"
    return "*"


def fault_answer(call: Call, fault: str) -> Answer:
    """A refusal, failure or throttle in the service's own code and status."""
    if fault == "denied":
        message = (
            f"User: {CALLER} is not authorized to perform: {call.action} on resource: {call.resource}"
            f" because no identity-based policy allows the {call.action} action"
        )
        code = "AccessDenied" if call.service in XML_NAMESPACES else "AccessDeniedException"
        return error_answer(call, 400 if call.service in ("cognito-idp", "kms") else 403, code, message)
    if fault == "throttled":
        code, status = {
            "cognito-idp": ("TooManyRequestsException", 400),
            "kms": ("ThrottlingException", 400),
            "apigateway": ("TooManyRequestsException", 429),
            "apigatewayv2": ("TooManyRequestsException", 429),
        }.get(call.service, ("Throttling", 400))
        return error_answer(call, status, code, "Rate exceeded")
    code = {
        "cognito-idp": "InternalErrorException",
        "kms": "KMSInternalException",
        "apigateway": "InternalServerErrorException",
        "apigatewayv2": "InternalServerErrorException",
    }.get(call.service, "InternalFailure")
    return error_answer(call, 500, code, "An internal error occurred")


def error_answer(call: Call, status: int, code: str, message: str) -> Answer:
    """An error in the wire shape of the call's service: query XML, REST-JSON or JSON 1.1."""
    request_id = str(uuid4())
    line = f"{status} {HTTP_STATUS_CODES.get(status, 'Error')}"
    if call.service in XML_NAMESPACES:
        text = (
            f'<ErrorResponse xmlns="{XML_NAMESPACES[call.service]}">\n  <Error>\n'
            f"    <Type>{'Sender' if status < 500 else 'Receiver'}</Type>\n    <Code>{code}</Code>\n"
            f"    <Message>{escape(message)}</Message>\n  </Error>\n"
            f"  <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n"
        )
        out, headers = text.encode(), [("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id)]
    elif call.service in ("apigateway", "apigatewayv2"):
        out = json.dumps({"message": message}).encode()
        headers = [
            ("Content-Type", "application/json"),
            ("x-amzn-RequestId", request_id),
            ("x-amzn-ErrorType", code),
        ]
    else:
        # The front door of JSON services spells the text of a refusal `Message`; their own errors say `message`.
        member = "Message" if code == "AccessDeniedException" else "message"
        out = json.dumps({"__type": code, member: message}).encode()
        headers = [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", request_id)]
        if call.service == "cognito-idp":
            headers += [("x-amzn-ErrorType", f"{code}:"), ("x-amzn-ErrorMessage", message)]
    headers.append(("Content-Length", str(len(out))))
    return line, headers, out


def answer_json(status: str, document: Any) -> Answer:
    out = json.dumps(document).encode()
    return status, [("Content-Type", "application/json"), ("Content-Length", str(len(out)))], out


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
