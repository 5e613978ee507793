"""Runs every AWS CLI command of every step against a server that notes what was sent, and checks it with botocore's models.

`python plan_commands.py PLANS OUT.json`, where PLANS is a folder with a folder of scripts per pool, as `mrready plan
--output-dir` writes them, each with its `plan.json`. OUT.json, per folder: `steps`: per script and run what it said, the
calls it made and what was wrong with them; `untaken`: the commands of a script, one by one, that sent nothing in any run;
`library`: the same of what all scripts share; `lines`: how many commands there are; `ran`: the kinds of those that did; and, of the AWS CLI itself, `cli`:
its `version`, what it `lacks` of botocore's newest models, what is wrong with the `shapes` of that, and what is `noticed`
of commands that are wrong on purpose.

Every part of a script runs, whatever it requires: what matters here is what is sent. In which accounts: `plan_found.py`.
Whether a script does what it should is another matter: `plan_run.py`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import botocore
from botocore.loaders import Loader
from botocore.model import ServiceModel

from capture import Capture, Models, Refusal, Seen, validate
from plan_found import FILES, Account, Scene, given, scenes

# In a script, each command is told which it is: `aws kms describe-key` becomes `aws @3 kms describe-key`. So are the
# changes that a step has the library make; they count once the update is sent.
COMMAND = re.compile(
    r"(?<![\w./-])(?:aws(?=\s+(?P<service>[a-z0-9-]+)\s+(?P<operation>[a-z0-9-]+))"
    r'|(?P<change>(?:update|restore)_user_pool(?:_client|_domain)?)(?=\s+"))'
)


class Marked:
    """A script whose commands are numbered."""

    def __init__(self, text: str, known: set[str], prefix: str = "") -> None:
        self.commands: dict[str, str] = {}

        def number(found: re.Match[str]) -> str:
            if not found["change"] and found["service"] not in known:
                return found.group()
            mark = f"{prefix}{len(self.commands) + 1}"
            self.commands[mark] = found["change"] or f"{found['service']} {found['operation']}"
            return f"through {mark} {found['change']}" if found["change"] else f"aws @{mark}"

        lines = text.splitlines(keepends=True)
        self.text = "".join(line if line.lstrip().startswith("#") else COMMAND.sub(number, line) for line in lines)


# In place of `main "$@"`: every part of the step, whatever its conditions say. What would end a step is said and passed
# over, but in a loop that nothing else ends; what would wait asks once.
EVERY_PART = """
die() {
  printf 'error: %s\\n' "$*" >&2
  case ${FUNCNAME[1]} in send_patiently | verify_change) exit 1 ;; esac
  return 1
}
confirm() { return 0; }
sleep() { return 0; }
wait_until() { shift 2; "$@"; }
eval "marked_$(declare -f aws)"
aws() {
  local -x MRR_PLACE=''
  case ${1-} in @*) MRR_PLACE="${1#@} ${MRR_THROUGH-}" && shift ;; esac
  marked_aws "$@"
}
through() {
  local MRR_THROUGH=$1
  shift
  "$@"
}
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
# Seconds that a script has: with its conditions passed over, one may loop.
PATIENCE = 20


class Commands:
    """The AWS CLI, in a process of its own."""

    def __init__(self, folder: Path, endpoint: str, models: str = "") -> None:
        folder.mkdir()
        self.folder = folder
        command = [sys.executable, str(Path(__file__).with_name("shim.py")), str(folder), endpoint, models]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout and self.process.stdout.readline() == "ready\n"
        self.told = 0

    def asked(self) -> list[dict[str, Any]]:
        """The commands since the last call, and what came of them."""
        log = self.folder / "asked"
        lines = log.read_text("utf-8").splitlines() if log.exists() else []
        fresh = [json.loads(line) for line in lines[self.told :]]
        self.told = len(lines)
        return fresh


    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def newest_models(folder: Path) -> str:
    """A folder with botocore's model of REST APIs alone: all others are the AWS CLI's own."""
    shutil.copytree(Path(botocore.__file__).parent / "data/apigateway", folder / "apigateway")
    return str(folder)


