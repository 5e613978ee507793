"""What moto lacks, patched in memory: Cognito multi-Region replication and answers shaped as AWS sends them.

For: `server.py`. Not a model of Cognito: only what an auditor reads, and what `scenario.py` needs to set that up.

Patched, by service (the services around a pool: `around.py`; those not in moto at all: `own.py`; CBOR: `wire.py`):
- cognito-idp: `CreateUserPoolReplica`, `ListUserPoolReplicas`, `UpdateUserPoolReplica`, `DeleteUserPoolReplica`;
  a replica answers in its own Region under the same pool id, with its own ARN and regional settings, and refuses
  primary-only operations with `OperationNotEnabledException`; `ListUserPools` gives `ReplicaRegions`; custom domains;
  `UpdateUserPool` keeps what is immutable; pool ids of AWS's length; MFA by e-mail and WebAuthn; tags, risk, log
  delivery, signing certificate, rate limits, the default of `SignInPolicy`; import jobs.
- kms: the two halves of a multi-Region key no longer share one `MultiRegionConfiguration` and one policy;
  `ReplicateKey` takes a policy; an ARN of another Region is not found; rotation says its period; grants in pages.
- cloudformation: `AWS::Cognito::UserPool`; paging of ListStacks, ListStackResources, DescribeStacks, ListExports.
- apigateway, apigatewayv2: paging of lists (moto ignores limits and tokens); `GetAuthorizers` of HTTP APIs.
- cloudwatch: paging of `DescribeAlarms`; no empty `Metrics`.
- sts: `GetCallerIdentity` answers as an assumed role whose session name is a planted secret.
- all JSON services: members that are null are left out, as AWS does.

Known gaps, of moto or of this file:
- Nothing is checked that AWS checks on a write: tier against features, key against pool, certificate against domain,
  deletion protection, a route against its authorizer, a trigger against its function, a mail identity, a log group, a
  health check. Scenarios AWS would refuse (a LITE pool with a customer managed key) can be made.
- A replica starts without triggers, SMS and tags. Whether AWS copies them is undocumented. It is INACTIVE at once
  after the CREATING of the create call; it never lags behind its primary.
- `UpdateUserPool` in the replica's Region ignores global members that are left out; AWS wants them sent and equal.
- The pool id is not signed for: every access key may do everything; IAM is not evaluated.
- Clients lack `CreationDate` and `LastModifiedDate`; identity providers lack `UserPoolId`.
- Page sizes set by the control endpoint do not reach cognito-idp, nor kms but for grants; KMS pages nothing else.
- Rate limits are AWS's defaults in every Region.
- A key made without `--key-usage` has none; AWS says ENCRYPT_DECRYPT.
- A new alarm is OK; AWS says INSUFFICIENT_DATA until there are data.
- REST API authorizers of type `JWT` are not in moto, nor in the AWS CLI pinned here.
- cloudformation: `ListStackResources` says CREATE_COMPLETE for all; resource types moto does not know are skipped.
- SMS sandbox, tier and End User Messaging's limits cannot be set, only changed by a fault `changed`.
"""

from __future__ import annotations

import copy
import json
import secrets
import string
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import moto.cognitoidp.models
import moto.kms.models
from joserfc import jwk
from moto.apigatewayv2.responses import ApiGatewayV2Response
from moto.cloudformation.exceptions import ValidationError as StackError
from moto.cloudformation.responses import CloudFormationResponse
from moto.cognitoidp.models import (
    CognitoIdpBackend,
    CognitoIdpUserPool,
    CognitoIdpUserPoolDomain,
    cognitoidp_backends,
)
from moto.cognitoidp.responses import CognitoIdpResponse
from moto.core.common_models import CloudFormationModel
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.core.utils import unix_time, utcnow
from moto.kms.models import Key, KmsBackend, kms_backends
from moto.kms.responses import KmsResponse
from moto.sts.models import STSBackend

import around
from paging import one_page, paged
from wire import ACCOUNT, CALLER, Call, without_nulls

ALPHANUMERICS = string.ascii_letters + string.digits

