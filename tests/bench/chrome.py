"""What Chrome sends when a page of another origin asks for the camera's status."""

from __future__ import annotations

#: Names and order as Chromium 156 was seen to send them for a fetch() with axios's Accept. The values are
#: written by hand for a Chrome on Windows with a longer origin and more languages: 665 bytes in place of the
#: 584 of that Chromium on Linux. Who connects adds Host.
HEADERS = (
    ("Connection", "keep-alive"),
    ("Pragma", "no-cache"),
    ("Cache-Control", "no-cache"),
    ("sec-ch-ua-platform", '"Windows"'),
    (
        "User-Agent",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Chrome/143.0.0.0 Safari/537.36",
    ),
    ("Accept", "application/json, text/plain, */*"),
    ("sec-ch-ua", '"Google Chrome";v="143", "Chromium";v="143", "Not A(Brand";v="24"'),
    ("sec-ch-ua-mobile", "?0"),
    ("Origin", "https://dashboard.example.com"),
    ("Sec-Fetch-Site", "cross-site"),
    ("Sec-Fetch-Mode", "cors"),
    ("Sec-Fetch-Dest", "empty"),
    ("Referer", "https://dashboard.example.com/"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Accept-Language", "en-GB,en-US;q=0.9,en;q=0.8,de;q=0.7"),
)


def headers(keep_alive: bool) -> list[tuple[str, str]]:
    """Chrome's headers, or with `Connection: close` for one request a connection."""
    connection = "keep-alive" if keep_alive else "close"
    return [(name, connection if name == "Connection" else value) for name, value in HEADERS]


def head(path: str, host: str, keep_alive: bool, token: str | None = None) -> bytes:
    """The bytes of a GET request, of a page that shows `token` if there is one."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers(keep_alive)]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    return "\r\n".join([*lines, "", ""]).encode()
