"""Local mirrors of files, good ones and bad ones."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Mirrors:
    """One server whose folders behave as their names say.

    ``files`` has the contents by name, ``requests`` the folder and range of each request.
    """

    def __init__(self):
        self.files = {}
        self.requests = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def __call__(self, *folders):
        return [f"http://127.0.0.1:{self.server.server_port}/{folder}/" for folder in folders]

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def _handler(mirrors):  # noqa: N805 - "self" is the handler's below
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                _, folder, name = self.path.split("/")
                self.content = mirrors.files.get(name, b"")
                asked = self.headers["Range"]
                mirrors.requests.append((folder, asked))
                getattr(self, folder)(int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0)

            def log_message(self, *_):
                pass

            def give(self, status, body, **headers):
                self.send_response(status)
                for name, value in ({"Content_Length": len(body)} | headers).items():
                    self.send_header(name.replace("_", "-"), str(value))
                self.end_headers()
                self.wfile.write(body)

            def good(self, start):
                if start:
                    span = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
                    self.give(206, self.content[start:], Content_Range=span)
                else:
                    self.give(200, self.content)

            def cut(self, start):
                end = min(start + len(self.content) // 2, len(self.content))
                span = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
                self.give(
                    206 if start else 200,
                    self.content[start:end],
                    Content_Length=len(self.content) - start,
                    Content_Range=span,
                )

            def rangeless(self, start):
                self.give(200, self.content)

            def corrupt(self, start):
                self.give(200, self.content[::-1])

            def endless(self, start):
                self.give(200, self.content + b"more", Content_Length=10**12)

            def unannounced(self, start):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(self.content + b"more")

            def unsatisfiable(self, start):
                self.give(416, b"") if start else self.good(0)

            def shifted(self, start):
                if start:
                    self.give(206, self.content[start + 1 :], Content_Range=f"bytes {start + 1}-9/10")
                else:
                    self.good(0)

            def absent(self, start):
                self.give(404, b"")

        return Handler
