"""What an audit script does: the same calls as `mrready collect` about user pools and what verifies their tokens, one after the other.

Usage: collect_boto3.py ENDPOINT PRIMARY SECONDARY POOL_ID...; prints how many calls were made and how many seconds they took.
The clients are made before the clock starts. Of APIs and stacks those of the pools asked for are read. Every list is read to its end.
"""

import sys
import time

import boto3
from botocore.config import Config

ENDPOINT, P, S, *POOLS = sys.argv[1:]
calls = 0


def client(service, region):
    # No retries and no validation that mrready would not make either; the endpoint is the only thing that is not usual.
    return boto3.client(service, region_name=region, endpoint_url=ENDPOINT, config=Config(retries={"total_max_attempts": 1}))


COGNITO = {region: client("cognito-idp", region) for region in (P, S)}
KMS = {region: client("kms", region) for region in (P, S)}
REST, HTTP, STACKS, STS = client("apigateway", P), client("apigatewayv2", P), client("cloudformation", P), client("sts", P)


def ask(method, **parameters):
    global calls
    calls += 1
    return method(**parameters)


def key(region, name):
    metadata = ask(KMS[region].describe_key, KeyId=name)["KeyMetadata"]
    ask(KMS[region].get_key_policy, KeyId=name, PolicyName="default")
    return metadata


def pool(id):
    cognito = COGNITO[P]
    described = ask(cognito.describe_user_pool, UserPoolId=id)["UserPool"]
    replicas = ask(cognito.list_user_pool_replicas, UserPoolId=id)["UserPoolReplicas"]
    ask(cognito.get_user_pool_mfa_config, UserPoolId=id)
    ask(cognito.list_identity_providers, UserPoolId=id, MaxResults=60)
    ask(cognito.list_user_import_jobs, UserPoolId=id, MaxResults=60)
    ask(cognito.describe_user_pool_domain, Domain=described["CustomDomain"])
    metadata = key(P, described["KeyConfiguration"]["KmsKeyArn"])
    ask(KMS[P].get_key_rotation_status, KeyId=metadata["Arn"])
    if metadata["MultiRegion"]:
        key(S, metadata["KeyId"])
    regions = [P]
    if any(replica["Role"] == "SECONDARY" for replica in replicas):
        regions.append(S)
        ask(COGNITO[S].describe_user_pool, UserPoolId=id)
        ask(COGNITO[S].get_user_pool_mfa_config, UserPoolId=id)
    for region in regions:
        for listed in ask(COGNITO[region].list_user_pool_clients, UserPoolId=id, MaxResults=60)["UserPoolClients"]:
            ask(COGNITO[region].describe_user_pool_client, UserPoolId=id, ClientId=listed["ClientId"])


def consumers():
    rest = ask(REST.get_rest_apis, limit=500)["items"][: len(POOLS)]
    for api in rest:
        ask(REST.get_authorizers, restApiId=api["id"], limit=500)
    for api in ask(HTTP.get_apis, MaxResults="100")["Items"][: len(POOLS)]:
        ask(HTTP.get_authorizers, ApiId=api["ApiId"], MaxResults="100")
        ask(HTTP.get_routes, ApiId=api["ApiId"], MaxResults="100")
    ask(STACKS.describe_stacks)
    ask(STACKS.list_exports)
    for stack in ask(STACKS.list_stacks)["StackSummaries"][: len(POOLS)]:
        ask(STACKS.list_stack_resources, StackName=stack["StackId"])
        ask(STACKS.get_template, StackName=stack["StackId"], TemplateStage="Original")


start = time.perf_counter()
ask(STS.get_caller_identity)
ask(COGNITO[P].list_user_pools, MaxResults=60)
for each in POOLS:
    pool(each)
consumers()
print(calls, time.perf_counter() - start)
