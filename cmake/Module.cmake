# stride_module(NAME base SOURCES a.cpp ... TESTS a_test.cpp ... DEPS stride_x fmt::fmt ... PRIVATE_DEPS ...)
#
# One library per folder, stride_<name>, and one test program, <name>_test, from the tests beside the sources.
# TEST_DATA defines STRIDE_TEST_DATA for the tests: the folder tests/data of this checkout.
function(stride_module)
  cmake_parse_arguments(M "" "NAME" "SOURCES;TESTS;DEPS;PRIVATE_DEPS;TEST_DEPS" ${ARGN})
  add_library(stride_${M_NAME} STATIC ${M_SOURCES})
  target_include_directories(stride_${M_NAME} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(stride_${M_NAME} PUBLIC stride_options ${M_DEPS} PRIVATE ${M_PRIVATE_DEPS})
  if(STRIDE_TESTS AND M_TESTS)
    add_executable(${M_NAME}_test ${M_TESTS})
    # What is tested is optimised, what tests it need not be: this halves the time it takes to build.
    target_compile_options(${M_NAME}_test PRIVATE $<$<CONFIG:Release>:-O1>)
    target_link_libraries(${M_NAME}_test PRIVATE stride_${M_NAME} ${M_TEST_DEPS} GTest::gtest_main GTest::gmock)
    target_compile_definitions(${M_NAME}_test PRIVATE STRIDE_TEST_DATA="${CMAKE_SOURCE_DIR}/tests/data"
                                                      STRIDE_GOLDEN="${CMAKE_SOURCE_DIR}/tests/golden")
    add_test(NAME ${M_NAME} COMMAND ${M_NAME}_test --gtest_brief=1)
  endif()
endfunction()
