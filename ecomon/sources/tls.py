"""Whom a connection is made to: verified by authority, or pinned by fingerprint; never neither.

Certificates of some publications are in no default store, so clients turn verification off. Here an
administrator compares the fingerprint once and writes it down; a connection to anybody else is
refused within the handshake, before a single octet of the request is sent.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ecomon.errors import SourceRefused, SourceUnavailable
from ecomon.model.poll import Pin


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """SHA-256 of a leaf certificate (DER) and of its public key (SubjectPublicKeyInfo), in hex."""

    certificate: str
    public_key: str

    @classmethod
    def of(cls, der: bytes) -> Fingerprints:
        """Fingerprints of a certificate; ValueError where the octets are none."""
        key = x509.load_der_x509_certificate(der).public_key()
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return cls(hashlib.sha256(der).hexdigest(), hashlib.sha256(spki).hexdigest())

    def match(self, pins: Iterable[Pin]) -> bool:
        """Whether one of the pins is of this certificate."""
        return any(getattr(self, pin.of) == pin.sha256 for pin in pins)

    def __str__(self) -> str:
        return f"certificate sha256 {self.certificate}, public_key sha256 {self.public_key}"


def trust(pins: Iterable[Pin] = (), ca_file: Path | None = None) -> ssl.SSLContext:
    """The rule by which servers are trusted.

    Parameters
    ----------
    pins : iterable of Pin
        One of them must be the server's certificate. Then name and expiry of the certificate say
        nothing more, unless ``ca_file`` is given too.
    ca_file : Path, optional
        PEM file of the authorities to trust instead of the system's. Without pins and without
        this, those of the system.

    Raises
    ------
    SourceRefused
        if ``ca_file`` cannot be read or holds no certificate; and, from the handshake, naming
        what was seen, where no pin matches.
    """
    pins = tuple(pins)
    try:
        context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError) as wrong:
        raise SourceRefused(
            f"证书文件无法读取 {ca_file}: no authority can be read: {wrong}"
        ) from None
    if not pins:
        return context
    if ca_file is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the pins decide, below

    def check(der: bytes | None) -> None:
        check_pins(der, pins)

    context.sslsocket_class = _socket_that(check)
    context.sslobject_class = _object_that(check)
    return context


def check_pins(der: bytes | None, pins: Iterable[Pin]) -> None:
    """SourceRefused, naming what was seen, unless a pin is of this certificate."""
    try:
        seen = Fingerprints.of(der or b"")
    except ValueError as wrong:
        raise SourceRefused(f"the server showed no certificate that can be read: {wrong}") from None
    if not seen.match(pins):
        raise SourceRefused(
            f"证书不符 the server's certificate is not a pinned one; seen: {seen}. Compare it with the"
            " site's owner before pinning it"
        )


def _socket_that(check: Callable[[bytes | None], None]) -> type[ssl.SSLSocket]:
    """The kind of socket whose handshake fails where ``check`` does."""

    class Checked(ssl.SSLSocket):
        def do_handshake(self, block: bool = False) -> None:
            super().do_handshake(block)
            try:
                check(self.getpeercert(binary_form=True))
            except SourceRefused:
                self.close()
                raise

    return Checked


def _object_that(check: Callable[[bytes | None], None]) -> type[ssl.SSLObject]:
    """The same inside the tunnel of a TLS proxy."""

    class Checked(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            check(self.getpeercert(binary_form=True))

    return Checked


def read_fingerprints(host: str, port: int, *, timeout_s: float) -> Fingerprints:
    """What certificate a server shows. Nothing is sent to it but the handshake, nothing is trusted.

    Raises
    ------
    SourceUnavailable
        if there is no connection or no handshake.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), timeout=timeout_s) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            return Fingerprints.of(secure.getpeercert(binary_form=True) or b"")
    except (OSError, ValueError) as wrong:
        raise SourceUnavailable(f"{host}:{port} shows no certificate: {wrong}") from wrong


def present(certificate: Path, key: Path, client_ca: Path | None = None) -> ssl.SSLContext:
    """The rule by which clients are served: our certificate, and theirs where authorities are named.

    Parameters
    ----------
    certificate, key : Path
        PEM files of this server; the certificate with those it is signed by.
    client_ca : Path, optional
        PEM file of the authorities that sign clients; a client without such a certificate is
        refused within the handshake.

    Raises
    ------
    SourceRefused
        where a file cannot be read or does not belong to the other.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise SourceRefused(f"TLS {certificate}, {key}, {client_ca or '-'}: {error}") from error
    return context
