"""Fills an account with two pools alike that are to be moved: `python plan_account.py ENDPOINT_URL OUT.json`.

For: the test that runs the steps of a plan and compares the pool before and after, member by member. Each pool has what
an update that names one setting takes away: triggers, a password policy, e-mail and SMS settings, tags, TOTP, deletion
protection, devices, an own domain. `moving` goes by the plan, `naive` by the single flag that guides recommend. What
the replica's Region needs before a plan may begin (functions, a web ACL) is there.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from cli import Cli
from documents import ACCOUNT, WEB_ACL_RULES, function_arn, pool_arn, trusted, visibility

PRIMARY, REPLICA = "us-east-1", "us-west-2"
COGNITO = "cognito-idp.amazonaws.com"
EXTERNAL_ID = "planted-external-id"
TRIGGERS = {"PreTokenGeneration": "claims", "PostConfirmation": "welcome", "CustomMessage": "words"}
PASSWORDS = {
    "MinimumLength": 14,
    "RequireUppercase": True,
    "RequireLowercase": True,
    "RequireNumbers": True,
    "RequireSymbols": False,
    "PasswordHistorySize": 5,
    "TemporaryPasswordValidityDays": 3,
}


class Account:
    def __init__(self, endpoint: str) -> None:
        self.aws = Cli(endpoint)
        self.out: dict[str, Any] = {"account": ACCOUNT, "pools": {}, "clients": {}, "domains": {}, "planted": {}}

    def around(self) -> None:
        """Roles, functions in both Regions, mail, SMS, a web ACL in both Regions, a certificate."""
        for name, service in (("functions", "lambda.amazonaws.com"), ("sms", COGNITO)):
            policy = trusted(service, StringEquals={"sts:ExternalId": EXTERNAL_ID}) if name == "sms" else trusted(service)
            self.aws(PRIMARY, "iam", "create-role", "--role-name", name, "--assume-role-policy-document", policy)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("index.mjs", "export const handler = async (event) => event;\n")
        with tempfile.TemporaryDirectory() as folder:
            code = Path(folder) / "function.zip"
            code.write_bytes(packed.getvalue())
            for region in (PRIMARY, REPLICA):
                for name in TRIGGERS.values():
                    create = ("create-function", "--function-name", name, "--runtime", "nodejs22.x", "--timeout", "5")
                    role = ("--role", f"arn:aws:iam::{ACCOUNT}:role/functions", "--handler", "index.handler")
                    self.aws(region, "lambda", *create, *role, "--zip-file", f"fileb://{code}")
        for region in (PRIMARY, REPLICA):
            self.aws(region, "sesv2", "create-email-identity", "--email-identity", "example.com")
            self.aws(region, "sesv2", "create-configuration-set", "--configuration-set-name", "mail")
            self.aws(region, "sns", "set-sms-attributes", "--attributes", "MonthlySpendLimit=100")
        self.out["web_acls"] = {region: self.web_acl(region) for region in (PRIMARY, REPLICA)}
        probe = json.dumps({"Type": "HTTPS", "FullyQualifiedDomainName": "probe.example.com", "ResourcePath": "/sign-in"})
        create = ("create-health-check", "--caller-reference", "probe", "--health-check-config", probe)
        self.out["health_check"] = self.aws(PRIMARY, "route53", *create)["HealthCheck"]["Id"]
        names = ("auth.moving.example.com", "--subject-alternative-names", "auth.naive.example.com")
        request = ("request-certificate", "--validation-method", "DNS", "--domain-name", *names)
        self.certificate = self.aws("us-east-1", "acm", *request)["CertificateArn"]

    def web_acl(self, region: str) -> str:
        rules = json.dumps([{**rule, "VisibilityConfig": visibility(rule["Name"])} for rule in WEB_ACL_RULES])
        create = ("create-web-acl", "--name", "sign-in", "--scope", "REGIONAL", "--default-action", "Allow={}")
        shown = ("--visibility-config", json.dumps(visibility("sign-in")), "--rules", rules)
        return self.aws(region, "wafv2", *create, *shown)["Summary"]["ARN"]

    def pool(self, name: str) -> None:
        settings = {
            "PoolName": name,
            "UserPoolTier": "LITE",
            "DeletionProtection": "ACTIVE",
            "Policies": {"PasswordPolicy": PASSWORDS},
            "LambdaConfig": {trigger: function_arn(PRIMARY, function) for trigger, function in TRIGGERS.items()},
            "AutoVerifiedAttributes": ["email"],
            "EmailConfiguration": {
                "EmailSendingAccount": "DEVELOPER",
                "SourceArn": f"arn:aws:ses:{PRIMARY}:{ACCOUNT}:identity/example.com",
                "From": "Accounts <no-reply@example.com>",
                "ReplyToEmailAddress": "help@example.com",
                "ConfigurationSet": "mail",
            },
            "SmsConfiguration": {
                "SnsCallerArn": f"arn:aws:iam::{ACCOUNT}:role/sms",
                "ExternalId": EXTERNAL_ID,
                "SnsRegion": PRIMARY,
            },
            "VerificationMessageTemplate": {
                "DefaultEmailOption": "CONFIRM_WITH_CODE",
                "EmailSubject": "Your code",
                "EmailMessage": "Your code is {####}.",
            },
            "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True},
            "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
            "AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]},
            "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
            "UserPoolTags": {"team": "identity", "cost center": "12/34"},
        }
        made = self.aws(PRIMARY, "cognito-idp", "create-user-pool", "--cli-input-json", json.dumps(settings))
        pool_id = self.out["pools"][name] = made["UserPool"]["Id"]
        second = ("--mfa-configuration", "OPTIONAL", "--software-token-mfa-configuration", "Enabled=true")
        self.aws(PRIMARY, "cognito-idp", "set-user-pool-mfa-config", "--user-pool-id", pool_id, *second)
        domain = self.out["domains"][name] = f"auth.{name}.example.com"
        create = ("create-user-pool-domain", "--user-pool-id", pool_id, "--domain", domain, "--managed-login-version", "2")
        config = ("--custom-domain-config", f"CertificateArn={self.certificate}")
        self.aws(PRIMARY, "cognito-idp", *create, *config)
        client = {
            "UserPoolId": pool_id,
            "ClientName": "web",
            "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            "AccessTokenValidity": 60,
            "IdTokenValidity": 60,
            "RefreshTokenValidity": 30,
            "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "days"},
            "AllowedOAuthFlowsUserPoolClient": True,
            "AllowedOAuthFlows": ["code"],
            "AllowedOAuthScopes": ["openid"],
            "CallbackURLs": ["https://app.example.com/in"],
            "SupportedIdentityProviders": ["COGNITO"],
            "GenerateSecret": True,
        }
        made = self.aws(PRIMARY, "cognito-idp", "create-user-pool-client", "--cli-input-json", json.dumps(client))
        self.out["clients"][name] = made["UserPoolClient"]["ClientId"]
        self.out["planted"][f"{name}_client_secret"] = made["UserPoolClient"]["ClientSecret"]
        for region, functions in ((PRIMARY, TRIGGERS.values()),):
            for function in functions:
                permit = ("add-permission", "--function-name", function, "--statement-id", name)
                whom = ("--action", "lambda:InvokeFunction", "--principal", COGNITO, "--source-account", ACCOUNT)
                self.aws(region, "lambda", *permit, *whom, "--source-arn", pool_arn(region, pool_id))
        associate = ("--web-acl-arn", self.out["web_acls"][PRIMARY], "--resource-arn", pool_arn(PRIMARY, pool_id))
        self.aws(PRIMARY, "wafv2", "associate-web-acl", *associate)


def main() -> None:
    endpoint, out = sys.argv[1:]
    account = Account(endpoint)
    account.around()
    for name in ("moving", "naive"):
        account.pool(name)
    account.out["planted"]["external_id"] = EXTERNAL_ID
    Path(out).write_text(json.dumps(account.out, indent=2, sort_keys=True), "utf-8")


if __name__ == "__main__":
    main()
