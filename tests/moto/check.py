"""Checks the test-side account itself, with AWS CLI command lines: `python check.py ENDPOINT_URL OUT.json`.

For: trusting a failing test of the program, and moving to a newer moto. Prints what decides each scenario and how each
fault looks to the AWS CLI; exits with 1 when something is not as `scenario.py` promises. Run it after `scenario.py`
against the same server. It leaves faults and page sizes cleared.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

# First: it clears the environment.
from cli import Cli, CliError  # isort: skip

import botocore.config
import botocore.exceptions
import botocore.session

P, S, E = "us-east-1", "us-west-2", "eu-west-1"


class Check:
    def __init__(self, endpoint: str, out: dict[str, Any]) -> None:
        self.endpoint, self.out, self.failed = endpoint, out, 0
        self.aws = Cli(endpoint)

    def control(self, method: str, what: str, document: Any = None) -> Any:
        data = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(f"{self.endpoint}/mrready-test/{what}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def expect(self, what: str, seen: Any, wanted: Any = True) -> None:
        good = seen == wanted
        self.failed += not good
        print(f"{'ok  ' if good else 'FAIL'} {what}: {json.dumps(seen, default=str)[:150]}")
        if not good:
            print(f"     wanted {json.dumps(wanted, default=str)}")

    def fails(self, region: str, *command: str, options: tuple[str, ...] = ()) -> str:
        try:
            self.aws(region, *command, options=options)
        except CliError as error:
            return str(error)
        return "no error"

    def idp(self, name: str, operation: str, *rest: str, region: str = P) -> Any:
        return self.aws(region, "cognito-idp", operation, "--user-pool-id", self.out["pools"][name], *rest)

    def key(self, name: str, region: str) -> dict[str, Any]:
        return self.aws(region, "kms", "describe-key", "--key-id", self.out["keys"][name]["id"])["KeyMetadata"]

    def services(self, key: str, region: str) -> list[str]:
        command = ("get-key-policy", "--key-id", self.out["keys"][key]["id"], "--policy-name", "default")
        policy = json.loads(self.aws(region, "kms", *command)["Policy"])
        named = [statement["Principal"].get("Service", []) for statement in policy["Statement"]]
        return sorted({service.split(".")[0] for services in named for service in services})

    # What decides each scenario

    def ready(self) -> None:
        pool = self.idp("ready", "describe-user-pool")["UserPool"]
        keys = ("UserPoolTier", "DeletionProtection", "MfaConfiguration", "CustomDomain", "LambdaConfig")
        self.expect(
            "ready: pool",
            {key: pool.get(key) for key in keys},
            {
                "UserPoolTier": "ESSENTIALS",
                "DeletionProtection": "ACTIVE",
                "MfaConfiguration": "OFF",
                "CustomDomain": "auth.ready.example.com",
                "LambdaConfig": None,
            },
        )
        self.expect(
            "ready: key, issuer, add-ons, recovery, sign-up",
            [
                pool["KeyConfiguration"],
                pool["IssuerConfiguration"],
                pool["UserPoolAddOns"],
                pool["AccountRecoverySetting"],
                pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"],
            ],
            [
                {"KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": self.out["keys"]["shared"]["arn"]},
                {"Type": "ORIGINAL"},
                {"AdvancedSecurityMode": "OFF"},
                {"RecoveryMechanisms": [{"Priority": 1, "Name": "admin_only"}]},
                True,
            ],
        )
        replicas = self.idp("ready", "list-user-pool-replicas")["UserPoolReplicas"]
        self.expect("ready: replicas", [(r["RegionName"], r["Role"]) for r in replicas], [(P, "PRIMARY")])
        for region, kind in ((P, "PRIMARY"), (S, "REPLICA")):
            key = self.key("shared", region)
            multi = key["MultiRegionConfiguration"]
            seen = [key["KeyState"], multi["MultiRegionKeyType"], multi["PrimaryKey"]["Region"]]
            seen.append([replica["Region"] for replica in multi["ReplicaKeys"]])
            self.expect(f"ready: key @ {region}", seen, ["Enabled", kind, P, [S]])
            self.expect(
                f"ready: key policy @ {region}", self.services("shared", region), ["cognito-idp", "identitystore"]
            )
        command = ("describe-user-pool-domain", "--domain", "auth.ready.example.com")
        domain = self.aws(P, "cognito-idp", *command)["DomainDescription"]
        seen = [domain["Status"], domain["UserPoolId"], list(domain["CustomDomainConfig"])]
        self.expect("ready: domain", seen, ["ACTIVE", self.out["pools"]["ready"], ["CertificateArn"]])
        self.expect("ready: MFA", self.idp("ready", "get-user-pool-mfa-config"), {"MfaConfiguration": "OFF"})
        self.expect(
            "ready: imports", self.idp("ready", "list-user-import-jobs", "--max-results", "60"), {"UserImportJobs": []}
        )
        client = self.idp("ready", "describe-user-pool-client", "--client-id", self.out["clients"]["ready"]["web"])
        seen = [client["UserPoolClient"].get(name) for name in ("ClientName", "AccessTokenValidity", "ClientSecret")]
        self.expect("ready: client", seen, ["web", 60, None])
        self.expect(
            "ready: not in S",
            "ResourceNotFoundException"
            in self.fails(S, "cognito-idp", "describe-user-pool", "--user-pool-id", self.out["pools"]["ready"]),
        )

    def pools(self) -> None:
        self.expect("lite: tier", self.idp("lite", "describe-user-pool")["UserPool"].get("UserPoolTier"), "LITE")
        absent = self.idp("tier-absent", "describe-user-pool")["UserPool"]
        self.expect("tier-absent: has no member UserPoolTier", "UserPoolTier" not in absent)
        self.expect("single-region-key: MultiRegion", self.key("single-region", P)["MultiRegion"], False)
        multi = self.key("not-replicated", P)["MultiRegionConfiguration"]
        self.expect("key-not-replicated: replicas", multi["ReplicaKeys"], [])
        states = [self.key("pending-deletion", region)["KeyState"] for region in (P, S)]
        self.expect("related-key-pending-deletion: states", states, ["Enabled", "PendingDeletion"])
        services = [self.services("without-identitystore", region) for region in (P, S)]
        self.expect("policy-without-identitystore: services", services, [["cognito-idp"], ["cognito-idp"]])
        mfa = self.idp("totp-only", "get-user-pool-mfa-config")
        wanted = {"MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": {"Enabled": True}}
        self.expect("totp-only: MFA", mfa, wanted)
        listed = self.idp("many-clients", "list-user-pool-clients")["UserPoolClients"]
        self.expect("many-clients: all pages", len(listed), 61)
        first = self.idp("many-clients", "list-user-pool-clients", "--max-results", "60", "--no-paginate")
        self.expect("many-clients: first page", [len(first["UserPoolClients"]), "NextToken" in first], [60, True])
        pool = self.idp("with-secrets", "describe-user-pool")["UserPool"]
        self.expect("with-secrets: SMS", pool["SmsConfiguration"]["ExternalId"], "planted-external-id")
        self.idp("with-secrets", "list-identity-providers")
        provider = self.idp("with-secrets", "describe-identity-provider", "--provider-name", "example-idp")
        secret = provider["IdentityProvider"]["ProviderDetails"]["client_secret"]
        self.expect("with-secrets: provider", secret, "planted-idp-secret")

    def replicas(self) -> None:
        for name, region, status in (
            ("replicated-inactive", S, "INACTIVE"),
            ("replicated-active", S, "ACTIVE"),
            ("secondary-elsewhere", E, "INACTIVE"),
        ):
            for asked in (P, region):
                answer = self.idp(name, "list-user-pool-replicas", region=asked)["UserPoolReplicas"]
                seen = [[r["RegionName"], r["Status"], r["Role"], r["UserPoolArn"].split(":")[3]] for r in answer]
                wanted = [[P, "ACTIVE", "PRIMARY", P], [region, status, "SECONDARY", region]]
                self.expect(f"{name}: replicas @ {asked}", seen, wanted)
        name, pool_id = "replicated-inactive", self.out["pools"]["replicated-inactive"]
        pools = {region: self.idp(name, "describe-user-pool", region=region)["UserPool"] for region in (P, S)}
        self.expect(
            f"{name}: triggers",
            [sorted(pools[region].get("LambdaConfig", {})) for region in (P, S)],
            [["PostConfirmation", "PreTokenGeneration"], []],
        )
        self.expect(f"{name}: same id, own ARN", [pools[S]["Id"], pools[S]["Arn"].split(":")[3]], [pool_id, S])
        self.expect(f"{name}: shared tier", pools[S]["UserPoolTier"], "ESSENTIALS")
        clients = self.idp(name, "list-user-pool-clients", region=S)["UserPoolClients"]
        self.expect(f"{name}: clients in S", [c["ClientId"] for c in clients], list(self.out["clients"][name].values()))
        listed = {}
        for region in (P, S):
            answer = self.aws(region, "cognito-idp", "list-user-pools", "--max-results", "60")["UserPools"]
            listed[region] = {pool["Id"]: pool.get("ReplicaRegions") for pool in answer}
        self.expect("ListUserPools: ReplicaRegions", [listed[P][pool_id], listed[S][pool_id]], [[S], [P]])
        self.expect(
            "ListUserPools: pools in P and S", [len(listed[P]), len(listed[S])], [len(self.out["pools"]) + 1, 4]
        )
        self.expect(
            "S refuses primary-only operations",
            "OperationNotEnabledException"
            in self.fails(S, "cognito-idp", "list-user-import-jobs", "--user-pool-id", pool_id, "--max-results", "1"),
        )
        self.expect(
            "S answers for the custom domain",
            self.aws(S, "cognito-idp", "describe-user-pool-domain", "--domain", f"auth.{name}.example.com")[
                "DomainDescription"
            ].get("UserPoolId"),
            pool_id,
        )
        again = ("create-user-pool-replica", "--user-pool-id", pool_id, "--region-name", E)
        self.expect("one secondary only", "LimitExceededException" in self.fails(P, "cognito-idp", *again))
        foreign = ("describe-key", "--key-id", self.out["keys"]["shared"]["arn"])
        self.expect("KMS: ARN of another Region", "NotFoundException" in self.fails(S, "kms", *foreign))

    def lifecycle(self) -> None:
        """A pool of its own, replicated, activated, changed in S and deleted again."""
        key = f"KeyType=CUSTOMER_MANAGED_KEY,KmsKeyArn={self.out['keys']['shared']['arn']}"
        command = ("create-user-pool", "--pool-name", "lifecycle", "--key-configuration", key)
        pool_id = self.aws(P, "cognito-idp", *command)["UserPool"]["Id"]
        pool = ("--user-pool-id", pool_id)
        domain = ("--domain", "mrready-lifecycle")
        self.aws(P, "cognito-idp", "create-user-pool-domain", *pool, *domain)
        where = (*pool, "--region-name", S)
        made = self.aws(P, "cognito-idp", "create-user-pool-replica", *where, "--user-pool-tags", "team=a")
        self.expect("lifecycle: created", made["UserPoolReplica"]["Status"], "CREATING")
        made = self.aws(S, "cognito-idp", "update-user-pool-replica", *where, "--status", "ACTIVE")
        self.expect("lifecycle: activated in S", made["UserPoolReplica"]["Status"], "ACTIVE")
        function = f"arn:aws:lambda:{S}:123456789012:function:claims"
        change = ("update-user-pool", *pool, "--lambda-config", f"PreTokenGeneration={function}")
        self.aws(S, "cognito-idp", *change)
        pools = [self.aws(region, "cognito-idp", "describe-user-pool", *pool)["UserPool"] for region in (P, S)]
        triggers = [each.get("LambdaConfig", {}) for each in pools]
        self.expect("lifecycle: trigger in S only", triggers, [{}, {"PreTokenGeneration": function}])
        seen = [each.get("Domain") for each in pools]
        self.expect("lifecycle: prefix domain in P only", seen, ["mrready-lifecycle", None])
        foreign = ("update-user-pool", *pool, "--user-pool-tier", "PLUS")
        refused = "InvalidParameterException" in self.fails(S, "cognito-idp", *foreign)
        self.expect("lifecycle: tier cannot change in S", refused)
        self.risk(pool)
        delete = ("delete-user-pool-replica", *where)
        refused = "InvalidParameterException" in self.fails(P, "cognito-idp", *delete)
        self.expect("lifecycle: ACTIVE is not deleted", refused)
        self.aws(P, "cognito-idp", "update-user-pool-replica", *where, "--status", "INACTIVE")
        self.aws(P, "cognito-idp", *delete)
        gone = "ResourceNotFoundException" in self.fails(S, "cognito-idp", "describe-user-pool", *pool)
        self.expect("lifecycle: replica gone", gone)
        self.aws(P, "cognito-idp", "delete-user-pool-domain", *pool, *domain)
        self.aws(P, "cognito-idp", "delete-user-pool", *pool)

    def risk(self, pool: tuple[str, str]) -> None:
        """Actions are replicated, the sender is regional."""
        notice = {"Notify": True, "EventAction": "NO_ACTION"}

        def takeover(region: str) -> tuple[str, str]:
            sender = {"SourceArn": f"arn:aws:ses:{region}:123456789012:identity/example.com", "From": f"a@{region}.example"}
            taken = {"NotifyConfiguration": sender, "Actions": {"HighAction": notice}}
            return "--account-takeover-risk-configuration", json.dumps(taken)

        seen = []
        for changed in (P, S):
            self.aws(changed, "cognito-idp", "set-risk-configuration", *pool, *takeover(changed))
            for region in (P, S):
                found = self.aws(region, "cognito-idp", "describe-risk-configuration", *pool)["RiskConfiguration"]
                taken = found["AccountTakeoverRiskConfiguration"]
                source = taken["NotifyConfiguration"].get("SourceArn", ":::none").split(":")[3]
                seen.append([changed, region, source, taken["Actions"]["HighAction"] == notice])
        wanted = [[P, P, P, True], [P, S, "none", True], [S, P, P, True], [S, S, S, True]]
        self.expect("lifecycle: risk", seen, wanted)

    def grants(self) -> None:
        key = ("--key-id", self.out["keys"]["elsewhere"]["id"])
        role = ("--grantee-principal", self.out["roles"]["functions"], "--operations", "Decrypt")
        made = [self.aws(S, "kms", "create-grant", *key, *role)["GrantId"] for _ in range(2)]
        self.control("POST", "page-sizes", {"kms:ListGrants": 1})
        self.control("DELETE", "calls")
        found = self.aws(S, "kms", "list-grants", *key)["Grants"]
        pages = [call["page"] for call in self.control("GET", "calls")]
        self.control("POST", "page-sizes", {})
        seen = [[grant["GrantId"] for grant in found], found[0]["Operations"], pages]
        self.expect("grants in two pages", seen, [made, ["Decrypt"], [1, 2]])
        self.expect("grants are of one Region", self.aws(P, "kms", "list-grants", *key)["Grants"], [])
        for grant in made:
            self.aws(S, "kms", "revoke-grant", *key, "--grant-id", grant)

    def consumers(self) -> None:
        for name, used, unused in (("http_api", "routed", "unused"), ("other_http_api", "other", None)):
            made = self.out[name]
            self.expect(
                f"{name}: name", self.aws(P, "apigatewayv2", "get-api", "--api-id", made["api"])["ProtocolType"], "HTTP"
            )
            answer = self.aws(P, "apigatewayv2", "get-authorizers", "--api-id", made["api"])["Items"]
            issuers = {item["Name"]: item["JwtConfiguration"]["Issuer"].rpartition("/")[2] for item in answer}
            pool = self.out["pools"]["http-authorizer"] if name == "http_api" else "us-east-1_OTHERPOOL"
            self.expect(f"{name}: issuers", issuers, {each: pool for each in (used, unused) if each})
            routes = self.aws(P, "apigatewayv2", "get-routes", "--api-id", made["api"])["Items"]
            seen = [route.get("AuthorizerId") for route in routes]
            self.expect(f"{name}: routes", seen, [made["authorizers"][used], None])
        made = self.out["rest_api"]
        answer = self.aws(P, "apigateway", "get-authorizers", "--rest-api-id", made["api"])["items"]
        seen = [[item["type"], item["providerARNs"][0].rpartition("/")[2]] for item in answer]
        self.expect("rest_api: authorizers", seen, [["COGNITO_USER_POOLS", self.out["pools"]["rest-authorizer"]]])

    def stacks(self) -> None:
        cfn = "cloudformation"
        stacks = self.aws(P, cfn, "list-stacks")["StackSummaries"]
        seen = {stack["StackName"]: stack["StackStatus"] for stack in stacks}
        wanted = dict.fromkeys(("mrready-consumer", "mrready-owner"), "CREATE_COMPLETE")
        self.expect("list-stacks", seen, {**wanted, "mrready-deleted": "DELETE_COMPLETE"})
        filtered = self.aws(P, cfn, "list-stacks", "--stack-status-filter", "CREATE_COMPLETE")["StackSummaries"]
        self.expect("list-stacks: filter", [stack["StackName"] for stack in filtered], list(wanted))
        pool = self.out["pools"]["stacks"]
        issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{pool}"
        stack = self.aws(P, cfn, "describe-stacks", "--stack-name", "mrready-consumer")["Stacks"][0]
        seen = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in stack["Parameters"]}
        self.expect(
            "describe-stacks: parameters",
            seen,
            {"UserPoolId": pool, "DatabasePassword": "planted-stack-parameter-secret"},
        )
        seen = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        self.expect(
            "describe-stacks: outputs", seen, {"IssuerUrl": issuer, "DatabaseUrl": "planted-stack-output-secret"}
        )
        exports = self.aws(P, cfn, "list-exports")["Exports"]
        self.expect("list-exports", {e["Name"]: e["Value"] for e in exports}, {"mrready-stacks-issuer": issuer})
        template = self.aws(P, cfn, "get-template", "--stack-name", "mrready-consumer")["TemplateBody"]
        self.expect("get-template: planted", template.count("planted-template-secret"), 3)
        resources = self.aws(P, cfn, "list-stack-resources", "--stack-name", "mrready-owner")["StackResourceSummaries"]
        seen = {item["LogicalResourceId"]: item["ResourceType"] for item in resources}
        self.expect("stack-owned pool", seen, {"Pool": "AWS::Cognito::UserPool", "Issuer": "AWS::SSM::Parameter"})
        stack = self.aws(P, cfn, "describe-stacks", "--stack-name", "mrready-owner")["Stacks"][0]
        issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{self.out['stack_owned_pool']}"
        self.expect("stack-owned pool: ProviderURL", stack["Outputs"][0]["OutputValue"], issuer)

    def pages(self) -> None:
        """Lists in pages of one: the AWS CLI, which follows the tokens, still gets them whole."""
        lists = (
            ("cloudformation:ListStacks", ("cloudformation", "list-stacks"), "StackSummaries", 3),
            ("cloudformation:DescribeStacks", ("cloudformation", "describe-stacks"), "Stacks", 2),
            (
                "cloudformation:ListStackResources",
                ("cloudformation", "list-stack-resources", "--stack-name", "mrready-consumer"),
                "StackResourceSummaries",
                4,
            ),
            ("apigatewayv2:GetApis", ("apigatewayv2", "get-apis"), "Items", 2),
            (
                "apigatewayv2:GetAuthorizers",
                ("apigatewayv2", "get-authorizers", "--api-id", self.out["http_api"]["api"]),
                "Items",
                2,
            ),
            (
                "apigatewayv2:GetRoutes",
                ("apigatewayv2", "get-routes", "--api-id", self.out["http_api"]["api"]),
                "Items",
                2,
            ),
        )
        self.control("POST", "page-sizes", {name: 1 for name, *_ in lists})
        for name, command, member, wanted in lists:
            self.control("DELETE", "calls")
            whole = len(self.aws(P, *command)[member])
            pages = [
                call["page"]
                for call in self.control("GET", "calls")
                if f"{call['service']}:{call['operation']}" == name
            ]
            self.expect(f"pages of {name}", [whole, pages], [wanted, list(range(1, wanted + 1))])
        self.control("POST", "page-sizes", {})

    # What surrounds a pool

    def arn(self, name: str, region: str) -> str:
        return f"arn:aws:cognito-idp:{region}:123456789012:userpool/{self.out['pools'][name]}"

    def replicated_settings(self) -> None:
        """In S the same as in P, but for what is regional."""
        regional = {"Arn", "LambdaConfig", "EmailConfiguration", "UserPoolTags", "LastModifiedDate", "Domain"}
        client = ("--client-id", self.out["clients"]["complete"]["web"])
        status = ("--filter", 'cognito:user_status = "FORCE_CHANGE_PASSWORD"', "--attributes-to-get", "sub")
        limit = ("--limit-definition", "LimitClass=API_CATEGORY,Attributes={Category=UserAuthentication}")
        for operation, *rest in (
            ("describe-user-pool",),
            ("get-user-pool-mfa-config",),
            ("describe-user-pool-client", *client),
            ("list-user-pool-clients",),
            ("list-identity-providers",),
            ("list-resource-servers", "--max-results", "50"),
            ("list-users", "--limit", "60", *status),
            ("get-signing-certificate",),
            ("describe-risk-configuration",),
            ("describe-risk-configuration", *client),
        ):
            seen = [self.idp("complete", operation, *rest, region=region) for region in (P, S)]
            for pool in (each["UserPool"] for each in seen if "UserPool" in each):
                for name in regional:
                    pool.pop(name, None)
            self.expect(f"complete: {operation} in P and S", seen[0] == seen[1])
        limits = [self.aws(region, "cognito-idp", "get-provisioned-limit", *limit)["Limit"] for region in (P, S)]
        seen = [[each["ProvisionedLimitValue"], each["LimitDefinition"]["LimitClass"]] for each in limits]
        self.expect("limits", seen, [[120, "API_CATEGORY"]] * 2)
        gone = self.fails(P, "cognito-idp", "describe-risk-configuration", "--user-pool-id", "us-east-1_none")
        self.expect("risk of no pool", "ResourceNotFoundException" in gone)

    def regional_settings(self) -> None:
        for name, region, function, identity, tags, logs, acl in (
            ("complete", P, "claims", "example.com", ["identity", "planted-tag-value"], 1, True),
            ("complete", S, "claims", "example.com", ["identity", "planted-tag-value"], 1, True),
            ("broken-replica", P, "broken-claims", "example.com", ["identity", "planted-tag-value"], 1, True),
            ("broken-replica", S, "broken-claims", "unverified.example.com", ["other"], 0, False),
            ("replicated-active", P, None, None, [], 0, False),
            ("replicated-active", S, None, None, [], 0, False),
        ):
            pool = self.idp(name, "describe-user-pool", region=region)["UserPool"]
            trigger = pool.get("LambdaConfig", {}).get("PreTokenGeneration")
            mail = pool["EmailConfiguration"]
            tagged = self.aws(region, "cognito-idp", "list-tags-for-resource", "--resource-arn", self.arn(name, region))
            delivery = self.idp(name, "get-log-delivery-configuration", region=region)["LogDeliveryConfiguration"]
            groups = [each["CloudWatchLogsConfiguration"]["LogGroupArn"] for each in delivery["LogConfigurations"]]
            waf = ("get-web-acl-for-resource", "--resource-arn", self.arn(name, region))
            found = (self.aws(region, "wafv2", *waf) or {}).get("WebACL", {})
            seen = [
                trigger,
                mail.get("SourceArn"),
                list(tagged["Tags"].values()),
                [group.split(":")[3] for group in groups],
                [sorted(rule["Statement"]) for rule in found.get("Rules", [])],
            ]
            rules = [["RateBasedStatement"], ["ManagedRuleGroupStatement"]] if acl else []
            ses = f"arn:aws:ses:{S}:123456789012:identity/{identity}" if identity else None
            wanted = [function and self.out["functions"][function][region], ses, tags, [region] * logs, rules]
            self.expect(f"{name} @ {region}: trigger, mail, tags, logs, web ACL", seen, wanted)
        issuers = [
            self.idp(name, "describe-user-pool")["UserPool"]["IssuerConfiguration"]["Type"]
            for name in ("replicated-active", "complete", "broken-replica")
        ]
        self.expect("issuers", issuers, ["ORIGINAL", "UPDATED", "UPDATED"])

    def functions(self) -> None:
        for function, region, wanted in (
            ("claims", P, {"replicated-inactive": P, "complete": P}),
            ("claims", S, {"replicated-inactive": S, "complete": S}),
            ("welcome", P, {"replicated-inactive": P}),
            ("broken-claims", P, {"broken-replica": P}),
            ("broken-claims", S, {"broken-replica": P}),
        ):
            named = ("--function-name", self.out["functions"][function][region])
            made = self.aws(region, "lambda", "get-function-configuration", *named)
            seen = [made.get(name) for name in ("State", "LastUpdateStatus", "Timeout", "VpcConfig")]
            self.expect(f"{function} @ {region}", seen, ["Active", "Successful", 5, None])
            policy = json.loads(self.aws(region, "lambda", "get-policy", *named)["Policy"])
            permitted = {
                statement["Sid"]: statement["Condition"]["ArnLike"]["AWS:SourceArn"]
                for statement in policy["Statement"]
                if statement["Principal"] == {"Service": "cognito-idp.amazonaws.com"}
            }
            self.expect(f"{function} @ {region}: permissions", permitted, {n: self.arn(n, r) for n, r in wanted.items()})
        gone = self.fails(P, "lambda", "get-policy", "--function-name", "none")
        self.expect("no function", "ResourceNotFoundException" in gone)

    def failover(self) -> None:
        for name, check, days in (
            ("ready", None, 365),
            ("replicated-active", "probe", 365),
            ("complete", "probe", 365),
            ("broken-replica", "disabled", 20),
        ):
            command = ("describe-user-pool-domain", "--domain", f"auth.{name}.example.com")
            domain = self.aws(P, "cognito-idp", *command)["DomainDescription"]
            arn = domain["CustomDomainConfig"]["CertificateArn"]
            made = self.aws(P, "acm", "describe-certificate", "--certificate-arn", arn)["Certificate"]
            left = round((made["NotAfter"] - time.time()) / 86400)
            covers = f"auth.{name}.example.com" in made["SubjectAlternativeNames"]
            seen = [made["Status"], made["Type"], made["RenewalEligibility"], left, covers]
            self.expect(f"{name}: certificate", seen, ["ISSUED", "AMAZON_ISSUED", "ELIGIBLE", days, True])
            routing = {"SecondaryRegion": S, "PrimaryRoute53HealthCheckId": self.out["health_checks"].get(check)}
            self.expect(f"{name}: routing", domain.get("Routing"), {"Failover": routing} if check else None)
        for name, disabled in (("probe", False), ("disabled", True)):
            command = ("get-health-check", "--health-check-id", self.out["health_checks"][name])
            config = self.aws(P, "route53", *command)["HealthCheck"]["HealthCheckConfig"]
            wanted = {
                **{"Type": "HTTPS", "Port": 443, "FullyQualifiedDomainName": "probe.example.com", "EnableSNI": True},
                **{"ResourcePath": "/sign-in", "RequestInterval": 30, "FailureThreshold": 3, "MeasureLatency": False},
                **{"Inverted": False, "Disabled": disabled},
            }
            self.expect(f"health check {name}", config, wanted)
        self.control("DELETE", "calls")
        for region in (P, S):
            alarms = self.aws(region, "cloudwatch", "describe-alarms", "--alarm-types", "MetricAlarm")["MetricAlarms"]
            seen = {
                alarm["AlarmName"]: [
                    *(alarm[name] for name in ("Namespace", "MetricName", "TreatMissingData")),
                    alarm["Dimensions"][0]["Value"],
                    "Metrics" in alarm,
                ]
                for alarm in alarms
            }
            fixed = ["AWS/Cognito", "SignInSuccesses", "missing"]
            wanted = {alarm: [*fixed, self.out["pools"][name], False] for name, alarm in self.out["alarms"].items()}
            self.expect(f"alarms @ {region}", seen, wanted)
        self.cbor()
        key = ("get-key-rotation-status", "--key-id", self.out["keys"]["shared"]["id"])
        seen = [self.aws(region, "kms", *key)["KeyRotationEnabled"] for region in (P, S)]
        self.expect("rotation", seen, [True, True])

    def cbor(self) -> None:
        """CloudWatch in the protocol that newer SDKs speak, and the AWS CLI pinned here does not."""
        session = botocore.session.get_session()
        model = session.get_component("data_loader").load_service_model("cloudwatch", "service-2")
        model["metadata"]["protocols"] = ["smithy-rpc-v2-cbor"]
        once = botocore.config.Config(retries={"total_max_attempts": 1})
        client = session.create_client("cloudwatch", region_name=S, endpoint_url=self.endpoint, config=once)
        self.control("DELETE", "calls")
        first = client.describe_alarms(AlarmTypes=["MetricAlarm"], MaxRecords=2)
        rest = client.describe_alarms(AlarmTypes=["MetricAlarm"], MaxRecords=2, NextToken=first["NextToken"])
        alarm = first["MetricAlarms"][0]
        seen = [len(first["MetricAlarms"]), len(rest["MetricAlarms"]), "NextToken" in rest, alarm["Threshold"]]
        seen += [first["CompositeAlarms"], time.time() - alarm["StateUpdatedTimestamp"].timestamp() < 36000]
        self.expect("CBOR: two pages", seen, [2, 1, False, 0.5, [], True])
        asked = self.control("GET", "calls")[-1]
        path, _, body = asked["request"].partition("?\n")
        self.expect("CBOR: path", path, "/service/GraniteServiceVersion20100801/operation/DescribeAlarms")
        self.expect("CBOR: logged as JSON", json.loads(body)["NextToken"], first["NextToken"])
        seen = [asked[name] for name in ("service", "operation", "read_only", "page", "actions")]
        wanted = ["cloudwatch", "DescribeAlarms", True, 2, ["cloudwatch:DescribeAlarms"]]
        self.expect("CBOR: logged", seen, wanted)
        codes = []
        for fault in ("denied", "throttled", "http500"):
            self.control("POST", "faults", [{"action": "cloudwatch:*", "fault": fault}])
            try:
                client.describe_alarms()
            except botocore.exceptions.ClientError as error:
                codes.append([error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]])
        self.control("POST", "faults", [])
        wanted = [["AccessDenied", 400], ["Throttling", 400], ["InternalServiceError", 500]]
        self.expect("CBOR: faults", codes, wanted)
        try:
            client.get_dashboard(DashboardName="none")
        except botocore.exceptions.ClientError as error:
            self.expect("CBOR: an error of moto", error.response["Error"]["Message"], "Dashboard does not exist")

    def messages(self) -> None:
        seen = []
        for identity in ("example.com", "unverified.example.com"):
            answer = self.aws(S, "sesv2", "get-email-identity", "--email-identity", identity)
            seen.append([answer["VerifiedForSendingStatus"], answer["DkimAttributes"]["Status"], answer["Tags"]])
        self.expect("SES identities", seen, [[True, "SUCCESS", []], [False, "PENDING", []]])
        account = self.aws(S, "sesv2", "get-account")
        seen = [account[name] for name in ("ProductionAccessEnabled", "SendingEnabled", "EnforcementStatus")]
        self.expect("SES account", seen, [True, True, "HEALTHY"])
        sending = self.aws(S, "sesv2", "get-configuration-set", "--configuration-set-name", "mail")["SendingOptions"]
        self.expect("SES configuration set", sending, {"SendingEnabled": True})
        for region in (P, S):
            spend = self.aws(region, "sns", "get-sms-attributes", "--attributes", "MonthlySpendLimit")["attributes"]
            sandbox = self.aws(region, "sns", "get-sms-sandbox-account-status")["IsInSandbox"]
            self.expect(f"SNS @ {region}", [spend, sandbox], [{"MonthlySpendLimit": "100"}, False])
            tier = self.aws(region, "pinpoint-sms-voice-v2", "describe-account-attributes")["AccountAttributes"]
            self.expect(f"SMS @ {region}", tier, [{"Name": "ACCOUNT_TIER", "Value": "PRODUCTION"}])
            limits = self.aws(region, "pinpoint-sms-voice-v2", "describe-spend-limits")["SpendLimits"]
            self.expect(f"SMS limit @ {region}", [limits[0]["EnforcedLimit"], limits[0]["MaxLimit"]], [100, 1000])
        trust = self.aws(P, "iam", "get-role", "--role-name", "sms")["Role"]["AssumeRolePolicyDocument"]["Statement"]
        condition = trust[0]["Condition"]
        seen = [condition["StringEquals"]["sts:ExternalId"], condition["ArnLike"]["aws:SourceArn"]]
        self.expect("role sms", seen, ["planted-external-id", self.arn("with-secrets", P)])
        asked = ["cognito-idp:CreateUserPool", "cognito-idp:CreateUserPoolReplica", "kms:ReplicateKey"]
        for role, region, wanted in (
            ("migration", S, [["allowed", True]] * 3),
            ("migration-denied", S, [["explicitDeny", True], ["implicitDeny", False], ["allowed", True]]),
            ("migration-denied", P, [["allowed", True], ["implicitDeny", False], ["allowed", True]]),
        ):
            context = f"ContextKeyName=aws:RequestedRegion,ContextKeyValues={region},ContextKeyType=string"
            command = ("simulate-principal-policy", "--policy-source-arn", self.out["roles"][role], "--action-names")
            answer = self.aws(P, "iam", *command, *asked, "--context-entries", context)["EvaluationResults"]
            seen = [[a["EvalDecision"], a["OrganizationsDecisionDetail"]["AllowedByOrganizations"]] for a in answer]
            self.expect(f"{role} in {region}", seen, wanted)

    def resources(self) -> None:
        """Cloud Control: empty, then what a test puts there, for one access key or for all."""
        control = ("cloudcontrol", "list-resources", "--type-name")
        balancer, listener = (f"AWS::ElasticLoadBalancingV2::{kind}" for kind in ("LoadBalancer", "Listener"))
        self.expect("no load balancers", self.aws(P, *control, balancer)["ResourceDescriptions"], [])
        for name, code in (
            (listener, "InvalidRequestException"),
            ("AWS::OpenSearchService::Domain", "UnsupportedActionException"),
            ("Acme::Some::Thing", "TypeNotFoundException"),
        ):
            self.expect(f"list {name}", code in self.fails(P, *control, name))
        own = {"LoadBalancerArn": "arn:a", "Scheme": "internal"}
        listeners = [
            {"Identifier": f"arn:l{n}", "Properties": {"Port": n}, "Parent": {"LoadBalancerArn": arn}, "Listed": {}}
            for n, arn in ((1, "arn:a"), (2, "arn:a"), (3, "arn:b"))
        ]
        table = {P: {balancer: [{"Identifier": "arn:a", "Properties": own}], listener: listeners}}
        self.control("POST", "resources/SOMEBODYELSE", table)
        self.expect("resources of another", self.aws(P, *control, balancer)["ResourceDescriptions"], [])
        self.control("POST", "resources", table)
        self.control("POST", "page-sizes", {"cloudcontrol:ListResources": 1})
        self.control("DELETE", "calls")
        found = self.aws(P, *control, balancer)["ResourceDescriptions"]
        self.expect("load balancers", [[f["Identifier"], json.loads(f["Properties"])] for f in found], [["arn:a", own]])
        model = ("--resource-model", json.dumps({"LoadBalancerArn": "arn:a"}))
        found = self.aws(P, *control, listener, *model)["ResourceDescriptions"]
        self.expect("listeners of one", [[f["Identifier"], f["Properties"]] for f in found], [["arn:l1", "{}"], ["arn:l2", "{}"]])
        get = ("cloudcontrol", "get-resource", "--type-name", listener, "--identifier")
        self.expect("one listener", self.aws(P, *get, "arn:l2")["ResourceDescription"]["Properties"], '{"Port": 2}')
        self.expect("no such listener", "ResourceNotFoundException" in self.fails(P, *get, "arn:l9"))
        self.expect("no listener in S", self.aws(S, *control, balancer)["ResourceDescriptions"], [])
        seen = [[c["service"], c["operation"], c["type_name"], c["page"]] for c in self.control("GET", "calls")[:3]]
        wanted = [[balancer, 1], [listener, 1], [listener, 2]]
        self.expect("calls of Cloud Control", seen, [["cloudcontrol", "ListResources", *each] for each in wanted])
        self.control("POST", "resources", {})
        self.control("POST", "page-sizes", {})

    # How faults look

    def faults(self) -> None:
        api = self.out["http_api"]["api"]
        rest = self.out["rest_api"]["api"]
        pool = self.out["pools"]["ready"]
        commands = {
            ("cognito-idp:DescribeUserPool", "cognito-idp:DescribeUserPool"): (
                "cognito-idp",
                "describe-user-pool",
                "--user-pool-id",
                pool,
            ),
            ("kms:DescribeKey", "kms:DescribeKey"): (
                "kms",
                "describe-key",
                "--key-id",
                self.out["keys"]["shared"]["id"],
            ),
            ("apigateway:GET", "apigateway:GetAuthorizers"): ("apigateway", "get-authorizers", "--rest-api-id", rest),
            ("apigateway:GET", "apigatewayv2:GetRoutes"): ("apigatewayv2", "get-routes", "--api-id", api),
            ("cloudformation:ListStacks", "cloudformation:ListStacks"): ("cloudformation", "list-stacks"),
            ("sts:GetCallerIdentity", "sts:GetCallerIdentity"): ("sts", "get-caller-identity"),
            ("acm:DescribeCertificate", "acm:DescribeCertificate"): (
                "acm",
                "describe-certificate",
                "--certificate-arn",
                self.out["certificates"]["ready"],
            ),
            ("cloudformation:ListResources", "cloudcontrol:ListResources AWS::EC2::VPCEndpoint"): (
                "cloudcontrol",
                "list-resources",
                "--type-name",
                "AWS::EC2::VPCEndpoint",
            ),
            ("cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarms"): ("cloudwatch", "describe-alarms"),
            ("iam:GetRole", "iam:GetRole"): ("iam", "get-role", "--role-name", "sms"),
            ("lambda:GetPolicy", "lambda:GetPolicy"): ("lambda", "get-policy", "--function-name", "claims"),
            ("route53:GetHealthCheck", "route53:GetHealthCheck"): (
                "route53",
                "get-health-check",
                "--health-check-id",
                self.out["health_checks"]["probe"],
            ),
            ("ses:GetEmailIdentity", "sesv2:GetEmailIdentity"): (
                "sesv2",
                "get-email-identity",
                "--email-identity",
                "example.com",
            ),
            ("ses:GetAccount", "sesv2:GetAccount"): ("sesv2", "get-account"),
            ("sms-voice:DescribeSpendLimits", "sms-voice:DescribeSpendLimits"): (
                "pinpoint-sms-voice-v2",
                "describe-spend-limits",
            ),
            ("sns:GetSMSSandboxAccountStatus", "sns:GetSMSSandboxAccountStatus"): (
                "sns",
                "get-sms-sandbox-account-status",
            ),
            ("cognito-idp:GetWebACLForResource", "wafv2:GetWebACLForResource"): (
                "wafv2",
                "get-web-acl-for-resource",
                "--resource-arn",
                self.arn("complete", P),
            ),
        }
        codes = {
            "denied": ("planted-session-name", "not authorized to perform: "),
            "throttled": ("(Throttling", "(TooManyRequestsException"),
            "http500": ("(Internal", "(KMSInternal", "(ServiceInternal", "(ServiceFailure", "(WAFInternal", "(ServiceExc"),
        }
        for (action, operation), command in commands.items():
            for fault, wanted in codes.items():
                self.control(
                    "POST", "faults", [{"action": action, "operation": operation, "region": P, "fault": fault}]
                )
                text = self.fails(P, *command)
                good = any(w in text for w in wanted)
                if fault == "denied":
                    refused = "(AuthorizationError)" if action.startswith("sns:") else "(AccessDenied"
                    good = refused in text and "planted-session-name" in text and f"to perform: {action} on" in text
                print(f"     {operation} {fault}: {text[:240]}")
                self.expect(f"{operation} {fault}", good)
            rule = {"operation": operation, "fault": "truncated"}
            self.control("POST", "faults", [rule])
            text = self.fails(P, *command)
            print(f"     {operation} truncated: {text[:200]}")
            self.expect(f"{operation} truncated", "IncompleteRead" in text or "Connection" in text)
        self.control("POST", "faults", [{"action": "kms:*", "fault": "timeout", "seconds": 4}])
        started = time.monotonic()
        text = self.fails(P, *commands["kms:DescribeKey", "kms:DescribeKey"], options=("--cli-read-timeout", "2"))
        print(f"     timeout: {text[:200]}")
        self.expect("timeout", ["Read timeout" in text, time.monotonic() - started < 3.9], [True, True])
        self.control("POST", "faults", [{"action": "cognito-idp:ListUserPoolClients", "fault": "denied", "page": 2}])
        many = ("list-user-pool-clients", "--user-pool-id", self.out["pools"]["many-clients"], "--max-results", "60")
        seen = [
            "no error" in self.fails(P, "cognito-idp", *many, "--no-paginate"),
            "AccessDenied" in self.fails(P, "cognito-idp", *many[:3]),
        ]
        self.expect("denied from page 2", seen, [True, True])
        other = [
            {"action": "kms:DescribeKey", "region": S, "fault": "denied"},
            {"fault": "denied", "contains": self.out["pools"]["lite"], "times": 1},
        ]
        self.control("POST", "faults", other)
        describe = ("cognito-idp", "describe-user-pool", "--user-pool-id")
        seen = [
            self.fails(P, *commands["kms:DescribeKey", "kms:DescribeKey"]),
            self.fails(P, *describe, pool),
            "AccessDenied" in self.fails(P, *describe, self.out["pools"]["lite"]),
            self.fails(P, *describe, self.out["pools"]["lite"]),
        ]
        self.expect("region, contains, times", seen, ["no error", "no error", True, "no error"])
        self.handlers_and_changes()
        self.control("POST", "faults", [])

    def handlers_and_changes(self) -> None:
        """Actions of Cloud Control's handlers, and answers that say something else."""
        action, balancer = "elasticloadbalancing:DescribeLoadBalancers", "AWS::ElasticLoadBalancingV2::LoadBalancer"
        calls = [f"cloudcontrol:{operation} {balancer}" for operation in ("ListResources", "GetResource")]
        self.control("POST", "faults", [{"fault": "denied", "action": action, "calls": calls}])
        control = ("cloudcontrol", "list-resources", "--type-name")
        text = self.fails(P, *control, balancer)
        print(f"     {text}")
        seen = [part in text for part in ("(AccessDeniedException)", f"to perform: {action} on", "HandlerErrorCode")]
        self.expect("denied to a handler", [*seen, self.fails(P, *control, "AWS::EC2::VPCEndpoint")], [True] * 3 + ["no error"])
        self.control("POST", "faults", [{"fault": "denied", "action": action}])
        self.expect("an action nobody needs", self.fails(P, *control, balancer), "no error")
        alarm = {"AlarmName": "other", "Threshold": 1, "StateUpdatedTimestamp": 1_700_000_000}
        self.control(
            "POST",
            "faults",
            [
                {"fault": "changed", "operation": "sesv2:GetAccount", "merge": {"SendQuota": {"MaxSendRate": 1.0}}},
                {"fault": "changed", "operation": "cloudwatch:DescribeAlarms", "merge": {"MetricAlarms": [alarm]}},
                {
                    "fault": "changed",
                    "operation": "sns:GetSMSSandboxAccountStatus",
                    "replace": {"<IsInSandbox>false": "<IsInSandbox>true"},
                },
            ],
        )
        seen = [
            self.aws(S, "sesv2", "get-account")["SendQuota"],
            self.aws(S, "cloudwatch", "describe-alarms")["MetricAlarms"],
            self.aws(S, "sns", "get-sms-sandbox-account-status")["IsInSandbox"],
        ]
        quota = {"Max24HourSend": 50000.0, "MaxSendRate": 1.0, "SentLast24Hours": 12.0}
        self.expect("changed answers", seen, [quota, [alarm], True])

    def calls(self) -> None:
        self.control("DELETE", "calls")
        self.aws(S, "kms", "describe-key", "--key-id", self.out["keys"]["shared"]["id"])
        self.fails(P, "cognito-idp", "admin-get-user", "--user-pool-id", self.out["pools"]["ready"], "--username", "x")
        seen = self.control("GET", "calls")
        print(f"     {json.dumps(seen)}")
        self.expect(
            "calls",
            [(c["service"], c["operation"], c["region"], c["read_only"]) for c in seen],
            [("kms", "DescribeKey", S, True), ("cognito-idp", "AdminGetUser", P, False)],
        )
        text = self.fails(
            P, "cognito-idp", "list-terms", "--user-pool-id", self.out["pools"]["ready"], "--max-results", "5"
        )
        self.expect("what moto lacks is an error, no hang", "UnknownOperationException" in text)
        self.expect("sts", self.aws(P, "sts", "get-caller-identity")["Account"], "123456789012")


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: check.py ENDPOINT_URL OUT.json")
    check = Check(sys.argv[1], json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))
    for part in (
        check.ready,
        check.pools,
        check.replicas,
        check.lifecycle,
        check.grants,
        check.replicated_settings,
        check.regional_settings,
        check.functions,
        check.failover,
        check.messages,
        check.resources,
        check.consumers,
        check.stacks,
        check.pages,
        check.faults,
        check.calls,
    ):
        part()
    print(f"{check.failed} failed")
    sys.exit(1 if check.failed else 0)


if __name__ == "__main__":
    main()
