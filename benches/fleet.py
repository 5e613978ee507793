#!/usr/bin/env python3
"""A fleet judged from a file to nowhere, beside parsing the same bytes on as many threads; and the memory of both.

    benches/fleet.py [--pools 100000 400000] [--rounds 3]

Builds the program without the AWS SDK and the benchmark as they are published (profile `dist`), writes each fleet below `target/bench/` (35 kB a pool:
100,000 pools are 3.5 GB, 400,000 are 14 GB), and runs alternately

  - `fleet-parse FILE THREADS` of the benchmark: `serde_json::from_slice::<Value>` of each line, which is then dropped, on as
    many threads as there are processors;
  - `mrready audit FILE --format jsonl`, the full catalogue, to nowhere.

Printed are the median times on the clock, the ratio (median of the rounds' ratios), the processor time and the peak of memory
of one process. The aims: at most twice the time of parsing, at most 256 MB, and no more than a tenth more for the larger
fleet. A fleet that was written is kept for the next run; `--delete` takes it away afterwards.
"""

import argparse
import json
import os
import statistics
import subprocess
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
NOW = "2026-11-21T10:00:00Z"


def built() -> tuple[Path, Path]:
    """The program and the benchmark."""
    command = ["cargo", "bench", "--profile", "dist", "--locked", "--no-default-features", "--bench", "mrready", "--no-run"]
    subprocess.run(command, cwd=REPOSITORY, check=True)
    command += ["--message-format", "json"]
    said = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    made = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    made = [each for each in made if each.get("executable") and each["target"]["name"] == "mrready"]
    kinds = {each["target"]["kind"][0]: Path(each["executable"]) for each in made}
    return kinds["bin"], kinds["bench"]


def timed(command: list[str], codes: set[int]) -> tuple[float, float, int]:
    """Time on the clock and processor time in seconds, and the peak of memory in bytes, of one process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - start
    code = os.waitstatus_to_exitcode(status)
    if code not in codes:
        raise SystemExit(f"{command} ended with {code}")
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pools", type=int, nargs="+", default=[100_000, 400_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--delete", action="store_true", help="take the fleets away afterwards")
    arguments = parser.parse_args()
    program, benchmark = built()
    threads = len(os.sched_getaffinity(0))
    folder = TARGET / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    peaks = []
    for pools in arguments.pools:
        fleet = folder / f"fleet-{pools}.jsonl"
        if not fleet.exists():
            subprocess.run([benchmark, "fleet-file", str(pools), fleet.with_suffix(".part")], check=True)
            fleet.with_suffix(".part").rename(fleet)
        size = fleet.stat().st_size
        parse = [str(benchmark), "fleet-parse", str(fleet), str(threads)]
        # Exit codes: some gate is blocked, or undetermined.
        judge = [str(program), "audit", str(fleet), "--format", "jsonl", "--now", NOW, "--no-config"]
        rounds = [(timed(parse, {0}), timed(judge, {1, 3})) for _ in range(arguments.rounds)]
        print(f"\n{pools} pools, {size} bytes, {size // pools} a pool, {threads} threads, {arguments.rounds} rounds", flush=True)
        for name, number in (("parse to Value", 0), ("audit --format jsonl", 1)):
            wall = statistics.median(each[number][0] for each in rounds)
            processor = statistics.median(each[number][1] for each in rounds)
            peak = max(each[number][2] for each in rounds)
            ratio = statistics.median(each[number][0] / each[0][0] for each in rounds)
            print(f"  {name:<22}{wall:>9.2f} s{processor:>9.2f} s of processors{peak / 1e6:>9.1f} MB{ratio:>7.2f}", flush=True)
        peaks.append(max(each[1][2] for each in rounds))
        if arguments.delete:
            fleet.unlink()
    for pools, peak in zip(arguments.pools[1:], peaks[1:], strict=True):
        print(f"\nmemory at {pools} pools: {peak / peaks[0]:.2f} of that at {arguments.pools[0]}")


if __name__ == "__main__":
    main()
