"""A chat endpoint for tests: answers well, badly, slowly, or not at all.

use: llm_server.py MODE PORT-FILE REQUEST-FILE

Listens on a free port of 127.0.0.1 and writes it to PORT-FILE; appends each request (headers and
body, as JSON) to REQUEST-FILE. Ends when its standard input does, so that it never outlives a test.
"""
import http.server
import json
import os
import socket
import struct
import sys
import threading

GOOD = [
    {"template": "many_of", "parameters": {"event": "search", "least": 3}},
    {"template": "follows_within",
     "parameters": {"first": "buy_plan", "then": "web_cors_error", "within": "30s"}},
    {"template": "any_of", "parameters": {"events": ["timeout_error", "server_error"]}},
]
PARTLY = GOOD[:1] + [
    {"template": "no_such_template", "parameters": {}},
    {"template": "many_of", "parameters": {"event": "no_such_event"}},
    {"template": "many_of", "parameters": {"event": "search", "least": "many"}},
    {"template": "many_of", "parameters": {"event": ["search"]}},
    {"template": "many_of", "parameters": "search"},
    {"template": "event_patterns", "parameters": {"lengths": "1..8"}},
    "search", None, 7,
]
mode, port_file, request_file = sys.argv[1:4]
tries = 0


def completion(text):
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]})


def answer(hypotheses):
    return completion(json.dumps({"hypotheses": hypotheses}))


ANSWERS = {
    "good": lambda: answer(GOOD),
    "fenced": lambda: completion("Here you are:\n```json\n" + json.dumps({"hypotheses": GOOD}) + "\n```"),
    "partly": lambda: answer(PARTLY),
    "none": lambda: answer(PARTLY[1:]),
    "prose": lambda: completion("I would look at searches."),
    "no-json": lambda: "<html>welcome</html>",
    "no-content": lambda: json.dumps({"choices": []}),
    "huge": lambda: answer([{"template": "x" * 10_000_000}]),
    "deep": lambda: completion('{"hypotheses":' + "[" * 100_000),
    "binary": lambda: b"\xff\xfe\x00\x01" * 100,
}


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def reply(self, status, body, headers=()):
        body = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        global tries
        tries += 1
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with open(request_file, "a") as out:
            out.write(json.dumps({"headers": dict(self.headers), "body": json.loads(body)}) + "\n")
        if mode in ANSWERS:
            self.reply(200, ANSWERS[mode]())
        elif mode.isdigit():
            self.reply(int(mode), '{"error": "wrong key"}')
        elif mode == "garbage":
            self.wfile.write(b"\x00\xffno HTTP at all\r\n\r\n")
            self.close_connection = True
        elif mode == "busy-then-good" and tries < 3:
            self.reply(429, "busy", [("Retry-After", "1")])
        elif mode == "failing-then-good" and tries < 2:
            self.reply(500, "oops")
        elif mode == "no-response-format" and "response_format" in json.loads(body):
            self.reply(400, "response_format is not supported")
        elif mode.endswith("-good") or mode == "no-response-format":
            self.reply(200, answer(GOOD))
        elif mode == "busy-for-ever":
            self.reply(429, "busy", [("Retry-After", "86400")])
        elif mode == "redirect":
            self.reply(302, "", [("Location", "http://127.0.0.1:1/")])
        elif mode == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        elif mode == "half":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"choices": [')
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        else:  # silent: nothing until the test ends
            threading.Event().wait()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a client that gives up is what some tests are about


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(port_file + ".new", "w") as out:
    out.write(str(server.server_port))
os.rename(port_file + ".new", port_file)
sys.stdin.read()
