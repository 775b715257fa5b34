"""The emulated board: its Ethernet, in C and in Python."""
