// SPDX-License-Identifier: Apache-2.0
// A loaded step35 model and the sequences that run on it.
//
// Two implementations stand behind this interface: `Path::reference`, float32 on decoded weights
// and short enough to be read as the definition of the model, and `Path::fast`, quantised weights
// against int8 activations on a thread team. Both keep keys and values per sequence: full layers in
// a growing cache, sliding layers in a ring.
//
//   auto model = STRIDE_TRY(Model::load(catalog, {.path = Path::fast, .n_threads = 2}));
//   auto sequence = STRIDE_TRY(model->new_sequence(4096));
//   Output out;
//   STRIDE_TRY(model->forward(*sequence, {.ids = prompt, .logits = Logits::last}, out));
//   const Token next = argmax(out.logits);
//
// Results depend on the tokens alone: not on the thread count, on how a prompt is cut into calls,
// or on what other sequences do.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "cache/kv_pages.h"
#include "format/tensor_catalog.h"
#include "model/config.h"
#include "model/kv_size.h"

namespace stride::model {

using Token = int32_t;

enum class Path { reference, fast };
// How activations meet quantised weights: as int8 in blocks of 32 (an error of about 0.4 % of a
// row's norm a product), or as two such planes, value and remainder (0.002 %), which doubles the
// multiplications but not the weights read.
enum class Activations {
  automatic,  // int16 for models of less than 256 MiB, which are not bound by memory; else int8
  int8,
  int16,
};

// Where the fast path reads weights from.
enum class Placement {
  automatic,  // memory if that leaves an eighth of what is free, else the file
  memory,     // copied into huge pages, in the order the kernels like best: fastest
  file,       // the file's mapping, for models larger than memory
};

constexpr uint32_t kMaxRows = 8192;

struct LoadOptions {
  Path path = Path::fast;
  uint32_t n_threads = 0;  // 0 = one per core
  uint32_t max_rows =
      kDefaultMaxRows;  // rows of one internal step; longer calls are cut; at most kMaxRows
  KvType kv_type = KvType::f16;
  Activations activations = Activations::automatic;
  Placement placement = Placement::automatic;
  // Told, from the loading thread, how many bytes of the weights have been copied into memory.
  std::function<void(uint64_t done, uint64_t total)> on_copy{};
  const format::TensorCatalog* mtp =
      nullptr;  // MTP blocks from a separate file; must outlive the model
};

enum class Logits { none, last, all };

struct Request {
  std::span<const Token> ids;
  Logits logits = Logits::last;
  bool hidden = false;   // fill Output::hidden
  bool experts = false;  // fill Output::experts
  // The last ids are guesses, at most n_mtp of them: a truncation right after the call decides how
  // many stay, and the sequence then is as if it had never held the others.
  uint32_t n_draft = 0;
};

struct Output {
  std::vector<float> logits;  // [1 or n_row, n_vocab]
  std::vector<float>
      hidden;  // [n_row, n_embd] residual stream after the last layer, before its norm
  std::vector<int32_t> experts;  // [n_moe_layer, n_row, n_expert_used], each row's picks ascending
};

// Restores a sequence to an earlier length after its sliding layers have moved on. Holds a copy of
// their windows.
class RewindPoint {
 public:
  virtual ~RewindPoint() = default;
  virtual uint32_t size() const = 0;   // tokens the sequence held
  virtual uint64_t bytes() const = 0;  // memory it takes
};

// The keys and values of one conversation. Belongs to one thread at a time; must not outlive its
// model.
class Sequence {
 public:
  virtual ~Sequence() = default;
  virtual uint32_t size() const = 0;      // tokens held; the next row gets this position
  virtual uint32_t capacity() const = 0;  // tokens it can hold

  // Forgets every row from position n on. Fails (invalid_argument) when n lies further back than
  // the sliding layers can still see; earliest() is the smallest n that works beside 0.
  virtual Result<> truncate(uint32_t n) = 0;
  virtual uint32_t earliest() const = 0;

  virtual std::unique_ptr<RewindPoint> mark() const = 0;
  // As mark() would have been when the sequence held n tokens, for adopt() only: from earliest() to
  // size(). So marks need not cut a prompt into pieces. Null where that is not possible.
  virtual std::unique_ptr<RewindPoint> mark_at(uint32_t n) const {
    return n == size() ? mark() : nullptr;
  }
  // RewindPoint::bytes() of a mark that would be taken now.
  virtual uint64_t mark_bytes() const { return 0; }
  // Back to a point marked on this sequence. Its first point.size() tokens must still be the same
  // ones.
  virtual Result<> rewind(const RewindPoint& point) = 0;

  // What the full layers hold, to be shared with sequences that begin with the same tokens. A
  // sequence never changes a page that another one holds as well.
  virtual std::span<const cache::SharedPage> pages() const { return {}; }
  // Becomes what another sequence of this model was when `point` was marked on it; `pages` begin
  // with those that it held then. The MTP heads begin anew. On failure it is empty or as before.
  virtual Result<> adopt(std::span<const cache::SharedPage> pages, const RewindPoint& point);
};

// One sequence of a batch and what is to be run on it.
struct Part {
  Sequence* sequence = nullptr;
  Request request{};
  std::span<const float> hidden{};  // of an MTP head: see forward_mtp()
  Output* out = nullptr;
};

class Model {
 public:
  virtual ~Model() = default;

  // The catalog must outlive the model: weights are read from its mapping.
  static Result<std::unique_ptr<Model>> load(const format::TensorCatalog& catalog,
                                             const LoadOptions& options,
                                             std::vector<std::string>& warnings);

  virtual const Config& config() const = 0;

  // Bytes that a sequence of this capacity allocates, and bytes of scratch that the model itself
  // holds.
  virtual uint64_t sequence_bytes(uint32_t capacity) const = 0;
  virtual uint64_t scratch_bytes() const = 0;
  // Bytes of a page (see Sequence::pages) and of what a sequence takes beside its pages.
  virtual uint64_t page_bytes() const { return 0; }
  virtual uint64_t window_bytes(uint32_t capacity) const { return sequence_bytes(capacity); }

  virtual Result<std::unique_ptr<Sequence>> new_sequence(uint32_t capacity) = 0;

  // Runs the trunk over the ids as the next rows of the sequence. Fails without changing the
  // sequence if an id is not in the vocabulary or the rows do not fit its capacity.
  virtual Result<> forward(Sequence& sequence, const Request& request, Output& out) = 0;

  // The same for several sequences at once, each with the results that it would have alone: the
  // weights are read once for the rows of all. Fails without changing any of them. `stop` may be
  // set while it runs, by another thread, and is heeded where all rows fit one step (max_rows): the
  // failure is `cancelled` then.
  virtual Result<> forward_batch(std::span<const Part> parts, const std::atomic<bool>* stop);

  // Runs MTP head `head` (0..n_mtp-1) over rows that continue its own cache: row i joins
  // request.ids[i] with hidden[i]. For head 0, hidden is the trunk's of the row before the token;
  // for head k, Output::hidden of head k-1 (architecture section 7.4). Rows take positions from
  // mtp_size(head) on.
  virtual Result<> forward_mtp(Sequence& sequence, uint32_t head, const Request& request,
                               std::span<const float> hidden, Output& out) = 0;
  virtual Result<> forward_mtp_batch(uint32_t head, std::span<const Part> parts);
  virtual uint32_t mtp_size(const Sequence& sequence, uint32_t head) const = 0;
  // Forgets the head's rows from n on; limits as for Sequence::truncate.
  virtual Result<> truncate_mtp(Sequence& sequence, uint32_t head, uint32_t n) = 0;
};

}  // namespace stride::model
