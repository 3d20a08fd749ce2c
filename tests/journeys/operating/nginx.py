"""Debian's nginx before a desk, set up as `docs/proxies.md` says, on ports and with names of this machine."""

import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.journeys.desk import DEADLINE_S, ROOT, eventually, missing

HERE: Final = "127.0.0.1"
DOCUMENT: Final = ROOT / "docs" / "proxies.md"

AROUND: Final = """
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
{user}
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    scgi_temp_path scgi;
    uwsgi_temp_path uwsgi;
    {site}
}}
"""


@dataclass(frozen=True, slots=True)
class Front:
    """Where it answers, and whom to believe that it is there."""

    port: int
    trust: ssl.SSLContext

    @property
    def url(self) -> str:
        return f"https://{HERE}:{self.port}"


def example() -> str:
    (found,) = re.findall(r"```nginx\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return found


@contextmanager
def nginx(desk: str, folder: Path, change: Callable[[str], str] = lambda site: site) -> Generator[Front, None, None]:
    """Before the desk at this address. `change` spoils the example, to see what is said of it."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        missing("there is no nginx (Debian: apt install nginx-light)")
        raise AssertionError
    certificate, key = _certificate(folder)
    port = _free_port()
    site = _put(example(), "server 127.0.0.1:8000;", f"server {desk.removeprefix('http://')};")
    site = _put(site, "listen 443 ssl;", f"listen {HERE}:{port} ssl;")
    site = _put(site, "server_name desk.example.com;", f"server_name {HERE};")
    site = _put(site, "/etc/ssl/desk.example.com.pem", str(certificate))
    site = _put(site, "/etc/ssl/desk.example.com.key", str(key))
    settings = folder / "nginx.conf"
    # As root its helpers would otherwise be somebody who may not enter this folder.
    settings.write_text(AROUND.format(site=change(site), user="user root;" if os.geteuid() == 0 else ""))
    log = folder / "nginx.log"
    with log.open("wb") as errors:
        running = subprocess.Popen([program, "-c", str(settings), "-p", str(folder)], stderr=errors)
    try:
        assert eventually(lambda: running.poll() is not None or _listens(port)), "it does not listen"
        assert running.poll() is None, log.read_text()
        yield Front(port, ssl.create_default_context(cafile=str(certificate)))
    finally:
        running.terminate()
        running.wait(DEADLINE_S)


def _put(site: str, example: str, ours: str) -> str:
    assert site.count(example) == 1, f"the example has {example!r} no more"
    return site.replace(example, ours)


def _free_port() -> int:
    with socket.create_server((HERE, 0)) as taken:
        return taken.getsockname()[1]


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HERE, port), 1):
        return True
    return False


def _certificate(folder: Path) -> tuple[Path, Path]:
    """For this machine, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a desk under test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HERE))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    public, private = folder / "desk.pem", folder / "desk.key"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private