REGIONAL = ("EmailConfiguration", "SmsConfiguration", "LambdaConfig", "UserPoolTags")
NOT_SETTINGS = ("UserPoolId", "PoolName")
REGIONAL_NOTIFICATION = ("SourceArn", "From")
IMMUTABLE = ("UsernameAttributes", "AliasAttributes", "UsernameConfiguration")

# Requests per second of a category of API operations, the same in every Region.
CATEGORY_RATES = {
    **{"UserAuthentication": 120, "UserCreation": 50, "UserFederation": 25, "UserAccountRecovery": 30},
    **{"UserRead": 120, "UserUpdate": 25, "UserToken": 120, "UserResourceRead": 50, "UserResourceUpdate": 25},
    **{"UserList": 30, "UserPoolRead": 15, "UserPoolUpdate": 15, "UserPoolResourceRead": 20},
    **{"UserPoolResourceUpdate": 15, "UserPoolClientRead": 15, "UserPoolClientUpdate": 15, "ClientAuthentication": 150},
}

# What a secondary answers. The rest is primary-only.
SECONDARY_OPERATIONS = frozenset(
    """
    admin_get_user admin_list_groups_for_user admin_initiate_auth admin_respond_to_auth_challenge
    admin_user_global_sign_out create_user_pool_domain delete_user_pool_domain describe_identity_provider
    describe_resource_server describe_risk_configuration describe_user_pool describe_user_pool_client
    describe_user_pool_domain get_group get_log_delivery_configuration get_signing_certificate get_user
    get_user_pool_mfa_config global_sign_out initiate_auth list_groups list_identity_providers list_resource_servers
    list_tags_for_resource list_user_pool_clients list_user_pool_replicas list_user_pools list_users
    list_users_in_group respond_to_auth_challenge set_log_delivery_configuration set_risk_configuration
    set_user_pool_mfa_config tag_resource untag_resource update_user_pool update_user_pool_domain
    update_user_pool_replica
    """.split()
)


def install() -> None:
    """Applies every patch. Call once, before the first request."""
    install_replicas()
    install_pools()
    install_domains()
    install_mfa()
    install_attachments()
    install_guard()
    install_keys()
    install_stacks()
    install_authorizers()
    around.install()
    STSBackend.get_caller_identity = lambda *_: ("AROAPLANTED:planted-session-name", CALLER, ACCOUNT)


def fail(code: str, message: str) -> JsonRESTError:
    return JsonRESTError(code, message)


# Answers


def rewrite(call: Call, body: bytes) -> bytes:
    """JSON answers without nulls, and lists in pages."""
    if not body or body.lstrip().startswith(b"<"):
        return body
    try:
        document = without_nulls(json.loads(body))
    except ValueError:
        return body
    if call.name == "cloudwatch:DescribeAlarms":
        for alarm in document["MetricAlarms"]:
            if not alarm["Metrics"]:
                del alarm["Metrics"]
    return json.dumps(paged(call, document)).encode()


# Replicas


class ReplicaPool(CognitoIdpUserPool):
    """The secondary of a pool: same id, clients, users and settings, but its own Region, ARN and regional settings.

    What this object does not hold itself it reads from the primary.
    """

    __module__ = "moto.cognitoidp.plugin"  # moto files models by the second part of their module's name

    def __init__(self, primary: CognitoIdpUserPool, region: str, tags: dict[str, str]) -> None:
        self.primary = primary
        self.account_id = primary.account_id
        self.region = region
        self.id = primary.id
        self.arn = f"arn:aws:cognito-idp:{region}:{primary.account_id}:userpool/{primary.id}"
        self.replica_status = "INACTIVE"
        self.sms_mfa_config = None
        self.attachments: dict[str, Any] = {}
        self.last_modified_date = utcnow()
        self.update_extended_config({"UserPoolTags": tags})

    def __getattr__(self, name: str) -> Any:
        if name == "primary":
            raise AttributeError(name)
        return getattr(self.primary, name)

    @property
    def extended_config(self) -> dict[str, Any]:
        shared = {name: value for name, value in self.primary.extended_config.items() if name not in REGIONAL}
        return {**shared, **self.regional}

    def update_extended_config(self, extended_config: dict[str, Any]) -> None:
        self.regional = {name: extended_config[name] for name in REGIONAL if extended_config.get(name)}
        self.regional.setdefault("EmailConfiguration", {"EmailSendingAccount": "COGNITO_DEFAULT"})
        self.regional.setdefault("LambdaConfig", {})


