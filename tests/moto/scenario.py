"""Fills the test-side AWS account, with AWS CLI command lines only: `python scenario.py ENDPOINT_URL OUT.json`.

For: tests that run the program against an account that holds one user pool per thing that can be wrong. Every pool is
like `ready` but for what its name says. What the ids are is written to OUT.json, see README.md. Not for checks: see
`check.py`.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from cli import Cli

ACCOUNT = "123456789012"
PRIMARY, REPLICA, ELSEWHERE = "us-east-1", "us-west-2", "eu-west-1"
COGNITO, IDENTITYSTORE = "cognito-idp.amazonaws.com", "identitystore.amazonaws.com"
CERTIFICATE = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/11111111-2222-3333-4444-555555555555"

# Secrets that must leave the account in no report, snapshot, log or error of the program under test.
PLANTED = {
    "session_name": "planted-session-name",
    "stack_parameter": "planted-stack-parameter-secret",
    "stack_output": "planted-stack-output-secret",
    "template": "planted-template-secret",
    "sms_external_id": "planted-external-id",
    "idp_secret": "planted-idp-secret",
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
}

# Key name → the Regions it is replicated to, and the services its policy names. Replicas are made before pools are.
KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "shared": ((REPLICA,), (COGNITO, IDENTITYSTORE)),
    "single-region": ((), (COGNITO, IDENTITYSTORE)),
    "not-replicated": ((), (COGNITO, IDENTITYSTORE)),
    "pending-deletion": ((REPLICA,), (COGNITO, IDENTITYSTORE)),
    "without-identitystore": ((REPLICA,), (COGNITO,)),
    "elsewhere": ((REPLICA, ELSEWHERE), (COGNITO, IDENTITYSTORE)),
}

STACK_TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: A consumer of a user pool that another team owns
Metadata:
  Note:
    planted-template-secret
Parameters:
  UserPoolId:
    Type: String
  DatabasePassword:
    Type: String
Resources:
  IssuerByJoin:
    Type: AWS::SSM::Parameter
    Properties:
      Name: /mrready/issuer-by-join
      Type: String
      Value: !Join ["", ["https://cognito-idp.", !Ref "AWS::Region", ".amazonaws.com/", !Ref UserPoolId]]
  IssuerBySub:
    Type: AWS::SSM::Parameter
    Properties:
      Name: /mrready/issuer-by-sub
      Type: String
      Value: !Sub "https://cognito-idp.${AWS::Region}.amazonaws.com/${UserPoolId}" # planted-template-secret
  Settings:
    Type: AWS::SSM::Parameter
    Properties:
      Name: /mrready/settings
      Type: String
      Value: !Sub "KEY=planted-template-secret ISSUER=https://cognito-idp.us-east-1.amazonaws.com/${UserPoolId}"
  PoolReference:
    Type: AWS::SSM::Parameter
    Properties:
      Name: /mrready/user-pool-id
      Type: String
      Value: !Ref UserPoolId
Outputs:
  IssuerUrl:
    Value: !Sub "https://cognito-idp.${AWS::Region}.amazonaws.com/${UserPoolId}"
    Export:
      Name: mrready-stacks-issuer
  DatabaseUrl:
    Value: planted-stack-output-secret
"""

OWN_POOL_TEMPLATE = json.dumps(
    {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "A user pool of its own, its issuer taken from the resource; planted-template-secret",
        "Resources": {
            "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolName": "stack-owned"}},
            "Issuer": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {
                    "Name": "/mrready/own-issuer",
                    "Type": "String",
                    "Value": {"Fn::GetAtt": ["Pool", "ProviderURL"]},
                },
            },
        },
        "Outputs": {"OwnIssuer": {"Value": {"Fn::GetAtt": ["Pool", "ProviderURL"]}}},
    },
    indent=1,
)

DELETED_TEMPLATE = json.dumps(
    {
        "Resources": {
            "Old": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {
                    "Name": "/mrready/old",
                    "Type": "String",
                    "Value": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_DELETED00",
                },
            }
        }
    }
)


def pool_arn(region: str, pool_id: str) -> str:
    return f"arn:aws:cognito-idp:{region}:{ACCOUNT}:userpool/{pool_id}"


def issuer(pool_id: str) -> str:
    return f"https://cognito-idp.{PRIMARY}.amazonaws.com/{pool_id}"


def key_policy(region: str, arns: list[str], services: tuple[str, ...]) -> str:
    """The documented policy for a key that Cognito encrypts with, for the pools of these ARNs."""
    crypto = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKeyWithoutPlaintext"]
    source = {"ArnEquals": {"aws:SourceArn": arns}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}
    context = {"kms:EncryptionContext:aws:cognito-idp:userpool-arn": arns}
    via = {"kms:ViaService": f"cognito-idp.{region}.amazonaws.com"}
    statements = [
        ("Admin", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "kms:*", None),
        ("ServiceCrypto", {"Service": list(services)}, crypto, {**source, "StringLike": context}),
        ("ServiceDescribe", {"Service": list(services)}, "kms:DescribeKey", source),
        ("CallerDescribe", {"AWS": "*"}, "kms:DescribeKey", {"StringEquals": via}),
        ("CallerCrypto", {"AWS": "*"}, crypto, {"StringEquals": via, "StringLike": context}),
    ]
    document: list[dict[str, Any]] = []
    for sid, principal, action, condition in statements:
        statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
        document.append({**statement, "Condition": condition} if condition else statement)
    return json.dumps({"Version": "2012-10-17", "Id": "mrready-test", "Statement": document})


class Account:
    def __init__(self, endpoint: str) -> None:
        self.aws = Cli(endpoint)
        self.keys: dict[str, dict[str, str]] = {}
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
        if name == "replicated-inactive":
            function = f"arn:aws:lambda:{PRIMARY}:{ACCOUNT}:function"
            extra = ["--lambda-config", f"PreTokenGeneration={function}:claims,PostConfirmation={function}:welcome"]
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
            "Type=ORIGINAL",
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
            f"auth.{name}.example.com",
            "--custom-domain-config",
            f"CertificateArn={CERTIFICATE}",
            "--managed-login-version",
            "2",
        )
        if name == "many-clients":
            self.clients[name] = dict(self.make_client(name, f"client-{n:02}", secret=True) for n in range(1, 62))
        else:
            oauth = name == "replicated-active"
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
        for name, region in (
            ("replicated-inactive", REPLICA),
            ("replicated-active", REPLICA),
            ("secondary-elsewhere", ELSEWHERE),
        ):
            command = ("create-user-pool-replica", "--user-pool-id", self.pools[name], "--region-name", region)
            self.aws(PRIMARY, "cognito-idp", *command)
        command = ("update-user-pool-replica", "--user-pool-id", self.pools["replicated-active"], "--status", "ACTIVE")
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
        for name, key in POOLS.items():
            self.make_pool(name, key)
        self.write_key_policies()
        self.set_up_pools()
        self.make_apis()
        self.make_stacks()
        return {
            "account": ACCOUNT,
            "regions": {"primary": PRIMARY, "replica": REPLICA, "elsewhere": ELSEWHERE},
            "pools": self.pools,
            "clients": self.clients,
            "keys": self.keys,
            "pool_keys": POOLS,
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
