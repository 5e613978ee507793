"""Checks how every fault looks to the AWS CLI, service by service.

For: `check.py`. Prints what the AWS CLI says, for a person to compare with what AWS says.
"""

from __future__ import annotations

import time

from checking import Checking, P, S


class FaultChecks(Checking):
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
            "http500": (
                "(Internal",
                "(KMSInternal",
                "(ServiceInternal",
                "(ServiceFailure",
                "(WAFInternal",
                "(ServiceExc",
            ),
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
        self.expect(
            "denied to a handler", [*seen, self.fails(P, *control, "AWS::EC2::VPCEndpoint")], [True] * 3 + ["no error"]
        )
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
