# Helper functions, nothing else: warnings in one interface target, one function per kind of target.

add_library(lode_flags INTERFACE)
target_compile_options(lode_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
  -Wdouble-promotion -ffp-contract=off -fno-math-errno
  -fvisibility=hidden # but what the public headers declare
  $<$<BOOL:${LODE_WERROR}>:-Werror>)
if(LODE_FUZZ) # libFuzzer looks for inputs that reach new code: all code must count its edges
  target_compile_options(lode_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(lode_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
# Programs of a release with the property LODE_WHOLE_PROGRAM are optimised as a whole when they are
# linked (5 % of staging); objects are machine code as well, so that all others link fast.
set(gnu_release $<AND:$<C_COMPILER_ID:GNU>,$<CONFIG:Release>>)
set(whole_program $<BOOL:$<TARGET_PROPERTY:LODE_WHOLE_PROGRAM>>)
target_compile_options(lode_flags INTERFACE $<${gnu_release}:-flto=auto;-ffat-lto-objects>)
target_link_options(lode_flags INTERFACE
  $<${gnu_release}:$<IF:${whole_program},-flto=auto,-fno-lto>>)
target_include_directories(lode_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
target_compile_definitions(lode_flags INTERFACE _GNU_SOURCE)

# lode_add_job(NAME source...): a library lode_job_NAME that links what all jobs use and nothing else.
function(lode_add_job name)
  add_library(lode_job_${name} STATIC ${ARGN})
  target_link_libraries(lode_job_${name} PUBLIC lode_calls lode_common PRIVATE lode_flags)
endfunction()

# lode_add_unit_test(NAME LINK library...): test_NAME.c beside the caller, label "unit". It may take
# 120 s, far more than it does: some wait for fsync, and a disk that others use is slow.
function(lode_add_unit_test name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  add_executable(test_${name} test_${name}.c)
  target_link_libraries(test_${name} PRIVATE ${arg_LINK} cmocka lode_flags)
  add_test(NAME unit.${name} COMMAND test_${name})
  set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 120)
endfunction()

# lode_add_fuzz(NAME [RUNS n] LINK library...): fuzz_NAME.c beside the caller, a libFuzzer target
# (clang). The test "fuzz.NAME" replays the kept corpus, then tries 20,000 inputs (or n) made from it
# with a fixed seed; inputs that reach new code stay in the build directory.
function(lode_add_fuzz name)
  cmake_parse_arguments(arg "" "RUNS" "LINK" ${ARGN})
  if(NOT arg_RUNS)
    set(arg_RUNS 20000)
  endif()
  set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
  add_executable(fuzz_${name} fuzz_${name}.c)
  target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(fuzz_${name} PRIVATE ${arg_LINK} lode_flags)
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/found/${name})
  add_test(NAME fuzz.${name}
    COMMAND fuzz_${name} -runs=${arg_RUNS} -seed=1 -timeout=10 -print_final_stats=0
      ${CMAKE_CURRENT_BINARY_DIR}/found/${name} ${corpus})
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 120)
endfunction()
