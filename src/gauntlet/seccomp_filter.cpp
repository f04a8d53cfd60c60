// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/seccomp_filter.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstdint>

namespace stride::gauntlet {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the sandbox knows the system calls of x86-64 and aarch64 only"
#endif

// Numbers of calls that older headers lack; the same on every architecture.
constexpr int kClone3 = 435, kOpenat2 = 437, kPidfdGetfd = 438, kPidfdSendSignal = 424,
              kPidfdOpen = 434, kProcessMadvise = 440, kMountSetattr = 442, kFsopen = 430,
              kFsconfig = 431, kFsmount = 432, kFspick = 433, kOpenTree = 428, kMoveMount = 429,
              kIoUringSetup = 425, kIoUringEnter = 426, kIoUringRegister = 427;

constexpr auto kDenied = std::to_array<int>({
    // The network, also through what is handed over.
    SYS_socket,
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    SYS_sendto,
    SYS_sendmsg,
    SYS_sendmmsg,
    SYS_recvfrom,
    SYS_recvmsg,
    SYS_recvmmsg,
    // Other processes.
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kill,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_kcmp,
    kPidfdOpen,
    kPidfdGetfd,
    kPidfdSendSignal,
    kProcessMadvise,
    SYS_setpriority,
    SYS_sched_setaffinity,
    SYS_sched_setscheduler,
    SYS_sched_setparam,
    SYS_sched_setattr,
    SYS_ioprio_set,
    SYS_migrate_pages,
    SYS_move_pages,
#ifdef SYS_fork
    SYS_fork,
    SYS_vfork,
#endif
    // Mounts, namespaces, roots.
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_unshare,
    SYS_setns,
    kMountSetattr,
    kFsopen,
    kFsconfig,
    kFsmount,
    kFspick,
    kOpenTree,
    kMoveMount,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_swapon,
    SYS_swapoff,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_acct,
    SYS_quotactl,
    // The kernel's own doors.
    SYS_bpf,
    SYS_perf_event_open,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_userfaultfd,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_syslog,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_adjtimex,
    SYS_clock_adjtime,
    SYS_personality,
    SYS_fanotify_init,
    SYS_inotify_init1,
    kIoUringSetup,
    kIoUringEnter,
    kIoUringRegister,
    SYS_memfd_create,
    SYS_vhangup,
    SYS_seccomp,
    // Identity.
    SYS_setuid,
    SYS_setgid,
    SYS_setreuid,
    SYS_setregid,
    SYS_setresuid,
    SYS_setresgid,
    SYS_setgroups,
    SYS_setfsuid,
    SYS_setfsgid,
    SYS_capset,
    // Changes of the file system; opening is looked at below.
    SYS_mkdirat,
    SYS_mknodat,
    SYS_unlinkat,
    SYS_renameat2,
    SYS_linkat,
    SYS_symlinkat,
    SYS_fchmodat,
    SYS_fchownat,
    SYS_truncate,
    SYS_fchmod,
    SYS_fchown,
    SYS_utimensat,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_fsetxattr,
    SYS_removexattr,
    SYS_lremovexattr,
    SYS_fremovexattr,
    SYS_fallocate,
#ifdef SYS_open
    SYS_mkdir,
    SYS_rmdir,
    SYS_mknod,
    SYS_unlink,
    SYS_rename,
    SYS_link,
    SYS_symlink,
    SYS_chmod,
    SYS_chown,
    SYS_lchown,
    SYS_creat,
    SYS_utime,
    SYS_utimes,
    SYS_futimesat,
    SYS_inotify_init,
    SYS_ioperm,
    SYS_iopl,
    SYS_modify_ldt,
#endif
    SYS_renameat,
});

constexpr uint32_t kNamespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                                 CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
constexpr uint32_t kWrites = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;

class Builder {
 public:
  void load(uint32_t offset) { push(BPF_LD | BPF_W | BPF_ABS, offset); }
  void load_argument(unsigned i) {
    // Both architectures are little-endian: the low half comes first.
    load(static_cast<uint32_t>(offsetof(seccomp_data, args) + 8 * i));
  }
  void equal(uint32_t value, uint8_t yes, uint8_t no) {
    push(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no);
  }
  void any_bit(uint32_t bits, uint8_t yes, uint8_t no) {
    push(BPF_JMP | BPF_JSET | BPF_K, bits, yes, no);
  }
  void at_least(uint32_t value, uint8_t yes, uint8_t no) {
    push(BPF_JMP | BPF_JGE | BPF_K, value, yes, no);
  }
  void allow() { push(BPF_RET | BPF_K, SECCOMP_RET_ALLOW); }
  void deny(int error) { push(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)); }
  void kill() { push(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS); }

  void deny_call(int number, int error = EPERM) {
    equal(static_cast<uint32_t>(number), 0, 1);
    deny(error);
  }
  // An opening call is allowed for reading only.
  void read_only(int number, unsigned flags_argument) {
    equal(static_cast<uint32_t>(number), 0, 4);
    load_argument(flags_argument);
    any_bit(kWrites, 0, 1);
    deny(EPERM);
    allow();
  }
  void own_process_only(int number) {
    equal(static_cast<uint32_t>(number), 0, 4);
    load_argument(0);
    filter.own_pid.push_back(filter.program.size());
    equal(0, 1, 0);
    deny(EPERM);
    allow();
  }

  SeccompFilter filter{};

 private:
  void push(int code, uint32_t k, uint8_t yes = 0, uint8_t no = 0) {
    filter.program.push_back({static_cast<uint16_t>(code), yes, no, k});
  }
};

}  // namespace

SeccompFilter make_seccomp_filter() {
  Builder b;
  b.load(offsetof(seccomp_data, arch));
  b.equal(kArchitecture, 1, 0);
  b.kill();
  b.load(offsetof(seccomp_data, nr));
#if defined(__x86_64__)
  b.at_least(0x40000000, 0, 1);  // the x32 calls would pass by their other numbers
  b.kill();
#endif
  for (const int number : kDenied) b.deny_call(number);
  // The C library falls back to the calls whose arguments can be looked at.
  b.deny_call(kClone3, ENOSYS);
  b.deny_call(kOpenat2, ENOSYS);
  // clone: threads, and nothing that makes a namespace.
  b.equal(SYS_clone, 0, 5);
  b.load_argument(0);
  b.any_bit(kNamespaces, 1, 0);
  b.any_bit(CLONE_THREAD, 1, 0);
  b.deny(EPERM);
  b.allow();
#ifdef SYS_open
  b.read_only(SYS_open, 1);
#endif
  b.read_only(SYS_openat, 2);
  b.own_process_only(SYS_tgkill);
  b.deny_call(SYS_tkill);
  // prlimit64 of another process: only 0, the caller, is allowed.
  b.equal(SYS_prlimit64, 0, 4);
  b.load_argument(0);
  b.equal(0, 1, 0);
  b.deny(EPERM);
  b.allow();
  b.allow();
  return std::move(b.filter);
}

}  // namespace stride::gauntlet
