# stride_web_assets(OUTPUT file.cpp): the files that web/assets.txt lists, embedded.
#
# Each one enters the program twice, as it is and compressed with gzip, through `.incbin` of the assembler: a megabyte
# costs no compile time, and nothing but gzip is needed. Files of Debian packages stay where the package put them; a
# missing one ends the configuring with the name of the package list.
function(stride_web_assets)
  cmake_parse_arguments(W "" "OUTPUT" "" ${ARGN})
  set(web ${CMAKE_SOURCE_DIR}/web)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${web}/assets.txt ${web}/headers.txt)
  find_program(GZIP gzip REQUIRED)
  file(STRINGS ${web}/assets.txt lines REGEX "^/")
  set(files "")
  foreach(line ${lines})
    string(REGEX REPLACE "^[^ ]+ " "" file ${line})
    get_filename_component(file ${file} ABSOLUTE BASE_DIR ${web})
    if(NOT EXISTS ${file})
      message(FATAL_ERROR "The chat page needs ${file}, which is not there. Install the packages of tier run in apt.txt "
                          "(./run does it).")
    endif()
    list(APPEND files ${file})
  endforeach()
  add_custom_command(
    OUTPUT ${W_OUTPUT}
    COMMAND ${CMAKE_COMMAND} -DWEB=${web} -DOUTPUT=${W_OUTPUT} -DGZIP=${GZIP} -P ${CMAKE_SOURCE_DIR}/cmake/EmbedWeb.cmake
    DEPENDS ${files} ${web}/assets.txt ${web}/headers.txt ${CMAKE_SOURCE_DIR}/cmake/EmbedWeb.cmake
    COMMENT "Embedding the chat page"
    VERBATIM)
endfunction()
