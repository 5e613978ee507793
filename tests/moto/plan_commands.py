"""Runs every AWS CLI command of every step against a server that notes what was sent, and checks it with botocore's models.

`python plan_commands.py PLANS OUT.json`, where PLANS is a folder with a folder of scripts per pool, as `mrready plan
--output-dir` writes them, each with its `plan.json`. OUT.json: `steps`: per script and mood of the account what it said,
the calls it made and what was wrong with them; `missing`: the commands of a script that never ran; `ran`: those that did.

Every part of a script runs, whatever it requires: what matters here is what is sent. So that branches are taken too, each
runs in an account where everything is there, in one where nothing is, and in one that finds nothing. Whether a script
does what it should is another matter: `plan_run.py`.
"""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from botocore import xform_name

from capture import Capture, Seen
from shim import Shim

COMMAND = re.compile(r"\baws\s+([a-z0-9-]+)\s+([a-z0-9-]+)")


class Account:
    """What the server answers: enough of one pool's account that a script finds what the steps before it did."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values = values
        self.account = values.get("ACCOUNT_ID", "111122223333")
        self.primary = values["PRIMARY_REGION"]
        self.secondary = values.get("SECONDARY_REGION", "us-west-2")
        self.pool = values["POOL_ID"]
        self.settings: dict[str, dict[str, Any]] = {}
        self.replica: str | None = None
        self.domain: dict[str, Any] = {}
        self.client: dict[str, Any] = {}

    def arn(self, region: str) -> str:
        return f"arn:aws:cognito-idp:{region}:{self.account}:userpool/{self.pool}"

    def pool_in(self, region: str) -> dict[str, Any]:
        return self.settings.setdefault(region, {**copy.deepcopy(POOL), "Id": self.pool, "Arn": self.arn(region)})

    def answers(self) -> dict[str, Any]:
        key = {
            "KeyId": "mrk-1234abcd12ab34cd56ef1234567890ab",
            "Arn": f"arn:aws:kms:{self.primary}:{self.account}:key/mrk-1234abcd12ab34cd56ef1234567890ab",
            "KeyState": "Enabled",
            "Enabled": True,
            "MultiRegion": True,
            "KeyManager": "CUSTOMER",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "MultiRegionConfiguration": {
                "MultiRegionKeyType": "PRIMARY",
                "PrimaryKey": {"Region": self.primary},
                "ReplicaKeys": [{"Region": self.secondary}],
            },
        }
        return {
            "sts:GetCallerIdentity": {"Account": self.account},
            "cognito-idp:DescribeUserPool": lambda seen: Whole({"UserPool": self.pool_in(seen.region)}),
            "cognito-idp:ListUserPools": lambda _: Whole({"UserPools": [{"Id": self.pool, "Name": POOL["Name"]}]}),
            "cognito-idp:UpdateUserPool": self.update_pool,
            "cognito-idp:ListUserPoolReplicas": lambda _: Whole({"UserPoolReplicas": self.replicas()}),
            "cognito-idp:CreateUserPoolReplica": lambda seen: self.set_replica("INACTIVE", seen),
            "cognito-idp:UpdateUserPoolReplica": lambda seen: self.set_replica(seen.parameters["Status"], seen),
            "cognito-idp:DeleteUserPoolReplica": lambda seen: self.set_replica(None, seen),
            "cognito-idp:DescribeUserPoolDomain": lambda seen: Whole({"DomainDescription": self.domain_of(seen)}),
            "cognito-idp:UpdateUserPoolDomain": self.update_domain,
            "cognito-idp:DescribeUserPoolClient": lambda seen: Whole({"UserPoolClient": self.client_of(seen)}),
            "cognito-idp:UpdateUserPoolClient": self.update_client,
            "kms:DescribeKey": {"KeyMetadata": key},
            "kms:CreateKey": {"KeyMetadata": key},
            "kms:GetKeyPolicy": {"Policy": json.dumps({"Version": "2012-10-17", "Statement": []})},
            "kms:GetKeyRotationStatus": {"KeyRotationEnabled": True},
        }

    def update_pool(self, seen: Seen) -> Any:
        current = self.pool_in(seen.region)
        kept = {name: current[name] for name in NOT_UPDATED if name in current}
        self.settings[seen.region] = {
            **kept,
            **{name: value for name, value in seen.parameters.items() if name not in ("UserPoolId", "PoolName")},
            "Name": seen.parameters.get("PoolName", current["Name"]),
        }
        return {}

    def replicas(self) -> list[dict[str, str]]:
        primary = {"RegionName": self.primary, "Status": "ACTIVE", "Role": "PRIMARY", "UserPoolArn": self.arn(self.primary)}
        if self.replica is None:
            return [primary]
        arn = self.arn(self.secondary)
        return [primary, {"RegionName": self.secondary, "Status": self.replica, "Role": "SECONDARY", "UserPoolArn": arn}]

    def set_replica(self, status: str | None, seen: Seen) -> Any:
        self.replica = status
        arn = self.arn(self.secondary)
        shown = {"RegionName": self.secondary, "Status": status or "DELETING", "Role": "SECONDARY", "UserPoolArn": arn}
        return Whole({"UserPoolReplica": shown})

    def domain_of(self, seen: Seen) -> dict[str, Any]:
        arn = f"arn:aws:acm:us-east-1:{self.account}:certificate/11112222-3333-4444-5555-666677778888"
        first = {"UserPoolId": self.pool, "Domain": seen.parameters["Domain"], "Status": "ACTIVE", "ManagedLoginVersion": 2}
        check = "11112222-3333-4444-5555-666677778888"
        routing = {"Failover": {"SecondaryRegion": self.secondary, "PrimaryRoute53HealthCheckId": check}}
        self.domain = self.domain or {**first, "CustomDomainConfig": {"CertificateArn": arn}, "Routing": routing}
        return self.domain

    def update_domain(self, seen: Seen) -> Any:
        self.domain = {**seen.parameters, "Status": "ACTIVE"}
        return {}

    def client_of(self, seen: Seen) -> dict[str, Any]:
        ids = {"UserPoolId": self.pool, "ClientId": seen.parameters["ClientId"]}
        self.client = self.client or {**CLIENT, **ids}
        return self.client

    def update_client(self, seen: Seen) -> Any:
        self.client = {**CLIENT, **seen.parameters}
        return {}


class Whole(dict[str, Any]):
    """An answer that stands for itself."""


# What describe returns and update does not take.
NOT_UPDATED = (
    "Id Arn Status CreationDate LastModifiedDate SchemaAttributes AliasAttributes UsernameAttributes UsernameConfiguration "
    "EstimatedNumberOfUsers EmailConfigurationFailure SmsConfigurationFailure Domain CustomDomain"
).split()
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:claims"
POOL: dict[str, Any] = {
    "Name": "customers",
    "Policies": {"PasswordPolicy": {"MinimumLength": 14, "TemporaryPasswordValidityDays": 3}},
    "DeletionProtection": "ACTIVE",
    "LambdaConfig": {"PreTokenGeneration": FUNCTION},
    "CreationDate": 1_700_000_000,
    "LastModifiedDate": 1_700_000_000,
    "SchemaAttributes": [{"Name": "sub", "AttributeDataType": "String", "Required": True}],
    "AutoVerifiedAttributes": ["email"],
    "UsernameAttributes": ["email"],
    "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": []},
    "MfaConfiguration": "OPTIONAL",
    "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True},
    "EstimatedNumberOfUsers": 12_000,
    "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
    "UserPoolTags": {"team": "identity"},
    "CustomDomain": "auth.example.com",
    "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True, "UnusedAccountValidityDays": 3},
    "UsernameConfiguration": {"CaseSensitive": False},
    "AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]},
    "UserPoolTier": "ESSENTIALS",
}
CLIENT: dict[str, Any] = {
    "ClientName": "web",
    "ClientSecret": "planted-client-secret",
    "CreationDate": 1_700_000_000,
    "LastModifiedDate": 1_700_000_000,
    "RefreshTokenValidity": 30,
    "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"],
    "CallbackURLs": ["https://app.example.com/in"],
}


def commands(text: str) -> set[str]:
    """`aws SERVICE OPERATION` in a script, without what stands in comments."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return {" ".join(found) for found in COMMAND.findall("\n".join(lines).replace("\\\n", " "))}


