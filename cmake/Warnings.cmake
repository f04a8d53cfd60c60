# One interface target that every Stride library links: language warnings and, where asked, sanitizers.
add_library(stride_options INTERFACE)
target_compile_options(stride_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                                                -Wno-sign-conversion)
if(STRIDE_WERROR)
  target_compile_options(stride_options INTERFACE -Werror)
endif()
if(STRIDE_SANITIZE)
  target_compile_options(stride_options INTERFACE -fsanitize=${STRIDE_SANITIZE} -fno-omit-frame-pointer
                                                  -fno-sanitize-recover=all)
  target_link_options(stride_options INTERFACE -fsanitize=${STRIDE_SANITIZE})
endif()
if(STRIDE_FUZZ)
  target_compile_options(stride_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
