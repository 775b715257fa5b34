set(IDF_TARGET esp32)

set(SDKCONFIG_DEFAULTS
    boards/sdkconfig.base
    boards/sdkconfig.240mhz
    boards/sdkconfig.spiram
)

set(CAMCORS_FLASH 4MB)
set(CAMCORS_CAMERA ON)
include(${CMAKE_CURRENT_LIST_DIR}/../common/board.cmake)
