// What the camera shares with the REPL: its line, and its soft reset.
#ifndef CAMCORS_REPL_H
#define CAMCORS_REPL_H

#include <stddef.h>

// What before_soft_reset() of the module _repl was given, called once. Raises nothing.
void repl_before_soft_reset(void);

// A module's own, if it has one: called after a soft reset of an ESP32 has deleted the threads.
void repl_threads_ended(void);

// A port's own, where they differ from the ESP32's: write to the REPL's line without letting another thread of
// Python run; and a line to a console beside it, as the camera on your desk has one.
void repl_write(const char *str, size_t len);
void repl_write_console(const char *line, size_t len);

#endif
