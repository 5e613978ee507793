"""An AWS that answers everything and notes what was sent: every request is read back with botocore's newest models.

For: `plan_commands.py`, by way of `shim.py`, whose requests say which command they are of. Nothing is stored and nothing is decided; an answer is made from the shape of the output, with
what a caller has to see put in its place. What moto does with a request is another matter: `server.py`.

Each request is checked against the input shape of its operation: required members, types, enums, lengths, and members
that the shape does not have. A finding is a sentence; a request without one is what AWS's model asks for.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.parsers import RpcV2CBORParser
from botocore.validate import ParamValidator
from moto.core.model import ServiceModel as MotoServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.serialize import get_serializer_class
from werkzeug.datastructures import MultiDict

from wire import CBOR_HEADERS, CBOR_PATH, cbor_item, merged, without_nulls

READS = ("Describe", "Get", "List")
# The model's pattern of a domain forbids the dots of a custom one, which AWS takes.
NOT_ENFORCED = {"DomainType"}
DEEPEST = 6  # Shapes that contain themselves end here.


@dataclass
class Seen:
    """One request."""

    service: str
    operation: str
    region: str
    parameters: dict[str, Any]
    cli: str  # the service as the AWS CLI calls it
    place: str  # where in a script the command stands
    problems: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"


class Models:
    """botocore's models by service, and which operation a request is for."""

    def __init__(self) -> None:
        self.session = botocore.session.get_session()
        self.loaded: dict[str, ServiceModel] = {}

    def service(self, name: str) -> ServiceModel:
        if name not in self.loaded:
            self.loaded[name] = self.session.get_service_model(name)
        return self.loaded[name]

    def operation(self, service: str, method: str, path: str, target: str, form: dict[str, Any]) -> OperationModel:
        model = self.service(service)
        if target:
            return model.operation_model(target.split(".")[-1])
        if found := CBOR_PATH.fullmatch(path):
            return model.operation_model(found.group(2))
        if "Action" in form:
            return model.operation_model(form["Action"][0])
        best: tuple[int, str] | None = None
        for name in model.operation_names:
            http = model.operation_model(name).http
            pattern = as_pattern(http["requestUri"].split("?")[0])
            if http["method"] == method and re.fullmatch(pattern, path):
                literal = len(re.sub(r"\(.*?\)", "", pattern))
                best = max(best, (literal, name)) if best else (literal, name)
        if best is None:
            raise LookupError(f"{service}: no operation for {method} {path}")
        return model.operation_model(best[1])


def as_pattern(template: str) -> str:
    """A pattern for the paths of a URI template; a label with `+` may hold slashes."""
    pattern = re.sub(r"\{[^}+]+\+\}", "(.+)", template)
    return re.sub(r"\{[^}]+\}", "([^/]+)", pattern).rstrip("/") + "/?"


def validate(parameters: dict[str, Any], shape: StructureShape) -> list[str]:
    """What is wrong with parameters, in sentences."""
    report = ParamValidator().validate(parameters, shape)
    problems = [line for line in report.generate_report().splitlines() if line]
    problems.extend(enums(parameters, shape, "", 0))
    return problems


def enums(value: Any, shape: Shape, path: str, depth: int) -> Iterable[str]:
    """Words outside their enum, and members that the shape does not have."""
    if depth > 40 or value is None:
        return
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        if getattr(shape, "is_document_type", False):
            return
        for name, member in value.items():
            if name not in shape.members:
                yield f"{path}/{name} is no member of {shape.name}"
            else:
                yield from enums(member, shape.members[name], f"{path}/{name}", depth + 1)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from enums(item, shape.member, f"{path}/{index}", depth + 1)
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        for name, item in value.items():
            yield from enums(name, shape.key, f"{path}/{name}", depth + 1)
            yield from enums(item, shape.value, f"{path}/{name}", depth + 1)
    elif isinstance(value, str) and getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{path}: {value!r} is not one of {', '.join(shape.enum)}"
    elif isinstance(value, str) and shape.type_name == "string":
        pattern = shape.metadata.get("pattern")
        least, most = shape.metadata.get("min"), shape.metadata.get("max")
        if most is not None and len(value) > most:
            yield f"{path}: {len(value)} characters, at most {most}"
        if least is not None and len(value) < least:
            yield f"{path}: {len(value)} characters, at least {least}"
        if pattern and shape.name not in NOT_ENFORCED and not matches(pattern, value):
            yield f"{path}: {value!r} does not match {pattern}"


def matches(pattern: str, value: str) -> bool:
    """Whether a pattern of a model fits; a pattern that Python cannot read does not count."""
    pattern = re.sub(r"\\p\{[LMSNPZ]\w*\}", r"\\w\\W", pattern)
    try:
        return re.fullmatch(pattern, value, re.DOTALL) is not None
    except re.error:
        return True


def example(shape: Shape | None, depth: int = 0, lists: bool = True, name: str = "") -> Any:
    """A value of a shape, its lists with an item each or empty. A member that is called so holds an ARN."""
    if shape is None:
        return {}
    if isinstance(shape, StructureShape):
        if depth > DEEPEST:
            return {}
        # Of a union, one member.
        members = list(shape.members.items())[: 1 if shape.is_tagged_union else None]
        return {name: example(member, depth + 1, lists, name) for name, member in members}
    if isinstance(shape, ListShape):
        return [example(shape.member, depth + 1, lists, name)] if lists and depth <= DEEPEST else []
    if isinstance(shape, MapShape):
        return {}
    if shape.type_name in ("integer", "long", "float", "double"):
        return 1
    if shape.type_name == "boolean":
        return False
    if shape.type_name == "timestamp":
        return 1_700_000_000
    if shape.type_name == "blob":
        return b"x"
    text = "arn:aws:iam::111122223333:role/example" if re.search("Arns?$|ARNs?$", name) else "x"
    return (getattr(shape, "enum", None) or [text.ljust(shape.metadata.get("min") or 0, "x")])[0]


