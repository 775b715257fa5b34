TCP_CONNECTIONS: dict[str, int]
TOLD: int

class Limits:
    connections: int
    slot_wait_ms: int
    slot_waiters: int
    head_bytes: int
    body_bytes: int
    head_timeout_ms: int
    body_timeout_ms: int
    write_timeout_ms: int
    keepalive_requests: int
    keepalive_timeout_ms: int
    handler_idle_ms: int
    stream_viewers: int
    stream_fps: int
    drain_bytes: int
    linger_ms: int
    def __init__(self, **changes: int) -> None: ...
    def fit(self, platform: str) -> None: ...
