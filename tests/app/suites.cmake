# SPDX-License-Identifier: MIT
# End-to-end suites: the binary as its users run it. One by hand, from tests/:
#   MAILHAUL=/path/to/mailhaul python3 -B -m unittest -v app.dovecot_test
# The whole kill matrix and the other long ones: tests/slow/README.md.
if(TARGET mailhaul)
  # Debian's own python3 first: that is the one whose version the tests are written for.
  find_program(MAILHAUL_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
  find_program(MAILHAUL_PYTHON NAMES python3 REQUIRED)

  # TIMEOUT seconds  PROCESSORS n  LABELS ...
  function(mailhaul_suite name)
    cmake_parse_arguments(S "" "TIMEOUT;PROCESSORS" "LABELS" ${ARGN})
    add_test(NAME ${MAILHAUL_TEST_PREFIX}app.${name} COMMAND ${MAILHAUL_PYTHON} -B -m unittest app.${name}_test
      WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    set_tests_properties(${MAILHAUL_TEST_PREFIX}app.${name} PROPERTIES LABELS "app;${S_LABELS}" TIMEOUT ${S_TIMEOUT}
      PROCESSORS ${S_PROCESSORS} ENVIRONMENT "MAILHAUL=$<TARGET_FILE:mailhaul>")
  endfunction()

  mailhaul_suite(dovecot TIMEOUT 300 PROCESSORS 2 LABELS "server")
  mailhaul_suite(readers TIMEOUT 180 PROCESSORS 1)
  mailhaul_suite(mda TIMEOUT 180 PROCESSORS 1)
  mailhaul_suite(config TIMEOUT 180 PROCESSORS 1)
  mailhaul_suite(errors TIMEOUT 180 PROCESSORS 1)
  mailhaul_suite(servers TIMEOUT 180 PROCESSORS 1)
  mailhaul_suite(terminal TIMEOUT 180 PROCESSORS 1)
  mailhaul_suite(commands TIMEOUT 180 PROCESSORS 1)
  mailhaul_suite(accounts TIMEOUT 180 PROCESSORS 1)
  mailhaul_suite(concurrency TIMEOUT 180 PROCESSORS 1)
  mailhaul_suite(failures TIMEOUT 180 PROCESSORS 1)
  mailhaul_suite(large TIMEOUT 300 PROCESSORS 1)
  mailhaul_suite(kills TIMEOUT 600 PROCESSORS 2 LABELS "long")
  mailhaul_suite(cuts TIMEOUT 300 PROCESSORS 2 LABELS "long")

  # Only with `ctest -C Slow`: the same suites, all points.
  function(mailhaul_slow name suite)                   # environment as NAME=VALUE ...
    add_test(NAME slow.${name} COMMAND ${MAILHAUL_PYTHON} -B -m unittest -v app.${suite}_test CONFIGURATIONS Slow
      WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    set_tests_properties(slow.${name} PROPERTIES LABELS slow TIMEOUT 36000 RUN_SERIAL TRUE
      ENVIRONMENT "MAILHAUL=$<TARGET_FILE:mailhaul>;${ARGN}")
  endfunction()

  mailhaul_slow(kill_matrix kills MAILHAUL_KILL_POINTS=all)
  mailhaul_slow(kill_twice kills MAILHAUL_KILL_POINTS=all MAILHAUL_KILL_TWICE=1)
  mailhaul_slow(cut_matrix cuts MAILHAUL_CUT_POINTS=all)
  mailhaul_slow(fail_matrix failures MAILHAUL_FAIL_POINTS=all)
  mailhaul_slow(gigabyte large MAILHAUL_LARGE_BYTES=1073741824 MAILHAUL_TEST_LIMIT=1200)
endif()
