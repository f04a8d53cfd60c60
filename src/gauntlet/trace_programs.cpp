// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/trace_programs.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "gauntlet/cases.h"

namespace stride::gauntlet {
namespace {

using Numbers = std::vector<int>;

// The given numbers, or as many different drawn ones.
Numbers numbers_for(Numbers first, Random* random, int low, int high) {
  if (random == nullptr) return first;
  Numbers from(static_cast<size_t>(high - low + 1));
  std::iota(from.begin(), from.end(), low);
  return draw(*random, std::move(from), first.size());
}

// a is b, a slice shares its inner lists.
TraceProgram slices(Random* random) {
  const Numbers n = numbers_for({1, 2, 3, 9, 8}, random, 1, 30);
  TraceProgram p{.id = "slices"};
  p.code = fmt::format(
      "a = [[{}],[{}]]\nb = a\nc = a[:]\nb.append([{}])\nc[0].append({})\nc[1] = [{}]\nprint(a)\n"
      "print(b is a, c is a)\nprint(c)\nprint(len(a)+len(c), a[0] is c[0])\n",
      n[0], n[1], n[2], n[3], n[4]);
  const std::string a = fmt::format("[[{}, {}], [{}], [{}]]", n[0], n[3], n[1], n[2]);
  const std::string c = fmt::format("[[{}, {}], [{}]]", n[0], n[3], n[4]);
  p.output = {a, "True False", c, "5 True"};
  p.facts = {
      {"b is the same list",
       {{"b"},
        {"same", "alias*", "b is|= ...2 a", "another|second name|reference", "identical",
         "one|single ...2 object|list", "two|both names|references|labels", "two ...2 name*",
         "refer* ...4 a|list", "point* ...6 a|list", "just|only ...3 name|alias|reference",
         "shares|share ...4 a"}}},
      {"a slice is a new outer list",
       {{"slice*|slicing|c|a"},
        {"new", "shallow", "copy|copies|copied", "separate",
         "different|distinct|independent ...3 list|object", "own ...2 list"}}},
      {"the inner lists are shared",
       {{"inner|nested|element*|sublist*|items|0|contents|sub|lists"},
        {"share*|sharing|shared", "same", "both", "common", "not copied|duplicated|cloned|deep",
         "still ...3 reference*|refer|point*", "also ...8 a|visible|change*|affect*|show*|appear*",
         "reflected|visible|affects|seen ...4 a|both"}}},
      {"assigning to c[1] changes only c",
       {{"c 1|first", "c", "assign*|rebind*|replac*|reassign*"},
        {"rebind*|rebound|replac*|reassign*|assign*|overwrit*|chang*|set|sets|setting|affect*"},
        {"only|alone|just|not|unaffected|unchanged|doesn't|without|leaves|leaving|untouched|isn't|"
         "independent*|own"}}}};
  p.explanation =
      "b is another name for the same list as a, so the append is seen through both. The slice "
      "makes "
      "c a new outer list. Its inner lists are shared with a, which is why the append through c[0] "
      "also changes a[0]. The assignment to c[1] rebinds only the slot of c and leaves a as it "
      "was.";
  p.wrong_outputs = {
      {a, "True True", c, "5 True"},
      {fmt::format("[[{}], [{}], [{}]]", n[0], n[1], n[2]), "True False", c, "5 False"},
      {fmt::format("[[{}, {}], [{}], [{}]]", n[0], n[3], n[4], n[2]), "True False",
       fmt::format("[[{}, {}], [{}], [{}]]", n[0], n[3], n[4], n[2]), "6 True"}};
  return p;
}

// A default list lives as long as its function.
TraceProgram defaults(Random* random) {
  const Numbers n = numbers_for({1, 2, 3, 4}, random, 1, 40);
  TraceProgram p{.id = "defaults"};
  p.code = fmt::format(
      "def add(x, bag=[]):\n    bag.append(x)\n    return bag\n\np = add({})\nq = add({}, [])\n"
      "r = add({})\nprint(p)\nprint(q)\nprint(p is r, p is q)\nprint(len(add({})), len(p))\n",
      n[0], n[1], n[2], n[3]);
  p.output = {fmt::format("[{}, {}]", n[0], n[2]), fmt::format("[{}]", n[1]), "True False", "3 3"};
  p.facts = {
      {"the default is made once",
       {{"default*|bag"},
        {"once", "one|single ...3 list|object|time", "definition|defined|def",
         "same ...2 list|object", "created ...8 once|define*", "persist*",
         "reused|reuses|retain*|shared|shares"}}},
      {"p and r are the same list",
       {{"p"}, {"r"}, {"same|both|identical|share*|alias*|one|refer*|equal"}}},
      {"q has a list of its own",
       {{"q|second|explicit*|passed|given"},
        {"own|separate|new|fresh|explicit*|different|passed|independent|distinct|given|its|empty|"
         "another"}}},
      {"the last call appends to it as well",
       {{"last|fourth|final|third|another|also|too|again|later|subsequent|more|3|three|" +
         std::to_string(n[3])},
        {"append*|add|adds|added|grow*|grew|grown|extend*|length*|len|3|three|mutat*|items|"
         "elements"},
        {"p|default|list|same|shared|bag|both|it"}}}};
  p.explanation =
      "The default list is created once, when the function is defined, and every call without a "
      "second argument uses it. That is why p and r are the same list. q has its own list because "
      "an "
      "empty one was passed explicitly. The last call also appends to the default list, so p has "
      "grown to three items by then.";
  p.wrong_outputs = {
      {fmt::format("[{}]", n[0]), fmt::format("[{}]", n[1]), "False False", "1 1"},
      {fmt::format("[{}, {}]", n[0], n[2]), fmt::format("[{}]", n[1]), "True False", "3 2"},
      {fmt::format("[{}, {}, {}]", n[0], n[1], n[2]), fmt::format("[{}, {}, {}]", n[0], n[1], n[2]),
       "True True", "4 4"}};
  return p;
}

// A closure looks its variable up when it is called.
TraceProgram closures(Random* random) {
  Numbers n = numbers_for({10, 20}, random, 5, 40);
  const int i = n[0];
  const int j = n[1];
  TraceProgram p{.id = "closures"};
  p.code = fmt::format(
      "fs = []\nfor i in range(3):\n    fs.append(lambda x: x + i)\n"
      "gs = [lambda x, i=i: x + i for i in range(3)]\ni = {}\nprint([f(1) for f in fs])\n"
      "print([g(1) for g in gs])\nprint(i, fs[0](i))\ni = {}\nprint(fs[2](0), gs[2](0))\n",
      i, j);
  p.output = {fmt::format("[{}, {}, {}]", i + 1, i + 1, i + 1), "[1, 2, 3]",
              fmt::format("{} {}", i, 2 * i), fmt::format("{} 2", j)};
  p.facts = {{"looked up when called",
              {{"lambda*|function*|fs|closure*|i|they|it"},
               {"called|call|calls|runtime|run|late|later|lookup|invoked|execut*|look|looks|time"},
               {"i|variable*|global*|value*|late|binding"}}},
             {"a default is bound at definition",
              {{"default*|gs|i"},
               {"defin*|creat*|captur*|bind*|bound|store*|stored|freez*|frozen|fix|fixed|remember*|"
                "evaluat*|snapshot|made|iteration|saved|own"}}},
             {"all of fs see the same global i",
              {{"fs|all|lambda*|global*|same|shared|every|each|three"},
               {"same|global*|share*|shared|all|current|" + std::to_string(i)},
               {"i|variable*|" + std::to_string(i)}}},
             {"the reassignment changes fs only",
              {{"reassign*|assign*|set|setting|change*|changing|rebind*|new|second|later|update*|" +
                std::to_string(j)},
               {"fs|i|lambda*|function*|gs|2|" + std::to_string(j)},
               {"not|unaffected|only|keep*|keeps|kept|unchanged|still|while|but|whereas|doesn't|"
                "immune|ignore*|remain*|affect*|chang*|see|sees|use|uses|return*|give*|yield*"}}}};
  p.explanation = fmt::format(
      "The functions in fs look i up when they are called, not when they are made. All of them see "
      "the same global i, which is {} by then. In gs the default argument captures the value of i "
      "at "
      "definition. Setting i to {} therefore changes what fs[2] returns, while gs[2] keeps its 2.",
      i, j);
  p.wrong_outputs = {{"[1, 2, 3]", "[1, 2, 3]", fmt::format("{} {}", i, i), "2 2"},
                     {"[3, 3, 3]", "[1, 2, 3]", fmt::format("{} {}", i, i + 2), "2 2"},
                     {fmt::format("[{}, {}, {}]", i + 1, i + 1, i + 1),
                      fmt::format("[{}, {}, {}]", i + 1, i + 1, i + 1),
                      fmt::format("{} {}", i, 2 * i), fmt::format("{} {}", j, j)}};
  return p;
}

// A generator is lazy and runs out.
TraceProgram generators(Random* random) {
  const Numbers n = numbers_for({3, 1, 2, 5}, random, 1, 30);
  TraceProgram p{.id = "generators"};
  p.code = fmt::format(
      "nums = [{}, {}, {}]\ngen = (n * 2 for n in nums)\nnums.append({})\nprint(next(gen))\n"
      "print(sum(gen))\nprint(list(gen))\nprint(sorted(nums), nums[-1])\n",
      n[0], n[1], n[2], n[3]);
  Numbers sorted = n;
  std::ranges::sort(sorted);
  const std::string order =
      fmt::format("[{}, {}, {}, {}] {}", sorted[0], sorted[1], sorted[2], sorted[3], n[3]);
  p.output = {std::to_string(2 * n[0]), std::to_string(2 * (n[1] + n[2] + n[3])), "[]", order};
  p.facts = {
      {"lazy, so it sees the append",
       {{"lazy|lazily|laziness|append*|iterat*|generator*|until|evaluat*|demand"},
        {"append*|added|new|later|afterwards|fourth|" + std::to_string(n[3])},
        {"see|sees|includ*|lazy|lazily|yield*|pick*|produce*|too|also|when|still|consum*|reflect*|"
         "part|iterat*|contain*"}}},
      {"next takes the first",
       {{"next|first"},
        {"consum*|take|takes|took|first|return*|yield*|advance*|pull*|produce*|give*|use|uses|pop*|"
         "retriev*|fetch*|" +
         std::to_string(2 * n[0])}}},
      {"sum uses up the rest, then it is empty",
       {{"exhaust*|empty|used|nothing|consum*|spent|finished|drained|remain*|rest|left|done"},
        {"sum|list|generator*|it|gen"}}},
      {"sorted makes a new list",
       {{"sorted|nums|original"},
        {"new|copy|original|unchanged|unmodified|separate|not|without|doesn't|keeps|untouched|"
         "another|still|order"}}}};
  p.explanation = fmt::format(
      "The generator is lazy, so it still sees the {} that was appended after it was made. next "
      "takes "
      "its first value, which is gone for the others. sum uses up all that remains, so the list is "
      "made from an empty generator. sorted returns a new list and leaves nums in its own order.",
      n[3]);
  p.wrong_outputs = {
      {std::to_string(2 * n[0]), std::to_string(2 * (n[1] + n[2])), "[]", order},
      {std::to_string(2 * n[0]), std::to_string(2 * (n[0] + n[1] + n[2] + n[3])), "[]", order},
      {std::to_string(2 * n[0]), p.output[1],
       fmt::format("[{}, {}, {}, {}]", 2 * n[0], 2 * n[1], 2 * n[2], 2 * n[3]), order}};
  return p;
}

// += on a list works in place, on a string it cannot.
TraceProgram in_place(Random* random) {
  const Numbers n = numbers_for({1, 2, 3, 4}, random, 1, 40);
  TraceProgram p{.id = "in_place"};
  p.code = fmt::format(
      "t = ([{}], {})\nu = t[0]\nu += [{}]\ns = \"ab\"\nr = s\ns += \"c\"\nprint(t)\n"
      "print(u is t[0], r)\nu = u + [{}]\nprint(u, t[0])\nprint(s is r, len(t[0]))\n",
      n[0], n[1], n[2], n[3]);
  const std::string two = fmt::format("[{}, {}]", n[0], n[2]);
  const std::string three = fmt::format("[{}, {}, {}]", n[0], n[2], n[3]);
  p.output = {fmt::format("({}, {})", two, n[1]), "True ab", three + ' ' + two, "False 2"};
  p.facts = {{"+= changes the list in place",
              {{"in place|inplace", "mutat*|modif*|extend*|append*|chang*|alter*"},
               {"list*|u|object|t|operator|augmented|it"}}},
             {"u and t[0] are the same list",
              {{"u|t|tuple*"},
               {"same|alias*|refer*|reference*|share*|both|identical|point*|name"},
               {"list*|object*|t|tuple*|u"}}},
             {"strings are immutable",
              {{"string*|s|str|r"},
               {"immutab*|new|not|cannot|can't|unchanged|rebind*|rebinds|rebound|keeps|still|"
                "original|another|different"}}},
             {"u + [...] makes a new list",
              {{"u"},
               {"new|separate|another|different|fresh|rebind*|rebinds|copy|creat*|not"},
               {"list|object|unchanged|u|t|tuple"}}}};
  p.explanation =
      "u and t[0] are the same list. += on a list extends that object in place, so the tuple shows "
      "the "
      "change. Strings are immutable, so s += \"c\" binds s to a new string and r keeps the old "
      "one. "
      "u + [...] creates a new list, and assigning it to u leaves t[0] as it was.";
  p.wrong_outputs = {{fmt::format("([{}], {})", n[0], n[1]), "False ab",
                      three + ' ' + fmt::format("[{}]", n[0]), "False 1"},
                     {p.output[0], "True abc", three + ' ' + two, "True 2"},
                     {p.output[0], "True ab", three + ' ' + three, "False 3"}};
  return p;
}

}  // namespace

TraceProgram trace_program(size_t index, Random* random) {
  static constexpr std::array kMakers = {slices, defaults, closures, generators, in_place};
  static_assert(kMakers.size() == kTracePrograms);
  return kMakers[index](random);
}

TraceProgram trace_program_for(const Variant& variant) {
  if (!variant.seed) return trace_program(variant.index, nullptr);
  Random random(variant_seed("code_execution_reasoning", variant));
  const size_t index = random.below(kTracePrograms);
  return trace_program(index, &random);
}

}  // namespace stride::gauntlet
