// SPDX-License-Identifier: Apache-2.0
// Escape attempts. Every one of them must leave the sandbox as it was and the harness running.
#include "gauntlet/sandbox.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "gauntlet/python_runner.h"
#include "gauntlet/test.h"

namespace stride::gauntlet {
namespace {

using testing::HasSubstr;
using End = SandboxResult::End;

class SandboxEscapes : public testing::TestWithParam<bool> {
 protected:
  static Sandbox& sandbox(bool weak) {
    static Sandbox full = Sandbox::open();
    static Sandbox little = Sandbox::open({.force_weak = true});
    return weak ? little : full;
  }
  void SetUp() override {
    if (!box().available()) GTEST_SKIP() << box().unavailable_reason();
  }
  Sandbox& box() const { return sandbox(GetParam()); }
  SandboxResult run(const std::string& program, uint32_t cpu = 2, double wall = 10) const {
    auto result = box().run(program, cpu, wall);
    EXPECT_TRUE(result) << result.error().message;
    return result ? *std::move(result) : SandboxResult();
  }
  // Runs statements, each for itself; the output has one line per statement that succeeded.
  std::string succeeded(const std::vector<std::string>& statements) const {
    // Full isolation has no libffi for ctypes; the weak one shows that the filter stops it.
    std::string program =
        "import os, sys, signal\ntry:\n    import socket\nexcept ImportError:\n    pass\ntry:\n    "
        "import "
        "ctypes\nexcept ImportError:\n    pass\n";
    for (size_t i = 0; i < statements.size(); ++i) {
      program += "try:\n    " + statements[i] + "\n    print('succeeded', " + std::to_string(i) +
                 ")\nexcept BaseException as e:\n    pass\n";
    }
    // The end of the program is reached, or nothing would have been tried.
    program += "print('end')\n";
    std::string output = run(program).output;
    EXPECT_TRUE(output.ends_with("end\n")) << output;
    return output.substr(0, output.size() - std::min<size_t>(output.size(), 4));
  }
};

TEST_P(SandboxEscapes, ComputesAndReportsWhatWasPrinted) {
  const SandboxResult result = run(
      "import os, sys\nprint(6 * 7)\nprint('e', file=sys.stderr)\nos.write(3, b'r')\nsys.exit(3)");
  EXPECT_EQ(result.end, End::exited);
  EXPECT_EQ(result.code, 3);
  EXPECT_EQ(result.output, "42\n");
  EXPECT_EQ(result.error, "e\n");
  EXPECT_EQ(result.channel, "r");
}

TEST_P(SandboxEscapes, NoNetwork) {
  // A listener of ours must stay unreachable.
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{
      .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  socklen_t size = sizeof(address);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  const std::string port = std::to_string(ntohs(address.sin_port));
  EXPECT_EQ(succeeded({"socket.create_connection(('127.0.0.1', " + port + "), 1)",
                       "socket.socket()", "socket.socketpair()", "socket.socket(socket.AF_UNIX)",
                       "socket.socket(socket.AF_INET, socket.SOCK_RAW)",
                       "socket.socket(socket.AF_NETLINK)"}),
            "");
  close(listener);
}

TEST_P(SandboxEscapes, NoWritesAndNoProcesses) {
  const std::string victim = testing::TempDir() + "stride_sandbox_victim";
  std::ofstream(victim) << "safe";
  EXPECT_EQ(succeeded({"open('" + victim + "', 'w').write('x')", "os.unlink('" + victim + "')",
                       "open('/tmp/stride_sandbox_new', 'w')", "os.mkdir('/stride_sandbox_dir')",
                       "os.chmod('/', 0o777)", "os.symlink('/', '/stride_sandbox_link')",
                       "os.fork()", "os.posix_spawn(sys.executable, ['x'], {})",
                       "__import__('subprocess').run(['/bin/true'], check=True)",
                       "os.system('true') == 0 or 1/0",
                       "__import__('multiprocessing').Process(target=print).start()"}),
            "");
  std::string content;
  std::ifstream(victim) >> content;
  EXPECT_EQ(content, "safe");
  EXPECT_FALSE(std::filesystem::exists("/tmp/stride_sandbox_new"));
  std::filesystem::remove(victim);
}

TEST_P(SandboxEscapes, NoSignalsNoTracingNoOtherProcess) {
  const std::string parent = std::to_string(getpid());
  EXPECT_EQ(succeeded({"os.kill(" + parent + ", 9)", "os.kill(os.getppid(), 9)", "os.kill(-1, 9)",
                       "os.killpg(0, 9)", "os.setpriority(os.PRIO_PROCESS, 0, 5)",
                       "signal.pidfd_send_signal(os.pidfd_open(" + parent + "), 9)",
                       "ctypes.CDLL(None).ptrace(16, " + parent + ", 0, 0) == 0 or 1/0",
                       "ctypes.CDLL(None).unshare(0x10000000) == 0 or 1/0",
                       "ctypes.CDLL(None).mount(b'x', b'/', b'tmpfs', 0, 0) == 0 or 1/0",
                       "ctypes.CDLL(None).setuid(0) == 0 or 1/0", "os.setuid(0)",
                       "__import__('resource').prlimit(" + parent + ", 7, (1, 1))",
                       "__import__('resource').setrlimit(0, (60, 60))"}),
            "");
}

TEST_P(SandboxEscapes, NothingInherited) {
  // A descriptor that our process has open must not be there.
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  std::string program =
      "import os\nfor fd in range(5, 1024):\n    try:\n        os.write(fd, b'x')\n        "
      "print('wrote', fd)\n"
      "    except OSError:\n        pass\n";
  program +=
      "print(len(os.environ.get('PATH', '')), sorted(k for k in os.environ if k != "
      "'LC_CTYPE'))\nprint(repr(__import__('sys').stdin.read()))\n";
  const SandboxResult result = run(program);
  EXPECT_EQ(result.output, "0 []\n''\n");
  close(ends[0]);
  close(ends[1]);
}

TEST_P(SandboxEscapes, TimeMemoryOutputAndThreadsEnd) {
  EXPECT_EQ(run("while True:\n    pass", 1).end, End::cpu_limit);
  EXPECT_EQ(run("import time\ntime.sleep(60)", 1, 0.5).end, End::wall_limit);
  EXPECT_THAT(run("x = bytearray(1 << 30)").error, HasSubstr("MemoryError"));
  EXPECT_EQ(run("while True:\n    print('x' * 1000)").end, End::output_limit);
  EXPECT_LE(run("while True:\n    print('x' * 1000)").output.size(), 256u << 10);
  EXPECT_EQ(run("import os\nwhile True:\n    os.write(3, b'y' * 4096)").end, End::output_limit);
  const SandboxResult threads =
      run("import threading, time\nn = 0\ntry:\n    for i in range(500):\n        "
          "threading.Thread(target=time.sleep, "
          "args=(9,), daemon=True).start()\n        n += 1\nexcept RuntimeError:\n    "
          "pass\nprint(n < 20, flush=True)\n"
          "__import__('os')._exit(0)");
  // As root in weak mode the user is nobody, whose other processes count as well.
  EXPECT_EQ(threads.output, "True\n");
  EXPECT_EQ(
      run("import os\nos.close(1)\nos.close(2)\nos.close(3)\nwhile True:\n    pass", 1, 8).end,
      End::cpu_limit);
  EXPECT_EQ(run("import os\nos.abort()").end, End::signalled);
}

INSTANTIATE_TEST_SUITE_P(Isolation, SandboxEscapes, testing::Values(false, true),
                         [](const auto& which) { return which.param ? "Weak" : "Full"; });

TEST(Sandbox, FullIsolationSeesOnlyTheInterpreter) {
  const Sandbox sandbox = Sandbox::open();
  if (sandbox.isolation() != Sandbox::Isolation::full) GTEST_SKIP() << sandbox.unavailable_reason();
  const auto result = sandbox.run(
      "import os\nfor p in ('/proc', '/dev', '/etc', '/home', '/root', '/tmp', '/var', "
      "'/proc/1/environ', '/bin'):\n"
      "    print(p, os.path.exists(p))\nprint(os.getpid(), os.getuid())\n");
  ASSERT_TRUE(result);
  EXPECT_THAT(result->output, testing::Not(HasSubstr("True")));
  EXPECT_THAT(result->output, HasSubstr("1 65534\n"));
  EXPECT_THAT(sandbox.description(), HasSubstr("own namespaces"));
}

TEST(Sandbox, WeakIsolationIsOnlyTakenOnRequestAndSaysSo) {
  const Sandbox weak = Sandbox::open({.force_weak = true});
  if (!weak.available()) GTEST_SKIP() << weak.unavailable_reason();
  EXPECT_EQ(weak.isolation(), Sandbox::Isolation::weak);
  EXPECT_THAT(weak.description(), HasSubstr("weak isolation"));
}

TEST(Sandbox, WithoutAnInterpreterItIsUnavailable) {
  Sandbox none = Sandbox::open({.interpreter = "/nonexistent/python3"});
  EXPECT_FALSE(none.available());
  EXPECT_THAT(none.unavailable_reason(), HasSubstr("/nonexistent/python3"));
  EXPECT_FALSE(Sandbox::open({.interpreter = "/bin/true"}).available());
  EXPECT_FALSE(none.run("print(1)"));
  const TestInfo& test = *find_test("code_generation");
  EXPECT_TRUE(is_unsupported(test, none));
  EXPECT_FALSE(is_unsupported(*find_test("summarization"), none));
  const auto drawn = make_case("code_generation", {}, "2026-11-26");
  const Grade result = grade(test, *drawn, drawn->certification()[7].attempts, none);
  EXPECT_EQ(result.score, 0);
  EXPECT_EQ(result.flags, std::vector<std::string>{"unsupported"});
}

class PythonRunner : public testing::Test {
 protected:
  void SetUp() override {
    if (!box().available()) GTEST_SKIP() << box().unavailable_reason();
  }
  static Sandbox& box() {
    static Sandbox sandbox = Sandbox::open();
    return sandbox;
  }
  static PythonRun run(std::string_view code, const std::vector<PythonCall>& calls) {
    auto result = run_python(box(), code, calls, 1);
    EXPECT_TRUE(result) << result.error().message;
    return result ? *std::move(result) : PythonRun();
  }
};

TEST_F(PythonRunner, BringsBackPlainDataOnly) {
  const PythonRun r =
      run("def f(x):\n    return x\ndef g():\n    return object()\ndef h():\n    return {1: "
          "2}\ndef k():\n    raise KeyError('x')\n"
          "def big():\n    return 2**80\ndef nan():\n    return float('nan')\nclass Liar(dict):\n  "
          "  def __eq__(self, o):\n        return True\n"
          "def liar():\n    return Liar()\n",
          {{.name = "f", .arguments = "[[1,2.5,\"\xc3\xa9\",null,true]]"},
           {.name = "g"},
           {.name = "h"},
           {.name = "k"},
           {.name = "big"},
           {.name = "nan"},
           {.name = "liar"},
           {.name = "absent"}});
  ASSERT_EQ(r.outcomes.size(), 8u);
  EXPECT_EQ(r.outcomes[0].value, "[1,2.5,\"\xc3\xa9\",null,true]");
  EXPECT_EQ(r.outcomes[1].raised[0], "TypeError");
  EXPECT_EQ(r.outcomes[2].raised[0], "TypeError");
  EXPECT_EQ(r.outcomes[3].raised[0], "KeyError");
  EXPECT_EQ(r.outcomes[4].value, "1208925819614629174706176");
  EXPECT_EQ(r.outcomes[5].state, PythonOutcome::State::missing);
  EXPECT_EQ(r.outcomes[6].value, "{}");
  EXPECT_EQ(r.outcomes[7].raised[0], "KeyError");
}

TEST_F(PythonRunner, OneDeadlyCallLeavesTheOthers) {
  const PythonRun r =
      run("import os\ndef f(x):\n    if x == 1:\n        os._exit(0)\n    while x == 3:\n        "
          "pass\n    return x\n",
          {{.name = "f", .arguments = "[0]"},
           {.name = "f", .arguments = "[1]"},
           {.name = "f", .arguments = "[2]"},
           {.name = "f", .arguments = "[3]"},
           {.name = "f", .arguments = "[4]"}});
  using State = PythonOutcome::State;
  const std::array wanted = {State::value, State::missing, State::value, State::missing,
                             State::value};
  for (size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(r.outcomes[i].state, wanted[i]) << i;
  EXPECT_TRUE(r.timed_out);
}

TEST_F(PythonRunner, ForgedAndLateResultsCountNothing) {
  const PythonRun r =
      run("import os, atexit, threading, sys\nos.write(3, b'{\"i\": 0, \"v\": 7}\\n')\nos.write(3, "
          "b'x' * 32 + b' {\"i\": 0, \"v\": 7}\\n')\n"
          "atexit.register(lambda: os.write(3, b'late'))\nsys.exit = lambda *a: "
          "None\nprint('{\"i\": 0, \"v\": 7}')\n"
          "def f():\n    return 1\n",
          {{.name = "f"}});
  EXPECT_EQ(r.outcomes[0].value, "1");
  EXPECT_EQ(r.output, "{\"i\": 0, \"v\": 7}\n");
}

TEST_F(PythonRunner, SourceIsDescribedBeforeItRuns) {
  const PythonRun r =
      run("import os.path\nfrom json import dumps\nclass A:\n    \"\"\"Doc A.\"\"\"\n    def "
          "m(self, x: int) -> int:\n        return eval('x')\n"
          "def f(a: int, b=2):\n    \"\"\"Doc f.\"\"\"\n    return open\n",
          {});
  EXPECT_TRUE(r.source.parses);
  EXPECT_THAT(r.source.imports, testing::ElementsAre("os", "json"));
  EXPECT_THAT(r.source.calls, testing::ElementsAre("eval"));
  ASSERT_EQ(r.source.functions.size(), 3u);
  EXPECT_EQ(r.source.functions[1].name, "A.m");
  EXPECT_EQ(r.source.functions[1].annotated, 1u);
  EXPECT_TRUE(r.source.functions[1].returns);
  EXPECT_EQ(r.source.functions[2].docstring, "Doc f.");
  EXPECT_EQ(r.source.functions[2].annotated, 1u);
  EXPECT_THAT(run("def f(:", {}).fault, HasSubstr("SyntaxError"));
}

TEST(SameResult, NumbersKeepTheirKind) {
  EXPECT_TRUE(same_result("[1,2]", "[1, 2]"));
  EXPECT_TRUE(same_result("1.50", "1.5"));
  EXPECT_TRUE(same_result("{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}"));
  EXPECT_FALSE(same_result("2.0", "2"));
  EXPECT_FALSE(same_result("true", "1"));
  EXPECT_FALSE(same_result("\"1\"", "1"));
  EXPECT_FALSE(same_result("12345678901234567890123", "12345678901234567890124"));
  EXPECT_FALSE(same_result("NaN", "NaN"));
}

}  // namespace
}  // namespace stride::gauntlet