def primary_of(pool: CognitoIdpUserPool) -> CognitoIdpUserPool:
    return pool.primary if isinstance(pool, ReplicaPool) else pool


def replicas_of(pool: CognitoIdpUserPool) -> dict[str, ReplicaPool]:
    return primary_of(pool).__dict__.setdefault("replicas", {})


def replica_json(pool: CognitoIdpUserPool, status: str | None = None) -> dict[str, str]:
    secondary = isinstance(pool, ReplicaPool)
    return {
        "RegionName": pool.region,
        "Status": status or (pool.replica_status if secondary else "ACTIVE"),
        "Role": "SECONDARY" if secondary else "PRIMARY",
        "UserPoolArn": pool.arn,
    }


def install_replicas() -> None:
    def replica(self: CognitoIdpResponse) -> tuple[CognitoIdpUserPool, str, ReplicaPool]:
        pool = self.backend.describe_user_pool(self._get_param("UserPoolId"))
        region = self._get_param("RegionName")
        if region not in replicas_of(pool):
            raise fail("ResourceNotFoundException", f"User pool {pool.id} does not have a secondary in {region}.")
        return pool, region, replicas_of(pool)[region]

    def create_user_pool_replica(self: CognitoIdpResponse) -> ActionResult:
        pool = self.backend.describe_user_pool(self._get_param("UserPoolId"))
        region = self._get_param("RegionName")
        settings = pool.extended_config
        key_arn = settings.get("KeyConfiguration", {}).get("KmsKeyArn", "")
        if region == pool.region:
            raise fail("InvalidParameterException", "The replica Region must differ from the Region of the user pool.")
        if replicas_of(pool):
            raise fail("LimitExceededException", "The user pool has a secondary already.")
        if settings.get("UserPoolTier") == "LITE":
            raise fail("FeatureUnavailableInTierException", "Replicas are not available in the LITE tier.")
        if not key_arn.split("/")[-1].startswith("mrk-"):
            raise fail("InvalidParameterException", "The user pool has no multi-Region customer managed key.")
        if key_arn.split("/")[-1] not in kms_backends[pool.account_id][region].keys:
            raise fail("InvalidParameterException", f"The key of the user pool has no replica key in {region}.")
        secondary = ReplicaPool(pool, region, self._get_param("UserPoolTags") or {})
        replicas_of(pool)[region] = secondary
        cognitoidp_backends[pool.account_id][region].user_pools[pool.id] = secondary
        return ActionResult({"UserPoolReplica": replica_json(secondary, "CREATING")})

    def list_user_pool_replicas(self: CognitoIdpResponse) -> ActionResult:
        pool = self.backend.describe_user_pool(self._get_param("UserPoolId"))
        all_pools = [primary_of(pool), *replicas_of(pool).values()]
        return ActionResult({"UserPoolReplicas": [replica_json(each) for each in all_pools]})

    def update_user_pool_replica(self: CognitoIdpResponse) -> ActionResult:
        _, _, secondary = replica(self)
        status = self._get_param("Status")
        if status not in ("ACTIVE", "INACTIVE"):
            raise fail("InvalidParameterException", "Status must be ACTIVE or INACTIVE.")
        secondary.replica_status = status
        return ActionResult({"UserPoolReplica": replica_json(secondary)})

    def delete_user_pool_replica(self: CognitoIdpResponse) -> ActionResult:
        pool, region, secondary = replica(self)
        if secondary.replica_status != "INACTIVE":
            raise fail("InvalidParameterException", "Only an INACTIVE replica can be deleted.")
        del replicas_of(pool)[region]
        del cognitoidp_backends[pool.account_id][region].user_pools[pool.id]
        return ActionResult({"UserPoolReplica": replica_json(secondary, "DELETING")})

    CognitoIdpResponse.create_user_pool_replica = create_user_pool_replica
    CognitoIdpResponse.list_user_pool_replicas = list_user_pool_replicas
    CognitoIdpResponse.update_user_pool_replica = update_user_pool_replica
    CognitoIdpResponse.delete_user_pool_replica = delete_user_pool_replica


