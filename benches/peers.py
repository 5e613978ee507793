#!/usr/bin/env python3
"""Five rules in three languages, on the same evidence, in the same run: mrready, cfn-guard and regorus; time per pool.

The rules are five of the tool's own (`RULES`), the same in `peers/five.guard` and `peers/five.rego`, which say where they
differ. The evidence: the bundled snapshots of a ready and of a broken pool, with what the five rules ask of them broken, as
whole snapshots and narrowed to the calls that the five rules read; copied to as many accounts as wanted. All three programs
read the same bytes. Before anything is timed, all three must say the same of each rule on both pools.

A contestant is one process that judges many pools: so users run them. What a process costs by itself is taken away: the time
of a run on MANY pools less that of a run on FEW, divided by the difference. The runs alternate; each round gives a time
per pool for every contestant, and ratios are medians over the rounds. Time is processor time (user and system) of the
process, which a busy machine blurs less than time on the clock; that is printed too.

    cargo build --profile dist --no-default-features
    cargo install cfn-guard --version 3.2.1 --locked --root target/tools/cfn-guard-3.2.1
    cargo install regorus --version 0.14.1 --locked --example regorus --root target/tools/regorus-0.14.1
    benches/peers.py [--rounds 9] [--mrready PATH]

Without the two programs in their places the script installs them with the commands above.

cfn-guard reads a folder with a file for each pool; regorus one file that is a list of the snapshots; mrready the same files
as cfn-guard, named one after the other, and once the same snapshots as a fleet in one file, which it judges one by one. mrready writes a line for each pool and finding (`--format jsonl`); cfn-guard
writes nothing but failures; regorus the names of the broken rules. All go to nowhere.
"""

import argparse
import copy
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PEERS = REPOSITORY / "benches" / "peers"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
RULES = [
    "plan/feature-plan-allows-mrr",
    "key/customer-managed-key-attached",
    "key/key-multi-region",
    "key/key-enabled",
    "governance/deletion-protection-active",
]
NAMES = [rule.split("/")[1] for rule in RULES]
CALLS = {"DescribeUserPool", "DescribeKey"}
# A time no waiver or certificate depends on: the fixtures' own.
NOW = "2026-11-21T10:00:00Z"


def installed(crate: str, version: str, more: list[str]) -> Path:
    """A pinned program below `target/tools`, installed if it is not there."""
    root = TARGET / "tools" / f"{crate}-{version}"
    program = root / "bin" / crate
    if not program.exists():
        print(f"installing {crate} {version}", file=sys.stderr)
        command = ["cargo", "install", crate, "--version", version, "--locked", *more, "--root", str(root)]
        subprocess.run(command, check=True, env={k: v for k, v in os.environ.items() if k != "CARGO_TARGET_DIR"})
    return program


def snapshots() -> dict[str, dict]:
    """The ready pool and the broken one."""
    read = {name: json.loads((REPOSITORY / "fixtures" / "snapshots" / f"{name}.json").read_text()) for name in ("ready", "not-ready")}
    broken = read["not-ready"]
    for entry in broken["entries"]:
        response = entry.get("response") or {}
        if "UserPool" in response:
            response["UserPool"] |= {"UserPoolTier": "LITE", "DeletionProtection": "INACTIVE"}
        if "KeyMetadata" in response:
            response["KeyMetadata"] |= {"KeyState": "Disabled", "Enabled": False, "MultiRegion": False}
    return {"ready": read["ready"], "broken": broken}


def narrowed(snapshot: dict) -> dict:
    """What the five rules read of it."""
    entries = [entry for entry in snapshot["entries"] if entry.get("operation") in CALLS]
    return snapshot | {"entries": entries}


def in_account(snapshot: dict, number: int) -> dict:
    """The same in another account, whose pool has another id."""
    pool = snapshot["scope"]["pools"][0]["id"]
    text = json.dumps(snapshot)
    text = text.replace("111122223333", f"{100000000000 + number}").replace(pool, f"us-east-1_{number:09}")
    return json.loads(text)


def write(folder: Path, both: list[dict], pools: int) -> list[Path]:
    """A file for each pool, and below `list/` all of them in one."""
    (folder / "each").mkdir(parents=True)
    (folder / "list").mkdir()
    made = [in_account(both[number % len(both)], number) for number in range(pools)]
    files = []
    for number, snapshot in enumerate(made):
        files.append(folder / "each" / f"{number:05}.json")
        files[-1].write_text(json.dumps(snapshot))
    (folder / "list" / "all.json").write_text(json.dumps(made))
    with (folder / "list" / "fleet.jsonl").open("w") as fleet:
        for snapshot in made:
            head = {name: value for name, value in snapshot.items() if name != "entries"}
            end = {"end": len(snapshot["entries"])}
            fleet.writelines(json.dumps(line, separators=(",", ":")) + "\n" for line in [head, *snapshot["entries"], end])
    return files


