"""How AWS requests are told apart, and how each service words a refusal: signing names, protocols, error codes.

For: `faults.py`, `plugin.py`, `own.py`, `capture.py`. What an answer says when nothing is refused is moto's business and theirs.

Services have the names of the program's table of operations: `sesv2`, `sms-voice`, `cloudcontrol`, `cloudwatch`. moto
does not speak CBOR, which CloudWatch does; here such a request becomes one in AWS JSON, and the answer CBOR again.
"""

from __future__ import annotations

import datetime
import io
import json
import re
import struct
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote
from uuid import uuid4
from xml.sax.saxutils import escape

import botocore.session
from botocore.model import Shape
from botocore.parsers import RpcV2CBORParser
from werkzeug.http import HTTP_STATUS_CODES

ACCOUNT = "123456789012"
CALLER = f"arn:aws:sts::{ACCOUNT}:assumed-role/Audit/planted-session-name"

Answer = tuple[str, list[tuple[str, str]], bytes]


@dataclass(frozen=True)
class Service:
    """What a service's requests and errors look like."""

    protocol: str  # json, cbor, rest-json, query, rest-xml
    iam: str = ""  # the prefix of its IAM actions where it is not the service's name
    throttled: tuple[str, int] = ("ThrottlingException", 400)
    failed: str = "InternalFailure"
    namespace: str = ""  # of XML errors
    denied: str = ""  # where it is not AccessDenied or AccessDeniedException
    coral: bool = False  # whether the front door writes its namespace before the code


TOO_MANY = ("TooManyRequestsException", 429)
THROTTLING = ("Throttling", 400)

SERVICES = {
    "acm": Service("json"),
    "apigateway": Service("rest-json", throttled=TOO_MANY, failed="InternalServerErrorException"),
    "apigatewayv2": Service("rest-json", "apigateway", TOO_MANY, "InternalServerErrorException"),
    "cloudcontrol": Service("json", "cloudformation", failed="ServiceInternalErrorException", coral=True),
    "cloudformation": Service(
        "query", throttled=THROTTLING, namespace="http://cloudformation.amazonaws.com/doc/2010-05-15/"
    ),
    "codebuild": Service("json"),
    "cloudwatch": Service("cbor", failed="InternalServiceFault", coral=True),
    "cognito-idp": Service("json", throttled=("TooManyRequestsException", 400), failed="InternalErrorException"),
    "iam": Service(
        "query", throttled=THROTTLING, failed="ServiceFailure", namespace="https://iam.amazonaws.com/doc/2010-05-08/"
    ),
    "kms": Service("json", failed="KMSInternalException"),
    "lambda": Service("rest-json", throttled=TOO_MANY, failed="ServiceException"),
    "opensearch": Service("rest-json", "es"),
    "route53": Service("rest-xml", throttled=THROTTLING, namespace="https://route53.amazonaws.com/doc/2013-04-01/"),
    "sesv2": Service("rest-json", "ses", TOO_MANY, "InternalServiceErrorException"),
    "sms-voice": Service("json", failed="InternalServerException", coral=True),
    "sns": Service(
        "query",
        throttled=THROTTLING,
        failed="InternalError",
        namespace="http://sns.amazonaws.com/doc/2010-03-31/",
        denied="AuthorizationError",
    ),
    "sts": Service("query", throttled=THROTTLING, namespace="https://sts.amazonaws.com/doc/2011-06-15/"),
    "wafv2": Service("json", failed="WAFInternalErrorException"),
}
UNKNOWN = Service("json")

# Where the name in the signature is not the service's, and which services of it speak REST.
SIGNED_AS = {"cloudcontrolapi": "cloudcontrol", "monitoring": "cloudwatch"}
REST_SERVICES = {
    "apigateway": ("apigateway", "apigatewayv2"),
    "es": ("opensearch",),
    "lambda": ("lambda",),
    "route53": ("route53",),
    "ses": ("sesv2",),
}
# Requests that are not signed.
JSON_TARGETS = {"AWSCognitoIdentityProviderService": "cognito-idp", "TrentService": "kms"}

CBOR_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)")
QUERY_CODES = {
    "AccessDeniedException": "AccessDenied",
    "ThrottlingException": "Throttling",
    "InternalServiceFault": "InternalServiceError",
}

