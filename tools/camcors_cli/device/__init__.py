"""A board at the other end of the cable: its port, its REPL, its files, its bootloader."""