def install_guard() -> None:
    """A secondary refuses what only its primary may do."""

    def guarded(operation: Callable[[CognitoIdpResponse], Any]) -> Callable[[CognitoIdpResponse], Any]:
        def call(self: CognitoIdpResponse) -> Any:
            pool_id = self.parameters.get("UserPoolId")
            if isinstance(self.backend.user_pools.get(pool_id), ReplicaPool):
                raise fail("OperationNotEnabledException", "Operation is not enabled for this user pool replica.")
            return operation(self)

        return call

    for name, operation in list(vars(CognitoIdpResponse).items()):
        public = callable(operation) and not name.startswith("_") and not isinstance(operation, property)
        if public and name not in SECONDARY_OPERATIONS:
            setattr(CognitoIdpResponse, name, guarded(operation))


# Pools


@cache
def signing_key(document: str) -> Any:
    return jwk.RSAKey.import_key(json.loads(document))


def install_pools() -> None:
    # One key signs the tokens of every pool; reading it anew for each is most of what making a pool costs.
    keys = SimpleNamespace(import_key=lambda document: signing_key(json.dumps(document)))
    moto.cognitoidp.models.jwk = SimpleNamespace(RSAKey=keys)
    original_init = CognitoIdpUserPool.__init__
    original_json = CognitoIdpUserPool.to_json

    def init(self: CognitoIdpUserPool, account_id: str, region: str, *rest: Any) -> None:
        """Pool ids as AWS makes them: nine letters and digits after the Region."""
        original_init(self, account_id, region, *rest)
        self.id = f"{region}_{''.join(secrets.choice(ALPHANUMERICS) for _ in range(9))}"
        self.arn = f"arn:aws:cognito-idp:{region}:{account_id}:userpool/{self.id}"

    def to_json(self: CognitoIdpUserPool, extended: bool = False) -> dict[str, Any]:
        answer = original_json(self, extended)
        for name in ("Status", "Domain"):
            answer.pop(name, None)
        if not extended:
            others = {primary_of(self).region, *replicas_of(self)} - {self.region}
            return {**answer, "ReplicaRegions": sorted(others)} if others else answer
        first = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}}
        answer["Policies"] = {**first, **answer.get("Policies", {})}
        primary = primary_of(self)
        for domain in primary.backend.user_pool_domains.values():
            if domain.user_pool_id != self.id:
                continue
            if domain.custom_domain_config:
                answer["CustomDomain"] = domain.domain
            elif primary is self:
                answer["Domain"] = domain.domain
        return answer

    def update_user_pool(self: CognitoIdpBackend, user_pool_id: str, extended_config: dict[str, Any]) -> None:
        pool = self.describe_user_pool(user_pool_id)
        settings = {name: value for name, value in extended_config.items() if name not in NOT_SETTINGS}
        if isinstance(pool, ReplicaPool):
            current = {**pool.primary.extended_config, "MfaConfiguration": pool.primary.mfa_config}
            for name, value in settings.items():
                if name not in REGIONAL and current.get(name) != value:
                    raise fail("InvalidParameterException", f"{name} can be changed in the primary Region only.")
        else:
            kept = {name: pool.extended_config[name] for name in IMMUTABLE if name in pool.extended_config}
            settings = {**settings, **kept}
            pool.mfa_config = settings.get("MfaConfiguration", "OFF")
            pool.name = extended_config.get("PoolName", pool.name)
        pool.update_extended_config(settings)
        pool.last_modified_date = utcnow()

    def delete_user_pool(self: CognitoIdpBackend, user_pool_id: str) -> None:
        pool = self.describe_user_pool(user_pool_id)
        if replicas_of(pool):
            raise fail("InvalidParameterException", "Delete the replica of the user pool first.")
        del self.user_pools[user_pool_id]

    CognitoIdpUserPool.__init__ = init
    CognitoIdpUserPool.to_json = to_json
    CognitoIdpBackend.update_user_pool = update_user_pool
    CognitoIdpBackend.delete_user_pool = delete_user_pool


