"""The processes of a run: one server for all of it, and one for each case."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

#: How long any case may take, in seconds.
_LONGEST = 1200

TESTS = Path(__file__).parent.parent


class Site(NamedTuple):
    """Where the server is."""

    url: str
    secure_url: str
    authority: str
    """The file of the certificate that the server's is trusted by."""


@contextmanager
def serving() -> Iterator[Site]:
    """A server in a process of its own."""
    import trustme

    authority = trustme.CA()
    own = authority.issue_cert("127.0.0.1")
    with tempfile.TemporaryDirectory() as place:
        certificate, trusted = Path(place, "server.pem"), Path(place, "authority.pem")
        own.private_key_and_cert_chain_pem.write_to_path(str(certificate))
        authority.cert_pem.write_to_path(str(trusted))
        command = [sys.executable, "-m", "soak.server", str(certificate)]
        with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                plain, secure = server.stdout.readline().split()
                yield Site(
                    f"http://127.0.0.1:{plain}/v1", f"https://127.0.0.1:{secure}/v1", str(trusted)
                )
            finally:
                server.kill()


class Outcome(NamedTuple):
    code: int
    figures: str
    complaints: str


def run(case: str, count: int, seed: int, site: Site) -> Outcome:
    """How `case` went, in a process of its own."""
    command = [sys.executable, "-W", "error", "-m", "soak.case"]
    variables = {name: value for name, value in os.environ.items() if "OPENAI" not in name}
    with subprocess.Popen(
        [*command, case, str(count), str(seed), *site],
        cwd=TESTS,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            figures, complaints = process.communicate(timeout=_LONGEST)
        finally:
            with suppress(ProcessLookupError):  # forked children too
                os.killpg(process.pid, signal.SIGKILL)
    return Outcome(process.returncode, figures.strip(), complaints.strip())
