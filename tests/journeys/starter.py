"""Starts `deskline` commands as processes of their own that need not load it each: they are forked from one that has.

A start loads two thousand modules, which takes a processor's second or two; a journey starts a dozen. What a fork runs
is what the command line runs: `api.cli.main`, with its own folder, environment, standard streams and process id.
"""

import atexit
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Final, NoReturn

ROOT: Final = Path(__file__).parents[2]
LONGEST_REQUEST: Final = 256 * 1024
WHAT_COMMANDS_LOAD: Final = (
    "api.cli",
    "api.http.app",
    "api.http.server",
    "api.wiring",
    "api.demo.running",
    "schema.schema",
)


class Forked:
    """A process that the starter forked; what `subprocess.Popen` has of it, as far as journeys use it."""

    def __init__(self, pid: int, stdout: IO[str]) -> None:
        self.pid = pid
        self.stdout = stdout
        self._ended = threading.Event()
        self._code: int | None = None

    def ended(self, code: int) -> None:
        self._code = code
        self._ended.set()

    def poll(self) -> int | None:
        return self._code

    def wait(self, timeout: float) -> int:
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
        assert self._code is not None
        return self._code

    def send_signal(self, number: int) -> None:
        if self._code is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Starter:
    """One for each process that runs tests."""

    def __init__(self) -> None:
        self._here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._begun: dict[int, Forked] = {}
        self._asking = threading.Lock()
        self._born: list[int] = []
        self._is_born = threading.Condition()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DESKLINE_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.starter", str(there.fileno())],
            cwd=ROOT,
            env={**clean, "PYTHONPATH": str(ROOT)},
            pass_fds=[there.fileno()],
            stdin=subprocess.DEVNULL,
        )
        there.close()
        threading.Thread(target=self._listen, daemon=True).start()
        atexit.register(self._here.close)

    def start(
        self, arguments: Sequence[str], directory: Path, environment: Mapping[str, str], log: IO[bytes]
    ) -> Forked:
        read, write = os.pipe()
        try:
            asked = json.dumps({"arguments": arguments, "directory": str(directory), "environment": dict(environment)})
            with self._asking:
                frame = asked.encode()
                socket.send_fds(self._here, [len(frame).to_bytes(4, "big")], [write, log.fileno()])
                self._here.sendall(frame)
                with self._is_born:
                    assert self._is_born.wait_for(lambda: self._born, 60), "the starter is gone"
                    forked = Forked(self._born.pop(), os.fdopen(read, "r"))
                    self._begun[forked.pid] = forked
        finally:
            os.close(write)
        return forked

    def _listen(self) -> None:
        """`+PID` for each that began, `-PID CODE` for each that ended."""
        with self._here.makefile("r") as lines:
            for line in lines:
                kind, words = line[0], line[1:].split()
                if kind == "+":
                    with self._is_born:
                        self._born.append(int(words[0]))
                        self._is_born.notify()
                    continue
                with self._asking:  # one that ended at once is known by now
                    self._begun.pop(int(words[0])).ended(int(words[1]))


_STARTERS: dict[int, Starter] = {}


def starter() -> Starter:
    """The one of this process."""
    if os.getpid() not in _STARTERS:
        _STARTERS[os.getpid()] = Starter()
    return _STARTERS[os.getpid()]


# ---------------------------------------------------------------- the process that forks


def _forks(tests: socket.socket) -> NoReturn:
    """Until its tests are gone. Signals come to it between requests, and tell of who ended."""
    gc.disable()
    for each in WHAT_COMMANDS_LOAD:
        import_module(each)
    gc.freeze()
    woken, wakes = socket.socketpair()
    wakes.setblocking(False)
    signal.set_wakeup_fd(wakes.fileno())
    signal.signal(signal.SIGCHLD, _told)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        ready, _, _ = select.select([tests, woken], [], [])
        if woken in ready:
            woken.recv(4096)
            _tell_of_ended(tests)
        if tests in ready:
            head, descriptors, _, _ = socket.recv_fds(tests, 4, 2)
            if not head:
                os._exit(0)
            frame = b""
            while len(frame) < int.from_bytes(head, "big"):
                part = tests.recv(LONGEST_REQUEST)
                if not part:
                    os._exit(0)
                frame += part
            pid = os.fork()
            if pid == 0:
                _become(json.loads(frame), descriptors, [tests, woken, wakes])
            for descriptor in descriptors:
                os.close(descriptor)
            tests.sendall(f"+{pid}\n".encode())


def _told(number: int, frame: object) -> None:
    """The wake-up is all there is to it."""


def _tell_of_ended(tests: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        tests.sendall(f"-{pid} {os.waitstatus_to_exitcode(status)}\n".encode())


def _become(asked: dict[str, object], descriptors: list[int], others: list[socket.socket]) -> NoReturn:
    """The command, as if it had been started with these words."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGINT):
        signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)
    for each in others:
        each.close()
    out, log = descriptors
    os.dup2(out, 1)
    os.dup2(log, 2)
    os.close(out)
    os.close(log)
    os.chdir(str(asked["directory"]))
    os.environ.clear()
    os.environ.update(asked["environment"])  # pyright: ignore[reportArgumentType, reportCallIssue]
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    import api.cli

    code = 1
    try:
        api.cli.main(asked["arguments"])  # pyright: ignore[reportArgumentType]
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())  # pyright: ignore[reportArgumentType]
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _forks(socket.socket(fileno=int(sys.argv[1])))
