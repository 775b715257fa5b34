set(IDF_TARGET esp32s3)

set(SDKCONFIG_DEFAULTS
    boards/sdkconfig.base
    boards/sdkconfig.240mhz
    boards/sdkconfig.spiram_sx
    boards/sdkconfig.spiram_oct
)

set(CAMCORS_FLASH 8MB)
set(CAMCORS_CAMERA ON)
include(${CMAKE_CURRENT_LIST_DIR}/../common/board.cmake)
