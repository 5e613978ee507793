"""Makes an organization of three accounts with a user pool each, in two Regions.

`python accounts.py ENDPOINT_URL OUT.json`. For: the test that all of them are entered and found in one run. The pools of the
other accounts are made with the credentials of a role in them, as their owners would. OUT.json: `accounts` (id → Region → pool).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from cli import Cli
from documents import ACCOUNT

REGIONS = ("us-east-1", "eu-west-1")
ROLE = "OrganizationAccountAccessRole"


def pools(cli: Cli) -> dict[str, str]:
    create = ("cognito-idp", "create-user-pool", "--pool-name", "users")
    return {region: cli(region, *create)["UserPool"]["Id"] for region in REGIONS}


def inside(endpoint: str, own: Cli, account: str) -> Cli:
    arn = f"arn:aws:iam::{account}:role/{ROLE}"
    taken = own(REGIONS[0], "sts", "assume-role", "--role-arn", arn, "--role-session-name", "owner")["Credentials"]
    os.environ.update(
        AWS_ACCESS_KEY_ID=taken["AccessKeyId"],
        AWS_SECRET_ACCESS_KEY=taken["SecretAccessKey"],
        AWS_SESSION_TOKEN=taken["SessionToken"],
    )
    return Cli(endpoint)


def main() -> None:
    endpoint, out = sys.argv[1], Path(sys.argv[2])
    own = Cli(endpoint)
    own(REGIONS[0], "organizations", "create-organization", "--feature-set", "ALL")
    accounts: dict[str, Any] = {ACCOUNT: pools(own)}
    made = []
    for name in ("workload", "sandbox"):
        create = ("organizations", "create-account", "--account-name", name, "--email", f"{name}@example.com")
        made.append(own(REGIONS[0], *create)["CreateAccountStatus"]["AccountId"])
    for account in made:
        accounts[account] = pools(inside(endpoint, own, account))
    out.write_text(json.dumps({"account": ACCOUNT, "role": ROLE, "accounts": accounts, "planted": []}, indent=1))


if __name__ == "__main__":
    main()
