// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/gate.h"

#include <algorithm>
#include <array>

#include "json/json.h"

namespace stride::gauntlet {
namespace {

constexpr std::array<std::string_view, 4> kTimes = {"ttft", "ttfr", "ttfa", "total"};
constexpr std::array<std::string_view, 4> kPoints = {"p50", "p90", "p95", "p99"};

Result<double> number_between(const Json& value, std::string_view name, double low, double high) {
  const auto number = json::as_double(value);
  if (!number || !(*number >= low && *number <= high))
    return fail(Errc::invalid_argument, "the policy's \"{}\" must be a number from {} to {}", name,
                low, high);
  return *number;
}

Result<TestPolicy> parse_test(const std::string& id, const Json& object) {
  if (find_test(id) == nullptr)
    return fail(Errc::invalid_argument, "the policy names a test \"{}\", which there is not", id);
  if (!object.is_object())
    return fail(Errc::invalid_argument, "the policy's \"tests.{}\" must be an object", id);
  TestPolicy policy;
  for (const auto& [key, value] : object.items()) {
    std::optional<double>* limit = key == "max_drop"    ? &policy.max_drop
                                   : key == "min_clean" ? &policy.min_clean
                                   : key == "min_pass"  ? &policy.min_pass
                                   : key == "min_score" ? &policy.min_score
                                                        : nullptr;
    if (limit == nullptr)
      return fail(Errc::invalid_argument,
                  "the policy's \"tests.{}\" has \"{}\"; there are max_drop, min_clean, min_pass "
                  "and min_score",
                  id, key);
    *limit = STRIDE_TRY(number_between(value, key, 0, 1));
  }
  return policy;
}

Result<> parse_latency(const Json& object, GatePolicy& policy) {
  if (!object.is_object())
    return fail(Errc::invalid_argument, "the policy's \"latency\" must be an object");
  for (const auto& [key, value] : object.items()) {
    const size_t line = key.find('_');
    const bool known =
        line != std::string::npos && key.ends_with("_ms") &&
        std::ranges::find(kTimes, key.substr(0, line)) != kTimes.end() &&
        std::ranges::find(kPoints, key.substr(line + 1, key.size() - line - 4)) != kPoints.end();
    if (!known)
      return fail(Errc::invalid_argument,
                  "the policy's \"latency\" has \"{}\"; a limit is named TIME_POINT_ms, with "
                  "ttft, ttfr, ttfa or total and p50, p90, p95 or p99",
                  key);
    policy.latency_ms[key.substr(0, key.size() - 3)] =
        STRIDE_TRY(number_between(value, key, 0, 1e9));
  }
  return {};
}

Result<OnInconclusive> parse_on_inconclusive(const Json& value) {
  if (value.is_string()) {
    const auto& word = value.get_ref<const std::string&>();
    if (word == "report") return OnInconclusive::report;
    if (word == "pass") return OnInconclusive::pass;
    if (word == "fail") return OnInconclusive::fail;
    if (word == "more") return OnInconclusive::more;
  }
  return fail(Errc::invalid_argument,
              "the policy's \"on_inconclusive\" must be report, pass, fail or more");
}

// Collects the checks.
class Checks {
 public:
  void add(std::string name, GateResult result, std::string detail) {
    if (result == GateResult::fail) report_.result = GateResult::fail;
    if (result == GateResult::inconclusive && report_.result == GateResult::pass)
      report_.result = GateResult::inconclusive;
    report_.checks.push_back({std::move(name), result, std::move(detail)});
  }

  void drop(std::string name, const Estimate& difference, double margin) {
    if (!difference.ci)
      return add(
          std::move(name), GateResult::inconclusive,
          fmt::format("difference {:+.3f}, but too few cells for an interval", difference.value));
    const GateResult result = difference.ci->high < -margin  ? GateResult::fail
                              : difference.ci->low > -margin ? GateResult::pass
                                                             : GateResult::inconclusive;
    add(std::move(name), result,
        fmt::format("difference {:+.3f} [{:+.3f}, {:+.3f}], margin {:.3f}", difference.value,
                    difference.ci->low, difference.ci->high, margin));
  }

  void share(std::string name, size_t part, size_t whole, double least) {
    const auto ci = wilson(part, whole);
    if (!ci) return add(std::move(name), GateResult::inconclusive, "nothing was graded");
    const double value = static_cast<double>(part) / static_cast<double>(whole);
    const GateResult result = value >= least     ? GateResult::pass
                              : ci->high < least ? GateResult::fail
                                                 : GateResult::inconclusive;
    add(std::move(name), result,
        fmt::format("{} of {} ({:.1f} %, at most {:.1f} %), wanted {:.1f} %", part, whole,
                    100 * value, 100 * ci->high, 100 * least));
  }

  void at_least(std::string name, const Estimate& estimate, double least) {
    const bool reached = estimate.value >= least;
    const bool out_of_reach = estimate.ci && estimate.ci->high < least;
    add(std::move(name),
        reached        ? GateResult::pass
        : out_of_reach ? GateResult::fail
                       : GateResult::inconclusive,
        fmt::format("{:.3f}, wanted {:.3f}", estimate.value, least));
  }

  GateReport report() && { return std::move(report_); }

