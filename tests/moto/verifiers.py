"""Fills an account with one of each thing that verifies a user pool's tokens, twice: for one pool and for another.

`python verifiers.py ENDPOINT_URL OUT.json`. For: the test that everything which pins the one pool is found, with its place,
and that nothing which pins the other is taken for it. What Cloud Control reads is in OUT.json's `resources`, for
`/mrready-test/resources`; `package` says where a function's code can be fetched.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

from cli import Cli
from documents import ACCOUNT, trusted

REGION = "us-east-1"
SECRETS = {"variable": "planted-variable", "buildspec": "planted-buildspec", "external_id": "planted-external-id"}


class Account:
    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.cli = Cli(endpoint)
        self.arns: dict[str, dict[str, str]] = {}
        self.resources: dict[str, list[dict[str, Any]]] = {}

    def aws(self, *command: str) -> Any:
        return self.cli(REGION, *command)

    def found(self, whose: str, what: str, arn: str) -> None:
        self.arns.setdefault(whose, {})[what] = arn

    def resource(self, type_name: str, identifier: str, properties: dict[str, Any], **more: Any) -> None:
        item = {"Identifier": identifier, "Properties": properties, **more}
        self.resources.setdefault(type_name, []).append(item)

    def fill(self) -> dict[str, Any]:
        trust = trusted("lambda.amazonaws.com")
        create = ("iam", "create-role", "--role-name", "functions", "--assume-role-policy-document", trust)
        self.role = self.aws(*create)["Role"]["Arn"]
        pools = {}
        for whose in ("ours", "theirs"):
            pool = self.aws("cognito-idp", "create-user-pool", "--pool-name", whose)["UserPool"]
            pools[whose] = pool["Id"]
            self.verifiers(whose, pool["Id"], pool["Arn"], f"https://cognito-idp.{REGION}.amazonaws.com/{pool['Id']}")
        return {
            "account": ACCOUNT,
            "pools": pools,
            "arns": self.arns,
            "resources": {REGION: self.resources},
            "package": self.package(pools),
            "planted": list(SECRETS.values()),
        }

    def verifiers(self, whose: str, pool: str, pool_arn: str, issuer: str) -> None:
        self.apis(whose, pool_arn, issuer)
        self.functions(whose, issuer)
        self.roles(whose, issuer)
        self.stacks(whose, issuer)
        self.projects(whose, issuer)
        self.domains(whose, issuer)
        self.controlled(whose, pool_arn, issuer)

    def apis(self, whose: str, pool_arn: str, issuer: str) -> None:
        api = self.aws("apigatewayv2", "create-api", "--name", whose, "--protocol-type", "HTTP")["ApiId"]
        jwt = f"Audience=web,Issuer={issuer}"
        create = ("apigatewayv2", "create-authorizer", "--api-id", api, "--name", "jwt", "--authorizer-type", "JWT")
        source = ("--identity-source", "$request.header.Authorization", "--jwt-configuration", jwt)
        authorizer = self.aws(*create, *source)["AuthorizerId"]
        route = ("apigatewayv2", "create-route", "--api-id", api, "--route-key", "GET /")
        self.aws(*route, "--authorization-type", "JWT", "--authorizer-id", authorizer)
        self.found(whose, "http", f"{api}/{authorizer}")
        api = self.aws("apigateway", "create-rest-api", "--name", whose)["id"]
        create = ("apigateway", "create-authorizer", "--rest-api-id", api, "--name", "pool")
        kind = ("--type", "COGNITO_USER_POOLS", "--provider-arns", pool_arn)
        source = ("--identity-source", "method.request.header.Authorization")
        self.found(whose, "rest", f"{api}/{self.aws(*create, *kind, *source)['id']}")

    def functions(self, whose: str, issuer: str) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("index.mjs", "export const handler = async (event) => event;\n")
        with tempfile.TemporaryDirectory() as folder:
            code = Path(folder) / "function.zip"
            code.write_bytes(packed.getvalue())
            create = ("lambda", "create-function", "--function-name", whose, "--runtime", "nodejs22.x")
            rest = ("--handler", "index.handler", "--role", self.role, "--zip-file", f"fileb://{code}")
            variables = {"PASSWORD": SECRETS["variable"], "AUTH": f"{SECRETS['variable']} {issuer}"}
            made = self.aws(*create, *rest, "--environment", json.dumps({"Variables": variables}))
        self.found(whose, "variable", made["FunctionArn"])

    def roles(self, whose: str, issuer: str) -> None:
        host = issuer.removeprefix("https://")
        provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}"
        properties = {"Arn": provider, "Url": host, "ClientIdList": ["web"]}
        self.resource("AWS::IAM::OIDCProvider", provider, properties)
        self.found(whose, "provider", provider)
        statement = {
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{host}:aud": "web", "sts:ExternalId": SECRETS["external_id"]}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        create = ("iam", "create-role", "--role-name", f"web-{whose}", "--assume-role-policy-document", policy)
        self.found(whose, "trust", self.aws(*create)["Role"]["Arn"])

    def stacks(self, whose: str, issuer: str) -> None:
        topic = {"Type": "AWS::SNS::Topic"}
        template = {"Resources": {"Topic": topic}, "Outputs": {"Issuer": {"Value": issuer}}}
        create = ("cloudformation", "create-stack", "--stack-name", whose, "--template-body", json.dumps(template))
        self.found(whose, "output", self.aws(*create)["StackId"])

    def projects(self, whose: str, issuer: str) -> None:
        project = {
            "name": f"project-{whose}",
            "source": {
                "type": "GITHUB",
                "location": "https://github.com/example/api.git",
                "buildspec": f"# {SECRETS['buildspec']}\nversion: 0.2\n",
            },
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": {
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
                "environmentVariables": [{"name": "ISSUER", "value": issuer}],
            },
            "serviceRole": self.role,
        }
        made = self.aws("codebuild", "create-project", "--cli-input-json", json.dumps(project))
        self.found(whose, "project", made["project"]["arn"])

    def domains(self, whose: str, issuer: str) -> None:
        jwt = {"Enabled": True, "JwksUrl": f"{issuer}/.well-known/jwks.json"}
        options = json.dumps({"Enabled": True, "JWTOptions": jwt})
        create = ("opensearch", "create-domain", "--domain-name", f"logs-{whose}", "--advanced-security-options", options)
        self.found(whose, "domain", self.aws(*create)["DomainStatus"]["ARN"])

    def controlled(self, whose: str, pool_arn: str, issuer: str) -> None:
        """What Cloud Control reads."""
        balancers = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
        balancer = f"{balancers}:loadbalancer/app/{whose}/1"
        listener = f"{balancers}:listener/app/{whose}/1/1"
        named = {"LoadBalancerArn": balancer, "Name": whose, "Type": "application"}
        self.resource("AWS::ElasticLoadBalancingV2::LoadBalancer", balancer, named)
        action = {"Type": "authenticate-oidc", "AuthenticateOidcConfig": {"Issuer": issuer, "ClientId": "web"}}
        heard = {"ListenerArn": listener, "LoadBalancerArn": balancer, "DefaultActions": [action]}
        self.resource("AWS::ElasticLoadBalancingV2::Listener", listener, heard)
        self.found(whose, "listener", listener)
        self.resource("AWS::SSM::Parameter", f"/{whose}/issuer", {"Name": f"/{whose}/issuer", "Value": issuer})
        self.found(whose, "parameter", f"/{whose}/issuer")
        task = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{whose}:3"
        container = {"Name": "web", "Command": ["serve", f"--issuer={issuer}"]}
        self.resource("AWS::ECS::TaskDefinition", task, {"TaskDefinitionArn": task, "ContainerDefinitions": [container]})
        self.found(whose, "task", task)

    def package(self, pools: dict[str, str]) -> str:
        """Puts a package into S3 and returns the link to it."""
        packed = io.BytesIO()
        lines = "".join(f"// {name}\nexport const {name} = 'https://cognito-idp.{REGION}.amazonaws.com/{pool}';\n" for name, pool in pools.items())
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("src/verify.mjs", lines)
        self.aws("s3api", "create-bucket", "--bucket", "packages", "--acl", "public-read")
        with tempfile.TemporaryDirectory() as folder:
            code = Path(folder) / "function.zip"
            code.write_bytes(packed.getvalue())
            put = ("s3api", "put-object", "--bucket", "packages", "--key", "function.zip", "--acl", "public-read")
            self.aws(*put, "--body", str(code))
        link = f"{self.endpoint}/packages/function.zip"
        with urllib.request.urlopen(link) as answer:
            if answer.read() != packed.getvalue():
                sys.exit(f"{link} is not what was put there")
        return link


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: verifiers.py ENDPOINT_URL OUT.json")
    Path(sys.argv[2]).write_text(json.dumps(Account(sys.argv[1]).fill(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