def install_domains() -> None:
    def domain_json(self: CognitoIdpUserPoolDomain, extended: bool = True) -> dict[str, Any]:
        settings = getattr(self, "settings", {})
        if not extended:
            return {"CloudFrontDomain": self._distribution_name(), **settings}
        answer = {
            "UserPoolId": self.user_pool_id,
            "AWSAccountId": ACCOUNT,
            "Domain": self.domain,
            "CloudFrontDistribution": self._distribution_name(),
            "Version": "1",
            "Status": "ACTIVE",
            "ManagedLoginVersion": 1,
            **settings,
        }
        if self.custom_domain_config:
            answer["CustomDomainConfig"] = self.custom_domain_config
        return answer

    def keeping_settings(operation: Callable[[CognitoIdpResponse], ActionResult]) -> Callable[..., ActionResult]:
        def call(self: CognitoIdpResponse) -> ActionResult:
            operation(self)
            domain = self.backend.user_pool_domains[self._get_param("Domain")]
            given = {name: self._get_param(name) for name in ("ManagedLoginVersion", "Routing")}
            domain.settings = {name: value for name, value in given.items() if value is not None}
            return ActionResult(domain.to_json(extended=False))

        return call

    def describe_user_pool_domain(self: CognitoIdpBackend, domain: str) -> CognitoIdpUserPoolDomain | None:
        """A prefix domain is known in the primary Region only, a custom domain in both."""
        if domain in self.user_pool_domains:
            return self.user_pool_domains[domain]
        for pool in self.user_pools.values():
            if isinstance(pool, ReplicaPool):
                found = pool.primary.backend.user_pool_domains.get(domain)
                if found and found.user_pool_id == pool.id and found.custom_domain_config:
                    return found
        return None

    CognitoIdpUserPoolDomain.to_json = domain_json
    CognitoIdpBackend.describe_user_pool_domain = describe_user_pool_domain
    CognitoIdpResponse.create_user_pool_domain = keeping_settings(CognitoIdpResponse.create_user_pool_domain)
    CognitoIdpResponse.update_user_pool_domain = keeping_settings(CognitoIdpResponse.update_user_pool_domain)


def install_mfa() -> None:
    members = ("SoftwareTokenMfaConfiguration", "EmailMfaConfiguration", "WebAuthnConfiguration")

    def get_user_pool_mfa_config(self: CognitoIdpResponse) -> ActionResult:
        pool = self.backend.describe_user_pool(self._get_param("UserPoolId"))
        shared = primary_of(pool).__dict__.get("mfa_members", {})
        regional = {"SmsMfaConfiguration": pool.sms_mfa_config} if pool.sms_mfa_config else {}
        return ActionResult({**regional, **shared, "MfaConfiguration": primary_of(pool).mfa_config})

    def set_user_pool_mfa_config(self: CognitoIdpResponse) -> ActionResult:
        pool = self.backend.describe_user_pool(self._get_param("UserPoolId"))
        given = {name: self._get_param(name) for name in members if self._get_param(name) is not None}
        mode = self._get_param("MfaConfiguration") or "OFF"
        sms = self._get_param("SmsMfaConfiguration")
        factors = [name for name in (*members[:2],) if given.get(name)]
        if mode not in ("OFF", "ON", "OPTIONAL") or (mode != "OFF" and not factors and not sms):
            raise fail("InvalidParameterException", "Invalid MFA configuration given.")
        if isinstance(pool, ReplicaPool):
            if (mode, given) != (pool.primary.mfa_config, pool.primary.__dict__.get("mfa_members", {})):
                raise fail("InvalidParameterException", "Only SMS settings can be changed in a secondary.")
        else:
            pool.mfa_config, pool.mfa_members = mode, given
            pool.token_mfa_config = given.get(members[0])
        pool.sms_mfa_config = sms
        return get_user_pool_mfa_config(self)

    CognitoIdpResponse.get_user_pool_mfa_config = get_user_pool_mfa_config
    CognitoIdpResponse.set_user_pool_mfa_config = set_user_pool_mfa_config


