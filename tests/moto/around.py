"""What moto lacks in the services around a pool, patched in memory.

For: `plugin.py`. Patched, by service:
- acm: a requested certificate is issued at once and eligible for renewal; its tag `mrready-test:days-left` says when it
  ends.
- iam: `SimulatePrincipalPolicy` allows everything but what the role's inline policies deny (actions and the condition
  `StringEquals aws:RequestedRegion` are read, nothing else) and what its tag `mrready-test:denied-by-organizations`
  lists, separated by spaces. Trust policies are percent-encoded to the last character.
- lambda: `VpcConfig` and layers of a function that has none are left out.
- route53: a health check is what it was given, with AWS's defaults.
- sesv2: identities are verified, unless one has the tag `mrready-test:unverified`; sending is on.
- sns: `GetSMSSandboxAccountStatus`, out of the sandbox.
- wafv2: `GetWebACLForResource` knows user pools, in the Region of their ARN.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote

from moto.acm.models import CertBundle
from moto.awslambda.models import LambdaFunction
from moto.cognitoidp.models import cognitoidp_backends
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.core.utils import unix_time
from moto.iam.responses import IamResponse
from moto.route53.models import HealthCheck
from moto.route53.responses import Route53
from moto.ses.models import ConfigurationSet, EmailIdentity
from moto.sns.responses import SNSResponse
from moto.wafv2.responses import WAFV2Response

from paging import one_page

TAG = "mrready-test:"
DAY = 86400


def install() -> None:
    """Applies every patch."""
    install_certificates()
    install_roles()
    install_functions()
    install_health_checks()
    install_mail()
    install_text_messages()
    install_web_acls()


def install_certificates() -> None:
    original = CertBundle.describe

    def describe(self: CertBundle) -> dict[str, Any]:
        if self.type == "AMAZON_ISSUED" and self.status == "PENDING_VALIDATION":
            self.status = "ISSUED"
        answer = original(self)
        certificate = answer["Certificate"]
        certificate["KeyAlgorithm"] = certificate["KeyAlgorithm"].replace("_", "-")
        if self.type == "AMAZON_ISSUED":
            certificate["RenewalEligibility"] = "ELIGIBLE"
        days = self.tags.get(f"{TAG}days-left")
        if days:
            certificate["NotAfter"] = unix_time() + float(days) * DAY
        return answer

    CertBundle.describe = describe


def install_roles() -> None:
    def simulate_principal_policy(self: IamResponse) -> ActionResult:
        role = self.backend.get_role(self._get_param("PolicySourceArn").rpartition("/")[2])
        context = {
            entry["ContextKeyName"].lower(): entry["ContextKeyValues"]
            for entry in self._get_param("ContextEntries") or []
        }
        tags = role.tags.values() if isinstance(role.tags, dict) else role.tags or []
        lists = [tag["Value"] for tag in tags if tag["Key"] == f"{TAG}denied-by-organizations"]
        forbidden = " ".join(lists).split()
        statements = [
            statement
            for policy in role.policies.values()
            for statement in listed(json.loads(policy)["Statement"])
            if statement["Effect"] == "Deny" and applies(statement, context)
        ]

        def decision(action: str) -> str:
            patterns = [pattern for statement in statements for pattern in listed(statement["Action"])]
            if any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns):
                return "explicitDeny"
            return "implicitDeny" if action in forbidden else "allowed"

        results = [
            {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": decision(action),
                "MatchedStatements": [],
                "MissingContextValues": [],
                "OrganizationsDecisionDetail": {"AllowedByOrganizations": action not in forbidden},
            }
            for action in self._get_param("ActionNames")
            for resource in self._get_param("ResourceArns") or ["*"]
        ]
        size = int(self._get_param("MaxItems") or 100)
        page, following = one_page("iam:SimulatePrincipalPolicy", results, self._get_param("Marker"), size)
        marker = {"Marker": following} if following else {}
        return ActionResult({"EvaluationResults": page, "IsTruncated": bool(following), **marker})

    IamResponse.simulate_principal_policy = simulate_principal_policy
    encoded = dict(IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER)
    encoded["GetRoleResponse.Role.AssumeRolePolicyDocument"] = lambda document: quote(document, safe="")
    IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER = encoded


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def applies(statement: dict[str, Any], context: dict[str, list[str]]) -> bool:
    wanted = {
        name.lower(): listed(values) for name, values in statement.get("Condition", {}).get("StringEquals", {}).items()
    }
    return all(set(values) & set(context.get(name, [])) for name, values in wanted.items())


def install_functions() -> None:
    original = LambdaFunction.get_configuration

    def get_configuration(self: LambdaFunction, on_create: bool = False) -> dict[str, Any]:
        answer = original(self, on_create)
        if not (answer.get("VpcConfig") or {}).get("SubnetIds"):
            answer.pop("VpcConfig", None)
        if not answer.get("Layers"):
            answer.pop("Layers", None)
        return answer

    LambdaFunction.get_configuration = get_configuration


def install_health_checks() -> None:
    original_create = Route53.create_health_check
    original_config = HealthCheck.health_check_config

    def create_health_check(self: Route53) -> ActionResult:
        given = self._get_param("HealthCheckConfig")
        answer = original_create(self)
        answer.result["HealthCheck"].given = given
        return answer

    def health_check_config(self: HealthCheck) -> dict[str, Any]:
        given = self.__dict__.get("given")
        if given is None:
            return original_config.fget(self)
        defaults: dict[str, Any] = {"Inverted": False, "Disabled": False}
        if given["Type"].startswith("HTTP"):
            secure = given["Type"].startswith("HTTPS")
            defaults |= {"Port": 443 if secure else 80, "EnableSNI": secure}
        if given["Type"].startswith("HTTP") or given["Type"] == "TCP":
            defaults |= {"RequestInterval": 30, "FailureThreshold": 3, "MeasureLatency": False}
        return {**defaults, **given}

    Route53.create_health_check = create_health_check
    HealthCheck.health_check_config = property(health_check_config)


def install_mail() -> None:
    original = EmailIdentity.get_response_object

    def get_response_object(self: EmailIdentity) -> dict[str, Any]:
        tags = [tag for tag in self.tags or [] if not tag["Key"].startswith(TAG)]
        verified = tags == (self.tags or [])
        status = "SUCCESS" if verified else "PENDING"
        return {
            **original.fget(self),
            "FeedbackForwardingStatus": True,
            "VerifiedForSendingStatus": verified,
            "VerificationStatus": status,
            "DkimAttributes": {
                "SigningEnabled": True,
                "Status": status,
                "Tokens": ["planted-dkim-token"],
                "SigningAttributesOrigin": "AWS_SES",
                "NextSigningKeyLength": "RSA_2048_BIT",
                "CurrentSigningKeyLength": "RSA_2048_BIT",
            },
            "Tags": tags,
        }

    def configuration_set(self: ConfigurationSet) -> dict[str, Any]:
        return {**original_set(self), "SendingOptions": {"SendingEnabled": True, **(self.enabled or {})}}

    original_set = ConfigurationSet.to_dict_v2
    ConfigurationSet.to_dict_v2 = configuration_set
    EmailIdentity.get_response_object = property(get_response_object)


def install_text_messages() -> None:
    SNSResponse.get_sms_sandbox_account_status = lambda _: ActionResult({"IsInSandbox": False})


def install_web_acls() -> None:
    original = WAFV2Response.get_web_acl_for_resource

    def get_web_acl_for_resource(self: WAFV2Response) -> Any:
        arn = json.loads(self.body)["ResourceArn"]
        if ":userpool/" in arn:
            region, pool_id = arn.split(":")[3], arn.rpartition("/")[2]
            pool = cognitoidp_backends[self.current_account][self.region].user_pools.get(pool_id)
            if region != self.region or pool is None or pool.arn != arn:
                message = "AWS WAF couldn’t perform the operation because your resource doesn’t exist."
                raise JsonRESTError("WAFNonexistentItemException", message)
        status, headers, body = original(self)
        answer = json.loads(body)
        if answer["WebACL"]:
            answer["WebACL"].setdefault("ManagedByFirewallManager", False)
        return status, headers, json.dumps(answer)

    WAFV2Response.get_web_acl_for_resource = get_web_acl_for_resource
