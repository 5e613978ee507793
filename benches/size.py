#!/usr/bin/env python3
"""How large the stripped program is, without and with the AWS SDK, beside the most that it may be; and what other settings
of the profile `dist` would make of it.

    benches/size.py [--live]                          # as Cargo.toml has it; exit code 1 if a program is too large
    benches/size.py --set 'lto="thin"' --set 'package.mrready.opt-level="s"'      # each --set is laid over Cargo.toml

Each setting gets a folder below `target/size/`, so that what is compiled stays for the next run. Printed are the size, the
time the build took (on the clock; nothing if all was there), and, for the program without the SDK, the processor time of
judging a bundled snapshot fifty times, so that no setting looks better than it is. The first build takes minutes; the one
with the SDK many.
"""

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
MOST = {"offline": 15_000_000, "live": 40_000_000}
JUDGED = 50


def build(name: str, settings: list[str]) -> tuple[Path, float]:
    """The program built so, and how long that took."""
    mark = hashlib.sha256("\n".join(sorted(settings)).encode()).hexdigest()[:8]
    folder = TARGET / "size" / mark
    command = ["cargo", "build", "--profile", "dist", "--locked", "--bin", "mrready", "--target-dir", str(folder)]
    command += [part for each in settings for part in ("--config", f"profile.dist.{each}")]
    command += ["--no-default-features"] if name == "offline" else []
    start = time.perf_counter()
    subprocess.run(command, cwd=REPOSITORY, check=True)
    return folder / "dist" / "mrready", time.perf_counter() - start


def judging(program: Path) -> float:
    """Processor time of a run, in seconds."""
    snapshot = REPOSITORY / "fixtures" / "snapshots" / "not-ready.json"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(JUDGED):
        command = [program, "audit", snapshot, "--format", "json", "--no-config"]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / JUDGED


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--live", action="store_true", help="the program with the AWS SDK too")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of profile.dist")
    arguments = parser.parse_args()
    large = False
    for name in ["offline", "live"] if arguments.live else ["offline"]:
        program, took = build(name, arguments.set)
        size = program.stat().st_size
        large |= size > MOST[name]
        cost = f"; judging one snapshot {judging(program) * 1e3:.1f} ms of processor time" if name == "offline" else ""
        print(f"{name}: {size:,} bytes of at most {MOST[name]:,}; built in {took:.0f} s{cost}")
    sys.exit(large)


if __name__ == "__main__":
    main()
