"""Runs the scripts of a plan against the test-side account, and says after each what changed in the pool, member by member.

`python plan_run.py ENDPOINT_URL ACCOUNT.json PLAN_DIR OUT.json`, where ACCOUNT.json is what `plan_account.py` wrote and
PLAN_DIR the folder of one pool's plan. OUT.json: `steps`: per script its exit code, what it said and `changes`; `naive`:
the same for one flag on the other pool, as guides recommend it. What must have changed is for the test to say.

The scripts run as they are, in bash, with the real jq and the AWS CLI's own code (`shim.py`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from documents import ACCOUNT, pool_arn
from plan_account import EXTERNAL_ID, PRIMARY, REPLICA
from shim import Ask, Shim

# The steps that moto can follow, in no order: that is the plan's. What else is in a plan is taken as done.
STEPS = (
    "record-settings change-feature-plan create-multi-region-key replicate-key attach-key enable-key-rotation switch-issuer "
    "create-replica set-mail-in-replica set-sms-in-replica set-triggers-in-replica associate-web-acl tag-replica "
    "activate-replica route-domain"
).split()
NOT_SETTINGS = ("LastModifiedDate", "CreationDate", "ResponseMetadata")


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Every leaf by its path; an empty list or object is a leaf too."""
    if isinstance(value, dict) and value:
        items: Any = value.items()
    elif isinstance(value, list) and value:
        items = enumerate(value)
    else:
        return {path: value}
    leaves: dict[str, Any] = {}
    for name, member in items:
        if name not in NOT_SETTINGS:
            leaves |= flat(member, f"{path}/{name}")
    return leaves


class Watcher:
    """What AWS says of a pool, as paths."""

    def __init__(self, shim: Shim, account: dict[str, Any], name: str) -> None:
        self.shim = shim
        self.pool, self.client, self.domain = (account[of][name] for of in ("pools", "clients", "domains"))

    def ask(self, region: str, service: str, *command: str) -> Any:
        """The answer; `None` where there is none, such as before a replica exists."""
        answer = self.shim.run(Ask([service, *command, "--region", region, "--output", "json"]))
        return json.loads(answer["out"]) if answer["code"] == 0 and answer["out"].strip() else None

    def look(self) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for region in (PRIMARY, REPLICA):
            for what in (
                ("describe-user-pool",),
                ("get-user-pool-mfa-config",),
                ("describe-user-pool-client", "--client-id", self.client),
                ("get-log-delivery-configuration",),
            ):
                answer = self.ask(region, "cognito-idp", *what, "--user-pool-id", self.pool)
                seen |= flat(answer, f"{region} {what[0]}") if answer else {}
            acl = self.ask(region, "wafv2", "get-web-acl-for-resource", "--resource-arn", pool_arn(region, self.pool))
            seen[f"{region} web-acl"] = (acl or {}).get("WebACL", {}).get("ARN")
        seen |= flat(self.ask(PRIMARY, "cognito-idp", "list-user-pool-replicas", "--user-pool-id", self.pool), "replicas")
        seen |= flat(self.ask(PRIMARY, "cognito-idp", "describe-user-pool-domain", "--domain", self.domain), "domain")
        return seen


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    return {
        path: [before.get(path), after.get(path)]
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    }


def run(script: Path, step: str, by_hand: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """A script without a terminal, its step named; what people do by hand before it is taken as done."""
    taken = [word for need in by_hand for word in ("--done", need)]
    done = subprocess.run(
        ["bash", str(script), step, *taken],
        cwd=script.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout.decode(errors="replace")


def main() -> None:
    endpoint, account_file, folder, out = sys.argv[1:]
    account = json.loads(Path(account_file).read_text("utf-8"))
    plan = json.loads((Path(folder) / "plan.json").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as place:
        shim = Shim(Path(place), endpoint)
        environment = {
            "PATH": f"{place}:{os.environ['PATH']}",
            "HOME": place,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "MRREADY_WORK": f"{place}/work",
            **inputs(account),
        }
        moving = Watcher(shim, account, "moving")
        first = before = moving.look()
        steps, by_hand = [], []
        [pool] = [pool for pool in plan["pools"] if pool["pool"]["id"] == moving.pool]
        for step in pool["steps"]:
            needs = [need for need in step["needs"] if need in by_hand]
            if step["id"] not in STEPS:
                by_hand.append(step["id"])
                continue
            [script] = Path(folder).glob(f"[0-9]*[0-9]-{step['id']}.sh")
            code, said = run(script, step["id"], needs, environment)
            after = moving.look()
            steps.append({"id": step["id"], "code": code, "said": said, "changes": changes(before, after)})
            before = after
        naive = Watcher(shim, account, "naive")
        undamaged = naive.look()
        command = ("update-user-pool", "--user-pool-id", naive.pool, "--user-pool-tier", "ESSENTIALS")
        naive.ask(PRIMARY, "cognito-idp", *command)
        result = {
            "steps": steps,
            "all": changes(first, before),
            "naive": changes(undamaged, naive.look()),
            "files": {str(path): path.read_text("utf-8", "replace") for path in Path(place).rglob("work/**/*") if path.is_file()},
        }
    Path(out).write_text(json.dumps(result, indent=2, sort_keys=True), "utf-8")


def inputs(account: dict[str, Any]) -> dict[str, str]:
    """What only a person knows."""
    return {
        "PLAN": "ESSENTIALS",
        "WEB_ACL_ARN": account["web_acls"][REPLICA],
        "TRIGGERS_FILE": "same",
        "EMAIL_SOURCE_ARN": f"arn:aws:ses:{REPLICA}:{ACCOUNT}:identity/example.com",
        "EMAIL_FROM": "Accounts <no-reply@example.com>",
        "EMAIL_CONFIGURATION_SET": "mail",
        "NEW_SMS_REGION": REPLICA,
        "SMS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/sms",
        "SMS_EXTERNAL_ID": EXTERNAL_ID,
        "SMS_ORIGINATION_IDENTITY": "none",
        "HEALTH_CHECK_ID": account["health_check"],
    }


if __name__ == "__main__":
    main()
