"""The camera on your desk: its power-on and its network; in C its flash, serial port and reset."""
