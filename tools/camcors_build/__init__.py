"""The build: finds MicroPython, ESP-IDF and the camera driver, freezes, checks, reports sizes."""
