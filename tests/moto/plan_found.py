"""What the scripts of a plan find when their commands are run: an account, what a person gives, and scenes.

For: `plan_commands.py`. The account is enough of one pool's that a script finds what the steps before it did; a scene is
another state of it, in which a script sends what it sends in no other: a key that waits for its deletion, a second
secondary, a load balancer's rule instead of its listener.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from capture import Refusal, Seen
from documents import WEB_ACL_RULES, visibility
from wire import merged


class Whole(dict[str, Any]):
    """An answer that stands for itself."""


@dataclass(frozen=True)
class Scene:
    """Another state. All scenes of a step run, each with nothing left of other steps but what it says is remembered."""

    answers: dict[str, Any] = field(default_factory=dict)  # in place of the account's
    inputs: dict[str, str] = field(default_factory=dict)  # in place of what a person gives
    pool: dict[str, Any] = field(default_factory=dict)  # a merge patch on the settings of the pool
    domain: dict[str, Any] = field(default_factory=dict)  # the same on its domain
    replicas: dict[str, str] = field(default_factory=dict)  # Region → status
    remembered: dict[str, str] = field(default_factory=dict)  # what an earlier step has
    mood: str = "there"  # or "empty", "not found": what is answered where nothing else is
    newest: bool = False  # with an AWS CLI that has botocore's newest model of REST APIs, which its own lacks


class Account:
    """What the server answers."""

    def __init__(self, values: dict[str, str], scene: Scene | None = None) -> None:
        self.values = values
        self.scene = scene or Scene()
        self.account = values.get("ACCOUNT_ID", "111122223333")
        self.primary = values["PRIMARY_REGION"]
        self.secondary = values.get("SECONDARY_REGION", "us-west-2")
        self.pool = values["POOL_ID"]
        self.settings: dict[str, dict[str, Any]] = {}
        self.replicas = dict(self.scene.replicas)
        self.domain: dict[str, Any] = {}
        self.client: dict[str, Any] = {}

    def arn(self, region: str, service: str = "cognito-idp", what: str = "") -> str:
        return f"arn:aws:{service}:{region}:{self.account}:{what or f'userpool/{self.pool}'}"

    def certificate(self, name: str = "new") -> str:
        return self.arn("us-east-1", "acm", f"certificate/{name}")

    def key(self, **members: Any) -> dict[str, Any]:
        """A multi-Region key, as it is found unless a scene says else."""
        first, second = (self.arn(region, "kms", f"key/{KEY}") for region in (self.primary, self.secondary))
        return {
            "KeyId": KEY,
            "Arn": first,
            "KeyState": "Enabled",
            "Enabled": True,
            "MultiRegion": True,
            "KeyManager": "CUSTOMER",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "MultiRegionConfiguration": {
                "MultiRegionKeyType": "PRIMARY",
                "PrimaryKey": {"Region": self.primary, "Arn": first},
                "ReplicaKeys": [{"Region": self.secondary, "Arn": second}],
            },
            **members,
        }

    def answers(self) -> dict[str, Any]:
        return {
            "sts:GetCallerIdentity": {"Account": self.account},
            "cognito-idp:DescribeUserPool": lambda seen: Whole({"UserPool": self.pool_in(seen.region)}),
            "cognito-idp:ListUserPools": Whole({"UserPools": [{"Id": self.pool, "Name": POOL["Name"]}]}),
            "cognito-idp:UpdateUserPool": self.update_pool,
            "cognito-idp:ListUserPoolReplicas": lambda _: Whole({"UserPoolReplicas": self.all_replicas()}),
            "cognito-idp:CreateUserPoolReplica": lambda seen: self.set_replica("INACTIVE", seen),
            "cognito-idp:UpdateUserPoolReplica": lambda seen: self.set_replica(seen.parameters["Status"], seen),
            "cognito-idp:DeleteUserPoolReplica": lambda seen: self.set_replica(None, seen),
            "cognito-idp:DescribeUserPoolDomain": lambda seen: Whole({"DomainDescription": self.domain_of(seen)}),
            "cognito-idp:UpdateUserPoolDomain": self.update_domain,
            "cognito-idp:DescribeUserPoolClient": lambda seen: Whole({"UserPoolClient": self.client_of(seen)}),
            "cognito-idp:UpdateUserPoolClient": self.update_client,
            "cognito-idp:GetUserPoolMfaConfig": Whole(
                {"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": True}}
            ),
            "cognito-idp:GetLogDeliveryConfiguration": Whole({"LogDeliveryConfiguration": self.logs()}),
            # Tags of the one Region are not those of the other, and what is allowed in the other is less.
            "cognito-idp:ListTagsForResource": lambda seen: Whole(
                {"Tags": {"team": "identity"} if seen.region == self.primary else {"note": "of the replica"}}
            ),
            "cognito-idp:GetProvisionedLimit": lambda seen: {
                "Limit": {"ProvisionedLimitValue": 200 if seen.region == self.primary else 120}
            },
            "cognito-idp:DescribeRiskConfiguration": lambda seen: Whole({"RiskConfiguration": self.risk(seen)}),
            "cognito-identity:DescribeIdentityPool": Whole(self.identity_pool()),
            "cognito-identity:GetId": {"IdentityId": IDENTITY_POOL},
            "cognito-identity:CreateIdentityPool": {"IdentityPoolId": IDENTITY_POOL},
            "cognito-identity:GetIdentityPoolRoles": Whole(
                {"IdentityPoolId": IDENTITY_POOL, "Roles": {"authenticated": self.arn("", "iam", "role/signed-in")}}
            ),
            "events:PutTargets": {"FailedEntryCount": 0, "FailedEntries": []},
            "kms:DescribeKey": Whole({"KeyMetadata": self.key()}),
            "kms:CreateKey": {"KeyMetadata": self.key()},
            "kms:ReplicateKey": {"ReplicaKeyMetadata": self.key(Arn=self.arn(self.secondary, "kms", f"key/{KEY}"))},
            "kms:GetKeyPolicy": {"Policy": json.dumps({"Version": "2012-10-17", "Statement": []})},
            "kms:GetKeyRotationStatus": {"KeyRotationEnabled": True},
            "iam:GetRole": {"Role": {"AssumeRolePolicyDocument": quote(json.dumps(self.trust()))}},
            "lambda:GetFunctionConfiguration": {"State": "Active", "LastUpdateStatus": "Successful"},
            "acm:RequestCertificate": {"CertificateArn": self.certificate()},
            "acm:DescribeCertificate": {"Certificate": {"CertificateArn": self.certificate(), "Status": "ISSUED"}},
            "wafv2:GetWebACL": Whole(self.web_acl("us-west-2")),
            "wafv2:GetWebACLForResource": lambda seen: Whole(self.web_acl(seen.region)),
            "apigateway:GetAuthorizer": Whole(self.rest_authorizer()),
            "apigateway:GetResources": Whole(
                {
                    "items": [
                        {
                            "id": "a1b2c3",
                            "path": "/orders",
                            "resourceMethods": {"GET": {"authorizerId": "abcd1234", "authorizationScopes": ["orders/read"]}},
                        }
                    ]
                }
            ),
            "apigatewayv2:GetRoute": Whole(
                {"RouteId": "abcd1234", "RouteKey": "GET /", "AuthorizationType": "JWT", "AuthorizerId": "abcd1234"}
            ),
            "apigatewayv2:GetAuthorizer": Whole(
                {
                    "AuthorizerId": "abcd1234",
                    "AuthorizerType": "JWT",
                    "Name": "customers",
                    "IdentitySource": ["$request.header.Authorization"],
                    "JwtConfiguration": {"Audience": ["abcd1234"], "Issuer": self.values.get("OLD_ISSUER", "")},
                }
            ),
            **self.scene.answers,
        }

    def pool_in(self, region: str) -> dict[str, Any]:
        if region not in self.settings:
            settings = {**copy.deepcopy(POOL), "Id": self.pool, "Arn": self.arn(region)}
            self.settings[region] = merged(settings, self.scene.pool)
        return self.settings[region]

    def update_pool(self, seen: Seen) -> Any:
        current = self.pool_in(seen.region)
        kept = {name: current[name] for name in NOT_UPDATED if name in current}
        self.settings[seen.region] = {
            **kept,
            **{name: value for name, value in seen.parameters.items() if name not in ("UserPoolId", "PoolName")},
            "Name": seen.parameters.get("PoolName", current["Name"]),
        }
        return {}

    def all_replicas(self) -> list[dict[str, str]]:
        primary = {"RegionName": self.primary, "Status": "ACTIVE", "Role": "PRIMARY", "UserPoolArn": self.arn(self.primary)}
        return [primary, *(self.replica(region, status) for region, status in sorted(self.replicas.items()))]

    def replica(self, region: str, status: str) -> dict[str, str]:
        return {"RegionName": region, "Status": status, "Role": "SECONDARY", "UserPoolArn": self.arn(region)}

    def set_replica(self, status: str | None, seen: Seen) -> Any:
        region = seen.parameters["RegionName"]
        if status is None:
            self.replicas.pop(region, None)
        else:
            self.replicas[region] = status
        return Whole({"UserPoolReplica": self.replica(region, status or "DELETING")})

    def domain_of(self, seen: Seen) -> dict[str, Any]:
        first = {"UserPoolId": self.pool, "Domain": seen.parameters["Domain"], "Status": "ACTIVE", "ManagedLoginVersion": 2}
        routing = {"Failover": {"SecondaryRegion": self.secondary, "PrimaryRoute53HealthCheckId": HEALTH_CHECK}}
        certificate = {"CertificateArn": self.certificate("old")}
        found = {**first, "CustomDomainConfig": certificate, "Routing": routing}
        self.domain = self.domain or merged(found, self.scene.domain)
        return self.domain

    def update_domain(self, seen: Seen) -> Any:
        self.domain = {**seen.parameters, "Status": "ACTIVE"}
        return {}

    def client_of(self, seen: Seen) -> dict[str, Any]:
        ids = {"UserPoolId": self.pool, "ClientId": seen.parameters["ClientId"]}
        self.client = self.client or {**CLIENT, **ids}
        return self.client

    def update_client(self, seen: Seen) -> Any:
        self.client = {**CLIENT, **seen.parameters}
        return {}

    def logs(self) -> dict[str, Any]:
        group = {"LogGroupArn": self.arn(self.primary, "logs", "log-group:/aws/vendedlogs/cognito")}
        stream = {"StreamArn": self.arn(self.primary, "firehose", "deliverystream/sign-ins")}
        return {
            "UserPoolId": self.pool,
            "LogConfigurations": [
                {"LogLevel": "ERROR", "EventSource": "userNotification", "CloudWatchLogsConfiguration": group},
                {"LogLevel": "INFO", "EventSource": "userAuthEvents", "FirehoseConfiguration": stream},
            ],
        }

    def risk(self, seen: Seen) -> dict[str, Any]:
        """Settings of the pool, or of the client that is asked for."""
        mail = {"Subject": "A new sign-in", "HtmlBody": "<p>Was it you?</p>", "TextBody": "Was it you?"}
        notify = {"From": "no-reply@example.com", "SourceArn": self.arn(self.primary, "ses", "identity/example.com")}
        return {
            "UserPoolId": self.pool,
            **{name: seen.parameters[name] for name in ("ClientId",) if name in seen.parameters},
            "AccountTakeoverRiskConfiguration": {
                "NotifyConfiguration": {**notify, "NoActionEmail": mail},
                "Actions": {"HighAction": {"Notify": True, "EventAction": "BLOCK"}},
            },
            "LastModifiedDate": 1_700_000_000,
        }

    def identity_pool(self) -> dict[str, Any]:
        provider = {"ProviderName": f"cognito-idp.{self.primary}.amazonaws.com/{self.pool}", "ClientId": "abcd1234"}
        return {
            "IdentityPoolId": IDENTITY_POOL,
            "IdentityPoolName": "customers",
            "AllowUnauthenticatedIdentities": False,
            "CognitoIdentityProviders": [{**provider, "ServerSideTokenCheck": True}],
            "IdentityPoolTags": {"team": "identity"},
        }

    def trust(self) -> dict[str, Any]:
        """Of a role that both an OIDC provider and Cognito may assume."""
        host = self.values.get("OLD_ISSUER", "").removeprefix("https://")
        provider = {"Federated": f"arn:aws:iam::{self.account}:oidc-provider/{host}"}
        by_token = {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": provider}
        by_cognito = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "cognito-idp.amazonaws.com"}}
        condition = {"StringEquals": {f"{host}:aud": "abcd1234"}}
        return {"Version": "2012-10-17", "Statement": [{**by_token, "Condition": condition}, by_cognito]}

    def web_acl(self, region: str) -> dict[str, Any]:
        rules = [{**rule, "VisibilityConfig": visibility(str(rule["Name"]))} for rule in WEB_ACL_RULES]
        return {
            "LockToken": HEALTH_CHECK,
            "WebACL": {
                "Name": "sign-in",
                "Id": HEALTH_CHECK,
                "ARN": self.arn(region, "wafv2", f"regional/webacl/sign-in/{HEALTH_CHECK}"),
                "DefaultAction": {"Allow": {}},
                "Rules": rules,
                "VisibilityConfig": visibility("sign-in"),
                "Capacity": 100,
            },
        }

    def rest_authorizer(self) -> dict[str, Any]:
        return {
            "id": "abcd1234",
            "name": "customers",
            "type": "COGNITO_USER_POOLS",
            "providerARNs": [self.arn(self.primary)],
            "identitySource": "method.request.header.Authorization",
        }


def scenes(account: Account) -> dict[str, list[Scene]]:
    """Step → scenes."""
    primary, secondary = account.primary, account.secondary
    old_issuer, new_issuer = (account.values.get(name, "") for name in ("OLD_ISSUER", "NEW_ISSUER"))
    elsewhere = "eu-west-1" if "eu-west-1" not in (primary, secondary) else "eu-central-1"
    key_arn = account.arn(primary, "kms", f"key/{KEY}")
    with_key = {"KeyConfiguration": {"KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": key_arn}}
    senders = {"KMSKeyID": key_arn, "CustomEmailSender": {"LambdaArn": FUNCTION, "LambdaVersion": "V1_0"}}
    here_alone = {
        "MultiRegionKeyType": "PRIMARY",
        "PrimaryKey": {"Region": primary, "Arn": key_arn},
        "ReplicaKeys": [],
    }

    def key(**members: Any) -> dict[str, Any]:
        return {"kms:DescribeKey": Whole({"KeyMetadata": account.key(**members)})}

    def balancer(kind: str, action: dict[str, Any]) -> Scene:
        """A listener or a rule with this action and the one after it."""
        path = f"{kind}/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2"
        group = account.arn(primary, "elasticloadbalancing", "targetgroup/web/73e2d6bc24d8a067")
        actions = [{"Order": 1, **action}, {"Order": 2, "Type": "forward", "TargetGroupArn": group}]
        return Scene(
            inputs={"SUBJECT_ARN": account.arn(primary, "elasticloadbalancing", path)},
            answers={
                "elbv2:DescribeRules": Whole({"Rules": [{"Actions": actions}]}),
                "elbv2:DescribeListeners": Whole({"Listeners": [{"DefaultActions": actions}]}),
            },
        )

    by_cognito = {
        "Type": "authenticate-cognito",
        "AuthenticateCognitoConfig": {
            "UserPoolArn": account.arn(primary),
            "UserPoolClientId": "abcd1234",
            "UserPoolDomain": "auth.example.com",
            "SessionTimeout": 3600,
            "OnUnauthenticatedRequest": "authenticate",
        },
    }
    by_oidc = {
        "Type": "authenticate-oidc",
        "AuthenticateOidcConfig": {
            "Issuer": old_issuer,
            "AuthorizationEndpoint": "https://auth.example.com/oauth2/authorize",
            "TokenEndpoint": "https://auth.example.com/oauth2/token",
            "UserInfoEndpoint": "https://auth.example.com/oauth2/userInfo",
            "ClientId": "abcd1234",
        },
    }
    by_jwt = {
        "Type": "jwt-validation",
        "JwtValidationConfig": {"Issuer": old_issuer, "JwksEndpoint": f"{old_issuer}/.well-known/jwks.json"},
    }
    kinds = ("listener", "listener-rule")

    def check(**config: Any) -> dict[str, Any]:
        """Health checks: the one that is asked for has this configuration, its children watch an alarm."""
        child = {"Type": "CLOUDWATCH_METRIC", "Inverted": False, "Disabled": True}
        return {
            "route53:GetHealthCheck": lambda seen: Whole(
                {
                    "HealthCheck": {
                        "Id": seen.parameters["HealthCheckId"],
                        "CallerReference": "x",
                        "HealthCheckVersion": 1,
                        "HealthCheckConfig": config if seen.parameters["HealthCheckId"] == HEALTH_CHECK else child,
                    }
                }
            )
        }

    jwt = {
        "defaultAlgorithms": ["RS256"],
        "issuers": [
            {
                "issuer": old_issuer,
                "audiences": ["abcd1234"],
                "additionalClaims": [{"claimName": "token_use", "format": "SINGLE_STRING", "expectedValues": ["id"]}],
                "jwksUri": f"{old_issuer}/.well-known/jwks.json",
            }
        ],
    }
    by_text = {"SMS_SENDER": "END_USER_MESSAGING"}
    return {
        "activate-replica": [Scene(replicas={secondary: "INACTIVE"})],
        "add-custom-domain": [Scene(pool={"CustomDomain": None})],
        "add-issuer-to-rest-authorizer": [
            Scene(
                answers={"apigateway:GetAuthorizer": {"type": "JWT", "jwtConfiguration": jwt}},
                newest=True,
            )
        ],
        "add-rate-rule": [Scene(inputs={"RATE_ACTION": "block"})],
        "add-second-factor": [
            Scene(
                inputs={"SECOND_FACTOR": "sms"},
                pool={"SmsConfiguration": {"SnsCallerArn": INPUTS["SMS_ROLE_ARN"], "ExternalId": "x", "SnsRegion": primary}},
            ),
            Scene(inputs={"SECOND_FACTOR": "email"}),
        ],
        "associate-web-acl": [Scene(answers={"wafv2:GetWebACLForResource": Whole()})],
        "cancel-key-deletion": [Scene(answers=key(KeyState="PendingDeletion"))],
        "change-feature-plan": [Scene(pool={"UserPoolTier": "LITE"})],
        "check-primary-healthy": [Scene(pool=with_key)],
        "create-replica": [Scene(pool=with_key)],
        "delete-replica": [Scene(replicas={secondary: "INACTIVE"})],
        "enable-deletion-protection": [Scene(pool={"DeletionProtection": "INACTIVE"})],
        "enable-key": [Scene(answers=key(KeyState="Disabled"))],
        "finish-user-migration": [Scene(pool={"LambdaConfig": {"UserMigration": FUNCTION}})],
        "fix-health-check": [
            Scene(answers=check(Type="CALCULATED", HealthThreshold=1, ChildHealthChecks=["a" * 36], Inverted=True)),
            Scene(answers=check(Type="HTTPS", FullyQualifiedDomainName="probe.example.com", RequestInterval=30)),
        ],
        "fix-sms-role": [Scene(answers={"iam:GetRole": Refusal("NoSuchEntity")})],
        "leave-sms-sandbox": [Scene(inputs=by_text)],
        "move-load-balancer-to-new-issuer": [balancer(kind, action) for kind in kinds for action in (by_oidc, by_jwt)],
        "provide-sender-key": [
            Scene(pool={"LambdaConfig": senders}, answers=key(MultiRegionConfiguration=here_alone)),
            Scene(pool={"LambdaConfig": senders}, answers=key(MultiRegion=False, MultiRegionConfiguration={})),
        ],
        "raise-sms-spend-limit": [Scene(inputs=by_text)],
        "redeploy-trigger-function": [Scene(answers={"lambda:GetFunctionConfiguration": {"State": "Inactive"}})],
        "release-failover": [Scene(answers=check(Type="HTTPS", Inverted=True, Disabled=True))],
        "remove-secondary": [Scene(replicas={elsewhere: "ACTIVE"})],
        "replace-certificate": [Scene()],
        "replace-load-balancer-cognito-action": [balancer(kind, by_cognito) for kind in kinds],
        "replicate-key": [Scene(answers=key(MultiRegionConfiguration=here_alone))],
        "return-to-jwt-authorizer": [Scene()],
        "route-domain": [Scene(domain={"Routing": None})],
        "set-sms-in-replica": [
            Scene(
                inputs={"SMS_ORIGINATION_IDENTITY": "pool-0123456789abcdef0"},
                pool={"SmsConfiguration": {"EumsSms": {"CallerArn": INPUTS["SMS_ROLE_ARN"], "ExternalId": "x"}}},
            )
        ],
        "set-triggers-in-replica": [
            Scene(pool={"LambdaConfig": senders}, remembered={"SENDER_KEY_ARN": account.arn(secondary, "kms", f"key/{KEY}")})
        ],
        "switch-issuer-back": [Scene(pool={"IssuerConfiguration": {"Type": "UPDATED"}})],
    }


# What describe returns and update does not take.
NOT_UPDATED = (
    "Id Arn Status CreationDate LastModifiedDate SchemaAttributes AliasAttributes UsernameAttributes UsernameConfiguration "
    "EstimatedNumberOfUsers EmailConfigurationFailure SmsConfigurationFailure Domain CustomDomain"
).split()
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:claims"
KEY = "mrk-1234abcd12ab34cd56ef1234567890ab"
HEALTH_CHECK = "11112222-3333-4444-5555-666677778888"
IDENTITY_POOL = "us-east-1:11112222-3333-4444-5555-666677778888"
POOL: dict[str, Any] = {
    "Name": "customers",
    "Policies": {"PasswordPolicy": {"MinimumLength": 14, "TemporaryPasswordValidityDays": 3}},
    "DeletionProtection": "ACTIVE",
    "LambdaConfig": {"PreTokenGeneration": FUNCTION},
    "CreationDate": 1_700_000_000,
    "LastModifiedDate": 1_700_000_000,
    "SchemaAttributes": [{"Name": "sub", "AttributeDataType": "String", "Required": True}],
    "AutoVerifiedAttributes": ["email"],
    "UsernameAttributes": ["email"],
    "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": []},
    "MfaConfiguration": "OPTIONAL",
    "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True},
    "EstimatedNumberOfUsers": 12_000,
    "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
    "UserPoolTags": {"team": "identity"},
    "CustomDomain": "auth.example.com",
    "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True, "UnusedAccountValidityDays": 3},
    "UsernameConfiguration": {"CaseSensitive": False},
    "AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]},
    "UserPoolTier": "ESSENTIALS",
}
CLIENT: dict[str, Any] = {
    "ClientName": "web",
    "ClientSecret": "planted-client-secret",
    "CreationDate": 1_700_000_000,
    "LastModifiedDate": 1_700_000_000,
    "RefreshTokenValidity": 30,
    "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"],
    "CallbackURLs": ["https://app.example.com/in"],
    "AccessTokenValidity": 24,
}

# What a person would give, by the name of the variable or its end. A name with a dot is that of a file, which is there.
INPUTS: dict[str, str] = {
    "ACCOUNT_ID": "111122223333",
    "CUSTOM_DOMAIN": "auth.example.com",
    "DOMAIN": "auth.example.com",
    "DRILL_MINUTES": "30",
    "EMAIL_SOURCE_ARN": "arn:aws:ses:us-west-2:111122223333:identity/example.com",
    "HEALTH_CHECK_ID": HEALTH_CHECK,
    "IDENTITY_POOL_ID": IDENTITY_POOL,
    "ISSUER_SWITCHED_AT": "1700000000",
    "ISSUER_SWITCHED_BACK_AT": "1700000000",
    "LOGS_FILE": "same",
    "LONGEST_TOKEN_MINUTES": "60",
    "MONTHLY_SPEND_LIMIT": "100",
    "OPERATOR_ARN": "arn:aws:iam::111122223333:role/operator",
    "PLAN": "ESSENTIALS",
    "POLICY_FILE": "policy.json",
    "POOL_ID": "us-east-1_AbCdEfGhI",
    "RATE_ACTION": "count",
    "RATE_LIMIT": "300",
    "RISK_SOURCE_ARN": "arn:aws:ses:us-west-2:111122223333:identity/example.com",
    "SECOND_FACTOR": "passkey",
    "SECURITY_GROUP_IDS": "sg-0123456789abcdef0",
    "SMS_ROLE_ARN": "arn:aws:iam::111122223333:role/sms",
    "SMS_SENDER": "SNS",
    "SOURCE_ARN": "arn:aws:ses:us-west-2:111122223333:identity/example.com",
    "SUBNET_IDS": "subnet-0123456789abcdef0",
    "TEST_ID_TOKEN_FILE": "token.txt",
    "TEST_POOL_ID": "us-east-1_TestCopy1",
    "TOPIC_ARN_PRIMARY": "arn:aws:sns:us-east-1:111122223333:alarms",
    "TOPIC_ARN_SECONDARY": "arn:aws:sns:us-west-2:111122223333:alarms",
    "TRIGGERS_FILE": "same",
    "VPC_ID": "vpc-0123456789abcdef0",
    "WEB_ACL_ARN": f"arn:aws:wafv2:us-west-2:111122223333:regional/webacl/sign-in/{HEALTH_CHECK}",
}
ENDS = {
    "_POOL_ID": IDENTITY_POOL,
    "_DOMAIN": "auth.example.com",
    "_HEALTH_CHECK_ID": HEALTH_CHECK,
    "_REGION": "us-west-2",
    "_ARN": "arn:aws:lambda:us-west-2:111122223333:function:claims",
    "_ID": "abcd1234",
    "_URL": "https://app.example.com/",
}
SERVICES = ["cognito-idp.amazonaws.com", "identitystore.amazonaws.com"]
FILES = {
    "policy.json": json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": SERVICES}, "Action": "kms:*", "Resource": "*"}],
        }
    ),
    "token.txt": "header.payload.signature\n",
}


def given(name: str, place: Path) -> str:
    value = INPUTS.get(name) or next((value for end, value in ENDS.items() if name.endswith(end)), "x")
    return str(place / value) if value in FILES else value
