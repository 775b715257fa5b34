from .lock import Lock, Verdict, _Headers

def judge(
    lock: Lock,
    needed: str,
    method: str,
    path: str,
    query: str | None,
    headers: _Headers,
    origin: int,
    now_s: int,
) -> Verdict: ...
def of_token(lock: Lock, text: str | None) -> Verdict | None: ...
