"""Runs AWS CLI command lines in this process, as `aws ...` would, without paying for a process start each.

For: `scenario.py` and `check.py`. Not for a real account: credentials are dummies and no configuration file is read.
"""

from __future__ import annotations

import io
import json
import os
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

for name in [name for name in os.environ if name.startswith(("AWS_", "BOTO_"))]:
    del os.environ[name]
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_SESSION_TOKEN="testing",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_EC2_METADATA_DISABLED="true",
    AWS_MAX_ATTEMPTS="1",
)

from awscli.clidriver import create_clidriver  # noqa: E402


class CliError(Exception):
    """A command that did not exit with 0; the text is what it wrote to stderr."""


class Cli:
    def __init__(self, endpoint: str, models: str = "") -> None:
        """`models` is a folder of models that take precedence over its own."""
        self.endpoint = endpoint
        self.count = 0
        self.driver = create_clidriver()
        if models:
            self.driver.session.get_component("data_loader").search_paths.insert(0, models)
        self.clients: dict[str, Any] = {}
        self.create_client = self.driver.session.create_client
        self.driver.session.create_client = self.client

    def client(self, service: str, **options: Any) -> Any:
        """A client as the AWS CLI makes it for each command; making one costs more than asking with it."""
        key = f"{service} {options}"
        if key not in self.clients:
            self.clients[key] = self.create_client(service, **options)
        return self.clients[key]

    def __call__(self, region: str, *command: str, options: tuple[str, ...] = ()) -> Any:
        """`aws COMMAND…` in a Region; the answer as JSON, None where there is none."""
        self.count += 1
        line = ["--endpoint-url", self.endpoint, "--region", region, "--output", "json", *options, *command]
        # A driver remembers what global options such as timeouts set, so such a call gets one of its own.
        driver = create_clidriver() if options else self.driver
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = driver.main(line)
        if code != 0:
            raise CliError(f"aws {' '.join(command[:2])} @ {region} exited with {code}: {err.getvalue().strip()}")
        return json.loads(out.getvalue()) if out.getvalue().strip() else None
