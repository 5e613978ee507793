"""Lists in pages: what moto gives whole, cut where the asker or `/mrready-test/page-sizes` wants it.

For: `plugin.py` and `own.py`. Lists that moto pages itself are not here.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from wire import Call

# Set by the control endpoint; "service:Operation" to the most items on a page.
PAGE_SIZES: dict[str, int] = {}

# Operation → the list, the member that asks for a page, the one that names the next, the one with the size, the size
# without it.
PAGED_LISTS = {
    "apigateway:GetRestApis": ("item", "position", "position", "limit", 25),
    "apigateway:GetAuthorizers": ("item", "position", "position", "limit", 25),
    "apigateway:GetResources": ("item", "position", "position", "limit", 25),
    "apigatewayv2:GetApis": ("items", "nextToken", "nextToken", "maxResults", 25),
    "apigatewayv2:GetAuthorizers": ("items", "nextToken", "nextToken", "maxResults", 25),
    "apigatewayv2:GetRoutes": ("items", "nextToken", "nextToken", "maxResults", 25),
    "apigatewayv2:GetStages": ("items", "nextToken", "nextToken", "maxResults", 25),
    "cloudwatch:DescribeAlarms": ("MetricAlarms", "NextToken", "NextToken", "MaxRecords", 50),
    "kms:ListGrants": ("Grants", "Marker", "NextMarker", "Limit", 50),
}


def paged(call: Call, document: Any) -> Any:
    """The page of a list that this call asks for."""
    if call.name not in PAGED_LISTS or not isinstance(document, dict):
        return document
    items, asked, given, limit, default = PAGED_LISTS[call.name]
    size = int(call.parameters.get(limit) or default)
    page, following = one_page(call.name, document.get(items, []), call.parameters.get(asked), size)
    document[items] = page
    if "Truncated" in document:
        document["Truncated"] = following is not None
    if following:
        document[given] = following
    return document


def one_page(name: str, items: list[Any], token: str | None, size: int) -> tuple[list[Any], str | None]:
    """The page a token points at, and the token of the next one. A token is good for its own operation only."""
    start = 0
    if token:
        try:
            owner, _, offset = base64.b64decode(token).decode().rpartition("@")
            start = int(offset)
        except (ValueError, binascii.Error):
            owner = ""
        if owner != name:
            raise ValueError(f"page token of another operation: {token}")
    end = start + min(size, PAGE_SIZES.get(name, size))
    following = base64.b64encode(f"{name}@{end}".encode()).decode() if end < len(items) else None
    return items[start:end], following
