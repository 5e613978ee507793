#!/usr/bin/env python3
"""How long `mrready scan` takes beside `rg -c cognito-idp`, on the same tree, in the same run.

The tree: the sources of botocore and boto3 from PyPI and aws-cdk-lib from npm, pinned, fetched below `target/` and unpacked
several times, to more than 1 GB and 50,000 files. The two programs run alternately, the cache is warm, and both read hidden
files and respect ignore files. Printed are the best and the median of the rounds, the ratios, and the peak of memory.

    cargo build --profile dist --no-default-features
    cargo install ripgrep --version 15.2.0 --locked --root target/tools/ripgrep
    benches/scan.py [--rounds 5] [--mrready PATH] [--rg PATH]

Not here: that what is found is right; `tests/it/trees.rs` sees to that.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PYPI = ["botocore==1.44.5", "boto3==1.44.5"]
NPM = ["aws-cdk-lib@2.276.0"]
COPIES = 5


def fetch(folder: Path) -> list[Path]:
    """The archives, downloaded if they are not there."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {pin: f"{pin.replace('==', '-')}.tar.gz" for pin in PYPI} | {pin: f"{pin.replace('@', '-')}.tgz" for pin in NPM}
    for pin, name in wanted.items():
        if (folder / name).exists():
            continue
        if pin in PYPI:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", pin]
        else:
            command = ["npm", "pack", "--silent", pin]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return [folder / name for name in wanted.values()]


def build(tree: Path, archives: list[Path]) -> None:
    """Unpacks the archives as often as is wanted."""
    done = tree / ".complete"
    if done.exists():
        return
    shutil.rmtree(tree, ignore_errors=True)
    first = tree / "1"
    for archive in archives:
        with tarfile.open(archive) as tar:
            tar.extractall(first / archive.name.split(".")[0], filter="data")
    for copy in range(2, COPIES + 1):
        shutil.copytree(first, tree / str(copy))
    done.write_text("the tree is whole\n")


def once(command: list[str], allowed: set[int]) -> tuple[float, float, int]:
    """Seconds on the clock, seconds of processor, and the peak of memory in KiB of one run."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in allowed:
        sys.exit(f"{command[0]} ended with {process.returncode}")
    return elapsed, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mrready", default=str(REPOSITORY / "target/dist/mrready"))
    parser.add_argument("--rg", default=str(REPOSITORY / "target/tools/ripgrep/bin/rg"))
    parser.add_argument("--most", type=float, help="fail above this ratio of the best times")
    options = parser.parse_args()
    tree = REPOSITORY / "target/bench/tree"
    build(tree, fetch(REPOSITORY / "target/bench/archives"))
    files = [path for path in tree.rglob("*") if path.is_file() and not path.is_symlink()]
    size = sum(path.stat().st_size for path in files)
    print(f"{len(files):,} files, {size / 1e9:.2f} GB, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")

    contestants = {
        "rg": [options.rg, "--hidden", "-c", "cognito-idp", str(tree)],
        "mrready": [options.mrready, "scan", "--format", "jsonl", str(tree)],
    }
    # What is found does not matter here; that all was read does: 0 and 1 say so, 3 that something could not be.
    allowed = {"rg": {0}, "mrready": {0, 1, 3}}
    for name, command in contestants.items():
        once(command, allowed[name])
    runs: dict[str, list[tuple[float, float, int]]] = {name: [] for name in contestants}
    for number in range(options.rounds):
        # Each round begins with the other one.
        order = list(contestants.items())
        for name, command in order if number % 2 == 0 else reversed(order):
            runs[name].append(once(command, allowed[name]))

    print(f"{'':8} {'best':>8} {'median':>8} {'processor':>10} {'memory':>10}")
    for name, of in runs.items():
        clock, processor, memory = zip(*of)
        print(f"{name:8} {min(clock):7.3f}s {statistics.median(clock):7.3f}s {min(processor):9.3f}s {max(memory) / 1024:7.1f} MB")
    best = {name: min(run[0] for run in of) for name, of in runs.items()}
    processor = {name: min(run[1] for run in of) for name, of in runs.items()}
    rounds = [ours[0] / theirs[0] for ours, theirs in zip(runs["mrready"], runs["rg"])]
    ratio = best["mrready"] / best["rg"]
    print(f"ratio of the best {ratio:.2f}, median of the rounds' ratios {statistics.median(rounds):.2f}, "
          f"of processor time {processor['mrready'] / processor['rg']:.2f}")
    if options.most and ratio > options.most:
        sys.exit(f"more than {options.most}")


if __name__ == "__main__":
    main()