@dataclass
class Refusal:
    """Instead of an answer."""

    code: str


class Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Capture:
    """The server. `answers` has, per `service:Operation`, a function from the parameters to a merge patch, or one."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.models = Models()
        self.answers = answers
        self.seen: list[Seen] = []
        self.errors: list[str] = []
        self.mood = "there"  # or "empty", "not found": what is answered where `answers` has nothing
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                try:
                    status, headers, text = owner.handle(self.command, self.path, dict(self.headers), body)
                except Exception as error:  # the test has to see what went wrong, not a client that waits
                    owner.errors.append(f"{self.command} {self.path}: {error!r}")
                    status, headers, text = 500, {}, b"{}"
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = answer

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        lower = {name.lower(): value for name, value in headers.items()}
        scope = re.search(r"Credential=[^/]+/\d{8}/([^/]+)/([^/]+)/aws4_request", lower.get("authorization", ""))
        region = scope.group(1) if scope else ""
        parts = urlsplit(path)
        target = lower.get("x-amz-target", "")
        # The command says which service it is for: a signing name can be that of several.
        service, place = json.loads(lower["x-asked"])
        model = self.models.service(service)
        protocol = model.metadata["protocol"]
        form: dict[str, Any] = {}
        if not protocol.startswith("rest"):
            # A service may speak several; what came says which.
            text = body.decode(errors="replace")
            form = parse_qs(text, keep_blank_values=True) if re.search(r"(^|&)Action=", text) else {}
            protocol = "json" if target else "ec2" if protocol == "ec2" else "query" if form else protocol
        operation = self.models.operation(service, method, unquote(parts.path), target, form)
        parameters = self.parse(operation, protocol, method, parts, lower, body, form)
        seen = Seen(operation.service_model.service_name, operation.name, region, parameters, service, place)
        # A label that is empty is one whose absence a condition of the script would have stopped at: another operation's path.
        cut_short = parts.path.endswith("/") and not operation.http["requestUri"].endswith("/")
        if operation.input_shape is not None and not cut_short:
            seen.problems = validate(parameters, operation.input_shape)
        # The signature names it; some operations are for whoever has a token, and are not signed.
        if not region and operation.auth_type != "none":
            seen.problems.append("the request names no Region")
        self.seen.append(seen)
        found = self.answers.get(seen.name)
        if isinstance(found, Refusal):
            return self.refuse(protocol, found.code)
        if self.mood == "not found" and found is None and operation.name.startswith(READS):
            return self.refuse(protocol)
        reply = self.reply(seen, operation)
        if CBOR_PATH.fullmatch(parts.path):
            return 200, dict(CBOR_HEADERS), cbor_item(reply, operation.output_shape)
        return self.serialize(operation, protocol, reply)

    def parse(
        self,
        operation: OperationModel,
        protocol: str,
        method: str,
        parts: Any,
        headers: dict[str, str],
        body: bytes,
        form: dict[str, Any],
    ) -> dict[str, Any]:
        if operation.input_shape is None:
            return {}
        if CBOR_PATH.fullmatch(parts.path):
            return RpcV2CBORParser()._initial_body_parse(body) if body else {}
        if protocol == "json":
            return json.loads(body or b"{}")
        template = operation.http["requestUri"].split("?")[0]
        found = re.fullmatch(as_pattern(template), unquote(parts.path))
        labels = re.findall(r"\{([^}+]+)\+?\}", template)
        query = parse_qs(parts.query, keep_blank_values=True)
        request = {
            "body": body,
            "headers": headers,
            "method": method,
            "url_params": dict(zip(labels, found.groups(), strict=True)) if found else {},
            "url_path": unquote(parts.path),
            "values": MultiDict([(name, item) for name, items in (form or query).items() for item in items]),
        }
        return without_nulls(PROTOCOL_PARSERS[protocol](self.moto_operation(operation)).parse(request))

    def moto_operation(self, operation: OperationModel) -> Any:
        name = operation.service_model.service_name
        description = self.models.service(name)._service_description
        return MotoServiceModel(description, name).operation_model(operation.name)

    def refuse(self, protocol: str, code: str = "ResourceNotFoundException") -> tuple[int, dict[str, str], bytes]:
        if protocol in ("json", "rest-json", "smithy-rpc-v2-cbor"):
            return 400, {"x-amzn-ErrorType": code}, json.dumps({"__type": code, "message": "not there"}).encode()
        return 404, {}, f"<ErrorResponse><Error><Code>{code}</Code><Message>none</Message></Error></ErrorResponse>".encode()

    def reply(self, seen: Seen, operation: OperationModel) -> Any:
        answer = example(operation.output_shape, lists=self.mood == "there")
        for name in ("NextToken", "nextToken", "Marker", "NextMarker", "PaginationToken", "position"):
            if isinstance(answer, dict):
                answer.pop(name, None)
        patch = self.answers.get(seen.name)
        patch = patch(seen) if callable(patch) else patch
        # An answer with a class of its own stands for itself; a plain one is merged into an example.
        return patch if type(patch) not in (dict, type(None)) else merged(answer, patch or {})

    def serialize(self, operation: OperationModel, protocol: str, answer: Any) -> tuple[int, dict[str, str], bytes]:
        serializer = get_serializer_class(operation.service_model.service_name, protocol)
        serializer = serializer(operation_model=self.moto_operation(operation))
        response = serializer.serialize(answer)
        body = response["body"]
        return response["status_code"], dict(response["headers"]), body.encode() if isinstance(body, str) else body
