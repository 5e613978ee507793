"""Checks what surrounds a pool: regional settings, functions, certificates, health checks, alarms, mail, text messages,
roles, and what Cloud Control lists.

For: `check.py`. How a refusal looks is checked in `check_faults.py`.
"""

from __future__ import annotations

import json
import time

# First: it clears the environment.
from checking import Checking, E, P, S  # isort: skip

import botocore.config
import botocore.exceptions
import botocore.session


class AroundChecks(Checking):
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
            self.expect(
                f"{function} @ {region}: permissions", permitted, {n: self.arn(n, r) for n, r in wanted.items()}
            )
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
        elsewhere = ["secondary-elsewhere"]
        near = [name for name in self.out["alarms"] if name not in elsewhere]
        for region, names in ((P, list(self.out["alarms"])), (S, near), (E, elsewhere)):
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
            wanted = {
                alarm: [*fixed, self.out["pools"][name], False]
                for name, alarm in self.out["alarms"].items()
                if name in names
            }
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
        self.expect("CBOR: two pages", seen, [2, 2, False, 0.5, [], True])
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
        for region in (P, S):
            pools = self.aws(region, "cognito-idp", "list-user-pools", "--max-results", "60")["UserPools"]
            found = self.aws(region, *control, "AWS::Cognito::UserPool")["ResourceDescriptions"]
            same = {f["Identifier"] for f in found} == {pool["Id"] for pool in pools}
            self.expect(f"user pools by Cloud Control @ {region}", same)
        provider, pool = "AWS::Cognito::UserPoolIdentityProvider", self.out["pools"]["with-secrets"]
        listed = self.aws(P, *control, provider, "--resource-model", json.dumps({"UserPoolId": pool}))
        get = ("cloudcontrol", "get-resource", "--type-name", provider, "--identifier", f"{pool}|example-idp")
        described = json.loads(self.aws(P, *get)["ResourceDescription"]["Properties"])
        seen = [f["Identifier"] for f in listed["ResourceDescriptions"]] + [
            described["ProviderDetails"]["client_secret"]
        ]
        self.expect("provider by Cloud Control", seen, [f"{pool}|example-idp", "planted-idp-secret"])
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
        self.expect(
            "listeners of one",
            [[f["Identifier"], f["Properties"]] for f in found],
            [["arn:l1", "{}"], ["arn:l2", "{}"]],
        )
        get = ("cloudcontrol", "get-resource", "--type-name", listener, "--identifier")
        self.expect("one listener", self.aws(P, *get, "arn:l2")["ResourceDescription"]["Properties"], '{"Port": 2}')
        self.expect("no such listener", "ResourceNotFoundException" in self.fails(P, *get, "arn:l9"))
        self.expect("no listener in S", self.aws(S, *control, balancer)["ResourceDescriptions"], [])
        seen = [[c["service"], c["operation"], c["type_name"], c["page"]] for c in self.control("GET", "calls")[:3]]
        wanted = [[balancer, 1], [listener, 1], [listener, 2]]
        self.expect("calls of Cloud Control", seen, [["cloudcontrol", "ListResources", *each] for each in wanted])
        self.control("POST", "resources", {})
        self.control("POST", "page-sizes", {})
