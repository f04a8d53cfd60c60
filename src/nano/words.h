// SPDX-License-Identifier: Apache-2.0
// The word lists that fill the slots of the generators. Plain everyday words, so that the
// vocabulary covers them.
#pragma once

#include "nano/pick.h"

namespace stride::nano {

Strings names();  // first names
Strings cities();
Strings foods();    // countable, singular, regular plural with s
Strings things();   // countable, singular, regular plural with s
Strings animals();  // singular, regular plural with s
Strings colours();
Strings jobs();
Strings hobbies();   // "chess", "painting": what one likes
Strings weekdays();  // from Monday
Strings months();    // from January
Strings adjectives();
Strings verbs();  // third person, no object: "sleeps"
Strings countries();
Strings instruments();
Strings common_words();  // short nouns, verbs and adjectives for copying, sorting and spelling

}  // namespace stride::nano
