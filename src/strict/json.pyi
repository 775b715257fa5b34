from .fault import Fault

SAVE_AS: str

def read(data: bytes, most: int = ...) -> tuple[object, list[Fault]]: ...
