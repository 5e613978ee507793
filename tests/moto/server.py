"""The test-side AWS account as a server: moto, our patches to it, faults in front.

For: `python server.py [PORT]`. Prints `ready http://127.0.0.1:PORT` once it listens (PORT 0 or none: a free one) and
exits when its stdin closes, so that a test that dies leaves no server behind. Silent otherwise but for stack traces
on stderr. Not for use by hand against a real account: it never leaves 127.0.0.1.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

# Before moto is imported: it must never ask a real service or a container engine for anything.
os.environ.setdefault("AWS_ACCESS_KEY_ID", "testing")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "testing")
os.environ["MOTO_DOCKER_NETWORK_MODE"] = "none"

from moto.moto_server.werkzeug_app import (  # noqa: E402
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server  # noqa: E402

import plugin  # noqa: E402
from faults import Faults  # noqa: E402


class QuietHandler(MotoRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        if type == "error":
            print(message % args if args else message, file=sys.stderr)


def exit_with_stdin() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


def main() -> None:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    plugin.install()
    moto = DomainDispatcherApplication(create_backend_app)
    app = Faults(moto, plugin.rewrite)
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=QuietHandler)
    threading.Thread(target=exit_with_stdin, daemon=True).start()
    print(f"ready http://127.0.0.1:{server.port}", flush=True)
    sys.stdout = sys.stderr
    server.serve_forever()


if __name__ == "__main__":
    main()
