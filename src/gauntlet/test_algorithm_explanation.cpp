// SPDX-License-Identifier: Apache-2.0
// Test 4: an algorithm in exactly three sentences and its complexity on a last line. Four facts are
// looked for by their word stems, each within one sentence.
#include <algorithm>
#include <array>

#include "gauntlet/cases.h"
#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"
#include "gauntlet/scorer.h"

namespace stride::gauntlet {
namespace {

struct Fact {
  std::string_view name;
  // One sentence must match every group; a group is met by any of its patterns.
  std::vector<std::vector<std::string_view>> groups;
};

struct Topic {
  std::string_view task;                      // "Explain how ..."
  std::string_view note;                      // what the bounds count
  std::vector<std::string_view> time, space;  // accepted, in the spelling of bound()
  std::vector<Fact> facts;
  std::string_view reference;  // the three sentences
  std::string_view reference_time, reference_space;
  std::string_view wrong_time;
};

const std::vector<Topic>& topics() {
  static const std::vector<Topic> kTopics = {
      {"explain how a new value is inserted into a binary min-heap that is stored in an array",
       "time=<worst case>; space=<extra space>",
       {"log(n)"},
       {"1"},
       {{"placed at the end",
         {{"append*", "end|back|tail|bottom ...3 array|heap|list|tree",
           "last|next ...3 slot|position|index|place|spot|cell|leaf|element|entry",
           "first ...2 free|open|empty|available|unused|vacant|unoccupied",
           "add|adds|added|place|places|placed|put|insert|inserted|inserts ...6 end|last|bottom",
           "after ...3 last", "next|first|a free|open|empty|available|vacant|unused",
           "array's|heap's|list's end|tail|last|back"}}},
        {"compared with the parent", {{"parent*"}}},
        {"moved up",
         {{"swap*", "exchang*", "mov* ...4 up|upward|upwards", "bubbl*", "sift*", "percolat*",
           "swim*", "rise*|rises|climb*|float*|ascend*", "trade|trades|switch*|interchang*",
           "up-heap*|upheap*|heapif*"}}},
        {"where it stops",
         {{"root", "until|till|unless|while", "stop*|end|ends|halt*|terminat*|finish*|ceas*",
           "no|not|isn't|longer smaller|larger|greater|less|bigger"}}}},
       "The new value is appended at the end of the array so the tree stays complete. It is then "
       "compared with its parent and the two are swapped whenever the parent is larger. The climb "
       "stops as soon as the parent is no larger or the value has reached the root.",
       "O(log n)",
       "O(1)",
       "O(n)"},
      {"explain how a disjoint-set (union-find) structure with path compression and union by rank "
       "answers find and performs union",
       "time=<amortized per operation on n elements>; space=<total>",
       {"alpha(n)", "ackermann^-1(n)", "inverseackermann(n)", "a(n)"},
       {"n"},
       {{"follows parents to the root",
         {{"parent*|pointer*|link*|edge*|upward|upwards|chain|up"},
          {"root*|representative*|leader*"}}},
        {"compresses the path",
         {{"compress*|repoint*|redirect*|reattach*|relink*|rewir*|flatten*|shortcut*|reset*|updat*|"
           "set|sets|point|points|pointing|attach*|hang*"},
          {"root|directly|straight|path|flatten*"}}},
        {"joins two roots",
         {{"union|unite*|merg*|join*|combin*|attach*|link*|hang*|connect*"},
          {"root*|tree*|representative*"}}},
        {"the lower rank goes below",
         {{"rank*|height*|depth|shallow*|taller|shorter|smaller|size"},
          {"under|below|beneath|attach*|hang*|child|point*|to|onto|into|link*|lower|smaller|"
           "shorter|shallow*"}}}},
       "Find follows the parent pointers from an element up to the root, which represents the "
       "whole "
       "set. On the way it compresses the path by pointing every visited element directly at the "
       "root. Union finds the two roots and attaches the one of lower rank below the other, "
       "raising "
       "the rank only when both were equal.",
       "O(alpha(n))",
       "O(n)",
       "O(n)"},
      {"explain how Kadane's algorithm finds the largest sum of a contiguous non-empty subarray",
       "time=<worst case>; space=<extra space>",
       {"n"},
       {"1"},
       {{"one pass",
         {{"once|single|one|linear|left|each|every|element*|scan*|iterat*|travers*|walk*|pass|loop*"
           "|through"},
          {"array|list|element*|number*|value*|pass|input|sequence|item*"}}},
        {"best sum ending here",
         {{"end|ends|ending|finish*|current|running|so"}, {"sum*|total*|best|subarray*|maximum"}}},
        {"extend or start anew",
         {{"extend*|add|adds|added|adding|continu*|append*|includ*|join*|grow*|plus|carry|prepend*|"
           "keep*"},
          {"start*|restart*|begin*|fresh|anew|reset*|alone|itself|new|drop*|discard*|larger|max|"
           "maximum|negative|zero|abandon*"}}},
        {"remembers the best",
         {{"best|largest|maximum|greatest|max|highest|global|record|overall|answer"},
          {"seen|far|keep*|kept|track*|updat*|record*|remember*|stor*|overall|return*|global|ever|"
           "whenever|result|answer|max|maximum"}}}},
       "The algorithm walks through the array once and keeps the best sum of a subarray that ends "
       "at the current element. For each element it either extends the previous sum or starts a "
       "new "
       "subarray there, whichever is larger. A second variable remembers the largest sum seen so "
       "far, and that is the answer after the last element.",
       "O(n)",
       "O(1)",
       "O(n^2)"},
      {"explain how breadth-first search finds a shortest path in an unweighted graph that is "
       "stored as adjacency lists",
       "time=<worst case in V and E>; space=<extra space in V and E>",
       {"v+e", "e+v"},
       {"v"},
       {{"a queue", {{"queue*|fifo|enqueue*|dequeue*"}}},
        {"layer by layer",
         {{"level*|layer*|distance*|ring*|wave*|closest|nearest|order|ripple*|hop*|step*|breadth|"
           "frontier*"}}},
        {"marks what was visited",
         {{"visited|seen|mark*|discover*|unvisited|unseen|explored|new"}}},
        {"predecessors give the path",
         {{"predecessor*|parent*|back*|trac*|previous|came|pointer*|reconstruct*|retrac*|"
           "recover*"}}}},
       "The search puts the start vertex into a queue and takes vertices out in the order in which "
       "they came, so it visits the graph level by level. Every neighbour that has not been "
       "visited "
       "yet is marked, remembers the vertex it was reached from as its predecessor, and joins the "
       "queue. When the target is reached, following the predecessors back to the start gives a "
       "path with the fewest edges.",
       "O(V + E)",
       "O(V)",
       "O(V * E)"},
      {"explain how reservoir sampling draws k items uniformly from a stream of unknown length n "
       "(the simple version that makes one random draw per item)",
       "time=<for n items>; space=<extra space in k and n>",
       {"n"},
       {"k"},
       {{"the first k fill the reservoir",
         {{"first|initial* ...4 k|items|elements", "fill*", "until ...6 k"}}},
        {"probability k over i",
         {{"probab*|chance|k/i|likel*|odds|random*"}, {"k|k/i|k/n|i|j|index|count|number"}}},
        {"replaces a random one",
         {{"replac*|overwrit*|evict*|swap*|substitut*|displac*", "take|takes ...4 place",
           "discard*|drop*|remov*"}}},
        {"uniform at every moment",
         {{"uniform*|equal*|same|fair*|equally|invariant|unbiased|k/n|likely"}}}},
       "The first k items fill the reservoir. Each later item, the i-th say, is accepted with "
       "probability k/i, and an accepted item replaces one of the reservoir at random. By "
       "induction "
       "every item seen so far is in the reservoir with the same probability, so the sample is "
       "uniform whenever the stream ends.",
       "O(n)",
       "O(k)",
       "O(n log n)"},
      {"explain how least-significant-digit radix sort sorts n keys of d digits in base k",
       "time=<worst case in n, d and k>; space=<extra space in n and k>",
       {"d(n+k)", "d*(n+k)", "(n+k)d", "(n+k)*d", "d(k+n)", "dn+dk", "nd+kd", "d*n+d*k"},
       {"n+k", "k+n"},
       {{"begins with the last digit",
         {{"least|last|lowest|rightmost|units|ones|right"},
          {"digit*|significant|position*|place*"}}},
        {"a stable sort per digit", {{"stable|stably|stability"}}},
        {"counting or buckets", {{"count*|bucket*|bin|bins|queue*|pile*|distribut*"}}},
        {"earlier order survives",
         {{"preserv*|keep*|kept|retain*|relative|remain*|maintain*|intact|undo*|destroy*|already|"
           "survive*|tie*"}}}},
       "The keys are sorted once per digit, beginning with the least significant one. Each pass is "
       "a stable counting sort that places the keys by that digit alone. Because it is stable, "
       "keys "
       "with equal digits keep the order of the passes before, so after the most significant digit "
       "everything is sorted.",
       "O(d(n + k))",
       "O(n + k)",
       "O(n log n)"},
  };
  return kTopics;
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
}

// "log n" and its relatives as log(n), without the ways of typesetting it.
std::string plain_bound(std::string inner) {
  for (const std::string_view mark :
       {"\\left", "\\right", "\\cdot", "\\times", "\\mathcal", "\\log_2", "\\text", "\\,", "\\",
        "$", "{", "}", "|", "`", "*"}) {
    replace_all(inner, mark, mark == "\\log_2" ? "log" : "");
  }
  for (const std::string_view log : {"log_2", "log2", "log\xe2\x82\x82", "lg"}) {
    replace_all(inner, log, "log");
  }
  replace_all(inner, "\xce\xb1", "alpha");
  std::string out;
  for (const char c : inner) {
    if (c != ' ' && c != '\t' && c != '\xc2') out += c;
  }
  replace_all(out, "\xb7", "");  // the middle dot's second byte
  if (out == "logn") out = "log(n)";
  if (out == "alphan") out = "alpha(n)";
  return out;
}

// What stands inside the first O(...) or Theta(...) of a value, in one spelling; empty: no bound.
std::string bound(std::string_view value) {
  std::string text = fold(value);
  replace_all(text, "\xce\xb8", "o");  // theta
  replace_all(text, "\xce\x98", "o");  // capital theta, which fold() keeps
  replace_all(text, "\\theta", "o");
  replace_all(text, "\xf0\x9d\x92\xaa", "o");  // script O
  replace_all(text, "\\left(", "(");
  const size_t open =
      text.find("o(") != std::string::npos ? text.find("o(") + 1 : text.find("o (") + 2;
  if (open >= text.size() || text[open] != '(') {
    const size_t cal = text.find("o}(");
    if (cal == std::string::npos) return {};
    return bound("O" + text.substr(cal + 2));
  }
  int depth = 0;
  for (size_t at = open; at < text.size(); ++at) {
    if (text[at] == '(') ++depth;
    if (text[at] == ')' && --depth == 0) {
      return plain_bound(text.substr(open + 1, at - open - 1));
    }
  }
  return {};
}

struct Bounds {
  std::string time{}, space{};
};

// "time=O(log n); space=O(1)", also with colons, commas or the other order.
Bounds read_bounds(const std::string& value) {
  const std::string folded = fold(value);
  const size_t time = folded.find("time");
  const size_t space = folded.find("space");
  if (time == std::string::npos || space == std::string::npos) return {};
  const auto part = [&](size_t at, size_t other) {
    const std::string_view text =
        std::string_view(folded).substr(at, other > at ? other - at : std::string::npos);
    // Two bounds joined by "or" are a guess.
    const size_t choice = text.find(" or ");
    const std::string first = bound(text.substr(0, choice));
    const bool guess = choice != std::string_view::npos && !bound(text.substr(choice)).empty() &&
                       bound(text.substr(choice)) != first;
    return guess ? std::string() : first;
  };
  return {.time = part(time, space), .space = part(space, time)};
}

class AlgorithmExplanation final : public Case {
 public:
  explicit AlgorithmExplanation(const Topic& topic) : topic_(topic) {}

