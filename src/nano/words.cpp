// SPDX-License-Identifier: Apache-2.0
#include "nano/words.h"

#include <array>

namespace stride::nano {
namespace {

constexpr auto kNames = std::to_array<std::string_view>(
    {"Anna",   "Ben",   "Carla", "David",  "Emma",   "Felix",  "Grace", "Henry",  "Ida",   "Jack",
     "Kate",   "Leo",   "Maria", "Nina",   "Oscar",  "Paul",   "Rosa",  "Sam",    "Tom",   "Uma",
     "Vera",   "Will",  "Yuki",  "Zoe",    "Alice",  "Bob",    "Clara", "Daniel", "Eva",   "Frank",
     "Gina",   "Hugo",  "Iris",  "James",  "Karl",   "Laura",  "Max",   "Nora",   "Omar",  "Peter",
     "Rita",   "Sara",  "Tina",  "Victor", "Wendy",  "Li",     "Mei",   "Wang",   "Adam",  "Bella",
     "Chris",  "Diana", "Eric",  "Fiona",  "George", "Helen",  "Ivan",  "Julia",  "Kevin", "Lily",
     "Martin", "Nick",  "Olga",  "Peggy",  "Ray",    "Sophie", "Theo",  "Alex",   "Ravi",  "Amir",
     "Lena",   "Jonas", "Marta", "Pablo",  "Simon",  "Ruth",   "Ellen", "Oliver", "Mia",   "Noah"});
constexpr auto kCities = std::to_array<std::string_view>(
    {"Paris",   "London",  "Berlin",  "Rome",    "Madrid", "Tokyo",   "Beijing",  "Shanghai",
     "Delhi",   "Cairo",   "Oslo",    "Vienna",  "Prague", "Lisbon",  "Dublin",   "Boston",
     "Chicago", "Toronto", "Sydney",  "Lima",    "Athens", "Warsaw",  "Zurich",   "Milan",
     "Munich",  "Seoul",   "Bangkok", "Nairobi", "Havana", "Denver",  "Helsinki", "Geneva",
     "Porto",   "Lyon",    "Naples",  "Kyoto",   "Austin", "Seattle", "Bergen",   "Cork"});
constexpr auto kFoods = std::to_array<std::string_view>(
    {"apple",   "banana", "pear",  "plum",   "orange", "lemon", "carrot", "onion",
     "egg",     "cake",   "pizza", "cookie", "melon",  "grape", "burger", "muffin",
     "pancake", "bean",   "nut",   "fig",    "date",   "olive", "lime"});
constexpr auto kThings = std::to_array<std::string_view>(
    {"book",   "pen",    "ball",  "coin", "stamp",  "card",    "cup",    "plate",
     "chair",  "lamp",   "key",   "hat",  "shoe",   "bag",     "ticket", "marble",
     "stone",  "flower", "shell", "toy",  "pencil", "sticker", "bottle", "button",
     "candle", "clock",  "map",   "ring", "rope",   "spoon",   "towel",  "wheel"});
constexpr auto kAnimals = std::to_array<std::string_view>(
    {"cat",    "dog",    "horse", "cow",   "pig",   "goat",  "duck",   "hen",
     "rabbit", "bird",   "frog",  "bear",  "lion",  "tiger", "owl",    "snake",
     "turtle", "monkey", "whale", "zebra", "camel", "eagle", "spider", "ant"});
constexpr auto kColours =
    std::to_array<std::string_view>({"red", "blue", "green", "yellow", "black", "white", "brown",
                                     "pink", "grey", "purple", "silver", "golden"});
constexpr auto kJobs = std::to_array<std::string_view>(
    {"teacher", "doctor",   "nurse",  "baker",   "farmer", "driver",   "pilot",
     "painter", "singer",   "writer", "cook",    "lawyer", "dentist",  "judge",
     "tailor",  "gardener", "waiter", "plumber", "sailor", "librarian"});
constexpr auto kHobbies = std::to_array<std::string_view>(
    {"chess", "painting", "music", "football", "tennis", "swimming", "reading", "cooking",
     "dancing", "running", "fishing", "singing", "drawing", "gardening", "cycling", "hiking",
     "skiing", "sailing"});
constexpr auto kWeekdays = std::to_array<std::string_view>(
    {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"});
constexpr auto kMonths =
    std::to_array<std::string_view>({"January", "February", "March", "April", "May", "June", "July",
                                     "August", "September", "October", "November", "December"});
constexpr auto kAdjectives = std::to_array<std::string_view>(
    {"big",   "small", "old",   "new",    "happy", "quiet", "bright", "dark",
     "fast",  "slow",  "warm",  "cold",   "soft",  "clean", "tall",   "young",
     "brave", "calm",  "funny", "gentle", "heavy", "light", "lazy",   "strong"});
constexpr auto kVerbs = std::to_array<std::string_view>(
    {"sleeps", "runs", "jumps", "waits", "sings", "eats", "plays", "swims", "dances", "smiles",
     "rests", "walks", "listens", "looks around", "drinks", "hides"});
constexpr auto kCountries = std::to_array<std::string_view>(
    {"France", "Germany", "Italy",   "Spain",    "Japan",   "China",  "India",
     "Egypt",  "Norway",  "Austria", "Portugal", "Ireland", "Canada", "Peru",
     "Greece", "Poland",  "Korea",   "Kenya",    "Cuba",    "Finland"});
constexpr auto kInstruments = std::to_array<std::string_view>(
    {"piano", "guitar", "violin", "drum", "flute", "trumpet", "harp", "cello", "organ", "horn"});
constexpr auto kCommonWords = std::to_array<std::string_view>(
    {"sun",  "moon",  "star",  "tree",   "river",  "house",  "door",  "window", "table",
     "road", "wind",  "rain",  "snow",   "fire",   "water",  "earth", "sand",   "sea",
     "lake", "hill",  "field", "forest", "garden", "bread",  "milk",  "salt",   "sugar",
     "rice", "soup",  "tea",   "red",    "blue",   "green",  "black", "white",  "fast",
     "slow", "warm",  "cold",  "open",   "close",  "jump",   "walk",  "talk",   "sing",
     "read", "write", "draw",  "paint",  "build",  "plan",   "train", "plane",  "ship",
     "boat", "wheel", "glass", "metal",  "wood",   "paper",  "cloud", "storm",  "leaf",
     "root", "seed",  "bird",  "fish",   "cat",    "dog",    "horse", "king",   "queen",
     "game", "song",  "story", "letter", "number", "line",   "point", "ring",   "bell",
     "drum", "box",   "bag",   "cup",    "hat",    "coat",   "shoe",  "lamp",   "clock",
     "key",  "map",   "coin",  "rope",   "stone",  "bridge", "tower", "wall",   "roof",
     "floor"});

}  // namespace

Strings names() {
  return kNames;
}
Strings cities() {
  return kCities;
}
Strings foods() {
  return kFoods;
}
Strings things() {
  return kThings;
}
Strings animals() {
  return kAnimals;
}
Strings colours() {
  return kColours;
}
Strings jobs() {
  return kJobs;
}
Strings hobbies() {
  return kHobbies;
}
Strings weekdays() {
  return kWeekdays;
}
Strings months() {
  return kMonths;
}
Strings adjectives() {
  return kAdjectives;
}
Strings verbs() {
  return kVerbs;
}
Strings countries() {
  return kCountries;
}
Strings instruments() {
  return kInstruments;
}
Strings common_words() {
  return kCommonWords;
}

}  // namespace stride::nano