def install_attachments() -> None:
    """What hangs on one pool in one Region: tags, risk, log delivery, certificate, import jobs."""

    def pool_of(self: CognitoIdpResponse) -> CognitoIdpUserPool:
        return self.backend.describe_user_pool(self._get_param("UserPoolId"))

    def attached(pool: CognitoIdpUserPool) -> dict[str, Any]:
        return pool.__dict__.setdefault("attachments", {})

    def tags_of(self: CognitoIdpResponse) -> dict[str, str]:
        arn = self._get_param("ResourceArn")
        pool = self.backend.describe_user_pool(arn.split("/")[-1])
        if arn != pool.arn:
            raise fail("ResourceNotFoundException", f"Resource {arn} does not exist.")
        settings = pool.regional if isinstance(pool, ReplicaPool) else pool.extended_config
        return settings.setdefault("UserPoolTags", {})

    def list_tags_for_resource(self: CognitoIdpResponse) -> ActionResult:
        return ActionResult({"Tags": tags_of(self)})

    def tag_resource(self: CognitoIdpResponse) -> ActionResult:
        tags_of(self).update(self._get_param("Tags"))
        return ActionResult({})

    def untag_resource(self: CognitoIdpResponse) -> ActionResult:
        for name in self._get_param("TagKeys"):
            tags_of(self).pop(name, None)
        return ActionResult({})

    def risk(pool: CognitoIdpUserPool, client: str | None) -> dict[str, Any]:
        """Of a secondary: its primary's, with the identity and the sender of its own."""
        if client and client not in pool.clients:
            raise fail("ResourceNotFoundException", f"User pool client {client} does not exist.")
        empty = {"UserPoolId": pool.id, **({"ClientId": client} if client else {})}
        found = copy.deepcopy(attached(primary_of(pool)).get(f"risk/{client}", empty))
        if isinstance(pool, ReplicaPool):
            notify = found.get("AccountTakeoverRiskConfiguration", {}).get("NotifyConfiguration", {})
            for name in REGIONAL_NOTIFICATION:
                notify.pop(name, None)
            notify.update(attached(pool).get(f"risk/{client}", {}))
        return found

    def describe_risk_configuration(self: CognitoIdpResponse) -> ActionResult:
        return ActionResult({"RiskConfiguration": risk(pool_of(self), self._get_param("ClientId"))})

    def set_risk_configuration(self: CognitoIdpResponse) -> ActionResult:
        pool, client = pool_of(self), self._get_param("ClientId")
        given = self.parameters
        if isinstance(pool, ReplicaPool):
            notify = given.get("AccountTakeoverRiskConfiguration", {}).get("NotifyConfiguration", {})
            given = {name: notify[name] for name in REGIONAL_NOTIFICATION if name in notify}
        attached(pool)[f"risk/{client}"] = given
        return ActionResult({"RiskConfiguration": risk(pool, client)})

    def get_provisioned_limit(self: CognitoIdpResponse) -> ActionResult:
        definition = self._get_param("LimitDefinition")
        rate = CATEGORY_RATES.get(definition["Attributes"].get("Category"))
        if definition["LimitClass"] != "API_CATEGORY" or rate is None:
            raise fail("InvalidParameterException", "The limit definition is not valid.")
        limit = {"LimitDefinition": definition, "ProvisionedLimitValue": rate, "FreeLimitValue": rate}
        return ActionResult({"Limit": limit})

    def get_log_delivery_configuration(self: CognitoIdpResponse) -> ActionResult:
        pool = pool_of(self)
        found = attached(pool).get("logs", {"UserPoolId": pool.id, "LogConfigurations": []})
        return ActionResult({"LogDeliveryConfiguration": found})

    def set_log_delivery_configuration(self: CognitoIdpResponse) -> ActionResult:
        attached(pool_of(self))["logs"] = self.parameters
        return ActionResult({"LogDeliveryConfiguration": self.parameters})

    def get_signing_certificate(self: CognitoIdpResponse) -> ActionResult:
        return ActionResult({"Certificate": f"MIIC{pool_of(self).id.split('_')[-1]}"})

    def list_user_import_jobs(self: CognitoIdpResponse) -> ActionResult:
        return ActionResult({"UserImportJobs": attached(pool_of(self)).get("imports", [])})

    def create_user_import_job(self: CognitoIdpResponse) -> ActionResult:
        pool = pool_of(self)
        jobs = attached(pool).setdefault("imports", [])
        job = {
            "JobName": self._get_param("JobName"),
            "JobId": f"import-{len(jobs) + 1}",
            "UserPoolId": pool.id,
            "PreSignedUrl": "https://example.com/planted-presigned-url",
            "CreationDate": utcnow(),
            "Status": "Created",
            "CloudWatchLogsRoleArn": self._get_param("CloudWatchLogsRoleArn"),
        }
        jobs.append(job)
        return ActionResult({"UserImportJob": job})

    for operation in (
        get_provisioned_limit,
        list_tags_for_resource,
        tag_resource,
        untag_resource,
        describe_risk_configuration,
        set_risk_configuration,
        get_log_delivery_configuration,
        set_log_delivery_configuration,
        get_signing_certificate,
        list_user_import_jobs,
        create_user_import_job,
    ):
        setattr(CognitoIdpResponse, operation.__name__, operation)


