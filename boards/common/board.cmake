# Included by each ESP32 board's mpconfigboard.cmake, after it has set SDKCONFIG_DEFAULTS and CAMCORS_FLASH.
# Relative names resolve in ports/esp32, so ours are absolute.

list(APPEND SDKCONFIG_DEFAULTS
    ${CMAKE_CURRENT_LIST_DIR}/sdkconfig.camera
    ${CMAKE_CURRENT_LIST_DIR}/sdkconfig.${CAMCORS_FLASH}
)

# A table outside ports/esp32 needs an absolute path, which only CMake knows.
set(CAMCORS_SDKCONFIG ${CMAKE_BINARY_DIR}/sdkconfig.camcors)
file(WRITE ${CAMCORS_SDKCONFIG}
    "CONFIG_PARTITION_TABLE_CUSTOM=y\n"
    "CONFIG_PARTITION_TABLE_CUSTOM_FILENAME=\"${CMAKE_CURRENT_LIST_DIR}/partitions-${CAMCORS_FLASH}.csv\"\n"
)
list(APPEND SDKCONFIG_DEFAULTS ${CAMCORS_SDKCONFIG})

# The camera driver becomes a component of ESP-IDF; its folder must be called esp32-camera.
# tools/camcors_build/firmware_image.py says where it is; CMake run by itself has no way to know.
if(CAMCORS_CAMERA)
    if(NOT DEFINED ENV{ESP32_CAMERA_DIR})
        message(FATAL_ERROR "ESP32_CAMERA_DIR is not set: build with make firmware BOARD=${MICROPY_BOARD}")
    endif()
    list(APPEND EXTRA_COMPONENT_DIRS $ENV{ESP32_CAMERA_DIR})
endif()

# The REPL of an ESP32-S3 is on USB-Serial-JTAG: see MICROPY_HW_ENABLE_USBDEV in mpconfigboard.h.
set(MICROPY_PY_TINYUSB OFF)

# Nothing here uses a B-tree, and without it MicroPython needs none of its submodules.
set(MICROPY_PY_BTREE OFF)
if(NOT MICROPY_LIB_DIR)
    set(MICROPY_LIB_DIR ${CMAKE_CURRENT_LIST_DIR}/../../build/micropython-lib)
endif()
