# SPDX-License-Identifier: MIT
# Real servers. tests/run has them unpacked; without that, or where the user is not root, their cases are skipped.
#   tests/servers/unpack build/servers && tests/one servers.servers_test (or servers.courier_test)
if(TARGET mailhaul AND NOT MAILHAUL_SANITIZE)
  set(name ${MAILHAUL_TEST_PREFIX}servers)
  add_test(NAME ${name} COMMAND ${MAILHAUL_PYTHON} -B -m unittest -v servers.servers_test servers.courier_test servers.keyring_test
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${mailhaul_hang} COST 20 SKIP_REGULAR_EXPRESSION "OK .skipped="
    ENVIRONMENT "MAILHAUL=$<TARGET_FILE:mailhaul>;MAILHAUL_SERVERS=${PROJECT_SOURCE_DIR}/build/servers")
endif()
