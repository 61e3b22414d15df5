# SPDX-License-Identifier: MIT
# End-to-end suites: the binary as its users run it. One by hand, from tests/:
#   MAILHAUL=/path/to/mailhaul python3 -B -m unittest -v app.dovecot_test
# The same ones with all points: tests/slow/README.md.
if(TARGET mailhaul)
  # Debian's own python3 first: that is the one whose version the tests are written for.
  find_program(MAILHAUL_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
  find_program(MAILHAUL_PYTHON NAMES python3 REQUIRED)

  # Sanitizers look for other mistakes than a wrong order of calls: a smaller sample does.
  set(mailhaul_sample "")
  if(MAILHAUL_SANITIZE)
    set(mailhaul_sample MAILHAUL_KILL_SAMPLE=2,1,0 MAILHAUL_CUT_POINTS=15 MAILHAUL_FAIL_SAMPLE=2,4)
  endif()

  # SUITE seconds-until-it-counts-as-stuck processors
  function(mailhaul_suite suite timeout processors)
    set(name ${MAILHAUL_TEST_PREFIX}app.${suite})
    add_test(NAME ${name} COMMAND ${MAILHAUL_PYTHON} -B -m unittest app.${suite}_test
      WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES LABELS app TIMEOUT ${timeout} PROCESSORS ${processors}
      ENVIRONMENT "MAILHAUL=$<TARGET_FILE:mailhaul>;${mailhaul_sample}")
  endfunction()

  mailhaul_suite(dovecot 600 2)
  mailhaul_suite(readers 300 1)
  mailhaul_suite(mda 300 1)
  mailhaul_suite(config 300 1)
  mailhaul_suite(errors 300 1)
  mailhaul_suite(servers 300 1)
  mailhaul_suite(terminal 300 1)
  mailhaul_suite(commands 300 1)
  mailhaul_suite(line 300 1)
  mailhaul_suite(proxies 300 1)
  mailhaul_suite(secrets 300 1)
  mailhaul_suite(stdout 300 1)
  mailhaul_suite(accounts 300 1)
  mailhaul_suite(concurrency 300 1)
  mailhaul_suite(failures 600 2)
  mailhaul_suite(large 300 1)
  mailhaul_suite(cuts 600 2)
  mailhaul_suite(order 300 1)
  if(TARGET short_calls)
    list(APPEND mailhaul_sample MAILHAUL_SHORT_CALLS=$<TARGET_FILE:short_calls>)
    mailhaul_suite(short_calls 300 1)
  endif()
  if(TARGET starter)
    list(APPEND mailhaul_sample MAILHAUL_TEST_TOOLS=${PROJECT_BINARY_DIR}/tests)
  endif()
  mailhaul_suite(kills 900 2)
  if(NOT MAILHAUL_SANITIZE)
    mailhaul_suite(durable 300 1)
  endif()

  # Only with `ctest -C Slow`: all points.
  function(mailhaul_slow name suite)                   # environment as NAME=VALUE ...
    set(name ${MAILHAUL_TEST_PREFIX}slow.${name})
    add_test(NAME ${name} COMMAND ${MAILHAUL_PYTHON} -B -m unittest -v app.${suite}_test CONFIGURATIONS Slow
      WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES LABELS slow TIMEOUT 36000 RUN_SERIAL TRUE
      ENVIRONMENT "MAILHAUL=$<TARGET_FILE:mailhaul>;${ARGN}")
  endfunction()

  foreach(matrix kills power calls)
    set(name ${MAILHAUL_TEST_PREFIX}slow.${matrix})
    add_test(NAME ${name} COMMAND ${MAILHAUL_PYTHON} -B ${CMAKE_CURRENT_SOURCE_DIR}/slow/run ${matrix}
      --mailhaul $<TARGET_FILE:mailhaul> CONFIGURATIONS Slow)
    set_tests_properties(${name} PROPERTIES LABELS slow TIMEOUT 86400 RUN_SERIAL TRUE)
  endforeach()
  mailhaul_slow(cut_matrix cuts MAILHAUL_CUT_POINTS=all)
  mailhaul_slow(gigabyte large MAILHAUL_LARGE_BYTES=1073741824)
endif()
