"""Fills the test-side AWS account, with AWS CLI command lines only: `python scenario.py ENDPOINT_URL OUT.json`.

For: tests that run the program against an account that holds one user pool per thing that can be wrong. Every pool is
like `ready` but for what its name says. What the ids are is written to OUT.json, see README.md. Not for checks: see
`check.py`.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

from cli import Cli
from documents import (
    ACCOUNT,
    DELETED_TEMPLATE,
    OWN_POOL_TEMPLATE,
    STACK_TEMPLATE,
    WEB_ACL_RULES,
    function_arn,
    key_policy,
    pool_arn,
    trusted,
    visibility,
)

PRIMARY, REPLICA, ELSEWHERE = "us-east-1", "us-west-2", "eu-west-1"
COGNITO, IDENTITYSTORE = "cognito-idp.amazonaws.com", "identitystore.amazonaws.com"
# Where the mail of `complete` and `broken-replica` comes from: not their primary Region.
MAIL = "us-west-2"

# Secrets that must leave the account in no report, snapshot, log or error of the program under test.
PLANTED = {
    "session_name": "planted-session-name",
    "stack_parameter": "planted-stack-parameter-secret",
    "stack_output": "planted-stack-output-secret",
    "template": "planted-template-secret",
    "sms_external_id": "planted-external-id",
    "idp_secret": "planted-idp-secret",
    "function_variable": "planted-function-variable",
    "alarm_description": "planted-alarm-description",
    "tag_value": "planted-tag-value",
    # Of `around.py`, in every answer of SES.
    "dkim_token": "planted-dkim-token",
    "mail_contact": "planted-contact",
}

# Scenario name → the key its pool uses; see `make_keys`.
POOLS = {
    "ready": "shared",
    "lite": "shared",
    "tier-absent": "shared",
    "single-region-key": "single-region",
    "key-not-replicated": "not-replicated",
    "related-key-pending-deletion": "pending-deletion",
    "policy-without-identitystore": "without-identitystore",
    "totp-only": "shared",
    "replicated-inactive": "shared",
    "replicated-active": "shared",
    "secondary-elsewhere": "elsewhere",
    "many-clients": "shared",
    "http-authorizer": "shared",
    "rest-authorizer": "shared",
    "stacks": "shared",
    "with-secrets": "shared",
    "complete": "shared",
    "broken-replica": "shared",
}

# Scenario name → its triggers and their functions, in the primary Region.
TRIGGERS = {
    "replicated-inactive": {"PreTokenGeneration": "claims", "PostConfirmation": "welcome"},
    "complete": {"PreTokenGeneration": "claims"},
    "broken-replica": {"PreTokenGeneration": "broken-claims"},
}
# Scenario name → the Region of its replica.
REPLICATED = {
    "replicated-inactive": REPLICA,
    "replicated-active": REPLICA,
    "secondary-elsewhere": ELSEWHERE,
    "complete": REPLICA,
    "broken-replica": REPLICA,
}
# Those that have all there is around a pool, and those whose domain fails over.
SURROUNDED = ("complete", "broken-replica")
FAILING_OVER = ("replicated-active", *SURROUNDED)

# Key name → the Regions it is replicated to, and the services its policy names. Replicas are made before pools are.
KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "shared": ((REPLICA,), (COGNITO, IDENTITYSTORE)),
    "single-region": ((), (COGNITO, IDENTITYSTORE)),
    "not-replicated": ((), (COGNITO, IDENTITYSTORE)),
    "pending-deletion": ((REPLICA,), (COGNITO, IDENTITYSTORE)),
    "without-identitystore": ((REPLICA,), (COGNITO,)),
    "elsewhere": ((REPLICA, ELSEWHERE), (COGNITO, IDENTITYSTORE)),
}


def domain(name: str) -> str:
    return f"auth.{name}.example.com"


def lambda_config(region: str, name: str) -> list[str]:
    triggers = [f"{trigger}={function_arn(region, function)}" for trigger, function in TRIGGERS[name].items()]
    return ["--lambda-config", ",".join(triggers)]


def mail(identity: str) -> list[str]:
    arn = f"arn:aws:ses:{MAIL}:{ACCOUNT}:identity/{identity}"
    settings = f"EmailSendingAccount=DEVELOPER,SourceArn={arn},From=no-reply@{identity},ConfigurationSet=mail"
    return ["--email-configuration", settings]


def tags(**values: str) -> list[str]:
    return ["--user-pool-tags", ",".join(f"{name}={value}" for name, value in values.items())]


def issuer(pool_id: str) -> str:
    return f"https://cognito-idp.{PRIMARY}.amazonaws.com/{pool_id}"


class Account:
    def __init__(self, endpoint: str) -> None:
        self.aws = Cli(endpoint)
        self.keys: dict[str, dict[str, str]] = {}
        self.certificates: dict[str, str] = {}
        self.pools: dict[str, str] = {}
        self.clients: dict[str, dict[str, str]] = {}
        self.secrets: list[str] = []
        self.ids: dict[str, Any] = {}

    def make_keys(self) -> None:
        for name, (regions, _) in KEYS.items():
            multi = ["--no-multi-region"] if name == "single-region" else ["--multi-region"]
            command = ("create-key", "--description", name, "--key-usage", "ENCRYPT_DECRYPT", *multi)
            key = self.aws(PRIMARY, "kms", *command)["KeyMetadata"]
            self.keys[name] = {"id": key["KeyId"], "arn": key["Arn"]}
            self.aws(PRIMARY, "kms", "enable-key-rotation", "--key-id", key["KeyId"])
            for region in regions:
                self.aws(PRIMARY, "kms", "replicate-key", "--key-id", key["KeyId"], "--replica-region", region)

    def write_key_policies(self) -> None:
        for name, (regions, services) in KEYS.items():
            pool_ids = [self.pools[pool] for pool, key in POOLS.items() if key == name]
            pool_regions = sorted({PRIMARY, REPLICA, *regions})
            arns = [pool_arn(each, pool_id) for pool_id in pool_ids for each in pool_regions]
            key_id = self.keys[name]["id"]
            for region in (PRIMARY, *regions):
                policy = key_policy(region, arns, services)
                command = ("put-key-policy", "--key-id", key_id, "--policy-name", "default", "--policy", policy)
                self.aws(region, "kms", *command)
        key_id = self.keys["pending-deletion"]["id"]
        command = ("schedule-key-deletion", "--key-id", key_id, "--pending-window-in-days", "7")
        self.aws(REPLICA, "kms", *command)

    def make_pool(self, name: str, key: str) -> str:
        tier = {"lite": ["--user-pool-tier", "LITE"], "tier-absent": []}.get(name, ["--user-pool-tier", "ESSENTIALS"])
        extra: list[str] = []
        if name in TRIGGERS:
            extra = lambda_config(PRIMARY, name)
        if name in SURROUNDED:
            extra += [*mail("example.com"), *tags(team="identity", note=PLANTED["tag_value"])]
        if name == "with-secrets":
            role = f"arn:aws:iam::{ACCOUNT}:role/sms"
            sms = f"SnsCallerArn={role},ExternalId={PLANTED['sms_external_id']},SnsRegion={PRIMARY}"
            extra = ["--sms-configuration", sms]
        pool = self.aws(
            PRIMARY,
            "cognito-idp",
            "create-user-pool",
            "--pool-name",
            name,
            "--key-configuration",
            f"KeyType=CUSTOMER_MANAGED_KEY,KmsKeyArn={self.keys[key]['arn']}",
            "--deletion-protection",
            "ACTIVE",
            "--issuer-configuration",
            f"Type={'UPDATED' if name in SURROUNDED else 'ORIGINAL'}",
            "--mfa-configuration",
            "OFF",
            "--admin-create-user-config",
            "AllowAdminCreateUserOnly=true",
            "--account-recovery-setting",
            "RecoveryMechanisms=[{Priority=1,Name=admin_only}]",
            "--user-pool-add-ons",
            "AdvancedSecurityMode=OFF",
            *tier,
            *extra,
        )["UserPool"]
        self.pools[name] = pool["Id"]
        self.aws(
            PRIMARY,
            "cognito-idp",
            "create-user-pool-domain",
            "--user-pool-id",
            pool["Id"],
            "--domain",
            domain(name),
            "--custom-domain-config",
            f"CertificateArn={self.certificates[name]}",
            "--managed-login-version",
            "2",
        )
        if name == "many-clients":
            self.clients[name] = dict(self.make_client(name, f"client-{n:02}", secret=True) for n in range(1, 62))
        else:
            oauth = name in FAILING_OVER
            self.clients[name] = dict([self.make_client(name, "web", secret=name == "with-secrets", oauth=oauth)])
        return pool["Id"]

    def make_client(self, pool: str, client: str, *, secret: bool, oauth: bool = False) -> tuple[str, str]:
        flows = ("--allowed-o-auth-flows-user-pool-client", "--allowed-o-auth-flows", "code")
        urls = ("--allowed-o-auth-scopes", "openid", "--callback-urls", "example-app://signed-in")
        made = self.aws(
            PRIMARY,
            "cognito-idp",
            "create-user-pool-client",
            "--user-pool-id",
            self.pools[pool],
            "--client-name",
            client,
            "--explicit-auth-flows",
            "ALLOW_USER_SRP_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH",
            "--access-token-validity",
            "60",
            "--id-token-validity",
            "60",
            "--refresh-token-validity",
            "30",
            "--token-validity-units",
            "AccessToken=minutes,IdToken=minutes,RefreshToken=days",
            *(["--generate-secret"] if secret else []),
            *([*flows, *urls, "--supported-identity-providers", "COGNITO"] if oauth else []),
        )["UserPoolClient"]
        if secret:
            self.secrets.append(made["ClientSecret"])
        return client, made["ClientId"]

    def set_up_pools(self) -> None:
        """What a pool gets after it was made."""
        totp = ("--mfa-configuration", "ON", "--software-token-mfa-configuration", "Enabled=true")
        pool_id = self.pools["totp-only"]
        self.aws(PRIMARY, "cognito-idp", "set-user-pool-mfa-config", "--user-pool-id", pool_id, *totp)
        for name, region in REPLICATED.items():
            command = ("create-user-pool-replica", "--user-pool-id", self.pools[name], "--region-name", region)
            self.aws(PRIMARY, "cognito-idp", *command)
        for name in FAILING_OVER:
            command = ("update-user-pool-replica", "--user-pool-id", self.pools[name], "--status", "ACTIVE")
            self.aws(REPLICA, "cognito-idp", *command, "--region-name", REPLICA)
        details = {
            "client_id": "example-client",
            "client_secret": PLANTED["idp_secret"],
            "oidc_issuer": "https://idp.example.com",
            "authorize_scopes": "openid",
            "attributes_request_method": "GET",
        }
        self.aws(
            PRIMARY,
            "cognito-idp",
            "create-identity-provider",
            "--user-pool-id",
            self.pools["with-secrets"],
            "--provider-name",
            "example-idp",
            "--provider-type",
            "OIDC",
            "--provider-details",
            json.dumps(details),
        )

    def make_certificates(self) -> None:
        """Ten names is what fits into one; that of `broken-replica` ends soon."""
        plain = [name for name in POOLS if name != "broken-replica"]
        for names in (plain[:10], plain[10:], ["broken-replica"]):
            first, *others = map(domain, names)
            more = ["--subject-alternative-names", *others] if others else []
            soon = ["--tags", "Key=mrready-test:days-left,Value=20"] if names == ["broken-replica"] else []
            command = ("request-certificate", "--domain-name", first, "--validation-method", "DNS", *more, *soon)
            arn = self.aws("us-east-1", "acm", *command)["CertificateArn"]
            self.certificates |= dict.fromkeys(names, arn)

    def make_role(self, name: str, trust: str, *rest: str) -> None:
        command = ("create-role", "--role-name", name, "--assume-role-policy-document", trust, *rest)
        self.aws(PRIMARY, "iam", *command)

    def make_roles(self) -> None:
        """`migration` may do everything, `migration-denied` may not create user pools in the replica Region."""
        anyone = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            }
        )
        self.make_role("functions", trusted("lambda.amazonaws.com"))
        self.make_role("migration", anyone)
        organizations = "Key=mrready-test:denied-by-organizations,Value=cognito-idp:CreateUserPoolReplica"
        self.make_role("migration-denied", anyone, "--tags", organizations)
        condition = {"StringEquals": {"aws:RequestedRegion": REPLICA}}
        statement = {"Effect": "Deny", "Action": "cognito-idp:CreateUserPool", "Resource": "*", "Condition": condition}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        command = ("put-role-policy", "--role-name", "migration-denied", "--policy-name", "guard")
        self.aws(PRIMARY, "iam", *command, "--policy-document", policy)
        arns = {name: f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("functions", "migration", "migration-denied")}
        self.ids["roles"] = {**arns, "sms": f"arn:aws:iam::{ACCOUNT}:role/sms"}

    def make_functions(self) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("index.mjs", "export const handler = async (event) => event;\n")
        names = sorted({function for triggers in TRIGGERS.values() for function in triggers.values()})
        with tempfile.TemporaryDirectory() as folder:
            code = Path(folder) / "function.zip"
            code.write_bytes(packed.getvalue())
            for region in (PRIMARY, REPLICA):
                for name in names:
                    self.aws(
                        region,
                        "lambda",
                        "create-function",
                        "--function-name",
                        name,
                        "--runtime",
                        "nodejs22.x",
                        "--handler",
                        "index.handler",
                        "--role",
                        self.ids["roles"]["functions"],
                        "--timeout",
                        "5",
                        "--environment",
                        f"Variables={{TOKEN={PLANTED['function_variable']}}}",
                        "--zip-file",
                        f"fileb://{code}",
                    )
        self.ids["functions"] = {
            name: {region: function_arn(region, name) for region in (PRIMARY, REPLICA)} for name in names
        }

    def permit(self) -> None:
        """Cognito may invoke each function for the pool of its Region; in the replica Region `broken-claims` names the
        pool of the primary Region."""
        for name, triggers in TRIGGERS.items():
            for function in triggers.values():
                for region in (PRIMARY, REPLICA):
                    source = PRIMARY if function == "broken-claims" else region
                    self.aws(
                        region,
                        "lambda",
                        "add-permission",
                        "--function-name",
                        function,
                        "--statement-id",
                        name,
                        "--action",
                        "lambda:InvokeFunction",
                        "--principal",
                        COGNITO,
                        "--source-arn",
                        pool_arn(source, self.pools[name]),
                        "--source-account",
                        ACCOUNT,
                    )

    def make_messages(self) -> None:
        """Mail, and text messages as `with-secrets` sends them."""
        self.aws(MAIL, "sesv2", "create-configuration-set", "--configuration-set-name", "mail")
        identity = ("create-email-identity", "--email-identity")
        self.aws(MAIL, "sesv2", *identity, "example.com")
        unverified = ("unverified.example.com", "--tags", "Key=mrready-test:unverified,Value=yes")
        self.aws(MAIL, "sesv2", *identity, *unverified)
        for region in (PRIMARY, REPLICA):
            self.aws(region, "sns", "set-sms-attributes", "--attributes", "MonthlySpendLimit=100")
        equals = {"sts:ExternalId": PLANTED["sms_external_id"], "aws:SourceAccount": ACCOUNT}
        source = {"aws:SourceArn": pool_arn(PRIMARY, self.pools["with-secrets"])}
        self.make_role("sms", trusted(COGNITO, StringEquals=equals, ArnLike=source))

    def surround(self) -> None:
        """What `complete` and `broken-replica` have in each Region."""
        for name in SURROUNDED:
            broken = name == "broken-replica"
            own = tags(team="other") if broken else tags(team="identity", note=PLANTED["tag_value"])
            settings = [
                *mail("unverified.example.com" if broken else "example.com"),
                *lambda_config(REPLICA, name),
                *own,
            ]
            self.aws(REPLICA, "cognito-idp", "update-user-pool", "--user-pool-id", self.pools[name], *settings)
        self.ids["web_acls"] = {}
        for region in (PRIMARY, REPLICA):
            rules = [{**rule, "VisibilityConfig": visibility(rule["Name"])} for rule in WEB_ACL_RULES]
            acl = self.aws(
                region,
                "wafv2",
                "create-web-acl",
                "--name",
                "sign-in",
                "--scope",
                "REGIONAL",
                "--default-action",
                "Allow={}",
                "--visibility-config",
                json.dumps(visibility("sign-in")),
                "--rules",
                json.dumps(rules),
            )["Summary"]["ARN"]
            self.ids["web_acls"][region] = acl
            for name in SURROUNDED if region == PRIMARY else ("complete",):
                target = ("--web-acl-arn", acl, "--resource-arn", pool_arn(region, self.pools[name]))
                self.aws(region, "wafv2", "associate-web-acl", *target)
                group = f"arn:aws:logs:{region}:{ACCOUNT}:log-group:/aws/cognito/{name}"
                target = {"LogGroupArn": group}
                source = {"LogLevel": "ERROR", "EventSource": "userNotification"}
                logs = json.dumps([{**source, "CloudWatchLogsConfiguration": target}])
                command = ("set-log-delivery-configuration", "--user-pool-id", self.pools[name])
                self.aws(region, "cognito-idp", *command, "--log-configurations", logs)

    def make_failover(self) -> None:
        """Health checks, and routing by them."""
        probe = {
            "Type": "HTTPS",
            "FullyQualifiedDomainName": "probe.example.com",
            "ResourcePath": "/sign-in",
            "RequestInterval": 30,
            "FailureThreshold": 3,
        }
        checks: dict[str, str] = {}
        for name, config in (("probe", probe), ("disabled", {**probe, "Disabled": True})):
            command = ("create-health-check", "--caller-reference", name, "--health-check-config", json.dumps(config))
            checks[name] = self.aws(PRIMARY, "route53", *command)["HealthCheck"]["Id"]
        self.ids["health_checks"] = checks
        for name in FAILING_OVER:
            check = checks["disabled" if name == "broken-replica" else "probe"]
            failover = {"Failover": {"SecondaryRegion": REPLICA, "PrimaryRoute53HealthCheckId": check}}
            self.aws(
                PRIMARY,
                "cognito-idp",
                "update-user-pool-domain",
                "--user-pool-id",
                self.pools[name],
                "--domain",
                domain(name),
                "--custom-domain-config",
                f"CertificateArn={self.certificates[name]}",
                "--managed-login-version",
                "2",
                "--routing",
                json.dumps(failover),
            )

    def make_alarms(self) -> None:
        """For every pool with a replica, in both Regions."""
        self.ids["alarms"] = {}
        for name, region in REPLICATED.items():
            self.ids["alarms"][name] = f"{name}-sign-in"
            for each in (PRIMARY, region):
                self.aws(
                    each,
                    "cloudwatch",
                    "put-metric-alarm",
                    "--alarm-name",
                    f"{name}-sign-in",
                    "--alarm-description",
                    PLANTED["alarm_description"],
                    "--namespace",
                    "AWS/Cognito",
                    "--metric-name",
                    "SignInSuccesses",
                    "--dimensions",
                    f"Name=UserPool,Value={self.pools[name]}",
                    f"Name=UserPoolClient,Value={self.clients[name]['web']}",
                    "--statistic",
                    "Average",
                    "--period",
                    "300",
                    "--evaluation-periods",
                    "3",
                    "--threshold",
                    "0.5",
                    "--comparison-operator",
                    "LessThanThreshold",
                    "--treat-missing-data",
                    "missing",
                )

    def make_http_api(self, name: str, authorizers: dict[str, str], routed: str) -> dict[str, Any]:
        """An HTTP API with JWT authorizers (name → issuer), one of which a route uses."""
        api = self.aws(PRIMARY, "apigatewayv2", "create-api", "--name", name, "--protocol-type", "HTTP")["ApiId"]
        client = self.clients["http-authorizer"]["web"]
        made: dict[str, str] = {}
        for authorizer, url in authorizers.items():
            command = ("--api-id", api, "--name", authorizer, "--authorizer-type", "JWT", "--identity-source")
            configuration = json.dumps({"Issuer": url, "Audience": [client]})
            answer = self.aws(
                PRIMARY,
                "apigatewayv2",
                "create-authorizer",
                *command,
                "$request.header.Authorization",
                "--jwt-configuration",
                configuration,
            )
            made[authorizer] = answer["AuthorizerId"]
        route = ("--api-id", api, "--route-key", "GET /items", "--authorization-type", "JWT", "--authorizer-id")
        route_id = self.aws(PRIMARY, "apigatewayv2", "create-route", *route, made[routed])["RouteId"]
        open_route = ("--api-id", api, "--route-key", "GET /health")
        self.aws(PRIMARY, "apigatewayv2", "create-route", *open_route)
        return {"api": api, "authorizers": made, "route": route_id}

    def make_apis(self) -> None:
        own = issuer(self.pools["http-authorizer"])
        other = issuer("us-east-1_OTHERPOOL")
        self.ids["http_api"] = self.make_http_api("mrready-http", {"routed": own, "unused": own}, "routed")
        self.ids["other_http_api"] = self.make_http_api("mrready-http-other", {"other": other}, "other")
        api = self.aws(PRIMARY, "apigateway", "create-rest-api", "--name", "mrready-rest")
        authorizer = self.aws(
            PRIMARY,
            "apigateway",
            "create-authorizer",
            "--rest-api-id",
            api["id"],
            "--name",
            "pool",
            "--type",
            "COGNITO_USER_POOLS",
            "--provider-arns",
            pool_arn(PRIMARY, self.pools["rest-authorizer"]),
            "--identity-source",
            "method.request.header.Authorization",
        )
        self.ids["rest_api"] = {"api": api["id"], "authorizers": {"pool": authorizer["id"]}}

    def make_stack(self, name: str, template: str, *parameters: str) -> str:
        given = ["--parameters", *parameters] if parameters else []
        command = ("create-stack", "--stack-name", name, "--template-body", template, *given)
        return self.aws(PRIMARY, "cloudformation", *command)["StackId"]

    def make_stacks(self) -> None:
        consumer = self.make_stack(
            "mrready-consumer",
            STACK_TEMPLATE,
            f"ParameterKey=UserPoolId,ParameterValue={self.pools['stacks']}",
            f"ParameterKey=DatabasePassword,ParameterValue={PLANTED['stack_parameter']}",
        )
        owner = self.make_stack("mrready-owner", OWN_POOL_TEMPLATE)
        deleted = self.make_stack("mrready-deleted", DELETED_TEMPLATE)
        self.aws(PRIMARY, "cloudformation", "delete-stack", "--stack-name", "mrready-deleted")
        resources = self.aws(PRIMARY, "cloudformation", "list-stack-resources", "--stack-name", "mrready-owner")
        physical = {
            item["LogicalResourceId"]: item["PhysicalResourceId"] for item in resources["StackResourceSummaries"]
        }
        self.ids["stacks"] = {"mrready-consumer": consumer, "mrready-owner": owner, "mrready-deleted": deleted}
        self.ids["stack_owned_pool"] = physical["Pool"]

    def fill(self) -> dict[str, Any]:
        self.make_keys()
        self.make_certificates()
        self.make_roles()
        self.make_functions()
        for name, key in POOLS.items():
            self.make_pool(name, key)
        self.write_key_policies()
        self.set_up_pools()
        self.permit()
        self.make_messages()
        self.surround()
        self.make_failover()
        self.make_alarms()
        self.make_apis()
        self.make_stacks()
        return {
            "account": ACCOUNT,
            "regions": {"primary": PRIMARY, "replica": REPLICA, "elsewhere": ELSEWHERE},
            "pools": self.pools,
            "clients": self.clients,
            "keys": self.keys,
            "pool_keys": POOLS,
            "certificates": self.certificates,
            **self.ids,
            "planted": {**PLANTED, "client_secrets": self.secrets},
        }


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: scenario.py ENDPOINT_URL OUT.json")
    started = time.monotonic()
    account = Account(sys.argv[1])
    Path(sys.argv[2]).write_text(json.dumps(account.fill(), indent=1) + "\n", encoding="utf-8")
    print(f"{account.aws.count} commands in {time.monotonic() - started:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
