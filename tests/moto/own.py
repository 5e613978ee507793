"""The services that moto does not have: Cloud Control, the SMS and voice service, and SES's `GetAccount`.

For: `server.py`. Only reads, and of Cloud Control only what a list of resources and one resource look like.

Cloud Control holds what `/mrready-test/resources` was given, see `faults.py`, and the account's user pools with their
identity providers. Any other type with a name of AWS is known and empty in every Region; a type that needs a parent in
`ResourceModel` or cannot be listed says so, as AWS does.
"""

from __future__ import annotations

import json
import re
from typing import Any

from moto.cognitoidp.models import cognitoidp_backends

from paging import one_page
from wire import ACCOUNT, Call

# By access key id ("" is for all others): Region → type → resources.
RESOURCES: dict[str, dict[str, dict[str, list[dict[str, Any]]]]] = {"": {}}

TYPE_NAME = re.compile(r"AWS::[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}")
NEEDS_PARENT = {
    "AWS::ElasticLoadBalancingV2::Listener": "LoadBalancerArn",
    "AWS::ElasticLoadBalancingV2::ListenerRule": "ListenerArn",
    "AWS::VerifiedPermissions::IdentitySource": "PolicyStoreId",
    "AWS::EKS::IdentityProviderConfig": "ClusterName",
    "AWS::Cognito::UserPoolIdentityProvider": "UserPoolId",
}
NO_LIST = {"AWS::OpenSearchService::Domain", "AWS::WAFv2::WebACLAssociation"}


class Refused(Exception):
    """An error of one of these services: status, code, message."""


def answer(call: Call) -> dict[str, Any] | None:
    """The answer of a service that is not in moto; `None` for all others."""
    known = OPERATIONS.get(call.name)
    if known:
        return known(call)
    if call.service in ("cloudcontrol", "sms-voice"):
        raise Refused(400, "UnknownOperationException", f"not here: {call.name}")
    return None


def list_resources(call: Call) -> dict[str, Any]:
    found = resources(call)
    if call.type_name in NO_LIST:
        raise Refused(400, "UnsupportedActionException", f"Resource type {call.type_name} does not support LIST action")
    model = json.loads(call.parameters.get("ResourceModel") or "{}")
    parent = NEEDS_PARENT.get(call.type_name)
    if parent and parent not in model:
        message = f"Missing or invalid ResourceModel property in {call.type_name} list handler request input."
        raise Refused(400, "InvalidRequestException", f"{message} Required property: [{parent}]")

    def below(item: dict[str, Any]) -> bool:
        known = {**item.get("Properties", {}), **item.get("Parent", {})}
        return all(known.get(name) == value for name, value in model.items())

    shown = [described(item, item.get("Listed", item.get("Properties", {}))) for item in found if below(item)]
    asked = int(call.parameters.get("MaxResults") or 20)
    page, following = one_page(call.name, shown, call.token, asked)
    token = {"NextToken": following} if following else {}
    return {"TypeName": call.type_name, "ResourceDescriptions": page, **token}


def get_resource(call: Call) -> dict[str, Any]:
    wanted = call.parameters.get("Identifier")
    for item in resources(call):
        if item["Identifier"] == wanted:
            return {
                "TypeName": call.type_name,
                "ResourceDescription": described(item, item.get("Properties", {})),
            }
    message = f"Resource of type '{call.type_name}' with identifier '{wanted}' was not found."
    raise Refused(400, "ResourceNotFoundException", message)


def resources(call: Call) -> list[dict[str, Any]]:
    if not TYPE_NAME.fullmatch(call.type_name):
        raise Refused(400, "TypeNotFoundException", f"The type '{call.type_name}' cannot be found.")
    table = RESOURCES.get(call.caller, RESOURCES[""])
    return table.get(call.region, {}).get(call.type_name, []) + ours(call)


def ours(call: Call) -> list[dict[str, Any]]:
    """What the account has of a type anyway. Their lists show identifiers."""
    pools = cognitoidp_backends[ACCOUNT][call.region].user_pools
    if call.type_name == "AWS::Cognito::UserPool":
        return [{"Identifier": pool_id, "Properties": {"UserPoolId": pool_id}} for pool_id in pools]
    if call.type_name == "AWS::Cognito::UserPoolIdentityProvider":
        return [
            {
                "Identifier": f"{pool_id}|{name}",
                "Listed": {"UserPoolId": pool_id, "ProviderName": name},
                "Properties": {"UserPoolId": pool_id, "ProviderName": name, **provider.extended_config},
            }
            for pool_id, pool in pools.items()
            for name, provider in pool.identity_providers.items()
        ]
    return []


def described(item: dict[str, Any], properties: dict[str, Any]) -> dict[str, str]:
    return {"Identifier": item["Identifier"], "Properties": json.dumps(properties)}


def check_resources(table: Any) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """A table for `/mrready-test/resources`, if it is one."""
    for region, types in table.items():
        for name, items in types.items():
            for item in items:
                unknown = set(item) - {"Identifier", "Properties", "Listed", "Parent"}
                if unknown or not isinstance(item.get("Identifier"), str):
                    raise ValueError(f"{region} {name}: bad resource, {sorted(unknown) or 'no Identifier'}")
    return table


def describe_account_attributes(_: Call) -> dict[str, Any]:
    return {"AccountAttributes": [{"Name": "ACCOUNT_TIER", "Value": "PRODUCTION"}]}


def describe_spend_limits(_: Call) -> dict[str, Any]:
    limits = {"TEXT": (100, 1000, True), "VOICE": (1, 1, False), "MEDIA": (1, 1, False)}
    members = ("EnforcedLimit", "MaxLimit", "Overridden")
    return {
        "SpendLimits": [
            {"Name": f"{kind}_MESSAGE_MONTHLY_SPEND_LIMIT", **dict(zip(members, values, strict=True))}
            for kind, values in limits.items()
        ]
    }


def get_account(_: Call) -> dict[str, Any]:
    return {
        "DedicatedIpAutoWarmupEnabled": False,
        "EnforcementStatus": "HEALTHY",
        "ProductionAccessEnabled": True,
        "SendingEnabled": True,
        "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 12.0},
        "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
        "Details": {
            "MailType": "TRANSACTIONAL",
            "WebsiteURL": "https://example.com",
            "ContactLanguage": "EN",
            "AdditionalContactEmailAddresses": ["planted-contact@example.com"],
        },
    }


OPERATIONS = {
    "cloudcontrol:GetResource": get_resource,
    "cloudcontrol:ListResources": list_resources,
    "sesv2:GetAccount": get_account,
    "sms-voice:DescribeAccountAttributes": describe_account_attributes,
    "sms-voice:DescribeSpendLimits": describe_spend_limits,
}
