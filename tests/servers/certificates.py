"""Certificates for servers on loopback, from an authority of our own, made by the openssl program."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.loopback import HOST, Folder
from tests.servers.packages import program


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    certificate_file: Path
    key_file: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate_file, self.key_file)
        return context


class Authority:
    """Signs certificates; a client that trusts `ca_file` trusts them."""

    def __init__(self) -> None:
        self._folder = Folder("certificates")
        self.ca_file = self._folder.path / "ca.pem"
        self._made = 0
        self._openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
            "-subj", "/CN=publisher tests", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            "-keyout", "ca.key", "-out", "ca.pem",
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.remove()

    def certificate(self, *names: str, expired: bool = False) -> Certificate:
        """For these host names; without any, for localhost and 127.0.0.1. Expired: it ended yesterday."""
        self._made += 1
        stem = f"server-{self._made}"
        wanted = ",".join(f"DNS:{name}" for name in names) or f"DNS:localhost,IP:{HOST}"
        extensions = self._folder.path / f"{stem}.ext"
        extensions.write_text(
            f"subjectAltName={wanted}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n"
            "authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n"
        )
        self._openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", f"/CN={names[0] if names else 'localhost'}", "-keyout", f"{stem}.key", "-out", f"{stem}.csr",
        )  # fmt: skip
        self._openssl(
            "x509", "-req", "-in", f"{stem}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "-1" if expired else "30", "-extfile", f"{stem}.ext", "-out", f"{stem}.pem",
        )  # fmt: skip
        return Certificate(
            certificate_file=self._folder.path / f"{stem}.pem", key_file=self._folder.path / f"{stem}.key"
        )

    def client_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca_file))

    def _openssl(self, *arguments: str) -> None:
        command = [program("openssl") or "openssl", *arguments]
        done = subprocess.run(command, cwd=self._folder.path, capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"{' '.join(command)}:\n{done.stderr}")
