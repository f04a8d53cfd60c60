// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/sandbox_child.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace stride::gauntlet {
namespace {

[[noreturn]] void give_up(const ChildPlan& plan, const char* stage) {
  ChildFailure failure;
  failure.error = errno;
  std::strncpy(failure.stage, stage, sizeof(failure.stage) - 1);
  [[maybe_unused]] const ssize_t n = write(plan.status, &failure, sizeof(failure));
  _exit(125);
}

// A flag that the source's mount has may not be taken away by a remount in a user namespace.
unsigned long kept_flags(const char* path) {
  struct statvfs info{};
  if (statvfs(path, &info) != 0) return 0;
  unsigned long flags = 0;
  if ((info.f_flag & ST_NOEXEC) != 0) flags |= MS_NOEXEC;
  if ((info.f_flag & ST_NOATIME) != 0) flags |= MS_NOATIME;
  if ((info.f_flag & ST_NODIRATIME) != 0) flags |= MS_NODIRATIME;
  if ((info.f_flag & ST_RELATIME) != 0) flags |= MS_RELATIME;
  return flags;
}

void fill_root(const ChildPlan& plan) {
  for (const ChildPlan::Entry& entry : plan.entries) {
    const char* target = entry.target.c_str();
    if (entry.kind == ChildPlan::Entry::Kind::directory) {
      if (mkdir(target, 0755) != 0 && errno != EEXIST) give_up(plan, "mkdir");
    } else if (entry.kind == ChildPlan::Entry::Kind::file) {
      const int file = open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0444);
      if (file < 0) give_up(plan, "create");
      close(file);
    } else {
      if (mount(entry.source.c_str(), target, nullptr, MS_BIND | MS_REC, nullptr) != 0) {
        give_up(plan, "bind");
      }
      const unsigned long flags =
          MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | kept_flags(target);
      if (mount(nullptr, target, nullptr, flags, nullptr) != 0) give_up(plan, "bind read-only");
    }
  }
}

void change_root(const ChildPlan& plan) {
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) give_up(plan, "private");
  if (mount("tmpfs", plan.base.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=0755") != 0) {
    give_up(plan, "tmpfs");
  }
  if (chdir(plan.base.c_str()) != 0) give_up(plan, "chdir");
  fill_root(plan);
  if (syscall(SYS_pivot_root, ".", ".") != 0) give_up(plan, "pivot_root");
  // The old root now lies over the new one; taking it off leaves only the new.
  if (umount2(".", MNT_DETACH) != 0) give_up(plan, "umount");
  if (chdir("/") != 0) give_up(plan, "chdir");
  constexpr unsigned long kSeal = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV;
  if (mount(nullptr, "/", nullptr, kSeal, nullptr) != 0) give_up(plan, "seal");
  [[maybe_unused]] const int named = sethostname("sandbox", 7);
}

// Raw calls: the library's versions would look for the threads of the parent.
void drop_identity(const ChildPlan& plan) {
  syscall(SYS_setgroups, 0, nullptr);  // refused where the user may not; the groups then stay
  if (syscall(SYS_setresgid, kSandboxId, kSandboxId, kSandboxId) != 0) give_up(plan, "setgid");
  if (syscall(SYS_setresuid, kSandboxId, kSandboxId, kSandboxId) != 0) give_up(plan, "setuid");
}

void drop_capabilities(const ChildPlan& plan) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> none{};
  if (syscall(SYS_capset, &header, none.data()) != 0) give_up(plan, "capset");
}

void place_descriptors(const ChildPlan& plan) {
  // Copies above the final places first, so that none overwrites another.
  const int sources[] = {plan.input, plan.output, plan.error, plan.channel, plan.status};
  int high[5];
  for (int i = 0; i < 5; ++i) {
    high[i] = fcntl(sources[i], F_DUPFD, 16);
    if (high[i] < 0) give_up(plan, "descriptors");
  }
  for (int i = 0; i < 5; ++i) {
    if (dup2(high[i], i) < 0) give_up(plan, "descriptors");
  }
  fcntl(4, F_SETFD, FD_CLOEXEC);
  if (syscall(SYS_close_range, 5U, ~0U, 0U) != 0) {
    for (int fd = 5; fd < 65536; ++fd) close(fd);
  }
}

void reset_signals() {
  struct sigaction plain{};
  plain.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) sigaction(signal, &plain, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void install_filter(ChildPlan& plan) {
  for (const size_t at : plan.filter.own_pid) {
    plan.filter.program[at].k = static_cast<uint32_t>(syscall(SYS_getpid));
  }
  sock_fprog program{.len = static_cast<unsigned short>(plan.filter.program.size()),
                     .filter = plan.filter.program.data()};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) give_up(plan, "seccomp");
}

}  // namespace

void run_child(ChildPlan& plan) {
  char go = 0;
  if (read(plan.start, &go, 1) != 1) _exit(125);
  reset_signals();
  if (plan.namespaces) change_root(plan);
  if (plan.namespaces || plan.become_nobody) drop_identity(plan);
  if (plan.namespaces) drop_capabilities(plan);
  place_descriptors(plan);
  plan.status = 4;
  for (const ChildPlan::Limit& limit : plan.limits) {
    if (syscall(SYS_prlimit64, 0, limit.resource, &limit.value, nullptr) != 0) {
      give_up(plan, "limits");
    }
  }
  // A death signal is lost with a change of identity, so it is asked for after that.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(plan, "death signal");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up(plan, "no_new_privs");
  install_filter(plan);
  char* const environment[] = {nullptr};
  execve(plan.program.c_str(), plan.args.data(), environment);
  give_up(plan, "execve");
}

}  // namespace stride::gauntlet
