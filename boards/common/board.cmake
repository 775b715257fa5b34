# What the port asks of a board, from its board.json; each board's mpconfigboard.cmake includes it.
# Relative names resolve in ports/esp32, so ours are absolute.

set(CAMCORS_COMMON ${CMAKE_CURRENT_LIST_DIR})
file(READ ${MICROPY_BOARD_DIR}/board.json CAMCORS_BOARD)
file(READ ${CAMCORS_COMMON}/chips.json CAMCORS_CHIPS)

string(JSON CAMCORS_TYPE ERROR_VARIABLE CAMCORS_FAULT TYPE "${CAMCORS_BOARD}")
if(NOT CAMCORS_TYPE STREQUAL "OBJECT")
    message(FATAL_ERROR " ${MICROPY_BOARD_DIR}/board.json: write one JSON object")
endif()

# The leading space keeps CMake from wrapping the line.
function(camcors_refuse key words)
    message(FATAL_ERROR " ${MICROPY_BOARD_DIR}/board.json: ${key}: ${words}")
endfunction()

# Set `variable` to the value of a key; null is the empty string.
function(camcors_read variable key)
    string(JSON value ERROR_VARIABLE fault GET "${CAMCORS_BOARD}" ${key} ${ARGN})
    if(fault)
        list(JOIN ARGV "." name)
        string(REGEX REPLACE "^[^.]*\\." "" name "${name}")
        camcors_refuse("${name}" "missing; boards/README.md says what it means")
    endif()
    set(${variable} "${value}" PARENT_SCOPE)
endfunction()

# Append the strings of a list, each with `prefix`; no such list, nothing.
function(camcors_append variable prefix json)
    string(JSON length ERROR_VARIABLE fault LENGTH "${json}" ${ARGN})
    set(strings ${${variable}})
    if(NOT fault AND length)
        math(EXPR last "${length} - 1")
        foreach(index RANGE ${last})
            string(JSON each GET "${json}" ${ARGN} ${index})
            list(APPEND strings ${prefix}${each})
        endforeach()
    endif()
    set(${variable} ${strings} PARENT_SCOPE)
endfunction()

camcors_read(IDF_TARGET mcu)
string(JSON CAMCORS_CHIP ERROR_VARIABLE CAMCORS_FAULT GET "${CAMCORS_CHIPS}" "${IDF_TARGET}")
if(CAMCORS_FAULT)
    camcors_refuse(mcu "\"${IDF_TARGET}\" is not in boards/common/chips.json")
endif()

camcors_read(CAMCORS_FLASH flash_size)
set(CAMCORS_MB "")
if(CAMCORS_FLASH MATCHES "^[0-9]+$")
    math(EXPR CAMCORS_MB "${CAMCORS_FLASH} / 1048576")
    math(EXPR CAMCORS_REST "${CAMCORS_FLASH} % 1048576")
endif()
if(NOT EXISTS ${CAMCORS_COMMON}/sdkconfig.${CAMCORS_MB}MB OR CAMCORS_REST)
    file(GLOB CAMCORS_SIZES RELATIVE ${CAMCORS_COMMON} ${CAMCORS_COMMON}/sdkconfig.*MB)
    string(REPLACE "sdkconfig." "" CAMCORS_SIZES "${CAMCORS_SIZES}")
    list(JOIN CAMCORS_SIZES " or " CAMCORS_SIZES)
    camcors_refuse(flash_size "${CAMCORS_FLASH}; write the bytes of ${CAMCORS_SIZES}")
endif()

camcors_read(CAMCORS_CAMERA camera)
camcors_read(CAMCORS_PSRAM psram_mode)
set(SDKCONFIG_DEFAULTS boards/sdkconfig.base)
if(CAMCORS_CAMERA)
    list(APPEND SDKCONFIG_DEFAULTS boards/sdkconfig.240mhz)
endif()
if(CAMCORS_PSRAM)
    string(JSON CAMCORS_FRAGMENTS ERROR_VARIABLE CAMCORS_FAULT GET "${CAMCORS_CHIP}" psram "${CAMCORS_PSRAM}")
    if(CAMCORS_FAULT)
        camcors_refuse(psram_mode "\"${CAMCORS_PSRAM}\" is not a mode of the ${IDF_TARGET} in boards/common/chips.json")
    endif()
    camcors_append(SDKCONFIG_DEFAULTS boards/sdkconfig. "${CAMCORS_FRAGMENTS}")