def commands(programs: dict[str, Path], rules: Path, folder: Path, files: list[Path]) -> dict[str, list[str]]:
    """The contestants on these pools."""
    audit = [str(programs["mrready"]), "audit"]
    ours = [*audit, *map(str, files), "--now", NOW, "--no-config"]
    fleet = [*audit, str(folder / "list" / "fleet.jsonl"), "--now", NOW, "--no-config"]
    lines = ["--format", "jsonl"]
    only = ["--no-builtin-rules", "--rules", str(rules)]
    return {
        "mrready, five rules": [*ours, *only, *lines],
        "mrready, all rules": [*ours, *lines],
        "mrready, five, fleet": [*fleet, *only, *lines],
        "mrready, all, fleet": [*fleet, *lines],
        "cfn-guard": [
            str(programs["cfn-guard"]), "validate", "--rules", str(PEERS / "five.guard"), "--data", str(folder / "each"),
            "--show-summary", "none",
        ],
        "regorus": [
            str(programs["regorus"]), "eval", "--data", str(PEERS / "five.rego"), "--input", str(folder / "list" / "all.json"),
            "data.mrready.broken",
        ],
    }


def verdicts(command: dict[str, list[str]], guard_each: list[str]) -> dict[str, list[set[str]]]:
    """The broken rules of each pool, by program. What is neither broken nor passed stops the benchmark."""
    run = lambda words: subprocess.run(words, capture_output=True, text=True, check=False).stdout  # noqa: E731
    report = json.loads(run([*command["mrready, five rules"][:-2], "--format", "json", "--show", "all"]))
    ours: dict[str, set[str]] = {}
    for finding in report["findings"]:
        broken = ours.setdefault(finding["subject"]["id"], set())
        if finding["verdict"] in ("fail", "warn"):
            broken.add(finding["rule"])
        elif finding["verdict"] != "pass":
            raise SystemExit(f"mrready says {finding['verdict']} of {finding['rule']}")
    guard = []
    for word in guard_each:
        words = [word if part.endswith("/each") else part for part in command["cfn-guard"]]
        words = words[: words.index("--show-summary")] + ["--structured", "--output-format", "json", "--show-summary", "none"]
        (report,) = json.loads(run(words))
        if report["not_applicable"]:
            raise SystemExit(f"cfn-guard skips {report['not_applicable']}")
        guard.append({rule["Rule"]["name"].replace("_", "-") for rule in report["not_compliant"]})
    (rego,) = json.loads(run(command["regorus"]))["result"]
    return {
        "mrready": [ours[pool] for pool in sorted(ours)],
        "cfn-guard": guard,
        "regorus": [set(names) for names in rego["expressions"][0]["value"]],
    }


def timed(command: list[str]) -> tuple[float, float]:
    """Processor time and time on the clock of one process, in seconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    took, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, took


def compare(few: dict[str, list[str]], many: dict[str, list[str]], difference: int, rounds: int) -> None:
    """Prints time per pool, and how many times that of our five rules it is."""
    names = list(few)
    processor = {name: [] for name in names}
    clock = {name: [] for name in names}
    for number in range(rounds + 1):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            small, large = timed(few[name]), timed(many[name])
            if number:  # The first round warms the cache.
                processor[name].append((large[0] - small[0]) / difference)
                clock[name].append((large[1] - small[1]) / difference)
    base = processor[names[0]]
    for name in names:
        ratio = statistics.median(each / ours for each, ours in zip(processor[name], base, strict=True))
        ratio_clock = statistics.median(each / ours for each, ours in zip(clock[name], clock[names[0]], strict=True))
        print(
            f"  {name:<22} {statistics.median(processor[name]) * 1e6:>10.0f} µs {ratio:>8.1f}"
            f" {statistics.median(clock[name]) * 1e6:>12.0f} µs {ratio_clock:>8.1f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--few", type=int, default=2)
    parser.add_argument("--many", type=int, default=202)
    parser.add_argument("--mrready", type=Path, default=TARGET / "dist" / "mrready")
    arguments = parser.parse_args()
    programs = {
        "mrready": arguments.mrready.resolve(),
        "cfn-guard": installed("cfn-guard", "3.2.1", []),
        "regorus": installed("regorus", "0.14.1", ["--example", "regorus"]),
    }
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        rules = home / "rules"
        rules.mkdir()
        for rule in RULES:
            shutil.copy(REPOSITORY / "rules" / f"{rule}.yaml", rules)
        both = list(snapshots().values())
        for evidence, pair in (("the calls that the five rules read", [narrowed(copy.deepcopy(each)) for each in both]), ("whole snapshots", both)):
            folder = home / evidence.replace(" ", "-")
            sets = {}
            for name, pools in (("two", 2), ("few", arguments.few), ("many", arguments.many)):
                files = write(folder / name, pair, pools)
                sets[name] = commands(programs, rules, folder / name, files)
            found = verdicts(sets["two"], [str(file) for file in sorted((folder / "two" / "each").iterdir())])
            wanted = [set(), set(NAMES) - {"customer-managed-key-attached"}]
            for program, broken in found.items():
                if broken != wanted:
                    raise SystemExit(f"{program} finds {broken}, and not {wanted}")
            size = (folder / "many" / "list" / "all.json").stat().st_size // arguments.many
            print(f"\n{evidence}: {size} bytes per pool; all three say the same of {len(NAMES)} rules on 2 pools")
            print(f"  {'per pool':<22} {'processor':>13} {'ratio':>8} {'clock':>15} {'ratio':>8}")
            compare(sets["few"], sets["many"], arguments.many - arguments.few, arguments.rounds)


if __name__ == "__main__":
    main()
