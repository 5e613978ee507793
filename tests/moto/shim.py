"""The AWS CLI as a program called `aws` that costs no process start: its own code runs in this process, one command at a time.

For: scripts that call `aws` many times. The program is a few lines of Bash that hand over arguments, folder and input; what
it prints and its exit code are what the AWS CLI says. `AWS_ENDPOINT_URL` of the caller counts.

`python shim.py FOLDER ENDPOINT_URL [MODELS]` does so in a process of its own until its standard input closes, prints
`ready`, and writes each command that it was asked for and what came of it into FOLDER/asked, a line of JSON each. That
process is needed where botocore is used too: the AWS CLI brings one of its own, and a process has but one of them. MODELS
is a folder of models that take precedence over the AWS CLI's.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import secrets
import socket
import sys
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cli

# Python would take longer to start than the command takes. Whoever cannot read this file cannot have commands run.
PROGRAM = """#!/usr/bin/env bash
text=''
for argument in "$@"; do
  case $argument in */dev/stdin) IFS= read -r -d '' text ;; esac
done
exec 3<>/dev/tcp/127.0.0.1/{port}
printf '%s\\0' {token} "$(($# + 6))" "$PWD" "${{AWS_ENDPOINT_URL-}}" "${{MRR_PLACE-}}" "$text" "$@" >&3
IFS= read -r -d '' code <&3
IFS= read -r -d '' errors <&3
cat <&3
printf '%s' "$errors" >&2
exit "$code"
"""


@dataclass
class Ask:
    """One command as the program hands it over."""

    argv: list[str]
    folder: str = ""
    endpoint: str = ""
    place: str = ""  # where in a script it stands, if the script says so
    text: str = ""  # its standard input


class Shim:
    """Makes `aws` in a folder."""

    def __init__(self, folder: Path, endpoint: str, models: str = "") -> None:
        self.endpoint = endpoint
        self.cli = cli.Cli(endpoint, models)
        self.now = Ask([])
        self.cli.driver.session.register("before-send.*", self.mark)
        self.token = secrets.token_hex(16)
        self.socket = socket.create_server(("127.0.0.1", 0))
        program = folder / "aws"
        program.touch(0o700)
        program.write_text(PROGRAM.format(port=self.socket.getsockname()[1], token=self.token))
        self.asked_for = folder / "asked"
        self.stdin = folder / "stdin"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            link, _ = self.socket.accept()
            with link, contextlib.suppress(ConnectionError):
                ask = self.asked(link)
                if ask is not None:
                    os.chdir(ask.folder)
                    answer = self.run(ask)
                    with self.asked_for.open("a") as log:
                        told = {"argv": ask.argv, "place": ask.place, "code": answer["code"], "err": answer["err"]}
                        log.write(json.dumps(told) + "\n")
                    link.sendall(f"{answer['code']}\0{answer['err']}\0{answer['out']}".encode())

    def asked(self, link: socket.socket) -> Ask | None:
        """What comes: the token, how many words there are, the words."""
        heard = b""
        words: list[str] = []
        while len(words) < 2 or len(words) < int(words[1]):
            more = link.recv(65536)
            heard += more
            words = heard.decode(errors="replace").split("\0")[:-1]
            if not more or (words and words[0] != self.token):
                return None
        _, _, folder, endpoint, place, text, *argv = words
        return Ask(argv, folder, endpoint, place, text)

    def mark(self, request: Any, **_: Any) -> None:
        """Tells the server which command a request is of; it was signed before."""
        service = next((word for word in self.now.argv if not word.startswith("-")), "")
        request.headers["X-Asked"] = json.dumps([service, self.now.place])

    def run(self, ask: Ask) -> dict[str, Any]:
        self.now = ask
        out, err = io.TextIOWrapper(io.BytesIO(), write_through=True), io.StringIO()
        # This process has another standard input.
        self.stdin.write_text(ask.text, "utf-8")
        argv = [word.replace("file:///dev/stdin", f"file://{self.stdin}") for word in ask.argv]
        line = ["--endpoint-url", ask.endpoint or self.endpoint, *argv]
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                try:
                    code = self.cli.driver.main(line)
                except SystemExit as exit_:  # --version and usage
                    code = exit_.code if isinstance(exit_.code, int) else 252
                except Exception:  # whoever asked has to hear of it, and others may ask after that
                    code = 255
                    traceback.print_exc()
        finally:
            self.stdin.unlink()
        out.seek(0)
        return {"code": code, "out": out.read(), "err": err.getvalue()}


def main() -> None:
    folder, endpoint, *models = sys.argv[1:]
    Shim(Path(folder), endpoint, *models)
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
