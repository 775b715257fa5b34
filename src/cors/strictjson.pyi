from .fault import Fault

SAVE_AS: str

def read(data: bytes) -> tuple[object, list[Fault]]: ...
