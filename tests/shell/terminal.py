"""Runs a program on a terminal of its own and answers its questions: terminal.py ANSWERS PROGRAM [ARGUMENT…].

ANSWERS is one line per question, separated by "|"; a question is whatever waits for a line of input. Prints what the terminal
showed, and ends with the program's exit code.
"""

import os
import pty
import select
import sys


def main() -> int:
    answers = sys.argv[1].split("|") if sys.argv[1] else []
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(sys.argv[2], sys.argv[2:])
    shown = b""
    while True:
        ready, _, _ = select.select([terminal], [], [], 60)
        if not ready:
            print(shown.decode(errors="replace"))
            print("nothing happened for a minute")
            os.kill(child, 9)
            return 99
        try:
            some = os.read(terminal, 4096)
        except OSError:
            some = b""
        if not some:
            break
        shown += some
        # A prompt is the only thing that does not end its line.
        if answers and shown.endswith((b"] ", b": ")):
            os.write(terminal, answers.pop(0).encode() + b"\n")
    _, status = os.waitpid(child, 0)
    sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
    return os.waitstatus_to_exitcode(status)


sys.exit(main())
