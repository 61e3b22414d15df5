# SPDX-License-Identifier: MIT
# End-to-end suites: the binary as its users run it. One by hand:
#   tests/one app.dovecot_test
# The same ones with all points: tests/slow/README.md.
if(TARGET mailhaul)
  # Debian's own python3 first: that is the one whose version the tests are written for.
  find_program(MAILHAUL_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
  find_program(MAILHAUL_PYTHON NAMES python3 REQUIRED)

  # SUITE about-how-many-seconds-on-an-idle-machine processors. The long ones start first.
  function(mailhaul_suite suite cost processors)
    set(name ${MAILHAUL_TEST_PREFIX}app.${suite})
    add_test(NAME ${name} COMMAND ${MAILHAUL_PYTHON} -B -m unittest app.${suite}_test
      WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES LABELS app TIMEOUT ${mailhaul_hang} COST ${cost} PROCESSORS ${processors}
      ENVIRONMENT "MAILHAUL=$<TARGET_FILE:mailhaul>;${ARGN}")
  endfunction()

  if(NOT MAILHAUL_SANITIZE OR mailhaul_threads)
    mailhaul_suite(accounts 3 1)
    mailhaul_suite(concurrency 4 1)
  endif()
  if(NOT mailhaul_threads)
    mailhaul_suite(commands 3 1)
    mailhaul_suite(config 3 1)
    mailhaul_suite(completion 4 1)
    mailhaul_suite(delete 3 1)
    mailhaul_suite(help 2 1)
    mailhaul_suite(import 3 1)
    mailhaul_suite(doctor 6 1)
    mailhaul_suite(doctor_server 3 1)
    mailhaul_suite(init 6 1)
    mailhaul_suite(init_options 5 1)
    mailhaul_suite(line 2 1)
    mailhaul_suite(list 2 1)
    mailhaul_suite(live 8 1)
    mailhaul_suite(marks 2 1)
    mailhaul_suite(providers 1 1)
    mailhaul_suite(readme 1 1)
    mailhaul_suite(rebuild 8 1)
    mailhaul_suite(status 1 1)
    mailhaul_suite(stdout 1 1)
    mailhaul_suite(summary 3 1)
    mailhaul_suite(terminal 2 1)
    mailhaul_suite(variables 2 1)
    mailhaul_suite(watch 30 1)
  endif()
  if(NOT MAILHAUL_SANITIZE)
    mailhaul_suite(dovecot 40 1)
    mailhaul_suite(dovecot_oauth 3 1)
    mailhaul_suite(peers 5 1)
    mailhaul_suite(readers 2 1)
    mailhaul_suite(mda 4 1)
    mailhaul_suite(errors 9 1)
    mailhaul_suite(servers 2 1)
    mailhaul_suite(proxies 3 1)
    mailhaul_suite(connections 4 1)
    mailhaul_suite(round_trips 2 1)
    mailhaul_suite(keyring 2 1)
    mailhaul_suite(secrets 1 1)
    mailhaul_suite(oauth_login 15 1 MAILHAUL_SHIFTED_CLOCK=$<TARGET_FILE:shifted_clock>)
    mailhaul_suite(oauth_renewal 15 1 MAILHAUL_SHIFTED_CLOCK=$<TARGET_FILE:shifted_clock>)
    mailhaul_suite(large 8 1)
    mailhaul_suite(order 8 1)
    mailhaul_suite(durable 2 1)
    mailhaul_suite(short_calls 4 1 MAILHAUL_SHORT_CALLS=$<TARGET_FILE:short_calls>)
    mailhaul_suite(cuts 60 2)
    mailhaul_suite(failures 80 2)
    mailhaul_suite(kills 80 2 MAILHAUL_TEST_TOOLS=${PROJECT_BINARY_DIR}/tests)
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
