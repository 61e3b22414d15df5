# SPDX-License-Identifier: MIT
# The binary at hostile servers, and what must stay secret. One case by hand:
#   MAILHAUL_HOSTILE='a line of 10 MB' tests/one hostile.hostile_test
if(TARGET mailhaul)
  # Under sanitizers a part of the table: they are slow, and most lines differ in what the server says, not in our code.
  set(mailhaul_every 1)
  if(MAILHAUL_SANITIZE)
    set(mailhaul_every 4)
  endif()
  set(mailhaul_hostile hostile secrets)
  if(mailhaul_threads)
    set(mailhaul_hostile "")
  elseif(MAILHAUL_SANITIZE)
    set(mailhaul_hostile hostile)
  endif()
  foreach(suite ${mailhaul_hostile})
    set(name ${MAILHAUL_TEST_PREFIX}hostile.${suite})
    add_test(NAME ${name} COMMAND ${MAILHAUL_PYTHON} -B -m unittest hostile.${suite}_test
      WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES LABELS hostile TIMEOUT ${mailhaul_hang} COST 30 PROCESSORS 1
      ENVIRONMENT "MAILHAUL=$<TARGET_FILE:mailhaul>;MAILHAUL_HOSTILE_EVERY=${mailhaul_every}")
  endforeach()
endif()
