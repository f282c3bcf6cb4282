"""Stand-ins and real servers that events are sent to."""

import hashlib
import http.server
import json
import os
import signal
import socket
import ssl
import subprocess
import threading

from federation import free_ports
from waiting import eventually


class Receiver:
    """An HTTP endpoint that keeps what is posted to it; `status` is what it answers, unless `reply` says otherwise."""

    def __init__(self, tls=None):
        self.port = free_ports(1)[0]
        self.tls = tls
        self.status = 200
        self.lock = threading.Lock()
        self.requests = []
        self._server = None

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/events?from=tern"

    def reply(self, body):
        return self.status, b""

    def start(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                if receiver._server is None:
                    # Connections outlive the server that was stopped.
                    self.close_connection = True
                    return
                status, answer = receiver.reply(body)
                with receiver.lock:
                    receiver.requests.append((dict((k.lower(), v) for k, v in self.headers.items()), body, status))
                self.send_response(status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.tls.certificate, self.tls.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        if self._server is not None:
            server, self._server = self._server, None
            server.shutdown()
            server.server_close()

    def clear(self):
        with self.lock:
            self.requests.clear()

    def taken(self):
        """Headers and body of what was answered 2xx."""
        with self.lock:
            return [(headers, body) for headers, body, status in self.requests if status < 300]

    def messages(self):
        return [self.message(body) for _, body in self.taken()]

    def message(self, body):
        return json.loads(body)


class TopicReceiver(Receiver):
    """An HTTP subscription of a topic: the message is inside of the envelope."""

    def message(self, body):
        return json.loads(json.loads(body)["Message"])


class QueueStandIn(Receiver):
    """Speaks as much of SQS as SendMessage needs."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/111111111111/orders"

    def reply(self, body):
        if self.status != 200:
            return self.status, b""
        message = json.loads(body)["MessageBody"]
        digest = hashlib.md5(message.encode()).hexdigest()
        return 200, json.dumps({"MD5OfMessageBody": digest, "MessageId": "1"}).encode()

    def message(self, body):
        return json.loads(json.loads(body)["MessageBody"])


class Certificate:
    """A certificate of an authority for this machine, and its key, in files."""

    def __init__(self, authority, directory):
        directory.mkdir(parents=True, exist_ok=True)
        self.certificate, self.key = directory / "server.crt", directory / "server.key"
        authority.issue(self.certificate, self.key)


class Server:
    """A server of Debian's, on a free port, ended by its process number."""

    def __init__(self, directory, tls=None):
        self.directory = directory
        self.tls = tls
        self.port = free_ports(1)[0]
        self._process = None

    def arguments(self):
        raise NotImplementedError

    def start(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        with open(self.directory / "log", "ab") as log:
            self._process = subprocess.Popen(
                self.arguments(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory
            )
        eventually(self.answers, lambda: (self.directory / "log").read_text()[-2000:], swallow=(OSError,))
        return self

    def answers(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True

    def stop(self):
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGTERM)
            self._process.wait(timeout=20)
            self._process = None


class Redis(Server):
    password = "pass word"

    def arguments(self):
        port = ["--port", str(self.port)]
        if self.tls:
            port = [
                "--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no",
                "--tls-cert-file", str(self.tls.certificate), "--tls-key-file", str(self.tls.key),
            ]  # fmt: skip
        return [
            "redis-server", "--bind", "127.0.0.1", *port, "--dir", str(self.directory),
            "--requirepass", self.password, "--save", "", "--appendonly", "yes",
        ]  # fmt: skip

    def ask(self, *words):
        options = ["-p", str(self.port), "-a", self.password, "--no-auth-warning", "--json"]
        if self.tls:
            options += ["--tls", "--insecure"]
        output = subprocess.run(
            ["redis-cli", *options, *words],
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
        return json.loads(output.stdout)

    def answers(self):
        return super().answers() and self.ask("PING") == "PONG"

    def messages(self, key):
        """The events of a stream, in its order."""
        entries = self.ask("XRANGE", key, "-", "+")
        return [json.loads(dict(zip(fields[::2], fields[1::2], strict=True))["event"]) for _, fields in entries]


class Nats(Server):
    def arguments(self):
        return [
            "nats-server", "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self.directory),
            "--user", "tern", "--pass", "secret",
            *(["--tls", "--tlscert", str(self.tls.certificate), "--tlskey", str(self.tls.key)] if self.tls else []),
        ]  # fmt: skip

    def client(self):
        return NatsClient(self.port, is_tls=self.tls is not None)


class NatsClient:
    """As much of the protocol of NATS as tests need."""

    def __init__(self, port, is_tls):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        if is_tls:
            # The greeting is in clear; unbuffered, so that no byte behind it is taken.
            while self.socket.recv(1) != b"\n":
                pass
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
        self.file = self.socket.makefile("rb")
        assert is_tls or self.file.readline().startswith(b"INFO ")
        options = {"verbose": False, "user": "tern", "pass": "secret", "headers": True, "protocol": 1}
        self.send(f"CONNECT {json.dumps(options)}\r\nSUB _INBOX.test 1\r\nPING\r\n")
        self.until(b"PONG")

    def send(self, text):
        self.socket.sendall(text.encode())

    def until(self, word):
        while True:
            line = self.file.readline()
            assert line and not line.startswith(b"-ERR"), line
            if line.startswith(b"PING"):
                self.send("PONG\r\n")
            if line.startswith(word):
                return line.split()

    def subscribe(self, subject):
        self.send(f"SUB {subject} 2\r\nPING\r\n")
        self.until(b"PONG")

    def next(self):
        """Subject and payload of the next message that is subscribed to."""
        words = self.until((b"MSG", b"HMSG"))
        headers = int(words[-2]) if words[0] == b"HMSG" else 0
        payload = self.file.read(int(words[-1]) + 2)
        return words[1].decode(), payload[headers:-2]

    def request(self, subject, document):
        body = json.dumps(document)
        self.send(f"PUB {subject} _INBOX.test {len(body.encode())}\r\n{body}\r\n")
        return json.loads(self.next()[1])

    def close(self):
        self.socket.close()