# Keys


def install_keys() -> None:
    # Nothing here is signed, so keys may share what takes long to make.
    moto.kms.models.generate_private_key = cache(moto.kms.models.generate_private_key)
    original_dict = Key.to_dict
    original_check = KmsResponse._validate_cmk_id
    original_grants = KmsResponse.list_grants

    def to_dict(self: Key) -> dict[str, Any]:
        """`MultiRegionConfiguration` from the keys that exist, not from a dictionary both halves share."""
        answer = original_dict(self)
        if not self.multi_region:
            return answer
        primary = self.multi_region_configuration["PrimaryKey"]
        replicas = [
            {"Arn": backend.keys[self.id].arn, "Region": region}
            for region, backend in kms_backends[self.account_id].items()
            if self.id in backend.keys and region != primary["Region"]
        ]
        answer["KeyMetadata"]["MultiRegionConfiguration"] = {
            "MultiRegionKeyType": "PRIMARY" if self.region == primary["Region"] else "REPLICA",
            "PrimaryKey": primary,
            "ReplicaKeys": replicas,
        }
        return answer

    def replicate_key(self: KmsResponse) -> str:
        key_id, region = self._get_param("KeyId"), self._get_param("ReplicaRegion")
        self._validate_key_id(key_id)
        backend: KmsBackend = self.kms_backend
        key = backend.keys[backend.get_key_id(key_id)]
        if not key.multi_region or key.multi_region_configuration["PrimaryKey"]["Region"] != self.region:
            raise fail("UnsupportedOperationException", f"{key.arn} is not a multi-Region primary key.")
        target = kms_backends[key.account_id][region]
        if key.id in target.keys:
            raise fail("AlreadyExistsException", f"Key {key.id} already exists in {region}.")
        replica = copy.copy(key)
        replica.region = region
        replica.arn = key.arn.replace(f":{key.region}:", f":{region}:", 1)
        replica.multi_region_configuration = copy.deepcopy(key.multi_region_configuration)
        replica.policy = self._get_param("Policy") or key.generate_default_policy()
        replica.description = self._get_param("Description") or ""
        replica.grants, replica.aliases = {}, {}
        target.keys[key.id] = replica
        metadata = replica.to_dict()["KeyMetadata"]
        return json.dumps({"ReplicaKeyMetadata": metadata, "ReplicaPolicy": replica.policy, "ReplicaTags": []})

    def get_key_rotation_status(self: KmsResponse) -> str:
        self._validate_cmk_id(self._get_param("KeyId"))
        key = self.kms_backend.keys[self.kms_backend.get_key_id(self._get_param("KeyId"))]
        answer = {"KeyId": key.id, "KeyRotationEnabled": key.key_rotation_status}
        if key.key_rotation_status:
            answer |= {"RotationPeriodInDays": 365, "NextRotationDate": int(unix_time()) + 365 * 86400}
        return json.dumps(answer)

    def list_grants(self: KmsResponse) -> str:
        answer = json.loads(original_grants(self))
        answer.pop("GrantCount")
        return json.dumps(answer)

    def check_key_id(self: KmsResponse, key_id: str) -> None:
        if key_id.startswith("arn:") and key_id.split(":")[3] != self.region:
            raise fail("NotFoundException", f"Invalid arn {key_id.split(':')[3]}")
        original_check(self, key_id)

    Key.to_dict = to_dict
    KmsResponse.replicate_key = replicate_key
    KmsResponse.get_key_rotation_status = get_key_rotation_status
    KmsResponse.list_grants = list_grants
    KmsResponse._validate_cmk_id = check_key_id