class Trial:
    """The scripts of one pool."""

    def __init__(self, folder: Path, place: Path) -> None:
        self.place = place
        self.folder = place / "scripts"
        self.folder.mkdir()
        [self.pool] = json.loads((folder / "plan.json").read_text("utf-8"))["pools"]
        self.values: dict[str, str] = self.pool["values"]
        self.capture = Capture({})
        self.own = Commands(place / "own", self.capture.url)
        self.newest: Commands | None = None
        self.reached: set[str] = set()
        self.scripts = {path.name: path.read_text("utf-8") for path in folder.glob("*.sh")}
        self.known = {*self.capture.models.session.get_available_services(), *CLI_ONLY}
        self.library = Marked(self.scripts.pop("common.sh", ""), self.known, "library-")
        self.numbers = count()
        (self.folder / "common.sh").write_text(self.library.text, "utf-8")
        for name, text in FILES.items():
            (place / name).write_text(text, "utf-8")

    def run(self, everything: bool) -> dict[str, Any]:
        told: list[dict[str, Any]] = []
        untaken: list[str] = []
        ran: set[str] = set()
        reached: set[str] = set()
        lines = 0
        more = scenes(Account(self.values)) if everything else {}
        for step in self.pool["steps"]:
            name = re.compile(rf"\d+-{re.escape(step['id'].replace(':', '-'))}\.sh")
            for script in filter(name.fullmatch, self.scripts):
                marked = Marked(self.scripts[script], self.known)
                self.reached = set()
                told.append(self.tried(script, marked.text, step, None))
                told += [self.tried(script, marked.text, step, scene) for scene in more.get(step["id"], [])]
                for mood in MOODS if everything else ():
                    if marked.commands.keys() - self.reached:
                        told.append(self.tried(script, marked.text, step, Scene(mood=mood)))
                reached |= self.reached
                lines += len(marked.commands)
                for mark, command in marked.commands.items():
                    if mark in self.reached:
                        ran.add(command)
                    else:
                        untaken.append(f"{step['id']} #{mark} {command}")
        for commands in filter(None, (self.own, self.newest)):
            commands.close()
        return {
            "steps": told,
            "untaken": untaken,
            "library": sorted(f"{mark} {name}" for mark, name in self.library.commands.items() if mark not in reached),
            "errors": self.capture.errors,
            "ran": sorted(ran),
            "lines": lines,
        }

    def tried(self, script: str, text: str, step: dict[str, Any], scene: Scene | None) -> dict[str, Any]:
        account = Account(self.values, scene)
        self.capture.answers, self.capture.mood = account.answers(), account.scene.mood
        # A plan's steps follow each other and find what those before have kept; a scene is for itself.
        work = self.place / ("work" if scene is None else f"work-{next(self.numbers)}")
        for name, value in account.scene.remembered.items():
            kept = work / account.account / account.pool / "values/pool" / name
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(value, "utf-8")
        start, began = len(self.capture.seen), time.monotonic()
        commands = self.commands(account.scene)
        said = self.script(script, text, step, account.scene, work, commands)
        seen = self.capture.seen[start:]
        refused = []
        sent = {each.place for each in seen}
        for asked in commands.asked():
            if asked["code"] == 0 and "--generate-cli-skeleton" in asked["argv"]:
                sent.add(asked["place"])
            elif asked["place"] not in sent:
                refused.append(f"{asked['place']}: aws {' '.join(asked['argv'])}: {asked['err'].strip()}")
        self.reached |= {place.partition(" ")[0] for place in sent}
        self.reached |= {each.place.partition(" ")[2] for each in seen if each.operation.startswith("Update")}
        problems = {f"{each.name}: {problem}" for each in seen for problem in [*each.problems, *patched(each, self.capture.models)]}
        # A scene in which nothing is missing leaves nothing that the AWS CLI itself would refuse.
        gaps = account.scene.mood != "there" or any(isinstance(each, Refusal) for each in account.scene.answers.values())
        if scene is not None and not gaps:
            problems |= set(refused)
        return {
            "step": step["id"],
            "mood": account.scene.mood,
            "said": said,
            "seconds": round(time.monotonic() - began, 1),
            "calls": [f"{each.name} @ {each.region}" for each in seen],
            "refused": refused,
            "problems": sorted(problems),
        }

    def commands(self, scene: Scene) -> Commands:
        if not scene.newest:
            return self.own
        if self.newest is None:
            self.newest = Commands(self.place / "newest", self.capture.url, newest_models(self.place / "models"))
        return self.newest

    def script(
        self, name: str, text: str, step: dict[str, Any], scene: Scene, work: Path, commands: Commands
    ) -> str:
        environment = {
            "PATH": f"{commands.folder}:{os.environ['PATH']}",
            "HOME": str(self.place),
            "AWS_ENDPOINT_URL": self.capture.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "MRREADY_WORK": str(work),
            **{each: given(each, self.place) for each in step["inputs"]},
            **scene.inputs,
        }
        head, main, _ = text.rpartition('main "$@"')
        assert main, f"{name}: no main"
        tried = self.folder / name
        tried.write_text(head + EVERY_PART, "utf-8")
        try:
            done = subprocess.run(
                ["bash", str(tried)],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired as slow:
            # Its commands were seen.
            return (slow.stdout or b"").decode(errors="replace") + "\n(stopped)"
        return done.stdout.decode(errors="replace")


# What the AWS CLI has beside the services of botocore.
CLI_ONLY = ("s3api", "configure", "configservice", "deploy")
# Where a script's commands are not all sent in an account that has everything, nor in a scene: lists are empty; nothing
# is found.
MOODS = ("empty", "not found")


# REST authorizers of type JWT


def patched(seen: Seen, models: Models) -> list[str]:
    """What is wrong with a configuration that a patch holds as text: the model of the patch knows it as a string."""
    if seen.name != "apigateway:UpdateAuthorizer":
        return []
    shape = models.service("apigateway").shape_for("JwtConfigurationInput")
    patches = [each for each in seen.parameters["patchOperations"] if each["path"] == "/jwtConfiguration"]
    return [problem for each in patches for problem in validate(json.loads(each["value"]), shape)]


def about_cli(place: Path) -> dict[str, Any]:
    """What the AWS CLI lacks of what steps name, and whether the command that they name fits botocore's model."""
    capture = Capture({})
    issuers = [f"https://{host}cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI" for host in ("", "issuer-")]
    jwt = {
        "issuers": [{"issuer": issuer, "audiences": ["abcd1234"]} for issuer in issuers],
        "defaultAlgorithms": ["RS256"],
    }
    create = ["apigateway", "create-authorizer", "--rest-api-id", "abcd1234", "--name", "jwt", "--type", "JWT"]
    create += ["--identity-source", "method.request.header.Authorization", "--jwt-configuration", json.dumps(jwt)]
    own = Commands(place / "own", capture.url)
    newest = Commands(place / "newest", capture.url, newest_models(place / "models"))

    def problems(of: Commands, *command: str) -> list[str]:
        """What is wrong with what a command sends."""
        start = len(capture.seen)
        line = [str(of.folder / "aws"), *command, "--region", "us-east-1"]
        done = subprocess.run(line, cwd=place, capture_output=True, text=True, check=False)
        seen = capture.seen[start:]
        assert done.returncode != 0 or len(seen) == 1, f"{command}: {seen}"
        found = [problem for each in seen for problem in [*each.problems, *patched(each, capture.models)]]
        return found if done.returncode == 0 else [f"{command}: {done.stderr}"]

    refused = bool(problems(own, *create))
    shapes = problems(newest, *create)
    if capture.seen[-1].parameters["jwtConfiguration"] != jwt:
        shapes.append(f"sent as {capture.seen[-1].parameters}")
    # What is wrong on purpose has to be noticed, by the models and not by the AWS CLI.
    replica = ["--user-pool-id", "us-east-1_AbCdEfGhI", "--region-name", "us-west-2", "--status", "ASLEEP"]
    patch = [{"op": "replace", "path": "/jwtConfiguration", "value": json.dumps({"issuers": [{"issuer": issuers[0]}]})}]
    authorizer = ["--rest-api-id", "abcd1234", "--authorizer-id", "abcd1234", "--patch-operations", json.dumps(patch)]
    noticed = {
        "enum": problems(own, "cognito-idp", "update-user-pool-replica", *replica),
        "pattern": problems(own, "cognito-idp", "describe-user-pool", "--user-pool-id", "not a pool"),
        "members": problems(own, "apigateway", "update-authorizer", *authorizer),
    }
    own.close()
    newest.close()
    found = {"version": version("awscli"), "lacks": lacks(capture.models)}
    return {**found, "refused": refused, "shapes": shapes, "noticed": noticed}


def lacks(models: Models) -> list[str]:
    """What the AWS CLI's own model lacks of botocore's newest."""
    awscli = find_spec("awscli")
    assert awscli and awscli.submodule_search_locations
    data = Path(awscli.submodule_search_locations[0]) / "botocore/data"
    loader = Loader(extra_search_paths=[str(data)], include_default_search_paths=False)
    own, newest = ServiceModel(loader.load_service_model("apigateway", "service-2")), models.service("apigateway")
    found = []
    for operation in ("CreateAuthorizer", "GetAuthorizer", "UpdateAuthorizer"):
        for side in ("input", "output"):
            there, here = (getattr(model.operation_model(operation), f"{side}_shape").members for model in (newest, own))
            found += [f"{operation} {side} {member}" for member in there.keys() - here.keys()]
            if "type" in there:
                found += [f"{operation} {side} type {word}" for word in set(there["type"].enum) - set(here["type"].enum)]
    return sorted(found)


def tried(plans: Path, folder: Path | None) -> tuple[str, dict[str, Any]]:
    """What the scripts of one pool sent, by the pool's folder; without one, what there is to say of the AWS CLI."""
    with tempfile.TemporaryDirectory() as place:
        if folder is None:
            return "cli", about_cli(Path(place))
        name = str(folder.relative_to(plans))
        # Every step in all its scenes; the plan of a pool has the same steps with its own values.
        return name, Trial(folder, Path(place)).run(everything=name.startswith("every-step"))


def main() -> None:
    plans, out = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    folders = [None, *sorted(path.parent for path in plans.rglob("plan.json"))]
    # Processes, as the AWS CLI's code prints to the one standard output that a process has.
    with ProcessPoolExecutor(2) as pool:
        result = dict(pool.map(tried, [plans] * len(folders), folders))
    out.write_text(json.dumps(result, indent=2, sort_keys=True), "utf-8")


if __name__ == "__main__":
    main()