endif()
camcors_append(SDKCONFIG_DEFAULTS ${CAMCORS_COMMON}/sdkconfig. "${CAMCORS_BOARD}" sdkconfig)
list(APPEND SDKCONFIG_DEFAULTS ${CAMCORS_COMMON}/sdkconfig.camera)
if(CAMCORS_PSRAM)
    list(APPEND SDKCONFIG_DEFAULTS ${CAMCORS_COMMON}/sdkconfig.psram)
endif()
list(APPEND SDKCONFIG_DEFAULTS ${CAMCORS_COMMON}/sdkconfig.${CAMCORS_MB}MB)

# A table outside ports/esp32 needs an absolute path, which only CMake knows.
set(CAMCORS_SDKCONFIG ${CMAKE_BINARY_DIR}/sdkconfig.camcors)
file(WRITE ${CAMCORS_SDKCONFIG}
    "CONFIG_PARTITION_TABLE_CUSTOM=y\n"
    "CONFIG_PARTITION_TABLE_CUSTOM_FILENAME=\"${CAMCORS_COMMON}/partitions-${CAMCORS_MB}MB.csv\"\n"
)
list(APPEND SDKCONFIG_DEFAULTS ${CAMCORS_SDKCONFIG})

# What mpconfigboard.h includes; the port has the build's folder among those of its headers.
camcors_read(CAMCORS_VENDOR vendor)
camcors_read(CAMCORS_PRODUCT product)
if("${CAMCORS_VENDOR}${CAMCORS_PRODUCT}" MATCHES "[\"\\\n@]")
    camcors_refuse("vendor, product" "write them without quotes, backslashes, line ends and @")
endif()
string(TOUPPER ${IDF_TARGET} CAMCORS_MCU)
string(CONCAT CAMCORS_HEADER
    "// Written by boards/common/board.cmake from board.json.\n"
    "#define MICROPY_HW_BOARD_NAME \"${CAMCORS_VENDOR} ${CAMCORS_PRODUCT}\"\n"
    "#define MICROPY_HW_MCU_NAME \"${CAMCORS_MCU}\"\n"
    "#define MICROPY_PY_BLUETOOTH (0)\n"
)
if(CAMCORS_CAMERA)
    # The pins that Camera() takes when none are given, as in pins.csv.
    camcors_read(CAMCORS_MODEL camera model)
    string(APPEND CAMCORS_HEADER "#define MICROPY_CAMERA_MODEL_${CAMCORS_MODEL} (1)\n")
endif()
camcors_read(CAMCORS_USB usb)
if(CAMCORS_USB MATCHES "^native")
    # The REPL is on USB-Serial-JTAG, which needs no TinyUSB and is there before boot.py runs.
    string(APPEND CAMCORS_HEADER "#define MICROPY_HW_ENABLE_USBDEV (0)\n")
endif()
if(CAMCORS_USB MATCHES "^native and (bridge|UART)$")
    # It answers on UART0 as well: on the second socket, of a USB-UART bridge, or on two pins.
    string(APPEND CAMCORS_HEADER "#define MICROPY_HW_ENABLE_UART_REPL (1)\n")
endif()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/camcors_board.h CONTENT "${CAMCORS_HEADER}" @ONLY)

# The camera driver becomes a component of ESP-IDF; its folder must be called esp32-camera.
# tools/camcors_build/firmware_image.py says where it is; CMake run by itself has no way to know.
if(CAMCORS_CAMERA)
    if(NOT DEFINED ENV{ESP32_CAMERA_DIR})
        message(FATAL_ERROR " ESP32_CAMERA_DIR is not set: build with make firmware BOARD=${MICROPY_BOARD}")
    endif()
    list(APPEND EXTRA_COMPONENT_DIRS $ENV{ESP32_CAMERA_DIR})
endif()

set(MICROPY_PY_TINYUSB OFF)

# Nothing here uses a B-tree, and without it MicroPython needs none of its submodules.
set(MICROPY_PY_BTREE OFF)
if(NOT MICROPY_LIB_DIR)
    set(MICROPY_LIB_DIR ${CAMCORS_COMMON}/../../build/micropython-lib)
endif()
