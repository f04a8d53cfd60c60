// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/content_texts.h"

namespace stride::gauntlet {
namespace {

constexpr std::string_view kKeys =
    "Picture a customer paying \xc2\xa3"
    "48 on a train. Your API accepts the request, the card network "
    "approves it, and then the tunnel swallows the response. The app sees a timeout, so it tries "
    "again, and now there are two payments of \xc2\xa3"
    "48 on one statement. Nobody wrote a bug; the "
    "network simply lost an answer. An idempotency key closes that gap. The client sends a unique "
    "value with each intended payment, and the server remembers it. When the same key arrives "
    "twice, the server doesn't run the charge again. It returns the first result, and your "
    "retries become safe instead of frightening.\n\n"
    "What should you care about as a product manager? First, duplicate charges cost more than "
    "refunds, because every one of them turns into a support ticket and some lost trust. Second, "
    "someone has to decide on key expiry. Keep keys for an hour and a phone that wakes up "
    "tomorrow can still charge twice; keep them forever and storage grows without end. Most teams "
    "settle on 24 hours. Third, it's worth asking what happens when the key matches but the "
    "amount has changed. Reject that call loudly, since it's almost always a mistake in the "
    "client's own code.";

constexpr std::string_view kFlags =
    "Imagine you ship a new checkout on Friday morning and orders start to drop. Without a "
    "feature flag, your team has to build, test and deploy the old version again while customers "
    "give up. With one, somebody turns the new code off in five seconds and everyone can breathe "
    "again. That kill switch is the best argument for flags, but it isn't the only one. A flag "
    "separates the moment you deploy code from the moment people see it, and that changes how "
    "calmly a team can work.\n\n"
    "Take a gradual rollout as an example. You show the checkout to 2% of visitors on Monday, "
    "watch the error rate, go to 20% on Wednesday, and reach everybody by Friday. User targeting "
    "makes this finer still: you can start with your own staff, then add one country or a group "
    "of your most patient beta customers. The price is upkeep, because every flag adds a second "
    "path that has to be tested. So plan the cleanup when you plan the launch. Give each flag an "
    "owner and an end date, and remove it once the decision is made; otherwise you'll soon "
    "maintain forty switches that nobody on staff dares to touch.";

constexpr std::string_view kWebhooks =
    "A webhook is a phone call that another system makes to yours when something has happened. "
    "You don't have to ask every minute whether an invoice was paid; the billing service simply "
    "tells you. It sounds easy, and in the first demo it usually is. The trouble begins with the "
    "ordinary bad days, and those are the days you want your team to have planned for before the "
    "first partner goes live. Start with signatures, because anyone on the internet can send a "
    "message to a public address, and your code should only believe the ones that were signed.\n\n"
    "Next come retries. If your server is busy, a good sender patiently tries again after 1, 5 "
    "and 30 minutes, which means the same event may well arrive twice. Duplicates are normal, so "
    "store the event's identifier and skip what you've already handled. Ordering is the last "
    "surprise: a refund can reach you before the payment that it belongs to. Say a customer pays "
    "80 euros and cancels a minute later; if you trust the order of arrival, your books will show "
    "a refund for nothing. Treat each message as a hint, fetch the current state, and decide from "
    "that alone.";

constexpr std::string_view kAudit =
    "Sooner or later a customer will ask you who changed the price of their plan, and when. If "
    "the answer is a shrug, you've lost more than an argument. An audit log is the product's "
    "memory of such moments. Each entry names the actor, the action, the object and the exact "
    "time, so that a question which used to cost an engineer a whole day takes you two minutes. "
    "It isn't the same as a debug log, because its readers are auditors, support staff and "
    "sometimes a court. That is why the entries must be hard to forge.\n\n"
    "Tamper evidence is less exotic than it sounds. Write entries once, never update them, and "
    "chain each one to the one before by a hash, so that a missing line shows at once. Then talk "
    "about retention: if your contract promises 12 months and the system keeps 3, you'll find out "
    "at the worst time. Last comes access. Decide who can search the log, and record all of their "
    "searches too. Suppose an admin deletes 400 accounts at night; with a decent log you know "
    "within minutes which token was used, what else it touched, and whom you have to call first.";

constexpr std::string_view kRetention =
    "Every record your product keeps is a small promise: you'll look after it, and you'll let it "
    "go when its time is over. Most teams remember the first half. A retention policy writes down "
    "the second half, one kind of data at a time. Invoices may stay ten years because the tax "
    "office says so, while chat messages from a trial account have no reason to outlive the "
    "trial. Once the table exists, deletion can be a nightly job instead of a yearly panic, and "
    "you won't need a meeting for each request.\n\n"
    "Three details tend to bite. Backups are the first: a customer you deleted on Monday still "
    "sits in last week's copy, so say openly that copies expire after, for example, 35 days. A "
    "legal hold is the second, since a court can forbid you to delete what a dispute is about, "
    "and the job has to know about it. The third is anonymization. If you only need to count "
    "visits, drop the names after 90 days and keep the numbers; a report on 50,000 anonymous "
    "visits tells you just as much. It's cheaper, safer, and far easier to explain to all the "
    "people whose data it is.";

}  // namespace

const std::vector<ContentTopic>& content_topics() {
  static const std::vector<ContentTopic> kTopics = {
      {"why idempotency keys matter in a payments API",
       "retries, timeouts, duplicate charges and key expiry",
       {{"retries", {"retry*|retries|retried", "tries|try|trying again", "re send*|submit*"}},
        {"timeouts", {"timeout*|timed", "time out|outs", "times out"}},
        {"duplicate charges",
         {"duplicate*|double|twice|second|extra ...3 charg*|pay*|bill*|transaction*",
          "charg*|pay*|paid|bill* ...4 twice|again|double", "2 ...3 charg*|payment*"}},
        {"key expiry", {"expir*", "key*|them ...6 hours|ttl|lifetime", "time to live"}}},
       kKeys},
      {"why feature flags matter when a web product is released often",
       "gradual rollout, kill switches, user targeting and flag cleanup",
       {{"gradual rollout",
         {"rollout*", "roll* ...3 out", "gradual*", "canary|percent*", "phased|staged"}},
        {"kill switch",
         {"kill ...2 switch*", "killswitch*", "turn|turns|switch|switches ...4 off",
          "disable*|roll ...2 back|rollback"}},
        {"targeting",
         {"target*", "segment*|cohort*|audience*", "beta|internal ...3 users|customers|testers"}},
        {"cleanup",
         {"cleanup|clean*", "remove*|retire*|delet*|stale|debt ...4 flag*|it|them",
          "flag* ...4 remove*|retire*|delet*|debt"}}},
       kFlags},
      {"how a product should receive webhooks from a billing service",
       "signatures, retries, duplicate events and ordering",
       {{"signatures", {"sign|signs|signed|signature*|hmac"}},
        {"retries", {"retry*|retries|retried", "tries|try again", "redeliver*|resend*|resent"}},
        {"duplicates", {"duplicate*|twice|idempoten*|dedup*", "same event"}},
        {"ordering", {"order|orders|ordering|ordered|sequence*", "out of order"}}},
       kWebhooks},
      {"why a business product needs an audit log",
       "actors, tamper evidence, retention and access",
       {{"actors", {"actor*|who|whom", "which ...2 user*|person|account"}},
        {"tamper evidence",
         {"tamper*|forge*|immutab*|hash*", "append only",
          "never ...3 update*|edit*|chang*|delet*"}},
        {"retention", {"retention|retain*", "keep*|kept|store* ...6 month*|year*|days"}},
        {"access", {"access*", "who can ...3 read|search|see|view", "permission*"}}},
       kAudit},
      {"how to plan the retention of customer data",
       "deletion, backups, legal holds and anonymization",
       {{"deletion", {"delet*|eras*|purg*"}},
        {"backups", {"backup*|backups", "back ups|up"}},
        {"legal holds",
         {"legal ...2 hold*", "court|litigation ...8 delet*|keep*|preserv*", "litigation hold*"}},
        {"anonymization",
         {"anonymi*|pseudonymi*|deidentif*", "drop*|remove*|strip* ...3 name*|identifier*"}}},
       kRetention},
  };
  return kTopics;
}

}  // namespace stride::gauntlet
