"""Runs in the camera's MicroPython: what CORS adds to one dispatch_request, ours against stock's.

usage: camcors-host tests/bench/cors_hook.py FOLDER, which holds stock_cors.mpy. Prints one JSON object.
"""

import gc
import json
import sys
import time

from cors import CORS, Policy
from microdot import Microdot, Request
from microdot.microdot import NoCaseDict

sys.path.append(sys.argv[1])
from stock_cors import CORS as StockCORS

REQUESTS = 200
ROUNDS = 40
COMMON = (
    ("Host", "192.168.1.5:8080"),
    ("Accept", "*/*"),
    ("User-Agent", "Mozilla/5.0"),
    ("Accept-Encoding", "gzip"),
)
PREFLIGHT = (
    ("Access-Control-Request-Method", "PUT"),
    ("Access-Control-Request-Headers", "content-type,x-token"),
)


class PolicyCORS(CORS):
    """Ours as the camera has it: from a policy file, whose lists nobody else can change."""

    def __init__(self, app, **fields):
        super().__init__(app)
        self.policy = Policy(**fields)


def application(cors_class, **fields):
    app = Microdot()

    @app.get("/api/status")
    def status(request):
        return {"ok": True}

    if cors_class:
        cors_class(app, **fields)
    return app


def one_round(app, method, headers):
    """Heap bytes and microseconds that REQUESTS requests took, as they are made by a server."""
    gc.collect()
    gc.disable()
    heap = gc.mem_alloc()
    started = time.ticks_us()
    for _ in range(REQUESTS):
        fields = NoCaseDict()
        for name, value in headers:
            fields[name] = value
        request = Request(app, ("127.0.0.1", 1), method, "/api/status", "1.1", fields, body=b"")
        try:
            app.dispatch_request(request).send(None)
        except StopIteration:
            pass
    microseconds = time.ticks_diff(time.ticks_us(), started)
    heap = gc.mem_alloc() - heap
    gc.enable()
    return heap, microseconds


def cost(apps, method, headers):
    """Bytes and microseconds a request of each of `apps` above the first, which has no CORS.

    The least of many rounds, taken in turn: what else the machine does only ever adds.
    """
    best = [one_round(app, method, headers) for app in apps]
    for _ in range(ROUNDS):
        for i in range(len(apps)):
            heap, microseconds = one_round(apps[i], method, headers)
            best[i] = (min(best[i][0], heap), min(best[i][1], microseconds))
    base = best[0]
    return [((heap - base[0]) / REQUESTS, (us - base[1]) / REQUESTS) for heap, us in best[1:]]


def requests(origins):
    last = (("Origin", origins[-1]),)
    return (
        ("matched", "GET", COMMON + last),
        ("refused", "GET", COMMON + (("Origin", "https://evil.example.net"),)),
        ("without Origin", "GET", COMMON),
        ("preflight", "OPTIONS", COMMON + last + PREFLIGHT),
    )


def main():
    rows = []
    for count in (1, 10, 100):
        origins = ["https://host{}.example.com".format(i) for i in range(count)]
        fields = {"allowed_origins": origins, "max_age": 600}
        apps = [application(None)]
        apps += [application(kind, **fields) for kind in (StockCORS, CORS, PolicyCORS)]
        for name, method, headers in requests(origins):
            stock, ours, policy = cost(apps, method, headers)
            rows.append({"origins": count, "request": name, "stock": stock, "ours": ours, "policy": policy})
    print(json.dumps(rows))


main()
