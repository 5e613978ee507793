"""What every part of the check of the account needs: command lines, control endpoints, expectations.

For: `check.py` and its parts. Not for tests of the program.
"""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from cli import Cli, CliError

P, S, E = "us-east-1", "us-west-2", "eu-west-1"


class Checking:
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

    def arn(self, name: str, region: str) -> str:
        return f"arn:aws:cognito-idp:{region}:123456789012:userpool/{self.out['pools'][name]}"