# What changes nothing. `AdminGetUser*` reads but makes the user billable for the month, so it does not count.
READ_PREFIXES = ("BatchGet", "Get", "List", "Describe", "Lookup", "Search", "Head", "Estimate", "Validate", "Simulate")
NOT_READS = {"AdminGetUser", "AdminGetUserAuthFactors", "GetTokensFromRefreshToken", "ValidateTemplate"}

TOKEN_MEMBERS = ("NextToken", "nextToken", "PaginationToken", "Marker", "NextMarker", "position")


@dataclass
class Call:
    """One AWS request: who is asked for what, where."""

    service: str
    operation: str
    type_name: str
    region: str
    actions: tuple[str, ...]
    resource: str
    token: str | None
    parameters: dict[str, Any]
    haystack: str
    caller: str = ""
    cbor: bool = False
    page: int = 1

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"

    @property
    def names(self) -> tuple[str, ...]:
        """As a rule may name it: for Cloud Control also with the type of resource behind it."""
        return (self.name, f"{self.name} {self.type_name}") if self.type_name else (self.name,)

    @property
    def read_only(self) -> bool:
        return self.operation.startswith(READ_PREFIXES) and self.operation not in NOT_READS


class Reader:
    """Finds the call in a request, with the models that botocore ships."""

    def __init__(self) -> None:
        self.session = botocore.session.get_session()
        self.routes: dict[str, list[tuple[str, re.Pattern[str], list[str], str, str]]] = {}

    def read(self, environ: dict[str, Any], body: bytes) -> Call | None:
        """The call; `None` for what is no AWS request. A request in CBOR is changed in place to one that moto reads."""
        scope = re.search(
            r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request", environ.get("HTTP_AUTHORIZATION", "")
        )
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if scope:
            caller, region, signed = scope.groups()
        elif target.split(".")[0] in JSON_TARGETS:
            caller, region, signed = "", "us-east-1", JSON_TARGETS[target.split(".")[0]]
        else:
            return None
        path = unquote(environ["PATH_INFO"])
        query = {name: values[-1] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        service = SIGNED_AS.get(signed, signed)
        cbor = CBOR_PATH.fullmatch(path)
        text = body.decode(errors="replace")
        if cbor:
            operation = cbor.group(2)
            parameters = RpcV2CBORParser()._initial_body_parse(body) if body else {}
            text = json.dumps(parameters, default=epoch)
            as_json(environ, f"{cbor.group(1)}.{operation}", text.encode())
        elif target:
            operation = target.split(".")[-1]
            parameters = json.loads(body or b"{}")
        elif signed in REST_SERVICES and (signed != "ses" or path.startswith("/v2/")):
            service, operation, labels = self.route(signed, environ["REQUEST_METHOD"], path)
            parameters = {**query, **labels}
        else:
            form = {name: values[-1] for name, values in parse_qs(text).items()}
            parameters = {**query, **form}
            operation = parameters.get("Action", "Unknown")
        return Call(
            service=service,
            operation=operation,
            type_name=str(parameters.get("TypeName", "")) if service == "cloudcontrol" else "",
            region=region,
            actions=actions(service, operation, environ["REQUEST_METHOD"], parameters),
            resource=resource_arn(service, region, path, parameters),
            token=next((str(parameters[name]) for name in TOKEN_MEMBERS if parameters.get(name)), None),
            parameters=parameters,
            caller=caller,
            cbor=bool(cbor),
            haystack=f"{path}?{unquote(environ.get('QUERY_STRING', ''))}\n{unquote(text)}",
        )

    def route(self, signed: str, method: str, path: str) -> tuple[str, str, dict[str, str]]:
        """The service, the operation and the values in the path of a REST request."""
        if signed not in self.routes:
            self.routes[signed] = self.load(REST_SERVICES[signed])
        for wanted, pattern, labels, service, name in self.routes[signed]:
            found = pattern.fullmatch(path) if wanted == method else None
            if found:
                return service, name, dict(zip(labels, found.groups(), strict=True))
        return REST_SERVICES[signed][path.startswith("/v2/") and signed == "apigateway"], "Unknown", {}

    def load(self, services: tuple[str, ...]) -> list[tuple[str, re.Pattern[str], list[str], str, str]]:
        found = []
        for service in services:
            model = self.session.get_service_model(service)
            for name in model.operation_names:
                http = model.operation_model(name).http
                path = http["requestUri"].split("?")[0]
                pattern = re.sub(r"\\\{[^}]*\\\+\\\}", "(.+)", re.escape(path))
                pattern = re.sub(r"\\\{[^}]*\\\}", "([^/]+)", pattern)
                labels = [label.rstrip("+") for label in re.findall(r"\{([^}]*)\}", path)]
                literals = sum(1 for part in path.split("/") if "{" not in part)
                found.append((literals, (http["method"], re.compile(pattern + "/?"), labels, service, name)))
        return [route for _, route in sorted(found, key=lambda each: -each[0])]

    def to_cbor(self, call: Call, body: bytes) -> bytes:
        """An AWS JSON answer as CBOR, with the types of the model."""
        model = self.session.get_service_model(call.service).operation_model(call.operation)
        return cbor_item(json.loads(body or b"{}"), model.output_shape)


def as_json(environ: dict[str, Any], target: str, body: bytes) -> None:
    """Makes a request in CBOR one in AWS JSON."""
    environ.update(
        {
            "PATH_INFO": "/",
            "RAW_URI": "/",
            "REQUEST_URI": "/",
            "CONTENT_TYPE": "application/x-amz-json-1.0",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_X_AMZ_TARGET": target,
            "wsgi.input": io.BytesIO(body),
        }
    )
    for name in ("HTTP_SMITHY_PROTOCOL", "HTTP_ACCEPT"):
        environ.pop(name, None)


def actions(service: str, operation: str, method: str, parameters: dict[str, Any]) -> tuple[str, ...]:
    """The IAM actions of a call. What the handlers of Cloud Control need besides, a rule says with `calls`."""
    prefix = SERVICES.get(service, UNKNOWN).iam or service
    if prefix == "apigateway":
        return (f"apigateway:{method}",)
    if service == "wafv2" and operation.endswith("ForResource") and ":userpool/" in parameters.get("ResourceArn", ""):
        return (f"wafv2:{operation}", f"cognito-idp:{operation}")
    return (f"{prefix}:{operation}",)


def resource_arn(service: str, region: str, path: str, parameters: dict[str, Any]) -> str:
    """The resource AWS would name when it refuses the call."""

    def arn(kind: str, member: str, *, owner: str = service, where: str = region) -> str:
        name = str(parameters.get(member) or "")
        if not name or name.startswith("arn:"):
            return name or "*"
        return f"arn:aws:{owner}:{where}:{'' if service == 'route53' else ACCOUNT}:{kind}{name}"

    if service in ("apigateway", "apigatewayv2"):
        return f"arn:aws:apigateway:{region}::{path}"
    if service == "cloudformation" and parameters.get("StackName"):
        stack = str(parameters["StackName"])
        return stack if stack.startswith("arn:") else f"arn:aws:cloudformation:{region}:{ACCOUNT}:stack/{stack}/*"
    if service == "cognito-idp":
        return arn("userpool/", "UserPoolId" if parameters.get("UserPoolId") else "ResourceArn")
    if service == "sesv2":
        identity = parameters.get("EmailIdentity")
        kind = ("identity/", "EmailIdentity") if identity else ("configuration-set/", "ConfigurationSetName")
        return arn(*kind, owner="ses")
    if service == "iam":
        return arn("role/", "RoleName" if parameters.get("RoleName") else "PolicySourceArn", where="")
    return {
        "acm": lambda: arn("certificate/", "CertificateArn"),
        "cloudcontrol": lambda: f"arn:aws:cloudformation:{region}:{ACCOUNT}:resource/*",
        "cloudwatch": lambda: f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:*",
        "kms": lambda: arn("key/", "KeyId"),
        "lambda": lambda: arn("function:", "FunctionName"),
        "route53": lambda: arn("healthcheck/", "HealthCheckId", where=""),
        "sns": lambda: f"arn:aws:sns:{region}:{ACCOUNT}:*",
        "wafv2": lambda: arn("", "ResourceArn"),
    }.get(service, lambda: "*")()


# Answers


def denied_answer(call: Call, action: str) -> Answer:
    """A refusal for want of this action, in the service's own words."""
    service = SERVICES.get(call.service, UNKNOWN)
    message = (
        f"User: {CALLER} is not authorized to perform: {action} on resource: {call.resource}"
        f" because no identity-based policy allows the {action} action"
    )
    if call.service == "cloudcontrol" and action not in call.actions:
        # Said by the type's handler, which calls the other service.
        message = (
            f"{call.type_name} Handler returned status FAILED: {message.replace(call.resource, '*')} (Service: "
            f"{action.split(':')[0]}, Status Code: 403, Request ID: {uuid4()}) (HandlerErrorCode: AccessDenied, "
            f"RequestToken: {uuid4()})"
        )
    code = "AccessDenied" if service.namespace else "AccessDeniedException"
    status = 400 if service.protocol in ("json", "cbor") else 403
    return error_answer(call, status, service.denied or code, message)


def throttled_answer(call: Call) -> Answer:
    code, status = SERVICES.get(call.service, UNKNOWN).throttled
    return error_answer(call, status, code, "Rate exceeded")


def failed_answer(call: Call) -> Answer:
    return error_answer(call, 500, SERVICES.get(call.service, UNKNOWN).failed, "An internal error occurred")


def error_answer(call: Call, status: int, code: str, message: str) -> Answer:
    """An error in the wire shape of the call's service."""
    service = SERVICES.get(call.service, UNKNOWN)
    headers = [("x-amzn-RequestId", str(uuid4()))]
    # The front door spells the text of a refusal `Message`; most services' own errors say `message`.
    member = "Message" if code == "AccessDeniedException" else "message"
    if service.namespace:
        text = (
            f'<ErrorResponse xmlns="{service.namespace}">\n  <Error>\n'
            f"    <Type>{'Sender' if status < 500 else 'Receiver'}</Type>\n    <Code>{code}</Code>\n"
            f"    <Message>{escape(message)}</Message>\n  </Error>\n"
            f"  <RequestId>{headers[0][1]}</RequestId>\n</ErrorResponse>\n"
        )
        out = text.encode()
        headers.append(("Content-Type", "text/xml"))
    elif service.protocol == "rest-json":
        document = {member: message}
        if call.service == "lambda" and member == "message":
            document = {"Type": "User" if status < 500 else "Service", "Message": message}
        out = json.dumps(document).encode()
        headers += [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)]
    else:
        kind = f"com.amazon.coral.service#{code}" if service.coral and member == "Message" else code
        document = {"__type": kind, member: message}
        out = cbor_item(document) if call.cbor else json.dumps(document).encode()
        if call.cbor:
            sender = "Sender" if status < 500 else "Receiver"
            query_code = f"{QUERY_CODES.get(code, code)};{sender}"
            headers += [*CBOR_HEADERS, ("x-amzn-query-error", query_code)]
        else:
            version = "1.0" if service.coral else "1.1"
            headers.append(("Content-Type", f"application/x-amz-json-{version}"))
        if call.service == "cognito-idp":
            headers += [("x-amzn-ErrorType", f"{code}:"), ("x-amzn-ErrorMessage", message)]
    headers.append(("Content-Length", str(len(out))))
    return f"{status} {HTTP_STATUS_CODES.get(status, 'Error')}", headers, out


