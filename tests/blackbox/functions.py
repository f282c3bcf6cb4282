"""Something that runs functions, as Lambda's Invoke is spoken: what it answers depends on the key of the task."""

import http.server
import json
import socket
import threading
import urllib.parse


class Functions:
    """A server whose `answers` map a key to what is done with its tasks; each is called with handler, event and task."""

    def __init__(self, answers, *, context=None):
        self.answers = answers
        self.events = []
        self.paths = []
        self.context = context
        self.port = 0
        self.start()

    def start(self):
        """Listens; once more on its port, where it has stopped."""
        self.stopping = threading.Event()
        functions = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                functions.paths.append(self.path)
                functions.events.append(event)
                [task] = event["tasks"]
                functions.answers[urllib.parse.unquote_plus(task["s3Key"])](self, event, task)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        if self.context:
            self.server.socket = self.context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def attempts(self, key):
        return sum(urllib.parse.unquote_plus(event["tasks"][0]["s3Key"]) == key for event in self.events)

    def stop(self):
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()


def send(handler, status, body, **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def answer(event, results, **more):
    document = {
        "invocationSchemaVersion": event["invocationSchemaVersion"],
        "treatMissingKeysAs": "PermanentFailure",
        "invocationId": event["invocationId"],
        "results": results,
        **more,
    }
    return json.dumps({name: value for name, value in document.items() if value is not None}).encode()


def says(code, text=""):
    """Answers with a result code."""

    def act(handler, event, task):
        send(handler, 200, answer(event, [{"taskId": task["taskId"], "resultCode": code, "resultString": text}]))

    return act


def leaves_out(treatment):
    """Answers without the task."""

    def act(handler, event, task):
        send(handler, 200, answer(event, [], treatMissingKeysAs=treatment))

    return act


def after(times, first, then):
    """Does `first` for so many attempts, and `then` from then on."""
    left = [times]
    lock = threading.Lock()

    def act(handler, event, task):
        with lock:
            left[0] -= 1
            is_first = left[0] >= 0
        (first if is_first else then)(handler, event, task)

    return act


def refuses(status, code, message):
    def act(handler, event, task):
        send(handler, status, json.dumps({"Message": message}).encode(), X_Amzn_ErrorType=code)

    return act


def raises(text):
    def act(handler, event, task):
        send(handler, 200, json.dumps({"errorMessage": text}).encode(), X_Amz_Function_Error="Unhandled")

    return act


def writes(body):
    def act(handler, event, task):
        send(handler, 200, body)

    return act


def hangs(functions):
    """Gives no answer while the server runs."""

    def act(handler, event, task):
        functions().stopping.wait(60)

    return act


def drops(handler, event, task):
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)
