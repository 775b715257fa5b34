include(${CMAKE_CURRENT_LIST_DIR}/../native/micropython.cmake)

add_library(usermod_open_eth INTERFACE)
target_sources(usermod_open_eth INTERFACE ${CMAKE_CURRENT_LIST_DIR}/open_eth.c)
target_link_libraries(usermod INTERFACE usermod_open_eth)
