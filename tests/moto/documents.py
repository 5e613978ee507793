"""The documents that the scenario hands to AWS: templates, key policies, trust policies, rules of a web ACL; and ARNs.

For: `scenario.py`, `plan_account.py`, `verifiers.py`.
"""

from __future__ import annotations

import json
from typing import Any

ACCOUNT = "123456789012"


def pool_arn(region: str, pool_id: str) -> str:
    return f"arn:aws:cognito-idp:{region}:{ACCOUNT}:userpool/{pool_id}"


def function_arn(region: str, name: str) -> str:
    return f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"


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


WEB_ACL_RULES = [
    {
        "Name": "rate",
        "Priority": 0,
        "Action": {"Block": {}},
        "Statement": {"RateBasedStatement": {"Limit": 300, "AggregateKeyType": "IP"}},
    },
    {
        "Name": "common",
        "Priority": 1,
        "OverrideAction": {"None": {}},
        "Statement": {
            "ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"},
        },
    },
]


def visibility(name: str) -> dict[str, Any]:
    return {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}


def trusted(service: str, **conditions: dict[str, str]) -> str:
    """A trust policy for a service."""
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if conditions:
        statement["Condition"] = conditions
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


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
