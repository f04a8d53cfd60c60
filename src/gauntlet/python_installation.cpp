// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/python_installation.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace stride::gauntlet {
namespace {

// Prints the version, the program, and one line "d|f SOURCE TARGET" for everything to bind, apart
// by tabs. Libraries are bound at every name that links to them, since the loader asks for short
// ones.
constexpr const char* kProbe = R"PY(
import os, struct, sys, sysconfig
for name in ("_json math _struct _random _bisect _heapq _decimal _datetime zlib array _csv "
             "_collections _statistics unicodedata _queue _contextvars _asyncio _hashlib _blake2 "
             "_sha3 binascii select resource cmath fcntl _opcode").split():
    try:
        __import__(name)
    except ImportError:
        pass
program = os.path.realpath("/proc/self/exe")
print(sys.version.split()[0])
print(program)
out = [("f", program, program)]
for key in ("stdlib", "platstdlib"):
    path = sysconfig.get_path(key)
    if path and os.path.isdir(path):
        out.append(("d", os.path.realpath(path), path))
folders = tuple(t + "/" for k, s, t in out if k == "d")
libraries = set()
with open("/proc/self/maps") as maps:
    for line in maps:
        parts = line.split(None, 5)
        if len(parts) == 6 and parts[5].strip().startswith("/"):
            path = parts[5].strip()
            if ".so" in path and os.path.exists(path) and not path.startswith(folders):
                libraries.add(os.path.realpath(path))
for path in sorted(libraries):
    folder = os.path.dirname(path)
    for name in sorted(os.listdir(folder)):
        link = os.path.join(folder, name)
        if link == path or (os.path.islink(link) and os.path.realpath(link) == path):
            out.append(("f", path, link))
with open(program, "rb") as f:
    head = f.read(64)
    if head[:5] == b"\x7fELF\x02":
        offset, = struct.unpack_from("<Q", head, 32)
        size, count = struct.unpack_from("<HH", head, 54)
        for i in range(count):
            f.seek(offset + i * size)
            entry = f.read(size)
            kind, _, at, _, _, length = struct.unpack_from("<IIQQQQ", entry)
            if kind == 3:
                f.seek(at)
                loader = f.read(length).rstrip(b"\0").decode()
                out.append(("f", os.path.realpath(loader), loader))
for entry in dict.fromkeys(out):
    print("\t".join(entry))
)PY";

Result<std::string> output_of(const std::string& program) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(Errc::io, "cannot make a pipe: {}", std::strerror(errno));
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  std::array<std::string, 6> words = {program, "-I", "-S", "-B", "-c", kProbe};
  std::array<char*, 7> args{};
  std::ranges::transform(words, args.begin(), [](std::string& word) { return word.data(); });
  std::array<char*, 1> environment{};
  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, program.c_str(), &actions, nullptr, args.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string out;
  if (error == 0) {
    std::array<char, 4096> buffer{};
    for (ssize_t n = 0; (n = read(ends[0], buffer.data(), buffer.size())) != 0;) {
      if (n > 0) out.append(buffer.data(), static_cast<size_t>(n));
      if (n < 0 && errno != EINTR) break;
    }
  }
  close(ends[0]);
  if (error != 0)
    return fail(Errc::not_found, "cannot start {}: {}", program, std::strerror(error));
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return fail(Errc::unsupported, "{} does not run as a Python 3 interpreter", program);
  }
  return out;
}

std::string take_until(std::string_view& rest, char mark) {
  const size_t end = std::min(rest.find(mark), rest.size());
  std::string part(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

Result<PythonInstallation> ask(const std::string& interpreter) {
  const std::string answer = STRIDE_TRY(output_of(interpreter));
  std::string_view rest = answer;
  PythonInstallation out;
  out.version = take_until(rest, '\n');
  out.program = take_until(rest, '\n');
  while (!rest.empty()) {
    const std::string line = take_until(rest, '\n');
    std::string_view fields = line;
    const bool directory = take_until(fields, '\t') == "d";
    std::string source = take_until(fields, '\t');
    out.binds.push_back({std::move(source), std::string(fields), directory});
  }
  if (!out.version.starts_with("3.") || out.binds.empty()) {
    return fail(Errc::unsupported, "{} is no Python 3 interpreter", interpreter);
  }
  return out;
}

}  // namespace

Result<PythonInstallation> find_python(const std::string& interpreter) {
  if (!interpreter.empty()) return ask(interpreter);
  for (const char* path : {"/usr/bin/python3", "/usr/local/bin/python3"}) {
    if (access(path, X_OK) == 0) return ask(path);
  }
  return fail(Errc::not_found,
              "no Python interpreter at /usr/bin/python3 or /usr/local/bin/python3");
}

}  // namespace stride::gauntlet