# APIs


def install_authorizers() -> None:
    def get_authorizers(self: ApiGatewayV2Response) -> tuple[int, dict[str, str], str]:
        api = self.apigatewayv2_backend.get_api(self.path.split("/")[-2])
        return 200, {}, json.dumps({"items": [each.to_json() for each in api.authorizers.values()]})

    ApiGatewayV2Response.get_authorizers = get_authorizers


# Stacks


class StackUserPool(CloudFormationModel):
    """`AWS::Cognito::UserPool` in a template."""

    __module__ = "moto.cognitoidp.plugin"

    def __init__(self, pool: CognitoIdpUserPool) -> None:
        self.pool = pool

    @property
    def physical_resource_id(self) -> str:
        return self.pool.id

    @staticmethod
    def cloudformation_name_type() -> str:
        return "UserPoolName"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Cognito::UserPool"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in ("Arn", "ProviderName", "ProviderURL", "UserPoolId")

    def get_cfn_attribute(self, attribute_name: str) -> str:
        provider = f"cognito-idp.{self.pool.region}.amazonaws.com/{self.pool.id}"
        return {
            "Arn": self.pool.arn,
            "ProviderName": provider,
            "ProviderURL": f"https://{provider}",
            "UserPoolId": self.pool.id,
        }[attribute_name]

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> StackUserPool:
        settings = dict(cloudformation_json.get("Properties", {}))
        name = settings.pop("UserPoolName", resource_name)
        return cls(cognitoidp_backends[account_id][region_name].create_user_pool(name, settings))

    def delete(self, account_id: str, region_name: str) -> None:
        cognitoidp_backends[account_id][region_name].user_pools.pop(self.pool.id, None)


def install_stacks() -> None:
    def paged(name: str, member: str, size: int, items: Callable[[CloudFormationResponse], list[Any]]) -> Any:
        def call(self: CloudFormationResponse) -> ActionResult:
            try:
                page, following = one_page(name, items(self), self._get_param("NextToken"), size)
            except ValueError as error:
                raise StackError(message=str(error)) from error
            return ActionResult({member: page, "NextToken": following} if following else {member: page})

        return call

    original_resources = CloudFormationResponse.list_stack_resources

    CloudFormationResponse.list_stacks = paged(
        "cloudformation:ListStacks",
        "StackSummaries",
        100,
        lambda self: list(self.cloudformation_backend.list_stacks(self._get_param("StackStatusFilter", []))),
    )
    CloudFormationResponse.list_stack_resources = paged(
        "cloudformation:ListStackResources",
        "StackResourceSummaries",
        100,
        lambda self: original_resources(self).result["StackResourceSummaries"],
    )
    CloudFormationResponse.describe_stacks = paged(
        "cloudformation:DescribeStacks",
        "Stacks",
        50,
        lambda self: list(self.cloudformation_backend.describe_stacks(self._get_param("StackName"))),
    )
    CloudFormationResponse.list_exports = paged(
        "cloudformation:ListExports",
        "Exports",
        100,
        lambda self: list(self.cloudformation_backend.exports.values()),
    )
