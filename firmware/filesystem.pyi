fault: str | None
is_new: bool

def mount() -> None: ...
