"""A real HTTPS server in this process, with a certificate of its own, that answers as it is told."""

from __future__ import annotations

import hashlib
import ssl
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@dataclass(frozen=True)
class Asked:
    """A request as the server saw it; fields of the query and of the form together."""

    method: str
    path: str
    fields: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True)
class Reply:
    """What is answered; ``body`` may be pieces that never end."""

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    headers: dict[str, str] = field(default_factory=dict)


class HttpsSite:
    """Serves on a free port of this machine; ``requests`` are those that came."""

    def __init__(self, authority: trustme.CA, answer: Callable[[Asked], Reply]) -> None:
        self.answer, self.requests = answer, []
        self._issue(authority)
        site: HttpsSite = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._reply("GET", urlsplit(self.path).query)

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                self._reply("POST", self.rfile.read(length).decode())

            def _reply(self, method: str, fields: str) -> None:
                asked = Asked(
                    method, self.path, dict(parse_qsl(fields, keep_blank_values=True)),
                    dict(self.headers.items()),
                )  # fmt: skip
                site.requests.append(asked)
                reply = site.answer(asked)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if isinstance(reply.body, bytes):
                    self.send_header("Content-Length", str(len(reply.body)))
                    self.end_headers()
                    self.wfile.write(reply.body)
                    return
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                for piece in reply.body:
                    self.wfile.write(piece)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # a client that does not trust us, or has had enough

        self._server = Server(("127.0.0.1", 0), Handler)
        # The handshake is made by the thread of its connection, when it first reads.
        self._server.socket = self._context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    def _issue(self, authority: trustme.CA) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued = authority.issue_cert("127.0.0.1", "localhost")
        issued.configure_cert(self._context)
        pem = issued.cert_chain_pems[0].bytes()
        certificate = x509.load_pem_x509_certificate(pem)
        key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.certificate = hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
        self.public_key = hashlib.sha256(key).hexdigest()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/data"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
