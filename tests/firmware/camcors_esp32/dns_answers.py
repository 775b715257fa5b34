"""What dns.answer() makes of queries on MicroPython, with the heap locked.

As a script: dns_answers.py FILE. Each line of FILE is a datagram in hexadecimal digits; for each it prints
the answer, or nothing.
"""

import sys

HERE = __file__.rpartition("/")[0]
sys.path.append(HERE + "/../../../firmware")  # after the frozen modules

from micropython import heap_lock, heap_unlock

from camcors_esp32 import dns

ADDRESS = (192, 168, 4, 1)
reply = bytearray(dns.REPLY_MAX)


def answered(query):
    heap_lock()
    size = dns.answer(query, ADDRESS, reply)
    heap_unlock()
    return reply[:size].hex() if size else ""  # MicroPython: b"".hex() is bytes


with open(sys.argv[1]) as f:
    for line in f:
        print(answered(bytes.fromhex(line.strip())))
