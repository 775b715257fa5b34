"""`make bench`: this firmware against stock Microdot with stock microdot.cors, on the same MicroPython."""