  Question question() const override {
    return ask("In exactly three sentences, " + std::string(topic_.task) +
               ". Then, on a separate last line, write `COMPLEXITY: " + std::string(topic_.note) +
               "` in big-O notation.");
  }

  Grade grade(std::span<const Attempt> attempts, Sandbox& /*sandbox*/) const override {
    const std::string answer = answer_of(attempts);
    const auto line = final_line(answer, "COMPLEXITY");
    const std::string before = line ? line->before : answer;
    const Bounds bounds = line && !line->hedged ? read_bounds(line->value) : Bounds{};
    const size_t n = sentences(before).size();
    const bool time = std::ranges::count(topic_.time, bounds.time) > 0;
    const bool space = std::ranges::count(topic_.space, bounds.space) > 0;
    Scorer scorer;
    scorer.add("three sentences", 0.30, n == 3, std::to_string(n) + " sentences");
    scorer.gate("time", 0.15, time, time, kGateCap,
                line ? "COMPLEXITY: " + quote(line->value) : "no COMPLEXITY line",
                line ? FailureClass::wrong : FailureClass::unparseable);
    scorer.add("space", 0.15, space, bounds.space.empty() ? "none read" : bounds.space);
    const std::vector<Tokens> said = sentence_tokens(before);
    const bool prose = is_prose(tokens(strip_markdown(before)));
    size_t n_stated = 0;
    for (const Fact& fact : topic_.facts) {
      const bool stated =
          prose && std::ranges::any_of(said, [&](const Tokens& sentence) {
            return std::ranges::all_of(fact.groups, [&](const auto& group) {
              return std::ranges::any_of(group, [&](auto p) { return matches(sentence, p); });
            });
          });
      scorer.add(fact.name, 0.10, stated, stated ? "stated" : "not stated");
      n_stated += stated ? 1 : 0;
    }
    // Three empty sentences and a memorized bound explain nothing.
    scorer.gate("explains", 0, n_stated >= 2, n_stated >= 2, kGateCap,
                std::to_string(n_stated) + " of 4 facts");
    return scorer.finish();
  }

