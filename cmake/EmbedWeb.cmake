# cmake -DWEB=folder -DOUTPUT=file.cpp -DGZIP=gzip -P EmbedWeb.cmake: writes the source that embeds the files listed in
# WEB/assets.txt and the headers of WEB/headers.txt. Compressed copies lie in a folder beside OUTPUT. The entity tags are
# hashes of the content, so the source changes with every file and compilers' caches notice.
set(kType_html "text/html; charset=utf-8")
set(kType_css "text/css; charset=utf-8")
set(kType_js "text/javascript; charset=utf-8")
set(kType_mjs "text/javascript; charset=utf-8")
set(kType_svg "image/svg+xml")
set(kType_woff2 "font/woff2")

get_filename_component(folder ${OUTPUT} DIRECTORY)
set(folder ${folder}/web_gzip)
file(MAKE_DIRECTORY ${folder})
set(table "")
set(data "")
set(symbols "")
set(n_asset 0)
file(STRINGS ${WEB}/assets.txt lines REGEX "^/")
foreach(line ${lines})
  string(REGEX REPLACE " .*" "" path ${line})
  string(REGEX REPLACE "^[^ ]+ " "" file ${line})
  get_filename_component(file ${file} ABSOLUTE BASE_DIR ${WEB})
  get_filename_component(extension ${file} LAST_EXT)
  string(SUBSTRING ${extension} 1 -1 extension)
  if(NOT kType_${extension})
    message(FATAL_ERROR "${WEB}/assets.txt: the content type of ${file} is not known")
  endif()
  file(SHA256 ${file} hash)
  string(SUBSTRING ${hash} 0 20 tag)
  set(packed ${folder}/${n_asset}.gz)
  execute_process(COMMAND ${GZIP} -9 -n -c ${file} OUTPUT_FILE ${packed} COMMAND_ERROR_IS_FATAL ANY)
  set(name stride_web_${n_asset})
  string(APPEND data "asm(STRIDE_WEB_FILE(\"${name}\", \"${file}\", \"${packed}\"));\n")
  file(SIZE ${file} size)
  file(SIZE ${packed} packed_size)
  string(APPEND symbols "extern const std::byte ${name}[${size}], ${name}_packed[${packed_size}];\n")
  string(APPEND table "    {\"${path}\", \"${kType_${extension}}\", \"\\\"${tag}\\\"\", ${name}, ${name}_packed},\n")
  math(EXPR n_asset "${n_asset} + 1")
endforeach()

set(headers "")
file(STRINGS ${WEB}/headers.txt lines REGEX "^[A-Z]")
# A list in CMake ends at a semicolon, and policies have many of them; file(STRINGS) escapes them.
foreach(line IN LISTS lines)
  string(REGEX MATCH "^([A-Za-z-]+): (.*)$" found "${line}")
  string(APPEND headers "    {\"${CMAKE_MATCH_1}\", \"${CMAKE_MATCH_2}\"},\n")
endforeach()

file(WRITE ${OUTPUT}.new "// Made by cmake/EmbedWeb.cmake from web/assets.txt.
#include \"web/assets.h\"

#define STRIDE_WEB_FILE(name, file, packed) \\
  \".pushsection .rodata\\n\" \\
  \".balign 16\\n\" name \":\\n.incbin \\\"\" file \"\\\"\\n\" \\
  \".balign 16\\n\" name \"_packed:\\n.incbin \\\"\" packed \"\\\"\\n\" \\
  \".popsection\\n\"

${data}
extern \"C\" {
${symbols}}

namespace stride::web {
namespace {

constexpr Asset kAssets[] = {
${table}};

constexpr Header kHeaders[] = {
${headers}};

}  // namespace

std::span<const Asset> assets() { return kAssets; }
std::span<const Header> headers() { return kHeaders; }

}  // namespace stride::web
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
