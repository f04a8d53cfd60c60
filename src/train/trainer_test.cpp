// SPDX-License-Identifier: Apache-2.0
// The loop: it learns, it goes on exactly where it stopped whatever stopped it, and it stops before
// it spoils anything.
#include "train/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "train/checkpoint.h"
#include "train/test_model.h"
#include "train/train_run.h"
#include "train/trained_catalog.h"

namespace stride::train {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

// Two stages, so that the second begins with a copy of heads; 40 steps of small batches.
constexpr std::string_view kConfig = R"({
  "name": "test", "seed": 4, "workers": 2, "micro_tokens": 96,
  "model": {"n_embd": 32, "head_dim": 16, "n_layer": 5, "n_mtp": 3, "context_length": 4096,
            "n_ff": 48, "n_expert": 6, "n_expert_used": 2, "n_ff_expert": 16, "n_ff_shared": 16,
            "window": 8, "n_head_kv": 2, "n_head_full": 4, "n_head_sliding": 6, "n_dense": 1},
  "data": {"tokenizer": "t.json"},
  "optimizer": {"decay": 0.1},
  "stages": [
    {"name": "first", "tokens": 5760, "length": 48, "rows": 10, "learning_rate": [0.01, 0.002],
     "warmup_steps": 3, "mtp_weights": [0.3], "balance_rate": 0.001},
    {"name": "heads", "tokens": 15360, "length": 64, "rows": 8, "learning_rate": [0.002, 0.001],
     "mtp_weights": [0.5, 0.3, 0.2], "clone_heads": true}
  ]})";

TrainConfig config_of(std::string_view text) {
  return parse_train_config(text, 48).value();
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

fs::path fresh_folder(const char* name) {
  const fs::path folder = fs::path(testing::TempDir()) / "stride_trainer_test" / name;
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

RunEvents quiet() {
  return {.step = [](const StepReport&, double, double) {}, .note = [](const std::string&) {}};
}

// The weights after n steps without interruption.
std::vector<float> weights_after(uint64_t n) {
  TestSource source;
  const auto trainer = Trainer::create(config_of(kConfig), source).value();
  while (trainer->n_done() < n) EXPECT_TRUE(trainer->step());
  return {trainer->weights().begin(), trainer->weights().end()};
}

TEST(Trainer, BeginsWithTheMeanOfFiles) {
  TestSource source;
  const TrainConfig config = config_of(kConfig);
  const std::vector<float> first = weights_after(0), second = weights_after(2);
  const auto trainer = Trainer::create(config, source).value();
  ASSERT_TRUE(trainer->start_from(TrainedCatalog(config.model, first, {})));
  ASSERT_TRUE(trainer->start_from(TrainedCatalog(config.model, second, {}), 0.5F));
  double most = 0;
  for (size_t i = 0; i < first.size(); ++i) {
    ASSERT_NEAR(trainer->weights()[i], (first[i] + second[i]) / 2, 2e-7) << i;
    most = std::max<double>(most, std::abs(second[i] - first[i]));
  }
  EXPECT_GT(most, 1e-3);
}

TEST(Trainer, Learns) {
  // A rule of two tokens in a vocabulary of 24, one token in sixteen random: at best about 0.4.
  std::string text = replaced(std::string(kConfig), "5760", "160000");
  text = replaced(text, "\"rows\": 10", "\"rows\": 20");
  TestSource source(24);
  const auto trainer = Trainer::create(parse_train_config(text, 24).value(), source).value();
  StepReport report;
  double first = 0, last = 0;
  while (trainer->n_done() < 160) {
    report = trainer->step().value();
    if (trainer->n_done() == 1) first = report.loss();
    if (trainer->n_done() > 150) last += report.loss() / 10;
    ASSERT_TRUE(std::isfinite(report.gradient_norm));
  }
  EXPECT_NEAR(first, std::log(24), 0.2);
  EXPECT_LT(last, 1.0);
  EXPECT_GT(report.accuracy(), 0.7);
  EXPECT_LT(report.loss(1), 2.0);
  const RoutingHealth health = routing_health(report.losses);
  EXPECT_GT(health.entropy, 0.5);
  EXPECT_EQ(health.n_dead, 0U);
  EXPECT_GT(health.confidence, 2.0 / 6);
  EXPECT_LT(health.confidence, 1);
}

TEST(Trainer, ResumesBitForBit) {
  const fs::path folder = fresh_folder("resume");
  TestSource source, other;
  const auto first = Trainer::create(config_of(kConfig), source).value();
  // Step 10 lies in the first stage, the copy of heads at 12 after it.
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(first->step());
  ASSERT_TRUE(first->save(folder / "x"));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(first->step());
  const auto second = Trainer::create(config_of(kConfig), other).value();
  ASSERT_TRUE(second->load(folder / "x"));
  EXPECT_EQ(second->n_done(), 10U);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(second->step());
  EXPECT_EQ(std::vector<float>(second->weights().begin(), second->weights().end()),
            weights_after(20));
}

// Not a test of its own: the process that the next test kills.
TEST(TrainerChild, DISABLED_Runs) {
  const char* folder = std::getenv("STRIDE_TEST_FOLDER");
  ASSERT_NE(folder, nullptr);
  TestSource source;
  const auto trainer = Trainer::create(config_of(kConfig), source).value();
  RunEvents events = quiet();
  events.step = [](const StepReport&, double, double) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  };
  ASSERT_TRUE(run_training(*trainer, {},
                           {.folder = folder, .resume = true, .checkpoint_seconds = 0}, events));
}

pid_t start_child(const fs::path& folder) {
  const std::string exe = fs::read_symlink("/proc/self/exe").string();
  std::string a0 = exe, a1 = "--gtest_filter=TrainerChild.*",
              a2 = "--gtest_also_run_disabled_tests", a3 = "--gtest_brief=1",
              e0 = "STRIDE_TEST_FOLDER=" + folder.string();
  char* arguments[] = {a0.data(), a1.data(), a2.data(), a3.data(), nullptr};
  char* environment[] = {e0.data(), nullptr};
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, exe.c_str(), nullptr, nullptr, arguments, environment), 0);
  return child;
}

