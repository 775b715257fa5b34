# The C of every board.
add_library(usermod_camcors INTERFACE)
target_sources(usermod_camcors INTERFACE
    ${CMAKE_CURRENT_LIST_DIR}/bearer.c
    ${CMAKE_CURRENT_LIST_DIR}/esp32_heap.c
    ${CMAKE_CURRENT_LIST_DIR}/head.c
    ${CMAKE_CURRENT_LIST_DIR}/head_split.c
    ${CMAKE_CURRENT_LIST_DIR}/head_write.c
    ${CMAKE_CURRENT_LIST_DIR}/receive.c
    ${CMAKE_CURRENT_LIST_DIR}/repl.c
    ${CMAKE_CURRENT_LIST_DIR}/system_heap.c
    ${CMAKE_CURRENT_LIST_DIR}/tls.c
)
target_include_directories(usermod_camcors INTERFACE ${CMAKE_CURRENT_LIST_DIR})
target_link_options(usermod_camcors INTERFACE
    -Wl,--wrap=gc_get_max_new_split -Wl,--wrap=mp_thread_deinit
    -Wl,--wrap=mbedtls_ssl_write -Wl,--wrap=mbedtls_ecp_mul_restartable -Wl,--wrap=mbedtls_ssl_config_defaults
)
target_link_libraries(usermod INTERFACE usermod_camcors)