def answer_json(status: str, document: Any, content_type: str = "application/json") -> Answer:
    out = json.dumps(document).encode()
    return status, [("Content-Type", content_type), ("Content-Length", str(len(out)))], out


# JSON


def without_nulls(value: Any) -> Any:
    """Without the members that are null, which AWS leaves out."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def merged(base: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(base) if isinstance(base, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


# CBOR

CBOR_HEADERS = [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]


def epoch(value: Any) -> float:
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    raise TypeError(f"not JSON: {type(value)}")


def cbor_item(value: Any, shape: Shape | None = None) -> bytes:
    """One CBOR item; the shape says what is a time and what a float."""
    kind = shape.type_name if shape else ""
    if kind == "timestamp":
        return cbor_head(6, 1) + b"\xfb" + struct.pack(">d", value)
    if isinstance(value, bool) or value is None:
        return b"\xf6" if value is None else b"\xf5" if value else b"\xf4"
    if isinstance(value, float) or kind in ("double", "float"):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, int):
        return cbor_head(0, value) if value >= 0 else cbor_head(1, -1 - value)
    if isinstance(value, str):
        return cbor_head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        inner = shape.member if kind == "list" else None
        return cbor_head(4, len(value)) + b"".join(cbor_item(item, inner) for item in value)
    members = shape.members if kind == "structure" else {}
    inner = shape.value if kind == "map" else None
    pairs = [cbor_item(name) + cbor_item(item, members.get(name, inner)) for name, item in value.items()]
    return cbor_head(5, len(pairs)) + b"".join(pairs)


def cbor_head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    size, form = next((size, form) for size, form in ((1, ">B"), (2, ">H"), (4, ">I"), (8, ">Q")) if number < 256**size)
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[size]]) + struct.pack(form, number)
