include(${CMAKE_CURRENT_LIST_DIR}/../common/board.cmake)
