// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target on the files of its corpus, and on every beginning of the small ones, as a
// unit test that needs no libFuzzer: replay FOLDER.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int main(int argc, char** argv) {
  constexpr size_t kSmall = 512;
  if (argc != 2) return 2;
  size_t n_file = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    const size_t shortest = bytes.size() <= kSmall ? 0 : bytes.size();
    for (size_t n = shortest; n <= bytes.size(); ++n) {
      // A copy of the exact size, so that a sanitizer sees a read past its end.
      const std::vector<uint8_t> input(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(n));
      LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    ++n_file;
  }
  std::printf("%zu seeds\n", n_file);
  return n_file > 0 ? 0 : 1;
}