TEST(Trainer, GoesOnAfterBeingKilledAtAnyMoment) {
  const fs::path folder = fresh_folder("killed");
  Random random(static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()));
  for (int kill_number = 0; kill_number < 4; ++kill_number) {
    const pid_t child = start_child(folder);
    // Wait for progress, then strike at a moment that nobody chose.
    const uint64_t seen = list_checkpoints(folder).empty() ? 0 : list_checkpoints(folder)[0].step;
    for (int wait = 0; wait < 4000; ++wait) {
      const auto files = list_checkpoints(folder);
      if (!files.empty() && files[0].step > seen) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(60000)));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
  }
  TestSource source;
  const auto trainer = Trainer::create(config_of(kConfig), source).value();
  const auto end = run_training(*trainer, {}, {.folder = folder, .resume = true}, quiet());
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(*end, RunEnd::finished);
  const auto files = list_checkpoints(folder);
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(read_trained_model(files[0].path).value().weights, weights_after(trainer->n_done()));
  EXPECT_EQ(trainer->n_done(), trainer->config().n_step());
}

TEST(Trainer, AFullDiskLeavesTheLastCheckpoint) {
  const fs::path folder = fresh_folder("full");
  TestSource source;
  const auto trainer = Trainer::create(config_of(kConfig), source).value();
  ASSERT_TRUE(trainer->step());
  ASSERT_TRUE(trainer->save(checkpoint_path(folder, 1)));
  ASSERT_TRUE(trainer->step());
  // Files may not grow beyond 64 KB: what a full disk looks like to a write.
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  const rlimit small{65536, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Result<> over = trainer->save(checkpoint_path(folder, 1));
  const Result<> beside = trainer->save(checkpoint_path(folder, 2));
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  EXPECT_FALSE(over);
  EXPECT_FALSE(beside);
  const auto files = list_checkpoints(folder);
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(read_trained_model(files[0].path).value().weights, weights_after(1));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1);
}

