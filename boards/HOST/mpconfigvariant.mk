# The camera on your desk: MicroPython's unix port with the host's flash, REPL and reset in place of a chip's.
PROG = camcors-host
FROZEN_MANIFEST ?= $(VARIANT_DIR)/manifest.py

# What an ESP32 image does without, or what would need a library on the host.
MICROPY_PY_BTREE = 0
MICROPY_PY_FFI = 0
MICROPY_PY_TERMIOS = 0
MICROPY_VFS_FAT = 0
MICROPY_VFS_LFS1 = 0

MBEDTLS_CONFIG_FILE = '"$(abspath $(VARIANT_DIR))/mbedtls_config.h"'
# As ESP-IDF compiles it for a board: for speed.
$(BUILD)/lib/mbedtls/%.o: CFLAGS += -O2

# vfs.VfsPosix is the computer's own filesystem: no module names it.
NO_POSIX = -DMP_CONFIGFILE='"mpconfig_no_posix.h"'
$(BUILD)/extmod/modvfs.o $(BUILD)/extmod/modos.o: CFLAGS += $(NO_POSIX)

# The unix port's buffer for a path is 4 KB, and its stack for words of 32 bits 40 KB: ten imports, one in the other.
$(BUILD)/py/builtinimport.o: CFLAGS += -DMP_CONFIGFILE='"mpconfig_short_paths.h"'

NATIVE = $(abspath $(VARIANT_DIR)/../../firmware/native)
SRC_C += $(abspath $(wildcard $(VARIANT_DIR)/../../firmware/camcors_host/*.c)) $(addprefix $(NATIVE)/,bearer.c head.c head_split.c head_write.c receive.c repl.c system_heap.c tls.c)
CFLAGS += -I$(NATIVE)
# Only boards grow the heap otherwise, whose compilers are not asked to warn of this.
$(BUILD)/py/gc.o: CFLAGS += -Wno-pointer-arith

SHARED_SRC_C_EXTRA += runtime/pyexec.c

# The unix port's own console reads standard input; the wrapped symbols move it to the REPL's line.
# socket and mp_vfs_posix_file_open are confined (firmware/camcors_host/confine.c), mp_hal_delay_ms is in delay.c.
HOST_WRAP = main mp_hal_delay_ms socket mp_vfs_posix_file_open mp_hal_set_interrupt_char mp_hal_stdin_rx_chr \
	mp_hal_stdout_tx_str mp_hal_stdout_tx_strn mp_hal_stdout_tx_strn_cooked \
	mp_sys_stdin_obj mp_sys_stdout_obj mp_sys_stderr_obj mp_thread_gc_others \
	mbedtls_ssl_write mbedtls_ecp_mul_restartable mbedtls_ssl_config_defaults
LDFLAGS_EXTRA += $(addprefix -Wl$(comma)--wrap=,$(HOST_WRAP))
comma := ,
