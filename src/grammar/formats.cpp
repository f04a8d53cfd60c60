// SPDX-License-Identifier: Apache-2.0
#include "grammar/formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "grammar/regex.h"

namespace stride::grammar {
namespace {

constexpr std::array<std::string_view, 10> kFormats = {
    "date", "time", "date-time", "duration",     "uuid",
    "ipv4", "ipv6", "email",     "json-pointer", "relative-json-pointer"};

// February has 29 days in years divisible by 4, but not in those divisible by 100 and not by 400.
std::string date() {
  constexpr std::string_view kLong = "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])";
  constexpr std::string_view kShort = "(0[469]|11)-(0[1-9]|[12][0-9]|30)";
  constexpr std::string_view kFebruary = "02-(0[1-9]|1[0-9]|2[0-8])";
  constexpr std::string_view kFour = "(0[48]|[2468][048]|[13579][26])";
  return fmt::format("([0-9]{{4}}-({}|{}|{})|([0-9]{{2}}{}|(00|{})00)-02-29)", kLong, kShort,
                     kFebruary, kFour, kFour);
}

// A leap second only where it is one in UTC: 23:59:60Z; other offsets never write it.
std::string time() {
  constexpr std::string_view kFraction = "(\\.[0-9]{1,9})?";
  constexpr std::string_view kClock = "([01][0-9]|2[0-3]):[0-5][0-9]";
  return fmt::format("({}:[0-5][0-9]{}([Zz]|[+-]{})|23:59:60{}([Zz]|[+-]00:00))", kClock, kFraction,
                     kClock, kFraction);
}

// RFC 3339, appendix A.
std::string duration() {
  constexpr std::string_view kTime = "T([0-9]+H([0-9]+M([0-9]+S)?)?|[0-9]+M([0-9]+S)?|[0-9]+S)";
  constexpr std::string_view kDate = "([0-9]+D|[0-9]+M([0-9]+D)?|[0-9]+Y([0-9]+M([0-9]+D)?)?)";
  return fmt::format("P({}({})?|{}|[0-9]+W)", kDate, kTime, kTime);
}

std::string ipv4() {
  constexpr std::string_view kByte = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  return fmt::format("({0}\\.){{3}}{0}", kByte);
}

// RFC 4291: eight groups, the last two also as an IPv4 address, one run of zeros as "::".
std::string ipv6() {
  const std::string group = "[0-9a-fA-F]{1,4}";
  const std::string tail = fmt::format("({0}:{0}|{1})", group, ipv4());
  std::string out = fmt::format("({}:){{6}}{}", group, tail);
  for (size_t n_before = 0; n_before <= 7; ++n_before) {
    const std::string before =
        n_before == 0 ? "" : fmt::format("{}(:{}){{0,{}}}", group, group, n_before - 1);
    const std::string head = n_before == 0 ? "::" : fmt::format("({})::", before);
    // At most 7 groups stand beside "::"; an IPv4 address counts as two.
    const size_t n_after = 7 - n_before;
    if (n_after == 0) {
      out += "|" + head;
      continue;
    }
    out += fmt::format("|{}({}(:{}){{0,{}}})?", head, group, group, n_after - 1);
    if (n_after >= 2) out += fmt::format("|{}({}:){{0,{}}}{}", head, group, n_after - 2, ipv4());
  }
  return "(" + out + ")";
}

std::string email() {
  constexpr std::string_view kAtom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
  constexpr std::string_view kLabel = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
  return fmt::format(
      "({0}(\\.{0})*|\"([ !#-\\[\\]-~]|\\\\[ -~])*\")@({1}(\\.{1})*|\\[({2}|IPv6:{3})\\])", kAtom,
      kLabel, ipv4(), ipv6());
}

constexpr std::string_view kPointer = "(/([^~/]|~[01])*)*";

}  // namespace

bool is_enforced_format(std::string_view name) {
  return std::ranges::find(kFormats, name) != kFormats.end();
}

Result<Dfa> format_dfa(std::string_view name) {
  std::string pattern;
  if (name == "date") pattern = date();
  if (name == "time") pattern = time();
  if (name == "date-time") pattern = date() + "[Tt]" + time();
  if (name == "duration") pattern = duration();
  if (name == "uuid") pattern = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
  if (name == "ipv4") pattern = ipv4();
  if (name == "ipv6") pattern = ipv6();
  if (name == "email") pattern = email();
  if (name == "json-pointer") pattern = kPointer;
  if (name == "relative-json-pointer") pattern = fmt::format("(0|[1-9][0-9]*)(#|{})", kPointer);
  return regex_dfa(pattern, Anchoring::whole);
}

}  // namespace stride::grammar
