"""Where measurements are made: a canned server with a certificate, and files to upload."""

from __future__ import annotations

import os
import resource
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

MB = 1 << 20
#: Connections of a thousand requests at once, and to spare.
_OPEN_FILES = 4096

#: Bytes of the files to upload. The second one is sparse: it takes no room on the disk.
FILES = {"64 MB": 64 * MB, "1 GB": 1024 * MB}


class Site(Struct, frozen=True):
    """Handed to each measuring process."""

    plain: str
    secure: str
    authority: str
    """The path of the certificate to trust."""
    files: dict[str, str]

    def url(self, *, tls: bool) -> str:
        return self.secure if tls else self.plain

    def trust(self, *, tls: bool) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.authority) if tls else None


@contextmanager
def site() -> Iterator[Site]:
    """A server that runs for as long as the block."""
    _allow_open_files()
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as directory:
        folder = Path(directory)
        authority, certificate = _certificates(folder)
        command = [sys.executable, "-m", "benchmarks.server", str(certificate)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                plain, secure = server.stdout.readline().split()
                yield Site(
                    plain=f"http://127.0.0.1:{plain}/v1",
                    secure=f"https://127.0.0.1:{secure}/v1",
                    authority=str(authority),
                    files={name: str(_file(folder, name, size)) for name, size in FILES.items()},
                )
            finally:
                server.terminate()


def _allow_open_files() -> None:
    """For this process and those it starts."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if most == resource.RLIM_INFINITY else min(_OPEN_FILES, most)
    if now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _certificates(folder: Path) -> tuple[Path, Path]:
    import trustme

    authority, certificate = folder / "authority.pem", folder / "certificate.pem"
    ca = trustme.CA()
    ca.cert_pem.write_to_path(authority)
    issued = ca.issue_cert("127.0.0.1", "localhost")
    issued.private_key_and_cert_chain_pem.write_to_path(certificate)
    return authority, certificate


def _file(folder: Path, name: str, size: int) -> Path:
    path = folder / f"{name.replace(' ', '-')}.bin"
    with path.open("wb") as file:
        if size <= 64 * MB:
            block = os.urandom(MB)
            for _ in range(size // MB):
                file.write(block)
        file.truncate(size)
    return path
