// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "gauntlet/python_installation.h"
#include "gauntlet/sandbox_child.h"

namespace stride::gauntlet {
namespace {

using Clock = std::chrono::steady_clock;

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

struct Pipe {
  Descriptor read_end, write_end;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(Errc::io, "sandbox: cannot make a pipe: {}", std::strerror(errno));
  }
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

// The program text as a file that can only be read.
Result<Descriptor> program_file(std::string_view text) {
  const Descriptor file(memfd_create("program", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) return fail(Errc::io, "sandbox: memfd_create: {}", std::strerror(errno));
  while (!text.empty()) {
    const ssize_t n = write(file.get(), text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail(Errc::io, "sandbox: cannot store the program");
    text.remove_prefix(static_cast<size_t>(n));
  }
  fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  Descriptor reader(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!reader) return fail(Errc::io, "sandbox: cannot reopen the program");
  return reader;
}

// Every folder on the way to `path`, each once and parents first.
void add_parents(const std::string& path, std::set<std::string>& known,
                 std::vector<ChildPlan::Entry>& out) {
  for (size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string folder = path.substr(0, slash);
    if (!folder.empty() && known.insert(folder).second) {
      out.push_back({ChildPlan::Entry::Kind::directory, {}, folder});
    }
  }
}

std::vector<ChildPlan::Entry> root_entries(const PythonInstallation& python) {
  using Kind = ChildPlan::Entry::Kind;
  std::vector<ChildPlan::Entry> out;
  std::set<std::string> known;
  for (const PythonInstallation::Bind& bind : python.binds) {
    const std::string target = bind.target.substr(1);
    add_parents(target, known, out);
    if (!known.insert(target).second) continue;
    out.push_back({bind.directory ? Kind::directory : Kind::file, {}, target});
    out.push_back({Kind::bind, bind.source, target});
  }
  return out;
}

// A directory to mount over that hides nothing the interpreter needs.
std::string base_directory(const PythonInstallation& python) {
  for (const char* base : {"/tmp", "/run", "/mnt", "/var"}) {
    const std::string prefix = std::string(base) + '/';
    const bool hides = std::ranges::any_of(
        python.binds, [&](const auto& bind) { return bind.source.starts_with(prefix); });
    if (!hides && access(base, X_OK) == 0) return base;
  }
  return "/tmp";
}

std::vector<ChildPlan::Limit> limits(const SandboxOptions& options, uint32_t cpu_limit_s) {
  const auto both = [](int resource, rlim_t value) {
    return ChildPlan::Limit{resource, {.rlim_cur = value, .rlim_max = value}};
  };
  // The first of the two ends in SIGXCPU, which tells itself from other deaths; the second is for
  // programs that ignore it.
  return {ChildPlan::Limit{RLIMIT_CPU, {.rlim_cur = cpu_limit_s, .rlim_max = cpu_limit_s + 1}},
          both(RLIMIT_AS, options.memory),
          both(RLIMIT_FSIZE, 1 << 20),
          both(RLIMIT_NPROC, 16),
          both(RLIMIT_NOFILE, 32),
          both(RLIMIT_CORE, 0)};
}

bool write_file(const std::string& path, const std::string& text) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Root maps itself, to build the file tree, and nobody, to run as: limits on processes do not bind
// root. Anyone else can map only itself.
bool write_id_maps(pid_t child) {
  const std::string folder = "/proc/" + std::to_string(child) + "/";
  const auto nobody = std::to_string(kSandboxId);
  if (geteuid() == 0) {
    const std::string both = "0 0 1\n" + nobody + ' ' + nobody + " 1\n";
    if (write_file(folder + "uid_map", both)) return write_file(folder + "gid_map", both);
  }
  write_file(folder + "setgroups", "deny");
  return write_file(folder + "uid_map", nobody + ' ' + std::to_string(geteuid()) + " 1\n") &&
         write_file(folder + "gid_map", nobody + ' ' + std::to_string(getegid()) + " 1\n");
}

// No handler of the parent may run in the child before it has reset them.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_{};
};

struct Child {
  pid_t pid = 0;
  Descriptor handle{};  // the pidfd
};

Result<Child> start_child(ChildPlan& plan) {
  constexpr unsigned long kNamespaces =
      CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
  const unsigned long flags = CLONE_PIDFD | SIGCHLD | (plan.namespaces ? kNamespaces : 0UL);
  int handle = -1;
  const BlockedSignals blocked;
  const long pid = syscall(SYS_clone, flags, nullptr, &handle, nullptr, nullptr);
  if (pid == 0) run_child(plan);
  if (pid < 0) {
    return fail(Errc::unsupported, "cannot make {}: {}",
                plan.namespaces ? "namespaces" : "a process", std::strerror(errno));
  }
  return Child{static_cast<pid_t>(pid), Descriptor(handle)};
}

void kill_child(const Child& child) {
  syscall(SYS_pidfd_send_signal, child.handle.get(), SIGKILL, nullptr, 0);
}

// Reads what is there; false at the end of the stream.
bool drain(int fd, std::string& into, uint64_t cap, bool& overflow) {
  std::array<char, 16384> buffer{};
  const ssize_t n = read(fd, buffer.data(), buffer.size());
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  if (n == 0) return false;
  const size_t room = cap > into.size() ? cap - into.size() : 0;
  into.append(buffer.data(), std::min(static_cast<size_t>(n), room));
  overflow = overflow || static_cast<size_t>(n) > room;
  return true;
}

struct Stream {
  Descriptor fd;
  std::string* into;
  bool open = true;
};

// Collects the streams until all are closed, the time is over or one of them overflows.
SandboxResult::End collect(const Child& child, std::span<Stream> streams, uint64_t cap,
                           Clock::time_point deadline) {
  auto end = SandboxResult::End::exited;
  bool killed = false;
  while (std::ranges::any_of(streams, &Stream::open)) {
    std::vector<pollfd> waits;
    for (const Stream& stream : streams) {
      waits.push_back({.fd = stream.open ? stream.fd.get() : -1, .events = POLLIN, .revents = 0});
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    const int ready =
        poll(waits.data(), waits.size(),
             killed ? -1 : static_cast<int>(std::clamp<int64_t>(left + 1, 0, 60'000)));
    if (ready < 0 && errno != EINTR) break;
    bool overflow = false;
    for (size_t i = 0; ready > 0 && i < streams.size(); ++i) {
      if (waits[i].revents == 0) continue;
      streams[i].open = drain(streams[i].fd.get(), *streams[i].into, cap, overflow);
    }
    if (killed) continue;
    const bool late = Clock::now() >= deadline;
    if (!overflow && !late) continue;
    end = overflow ? SandboxResult::End::output_limit : SandboxResult::End::wall_limit;
    kill_child(child);
    killed = true;
  }
  return end;
}

// A program may close its streams and go on; it has until the deadline to end.
bool wait_until(const Child& child, Clock::time_point deadline) {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd wait{.fd = child.handle.get(), .events = POLLIN, .revents = 0};
    const int ready = poll(&wait, 1, static_cast<int>(std::clamp<int64_t>(left + 1, 0, 60'000)));
    if (ready > 0) return true;
    if (Clock::now() >= deadline) return false;
  }
}

void reap(const Child& child, SandboxResult& result, uint32_t cpu_limit_s) {
  int status = 0;
  rusage usage{};
  while (wait4(child.pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  result.cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  const bool signalled = WIFSIGNALED(status);
  result.code = signalled ? WTERMSIG(status) : WEXITSTATUS(status);
  if (result.end != SandboxResult::End::exited || !signalled) return;
  // The limit counts in ticks, of which a busy machine charges some in full that were not used.
  const bool used_up =
      result.code == SIGXCPU ||
      (result.code == SIGKILL && result.cpu_s >= 0.9 * static_cast<double>(cpu_limit_s));
  result.end = used_up ? SandboxResult::End::cpu_limit : SandboxResult::End::signalled;
}

struct Ends {
  Descriptor input;
  Pipe output, error, channel, status, start;
};

Result<Ends> make_ends(std::string_view program) {
  Ends ends;
  ends.input = STRIDE_TRY(program_file(program));
  for (Pipe* pipe : {&ends.output, &ends.error, &ends.channel, &ends.status, &ends.start}) {
    *pipe = STRIDE_TRY(make_pipe());
  }
  return ends;
}

// Nothing where the interpreter was started.
std::optional<Error> setup_failure(const Ends& ends) {
  ChildFailure failure;
  ssize_t n = 0;
  do {
    n = read(ends.status.read_end.get(), &failure, sizeof(failure));
  } while (n < 0 && errno == EINTR);
  if (n != static_cast<ssize_t>(sizeof(failure))) return std::nullopt;
  failure.stage[sizeof(failure.stage) - 1] = 0;
  return Error{Errc::unsupported,
               fmt::format("{}: {}", failure.stage, std::strerror(failure.error))};
}

}  // namespace

Sandbox Sandbox::unavailable(std::string reason) {
  Sandbox sandbox;
  sandbox.reason_ = std::move(reason);
  return sandbox;
}

Sandbox Sandbox::open(const SandboxOptions& options) {
  auto python = find_python(options.interpreter);
  if (!python) return unavailable(python.error().message);
  Sandbox sandbox;
  sandbox.options_ = options;
  sandbox.python_ = std::make_shared<const PythonInstallation>(*std::move(python));
  std::string why;
  for (const Isolation isolation : {Isolation::full, Isolation::weak}) {
    if (isolation == Isolation::full && options.force_weak) continue;
    if (isolation == Isolation::weak && !options.allow_weak && !options.force_weak) continue;
    sandbox.isolation_ = isolation;
    const auto trial = sandbox.run("import os\nos.write(3, b'ready')\n");
    if (trial && trial->channel == "ready") {
      sandbox.description_ = fmt::format(
          "Python {}, {}", sandbox.python_->version,
          isolation == Isolation::full ? "own namespaces" : "weak isolation: rlimits and seccomp");
      return sandbox;
    }
    why = trial ? "the interpreter does not run: " + trial->error.substr(0, 200)
                : trial.error().message;
  }
  return unavailable("namespaces cannot be had (" + why + "); weak isolation was not asked for");
}

Result<SandboxResult> Sandbox::run(std::string_view program, uint32_t cpu_limit_s,
                                   double wall_limit_s) const {
  if (!available()) return fail(Errc::unsupported, "there is no sandbox: {}", reason_);
  Ends ends = STRIDE_TRY(make_ends(program));
  ChildPlan plan;
  plan.namespaces = isolation_ == Isolation::full;
  plan.become_nobody = geteuid() == 0;
  plan.base = base_directory(*python_);
  plan.entries = root_entries(*python_);
  plan.limits = limits(options_, cpu_limit_s);
  plan.filter = make_seccomp_filter();
  plan.program = python_->program;
  std::array<std::string, 7> words = {plan.program, "-I", "-S", "-B", "-X", "utf8", "-"};
  for (std::string& word : words) plan.args.push_back(word.data());
  plan.args.push_back(nullptr);
  plan.input = ends.input.get();
  plan.output = ends.output.write_end.get();
  plan.error = ends.error.write_end.get();
  plan.channel = ends.channel.write_end.get();
  plan.status = ends.status.write_end.get();
  plan.start = ends.start.read_end.get();
  const Child child = STRIDE_TRY(start_child(plan));
  for (Pipe* pipe : {&ends.output, &ends.error, &ends.channel, &ends.status}) {
    pipe->write_end.reset();
  }
  ends.start.read_end.reset();

  SandboxResult result;
  const bool mapped = !plan.namespaces || write_id_maps(child.pid);
  // The child waits for this byte, so its pipe has a reader.
  if (mapped) [[maybe_unused]]
    const ssize_t n = write(ends.start.write_end.get(), "!", 1);
  ends.start.write_end.reset();
  const std::optional<Error> failure = setup_failure(ends);
  if (failure || !mapped) {
    kill_child(child);
    reap(child, result, cpu_limit_s);
    return fail(Errc::unsupported, "{}", failure ? failure->message : "cannot write the id maps");
  }
  const auto deadline =
      Clock::now() + std::chrono::milliseconds(static_cast<int64_t>(wall_limit_s * 1000));
  std::array<Stream, 3> streams = {Stream{std::move(ends.output.read_end), &result.output},
                                   Stream{std::move(ends.error.read_end), &result.error},
                                   Stream{std::move(ends.channel.read_end), &result.channel}};
  result.end = collect(child, streams, options_.output_cap, deadline);
  if (result.end == SandboxResult::End::exited && !wait_until(child, deadline)) {
    result.end = SandboxResult::End::wall_limit;
    kill_child(child);
  }
  reap(child, result, cpu_limit_s);
  return result;
}

}  // namespace stride::gauntlet