 private:
  GateReport report_{};
};

void check_latency(Checks& checks, const Summary& fresh, const std::string& name, double most_ms) {
  const size_t line = name.find('_');
  const std::string_view time = std::string_view(name).substr(0, line);
  const std::string_view point = std::string_view(name).substr(line + 1);
  const Quantiles& values = time == "ttft"   ? fresh.times.ttft
                            : time == "ttfr" ? fresh.times.ttfr
                            : time == "ttfa" ? fresh.times.ttfa
                                             : fresh.times.total;
  const std::optional<double> value = point == "p50"   ? values.p50
                                      : point == "p90" ? values.p90
                                      : point == "p95" ? values.p95
                                                       : values.p99;
  if (!value)
    return checks.add("latency " + name, GateResult::inconclusive,
                      fmt::format("{} values are too few for {}", values.n, point));
  checks.add("latency " + name, *value * 1000 <= most_ms ? GateResult::pass : GateResult::fail,
             fmt::format("{:.0f} ms over {} requests, at most {:.0f} ms", *value * 1000, values.n,
                         most_ms));
}

void check_test(Checks& checks, const std::string& id, const TestPolicy& policy,
                const Summary& fresh, const Comparison& comparison) {
  const TestSummary* test = find(fresh, id);
  if (test == nullptr)
    return checks.add(id, GateResult::inconclusive, "the new run does not hold this test");
  if (policy.max_drop) {
    const auto row = std::ranges::find(comparison.tests, id, &TestComparison::id);
    if (row == comparison.tests.end())
      checks.add(id + " max_drop", GateResult::inconclusive,
                 "the baseline does not hold this test");
    else
      checks.drop(id + " max_drop", row->difference, *policy.max_drop);
  }
  if (policy.min_clean)
    checks.share(id + " min_clean", test->n_clean, test->n_cells, *policy.min_clean);
  if (policy.min_pass)
    checks.share(id + " min_pass", test->n_passed, test->n_cells, *policy.min_pass);
  if (policy.min_score) checks.at_least(id + " min_score", test->score, *policy.min_score);
}

}  // namespace

Result<GatePolicy> parse_policy(std::string_view text) {
  const Json object =
      STRIDE_TRY_AT("the policy", json::parse(text, {.duplicates = json::Duplicates::refuse}));
  if (!object.is_object()) return fail(Errc::invalid_argument, "the policy must be a JSON object");
  GatePolicy policy;
  for (const auto& [key, value] : object.items()) {
    if (key == "max_drop") {
      policy.max_drop = STRIDE_TRY(number_between(value, key, 0, 1));
    } else if (key == "delivery_min") {
      policy.delivery_min = STRIDE_TRY(number_between(value, key, 0, 1));
    } else if (key == "readiness_min") {
      policy.readiness_min = STRIDE_TRY(number_between(value, key, 0, 10));
    } else if (key == "max_extra_cells") {
      const double most = STRIDE_TRY(number_between(value, key, 0, 1e6));
      policy.max_extra_cells = static_cast<uint32_t>(most);
    } else if (key == "on_inconclusive") {
      policy.on_inconclusive = STRIDE_TRY(parse_on_inconclusive(value));
    } else if (key == "latency") {
      STRIDE_TRY(parse_latency(value, policy));
    } else if (key == "tests") {
      if (!value.is_object())
        return fail(Errc::invalid_argument, "the policy's \"tests\" must be an object");
      for (const auto& [id, limits] : value.items())
        policy.tests[id] = STRIDE_TRY(parse_test(id, limits));
    } else {
      return fail(Errc::invalid_argument,
                  "the policy has \"{}\"; there are max_drop, tests, latency, delivery_min, "
                  "readiness_min, on_inconclusive and max_extra_cells",
                  key);
    }
  }
  if (!policy.max_drop && !policy.delivery_min && !policy.readiness_min && policy.tests.empty() &&
      policy.latency_ms.empty())
    return fail(Errc::invalid_argument, "the policy sets no limit, so it would pass anything");
  return policy;
}

std::string_view name(GateResult result) {
  return result == GateResult::pass ? "pass" : result == GateResult::fail ? "fail" : "inconclusive";
}

Result<GateReport> run_gate(const GatePolicy& policy, const Summary& fresh,
                            const Summary& baseline) {
  const Comparison comparison = STRIDE_TRY(compare(fresh, baseline));
  Checks checks;
  if (fresh.n_void > 0)
    checks.add("harness", GateResult::fail,
               fmt::format("{} cells of the new run are void", fresh.n_void));
  if (fresh.n_open > 0)
    checks.add("complete", GateResult::inconclusive,
               fmt::format("{} cells of the new run are not finished", fresh.n_open));
  if (policy.max_drop) checks.drop("average max_drop", comparison.difference, *policy.max_drop);
  for (const auto& [id, limits] : policy.tests) check_test(checks, id, limits, fresh, comparison);
  for (const auto& [name, most] : policy.latency_ms) check_latency(checks, fresh, name, most);
  if (policy.delivery_min)
    checks.share("delivery", fresh.n_delivered, fresh.n_requests, *policy.delivery_min);
  if (policy.readiness_min)
    checks.at_least("readiness", headline(fresh).score, *policy.readiness_min);
  return std::move(checks).report();
}

GateResult settle(const GatePolicy& policy, GateResult result) {
  if (result != GateResult::inconclusive) return result;
  if (policy.on_inconclusive == OnInconclusive::pass) return GateResult::pass;
  return policy.on_inconclusive == OnInconclusive::fail ? GateResult::fail : result;
}

}  // namespace stride::gauntlet
