# Sources of one instruction set: an object library with the flags of the set.
#
# stride_isa(NAME avx2 FLAGS -mavx2 ... SOURCES a.cpp ...)
#
# No object may define a weak symbol: the linker would be free to give a copy of an inline function
# compiled for this set to code that runs on every processor. A test asks nm.
function(stride_isa)
  cmake_parse_arguments(I "" "NAME" "FLAGS;SOURCES;DEFINITIONS" ${ARGN})
  add_library(stride_kernels_${I_NAME} OBJECT ${I_SOURCES})
  target_include_directories(stride_kernels_${I_NAME} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(stride_kernels_${I_NAME} PRIVATE stride_options)
  # g++ 12 takes the undefined vectors of its own intrinsics for uninitialised variables, and vector
  # types lose attributes as template arguments.
  target_compile_options(
    stride_kernels_${I_NAME}
    PRIVATE ${I_FLAGS} -ffp-contract=off -fno-exceptions -Wno-maybe-uninitialized -Wno-uninitialized
            -Wno-ignored-attributes)
  if(I_DEFINITIONS)
    target_compile_definitions(stride_kernels_${I_NAME} PRIVATE ${I_DEFINITIONS})
  endif()
  # Sanitizers add weak symbols of their own.
  if(STRIDE_TESTS AND NOT STRIDE_SANITIZE)
    add_test(NAME kernels_${I_NAME}_defines_no_weak_symbol
             COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM} "-DOBJECTS=$<TARGET_OBJECTS:stride_kernels_${I_NAME}>"
                     -P ${CMAKE_SOURCE_DIR}/cmake/CheckWeak.cmake)
  endif()
endfunction()
