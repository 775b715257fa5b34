set(IDF_TARGET esp32)

# No PSRAM: the emulator's is not steady.
set(SDKCONFIG_DEFAULTS
    boards/sdkconfig.base
    ${CMAKE_CURRENT_LIST_DIR}/../common/sdkconfig.openeth
)

set(CAMCORS_FLASH 4MB)
include(${CMAKE_CURRENT_LIST_DIR}/../common/board.cmake)
