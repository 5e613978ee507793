"""The AWS CLI as a program called `aws` that costs no process start: its own code runs in this process, one command at a time.

For: scripts that call `aws` many times. The program is a few lines that hand over arguments, folder and input; what it
prints and its exit code are what the AWS CLI says. `AWS_ENDPOINT_URL` of the caller counts.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cli

PROGRAM = """#!{python} -ISE
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as link:
    link.connect({path!r})
    piped = "" if sys.stdin is None or sys.stdin.isatty() else "-" if any(a.endswith("/dev/stdin") for a in sys.argv) else ""
    text = sys.stdin.read() if piped else ""
    ask = dict(argv=sys.argv[1:], cwd=os.getcwd(), stdin=text, endpoint=os.environ.get("AWS_ENDPOINT_URL", ""))
    link.sendall(json.dumps(ask).encode() + b"\\n")
    answer = json.loads(link.makefile().readline())
sys.stdout.write(answer["out"])
sys.stderr.write(answer["err"])
sys.exit(answer["code"])
"""


class Shim:
    """Makes `aws` in a folder. `before` is told the arguments of each command."""

    def __init__(self, folder: Path, endpoint: str, before: Callable[[list[str]], None] = lambda _: None) -> None:
        self.endpoint = endpoint
        self.before = before
        self.cli = cli.Cli(endpoint)
        self.version = self.run(["--version"])["out"] or self.run(["--version"])["err"]
        path = str(folder / "aws.socket")
        program = folder / "aws"
        program.write_text(PROGRAM.format(python=sys.executable, path=path))
        program.chmod(0o755)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen(16)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            link, _ = self.socket.accept()
            with link:
                ask = json.loads(link.makefile().readline())
                os.chdir(ask["cwd"])
                link.sendall(json.dumps(self.run(ask["argv"], ask["endpoint"], ask["stdin"])).encode() + b"\n")

    def run(self, argv: list[str], endpoint: str = "", stdin: str = "") -> dict[str, Any]:
        self.before(argv)
        out, err = io.TextIOWrapper(io.BytesIO(), write_through=True), io.StringIO()
        line = ["--endpoint-url", endpoint or self.endpoint, *argv]
        before, sys.stdin = sys.stdin, io.StringIO(stdin)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                try:
                    code = self.cli.driver.main(line)
                except SystemExit as exit_:  # --version and usage
                    code = exit_.code if isinstance(exit_.code, int) else 252
        finally:
            sys.stdin = before
        out.seek(0)
        return {"code": code, "out": out.read(), "err": err.getvalue()}
