"""Checks the test-side account itself, with AWS CLI command lines: `python check.py ENDPOINT_URL OUT.json`.

For: trusting a failing test of the program, and moving to a newer moto. Prints what decides each scenario and how each
fault looks to the AWS CLI; exits with 1 when something is not as `scenario.py` promises. Run it after `scenario.py`
against the same server. It leaves faults and page sizes cleared.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from check_around import AroundChecks
from check_faults import FaultChecks
from checking import E, P, S


class Check(AroundChecks, FaultChecks):
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
        first = pool["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"]
        self.expect("ready: first factors", first, ["PASSWORD"])
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
        self.users(pool)
        delete = ("delete-user-pool-replica", *where)
        refused = "InvalidParameterException" in self.fails(P, "cognito-idp", *delete)
        self.expect("lifecycle: ACTIVE is not deleted", refused)
        self.aws(P, "cognito-idp", "update-user-pool-replica", *where, "--status", "INACTIVE")
        self.aws(P, "cognito-idp", *delete)
        gone = "ResourceNotFoundException" in self.fails(S, "cognito-idp", "describe-user-pool", *pool)
        self.expect("lifecycle: replica gone", gone)
        self.aws(P, "cognito-idp", "delete-user-pool-domain", *pool, *domain)
        self.aws(P, "cognito-idp", "delete-user-pool", *pool)

    def users(self, pool: tuple[str, str]) -> None:
        """Users by state, in both Regions."""
        for name in ("a", "b", "c"):
            self.aws(P, "cognito-idp", "admin-create-user", *pool, "--username", name)
        permanent = ("--username", "c", "--password", "Some-Passw0rd", "--permanent")
        self.aws(P, "cognito-idp", "admin-set-user-password", *pool, *permanent)
        for status, wanted in (("FORCE_CHANGE_PASSWORD", 2), ("CONFIRMED", 1), ("RESET_REQUIRED", 0)):
            command = (
                "list-users",
                *pool,
                "--filter",
                f'cognito:user_status = "{status}"',
                "--attributes-to-get",
                "sub",
            )
            found = [self.aws(region, "cognito-idp", *command)["Users"] for region in (P, S)]
            seen = [len(users) for users in found] + [{user["UserStatus"] for user in users} for users in found]
            some = {status} if wanted else set()
            self.expect(f"lifecycle: users {status}", seen, [wanted, wanted, some, some])
        attributes = {
            each["Name"]
            for user in self.aws(P, "cognito-idp", "list-users", *pool)["Users"]
            for each in user["Attributes"]
        }
        self.expect("lifecycle: attributes of users", "sub" in attributes)

    def risk(self, pool: tuple[str, str]) -> None:
        """Actions are replicated, the sender is regional."""
        notice = {"Notify": True, "EventAction": "NO_ACTION"}

        def takeover(region: str) -> tuple[str, str]:
            sender = {
                "SourceArn": f"arn:aws:ses:{region}:123456789012:identity/example.com",
                "From": f"a@{region}.example",
            }
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