  std::vector<PseudoAnswer> certification() const override {
    using Must = PseudoAnswer::Must;
    const std::string body(topic_.reference);
    const std::string space(topic_.reference_space);
    const auto closing = [&](std::string_view time, std::string_view of_space) {
      return "\n\nCOMPLEXITY: time=" + std::string(time) + "; space=" + std::string(of_space);
    };
    auto out = usual_suspects(question(), body + closing(topic_.reference_time, space));
    out.push_back(
        pseudo("wrong: other time", body + closing(topic_.wrong_time, space), Must::fail));
    out.push_back(pseudo("wrong: no last line", body, Must::fail));
    out.push_back(pseudo("wrong: bounds without their letter O", body + closing("fast", "small"),
                         Must::fail));
    out.push_back(
        pseudo("wrong: the last line alone", closing(topic_.reference_time, space), Must::fail));
    return out;
  }

 private:
  const Topic& topic_;
};

}  // namespace

CasePtr make_algorithm_explanation(const Variant& variant) {
  if (!variant.seed) return std::make_unique<AlgorithmExplanation>(topics()[variant.index]);
  Random random(variant_seed("algorithm_explanation", variant));
  return std::make_unique<AlgorithmExplanation>(pick(random, topics()));
}

}  // namespace stride::gauntlet
