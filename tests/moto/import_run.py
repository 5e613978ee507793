"""Runs the script of `mrready collect --print-commands` against the test-side account, with the AWS CLI's own code.

`python import_run.py ENDPOINT_URL KEY SCRIPT FOLDER OUT.json`: the script runs as it is, in bash, with the real jq (`shim.py`), and
writes FOLDER; calls are signed with the access key KEY. OUT.json: its exit code, what it said, and the commands that it ran with
their exit codes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from shim import Shim


def main() -> None:
    endpoint, key, script, folder, out = sys.argv[1:]
    os.environ["AWS_ACCESS_KEY_ID"] = key
    with tempfile.TemporaryDirectory() as place:
        shim = Shim(Path(place), endpoint)
        done = subprocess.run(
            ["bash", script, folder],
            env={
                "PATH": f"{place}:{os.environ['PATH']}",
                "HOME": place,
                "AWS_ENDPOINT_URL": endpoint,
                "AWS_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=900,
            check=False,
        )
        ran = [json.loads(line) for line in shim.asked_for.read_text("utf-8").splitlines()]
    said = done.stdout.decode(errors="replace")
    told = {"code": done.returncode, "said": said, "ran": [{"argv": each["argv"], "code": each["code"]} for each in ran]}
    Path(out).write_text(json.dumps(told), "utf-8")


if __name__ == "__main__":
    main()