TEST(Trainer, PassesOverADamagedCheckpoint) {
  const fs::path folder = fresh_folder("damaged");
  TestSource source;
  const auto trainer = Trainer::create(config_of(kConfig), source).value();
  for (uint64_t step = 1; step <= 2; ++step) {
    ASSERT_TRUE(trainer->step());
    ASSERT_TRUE(trainer->save(checkpoint_path(folder, step)));
  }
  std::fstream file(checkpoint_path(folder, 2), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(5000);
  file.put('x');
  file.close();
  EXPECT_THAT(trainer->load(checkpoint_path(folder, 2)).error().message, HasSubstr("checksum"));
  TestSource other;
  const auto again = Trainer::create(config_of(kConfig), other).value();
  std::string notes;
  RunEvents events = quiet();
  events.note = [&](const std::string& note) { notes += note + "\n"; };
  const std::atomic<bool> stop = true;
  const auto end =
      run_training(*again, {}, {.folder = folder, .resume = true, .stop = &stop}, events);
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(*end, RunEnd::stopped);
  EXPECT_THAT(notes, HasSubstr("checksum"));
  EXPECT_THAT(notes, HasSubstr("goes on from step 1"));
}

TEST(Trainer, EveryTruncationOfACheckpointIsRefused) {
  const fs::path folder = fresh_folder("truncated");
  const std::vector<float> values(33, 1.5F);
  const std::array<std::span<const float>, 2> arrays{values, values};
  ASSERT_TRUE(write_checkpoint(folder / "c", "{\"a\":1}", arrays));
  EXPECT_EQ(read_checkpoint(folder / "c").value().arrays[1], values);
  EXPECT_EQ(read_checkpoint(folder / "c").value().header, "{\"a\":1}");
  for (auto size = fs::file_size(folder / "c"); size-- > 0;) {
    fs::resize_file(folder / "c", size);
    EXPECT_FALSE(read_checkpoint(folder / "c")) << size;
  }
}

TEST(Trainer, StopsBeforeALossThatIsNoNumberSpoilsTheWeights) {
  TestSource source;
  const auto trainer =
      Trainer::create(config_of(replaced(std::string(kConfig), "[0.01, 0.002]", "[9, 9]")), source)
          .value();
  Result<StepReport> report = trainer->step();
  while (report && !trainer->done()) report = trainer->step();
  ASSERT_FALSE(report) << "a learning rate of 9 did no harm";
  EXPECT_THAT(report.error().message, HasSubstr("lower learning_rate"));
  for (const float w : trainer->weights()) ASSERT_TRUE(std::isfinite(w));
}

TEST(Trainer, RefusesToOverwriteARun) {
  const fs::path folder = fresh_folder("taken");
  TestSource source;
  const auto trainer = Trainer::create(config_of(kConfig), source).value();
  const std::atomic<bool> stop = true;
  const RunOptions options{.folder = folder, .stop = &stop};
  ASSERT_TRUE(run_training(*trainer, {}, options, quiet()));
  const auto again = run_training(*trainer, {}, options, quiet());
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, HasSubstr("resume it"));
}

class WrongSource : public TestSource {
 public:
  Result<Batch> next_batch(uint32_t n_row, uint32_t length) override {
    Batch batch = STRIDE_TRY(TestSource::next_batch(n_row, length));
    batch.tokens[length + 5] = 48;
    return batch;
  }
};

TEST(Trainer, NamesTheBadTokenOfTheData) {
  WrongSource source;
  const auto trainer = Trainer::create(config_of(kConfig), source).value();
  const auto report = trainer->step();
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("row 1, column 5: token 48"));
}

TEST(Trainer, BalancingEvensOutTheLoads) {
  std::string text =
      replaced(std::string(kConfig), "\"balance_rate\": 0.001", "\"balance_rate\": 0.002");
  text = replaced(text, "[0.01, 0.002]", "[0, 0]");
  text = replaced(text, "\"tokens\": 5760", "\"tokens\": 576000");
  TestSource source;
  const auto trainer = Trainer::create(config_of(text), source).value();
  const double before = routing_health(trainer->step().value().losses).violation;
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(trainer->step());
  const double after = routing_health(trainer->step().value().losses).violation;
  EXPECT_LT(after, 0.6 * before) << "before " << before;
}

}  // namespace
}  // namespace stride::train