# In place of `main "$@"`: every part of the step, whatever its conditions say. What would end a step is said and passed
# over; what would wait asks once.
EVERY_PART = """
die() { printf 'error: %s\\n' "$*" >&2; return 0; }
confirm() { return 0; }
sleep() { return 0; }
wait_until() { shift 2; "$@"; }
set +eu +o pipefail
exec 9</dev/null
MRR_PREFIX=step MRR_INTERACTIVE=0 MRR_NAMED=1 MRR_MODE=run MRR_AGAIN=0 MRR_TAKEN_AS_DONE=()
export AWS_PAGER='' AWS_DEFAULT_OUTPUT=json
step_about
open_work
fill_inputs
check_account_and_pool
for part in require run check undo; do
  if declare -F "step_$part" >/dev/null; then ("step_$part"); fi
done
exit 0
"""


class Trial:
    """The scripts of one pool."""

    def __init__(self, folder: Path, place: Path, moods: tuple[str, ...]) -> None:
        self.folder, self.place, self.moods = folder, place, moods
        plan = json.loads((folder / "plan.json").read_text("utf-8"))
        [self.pool] = plan["pools"]
        self.current, self.lines = "", set[str]()
        self.capture = Capture({})
        self.shim = Shim(place, self.capture.url, self.before)

    def before(self, argv: list[str]) -> None:
        words = [word for word in argv if not word.startswith("-")]
        self.capture.service = words[0] if words else ""
        self.current = " ".join(words[:2])

    def run(self) -> dict[str, Any]:
        told: list[dict[str, Any]] = []
        missing: dict[str, list[str]] = {}
        ran: set[str] = set()
        for step in self.pool["steps"]:
            name = re.compile(rf"\d+-{re.escape(step['id'].replace(':', '-'))}\.sh")
            scripts = [path for path in self.folder.iterdir() if name.fullmatch(path.name)]
            if not scripts:
                continue
            [script] = scripts
            lines: set[str] = set()
            for mood in self.moods:
                account = Account(self.pool["values"])
                self.capture.answers, self.capture.mood = account.answers(), mood
                start, began = len(self.capture.seen), time.monotonic()
                said = self.script(script, step)
                seen = self.capture.seen[start:]
                lines |= {f"{each.cli} {xform_name(each.operation, '-')}" for each in seen}
                told.append(
                    {
                        "step": step["id"],
                        "mood": mood,
                        "said": said,
                        "seconds": round(time.monotonic() - began, 1),
                        "calls": [f"{each.name} @ {each.region}" for each in seen],
                        "problems": sorted({f"{each.name}: {problem}" for each in seen for problem in each.problems}),
                    }
                )
            ran |= lines
            wanted = commands("\n".join(text or "" for text in step["sh"].values()))
            if wanted - lines:
                missing[script.name] = sorted(wanted - lines)
        return {"steps": told, "missing": missing, "errors": self.capture.errors, "ran": sorted(ran)}

    def script(self, script: Path, step: dict[str, Any]) -> str:
        environment = {
            "PATH": f"{self.place}:{os.environ['PATH']}",
            "HOME": str(self.place),
            "AWS_ENDPOINT_URL": self.capture.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "MRREADY_WORK": str(self.place / "work"),
            **{name: given(name) for name in step["inputs"]},
        }
        text = script.read_text("utf-8")
        head, main, _ = text.rpartition('main "$@"')
        assert main, f"{script}: no main"
        tried = script.with_name(f"try-{script.name}")
        tried.write_text(head + EVERY_PART, "utf-8")
        try:
            done = subprocess.run(
                ["bash", str(tried)],
                cwd=script.parent,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired as slow:
            # What waits for something that never comes: its commands were seen.
            return (slow.stdout or b"").decode(errors="replace")
        finally:
            tried.unlink()
        return done.stdout.decode(errors="replace")


# Seconds that a script has: with its conditions passed over, one that waits for a change waits for ever.
PATIENCE = 10
# How the account is: each thing asked for is there. "empty" (empty lists) and "not found" take other branches, and longer.
MOODS = ("there",)

# What a person would give, by the name of the variable or its end.
INPUTS: dict[str, str] = {
    "ACCOUNT_ID": "111122223333",
    "DOMAIN": "auth.example.com",
    "CUSTOM_DOMAIN": "auth.example.com",
    "NEW_DOMAIN": "auth.example.com",
    "SMS_ROLE_ARN": "arn:aws:iam::111122223333:role/sms",
    "IDENTITY_POOL_ID": "us-east-1:11112222-3333-4444-5555-666677778888",
    "HEALTH_CHECK_ID": "11112222-3333-4444-5555-666677778888",
    "POOL_ID": "us-east-1_AbCdEfGhI",
}
ENDS = {
    "_POOL_ID": "us-east-1:11112222-3333-4444-5555-666677778888",
    "_DOMAIN": "auth.example.com",
    "_HEALTH_CHECK_ID": "11112222-3333-4444-5555-666677778888",
    "_REGION": "us-west-2",
    "_ARN": "arn:aws:lambda:us-west-2:111122223333:function:claims",
    "_ID": "abcd1234",
    "_JSON": "{}",
    "_URL": "https://app.example.com/",
    "_DAYS": "30",
    "_COUNT": "10",
}


def given(name: str) -> str:
    return INPUTS.get(name) or next((value for end, value in ENDS.items() if name.endswith(end)), "x")


def main() -> None:
    plans, out = sys.argv[1:]
    result = {}
    for folder in sorted(path.parent for path in Path(plans).rglob("plan.json")):
        with tempfile.TemporaryDirectory() as place:
            name = str(folder.relative_to(plans))
            # Every step in all moods; the plan of a pool has the same steps with its own values.
            moods = MOODS if name.startswith("every-step") else MOODS[:1]
            result[name] = Trial(folder, Path(place), moods).run()
    Path(out).write_text(json.dumps(result, indent=2, sort_keys=True), "utf-8")


if __name__ == "__main__":
    main()
