// SPDX-License-Identifier: Apache-2.0
// A golden GGUF model is written as a checkpoint folder with the names, shapes and conventions of
// Hugging Face; read back, it must be the GGUF model again.
#include "format/safetensors_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "base/half.h"
#include "format/gguf_catalog.h"
#include "format/hf_names.h"
#include "format/safetensors_builder.h"
#include "format/test_folder.h"

namespace stride::format {
namespace {

using testing::HasSubstr;

// The configuration of the golden models.
constexpr std::string_view kConfig = R"({
  "architectures": ["Step3p5ForCausalLM"], "model_type": "step3p5", "hidden_size": 64,
  "intermediate_size": 96, "num_hidden_layers": 6, "num_attention_heads": 4,
  "num_attention_groups": 2, "head_dim": 16,
  "attention_other_setting": {"attention_type": "sliding_attention", "num_attention_heads": 6,
    "num_attention_groups": 2, "head_dim": 16, "true_head_dim": 16},
  "layer_types": ["full_attention", "sliding_attention", "sliding_attention", "sliding_attention",
    "full_attention", "sliding_attention", "sliding_attention", "sliding_attention",
    "sliding_attention"],
  "rope_theta": [5000000.0, 10000.0, 10000, 10000, 5000000.0, 1e4, 1e4, 1e4, 1e4],
  "partial_rotary_factors": [0.5, 1, 1, 1, 0.5, 1, 1, 1, 1],
  "rope_scaling": {"rope_type": "llama3", "factor": 2.0, "original_max_position_embeddings": 131072,
    "low_freq_factor": 1.0, "high_freq_factor": 32.0},
  "sliding_window": 8, "max_position_embeddings": 4096, "vocab_size": 320, "use_moe": true,
  "moe_layers_enum": "2,3,4,5", "moe_num_experts": 8, "moe_top_k": 2, "moe_intermediate_size": 32,
  "share_expert_dim": 32, "moe_router_activation": "sigmoid", "moe_router_scaling_factor": 3.0,
  "norm_expert_weight": true, "use_head_wise_attn_gate": true, "sink": false,
  "swiglu_limits": [0, 0, 0, 0, 0.6, 0.6, 0, null, 0],
  "swiglu_limits_shared": [0.0, 0.0, 0.0, 0.0, 0.9, 0.9],
  "num_nextn_predict_layers": 3, "bos_token_id": 309, "eos_token_id": [310, 313]
})";

std::unique_ptr<TensorCatalog> golden() {
  auto catalog = open_gguf(std::filesystem::path(STRIDE_GOLDEN) / "tiny" / "tiny-f32.gguf");
  EXPECT_TRUE(catalog) << catalog.error().message;
  return *std::move(catalog);
}

std::vector<float> floats(const TensorCatalog& catalog, const Tensor& tensor) {
  std::vector<std::byte> scratch;
  const auto bytes = catalog.bytes(tensor, scratch);
  EXPECT_TRUE(bytes);
  std::vector<float> out(tensor.values());
  if (tensor.type == quant::Type::f32) {
    std::memcpy(out.data(), bytes->data(), bytes->size());
  } else {
    for (size_t i = 0; i < out.size(); ++i) {
      uint16_t bits = 0;
      std::memcpy(&bits, bytes->data() + 2 * i, 2);
      out[i] = tensor.type == quant::Type::bf16 ? bf16_to_f32(bits) : f16_to_f32(bits);
    }
  }
  return out;
}

// "blk.3.attn_q.weight" to "model.layers.3.self_attn.q_proj.weight", by trying the known names.
std::string hf_name(const std::string& gguf) {
  static constexpr std::string_view kNames[] = {"input_layernorm.weight",
                                                "post_attention_layernorm.weight",
                                                "self_attn.q_proj.weight",
                                                "self_attn.k_proj.weight",
                                                "self_attn.v_proj.weight",
                                                "self_attn.o_proj.weight",
                                                "self_attn.g_proj.weight",
                                                "self_attn.q_norm.weight",
                                                "self_attn.k_norm.weight",
                                                "mlp.gate_proj.weight",
                                                "mlp.up_proj.weight",
                                                "mlp.down_proj.weight",
                                                "moe.gate.weight",
                                                "moe.router_bias",
                                                "moe.gate_proj.weight",
                                                "moe.up_proj.weight",
                                                "moe.down_proj.weight",
                                                "share_expert.gate_proj.weight",
                                                "share_expert.up_proj.weight",
                                                "share_expert.down_proj.weight",
                                                "enorm.weight",
                                                "hnorm.weight",
                                                "eh_proj.weight",
                                                "transformer.shared_head.norm.weight",
                                                "transformer.shared_head.output.weight"};
  for (const char* name : {"model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"}) {
    if (gguf_name(name)->name == gguf) return name;
  }
  const std::string layer = gguf.substr(4, gguf.find('.', 4) - 4);
  for (const std::string_view name : kNames) {
    const std::string full = fmt::format("model.layers.{}.{}", layer, name);
    if (gguf_name(full)->name == gguf) return full;
  }
  return {};
}

std::string stored(const std::vector<float>& values, std::string_view dtype) {
  std::string out;
  for (const float x : values) {
    if (dtype == "F32") {
      out.append(reinterpret_cast<const char*>(&x), 4);
    } else {
      const uint16_t bits = dtype == "BF16" ? f32_to_bf16(x) : f32_to_f16(x);
      out.append(reinterpret_cast<const char*>(&bits), 2);
    }
  }
  return out;
}

std::string tokenizer_json(const Metadata& m) {
  std::string vocab, added, merges;
  const auto tokens = *m.strings("tokenizer.ggml.tokens");
  const auto kinds = *m.integers("tokenizer.ggml.token_type");
  const auto quoted = [](const std::string& s) {
    std::string out = "\"";
    for (const char c : s)
      out += (c == '"' || c == '\\') ? std::string("\\") + c : std::string(1, c);
    return out + "\"";
  };
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (kinds[i] == 1) {
      vocab += fmt::format("{}{}:{}", vocab.empty() ? "" : ",", quoted(tokens[i]), i);
    } else {
      added += fmt::format(R"({}{{"id":{},"content":{},"special":true}})", added.empty() ? "" : ",",
                           i, quoted(tokens[i]));
    }
  }
  const auto pairs = *m.strings("tokenizer.ggml.merges");
  for (const std::string& merge : pairs)
    merges += fmt::format("{}{}", merges.empty() ? "" : ",", quoted(merge));
  return fmt::format(
      R"({{"added_tokens":[{}],"pre_tokenizer":{{"type":"Sequence","pretokenizers":[)"
      R"({{"type":"Split","pattern":{{"Regex":"\\p{{N}}{{1,3}}"}}}},)"
      R"({{"type":"Split","pattern":{{"Regex":"[一-龥぀-ゟ゠-ヿ]+"}}}}]}},)"
      R"("model":{{"type":"BPE","vocab":{{{}}},"merges":[{}]}}}})",
      added, vocab, merges);
}

// Writes the golden model as two safetensors files with an index, matrices in `dtype`.
void write_checkpoint(const TestFolder& folder, const TensorCatalog& model, std::string_view dtype,
                      std::string_view prefix = "model.") {
  SafetensorsBuilder files[2];
  std::string index;
  size_t n = 0;
  for (const Tensor& tensor : model.tensors()) {
    if (tensor.name == "rope_freqs.weight") continue;
    std::string name = hf_name(tensor.name);
    ASSERT_FALSE(name.empty()) << tensor.name;
    auto values = floats(model, tensor);
    const bool norm = name.ends_with("norm.weight");
    if (norm) {
      for (float& x : values) x -= 1;
    }
    const std::string_view type = name.ends_with("router_bias") || norm ? "F32" : dtype;
    if (name.starts_with("model.")) name = std::string(prefix) + name.substr(6);
    std::vector<uint64_t> shape(tensor.shape.begin(), tensor.shape.begin() + tensor.n_dims);
    std::ranges::reverse(shape);
    files[n % 2].tensor(name, type, shape, stored(values, type));
    index += fmt::format(R"({}"{}":"model-{}.safetensors")", n == 0 ? "" : ",", name, n % 2);
    ++n;
  }
  files[0].tensor("vision_model.conv1.weight", "F32", {1}, "1234");
  folder.write("model-0.safetensors", files[0].bytes());
  folder.write("model-1.safetensors", files[1].bytes());
  folder.write("model.safetensors.index.json", "{\"weight_map\":{" + index + "}}");
  folder.write("config.json", kConfig);
  folder.write("tokenizer.json", tokenizer_json(model.metadata()));
  folder.write("tokenizer_config.json", R"({"add_bos_token":true,"chat_template":"{{ x }}"})");
}

void expect_same_tensors(const TensorCatalog& read, const TensorCatalog& model, float tolerance) {
  ASSERT_EQ(read.tensors().size(), model.tensors().size());
  for (const Tensor& wanted : model.tensors()) {
    const Tensor* tensor = read.find(wanted.name);
    ASSERT_TRUE(tensor) << wanted.name;
    EXPECT_EQ(tensor->shape, wanted.shape) << wanted.name;
    EXPECT_EQ(tensor->n_dims, wanted.n_dims) << wanted.name;
    const auto a = floats(read, *tensor), b = floats(model, wanted);
    for (size_t i = 0; i < a.size(); ++i)
      ASSERT_NEAR(a[i], b[i], tolerance * std::abs(b[i]) + 1e-6F) << wanted.name << " " << i;
  }
}

TEST(SafetensorsCatalog, IsTheSameModelAsTheGguf) {
  const TestFolder folder;
  const auto model = golden();
  write_checkpoint(folder, *model, "F32");
  const auto read = open_model(folder.path());
  ASSERT_TRUE(read) << read.error().message;
  expect_same_tensors(**read, *model, 0);
  EXPECT_TRUE((*read)->is_mapped(*(*read)->find("rope_freqs.weight")));
  EXPECT_FALSE((*read)->is_mapped(*(*read)->find("output_norm.weight")));
  EXPECT_THAT((*read)->warnings(),
              testing::ElementsAre("1 tensors of the vision tower are left out"));
}

TEST(SafetensorsCatalog, GivesTheKeysOfTheGguf) {
  const TestFolder folder;
  const auto model = golden();
  write_checkpoint(folder, *model, "BF16");
  const auto read = open_model(folder / "model.safetensors.index.json");
  ASSERT_TRUE(read) << read.error().message;
  const Metadata &a = (*read)->metadata(), &b = model->metadata();
  for (const auto& [key, value] : b.entries()) {
    if (key == "general.name" || key == "tokenizer.ggml.padding_token_id") continue;
    ASSERT_TRUE(a.contains(key)) << key;
    if (const auto wanted = b.strings(key)) {
      EXPECT_TRUE(std::ranges::equal(*a.strings(key), *wanted)) << key;
    } else if (const auto text = b.string(key)) {
      EXPECT_EQ(*a.string(key), *text) << key;
    } else if (const auto flags = b.booleans(key)) {
      EXPECT_EQ(*a.booleans(key), *flags) << key;
    } else {
      EXPECT_EQ(*a.reals(key), *b.reals(key)) << key;
    }
  }
  EXPECT_EQ(a.string("tokenizer.chat_template"), "{{ x }}");
  EXPECT_EQ(a.integer("tokenizer.ggml.eos_token_id"), 313);
  expect_same_tensors(**read, *model, 1.0F / 256);
  EXPECT_EQ((*read)->find("blk.2.ffn_gate_inp.weight")->type, quant::Type::f32);
  EXPECT_EQ((*read)->find("blk.2.attn_q.weight")->type, quant::Type::bf16);
}

TEST(SafetensorsCatalog, AcceptsWrapperPrefixesAndF16) {
  const TestFolder folder;
  const auto model = golden();
  write_checkpoint(folder, *model, "F16", "model.language_model.");
  folder.write("config.json",
               fmt::format(R"({{"model_type":"step3p7","text_config":{}}})", kConfig));
  const auto read = open_model(folder.path());
  ASSERT_TRUE(read) << read.error().message;
  expect_same_tensors(**read, *model, 1.0F / 1024);
}

TEST(SafetensorsCatalog, LeavesOutMtpThatTheFilesDoNotHold) {
  const TestFolder folder;
  SafetensorsBuilder b;
  b.tensor("model.norm.weight", "F32", {64}, std::string(256, '\0'));
  b.tensor("model.layers.0.unheard_of.weight", "F32", {1}, "1234");
  folder.write("model.safetensors", b.bytes());
  folder.write("config.json", kConfig);
  const auto read = open_model(folder / "model.safetensors");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ((*read)->metadata().integer("step35.block_count"), 6);
  EXPECT_FALSE((*read)->metadata().contains("step35.nextn_predict_layers"));
  EXPECT_EQ((*read)->metadata().integer("step35.vocab_size"), 320);
  EXPECT_THAT((*read)->warnings(),
              testing::ElementsAre(HasSubstr("3 MTP layers, which the files do not hold"),
                                   HasSubstr("tokenizer.json is missing"),
                                   HasSubstr("unheard_of.weight is not known")));
  for (const float x : floats(**read, *(*read)->find("output_norm.weight"))) EXPECT_EQ(x, 1);
}

// Values of FP8 are their code's times the scale of their 128 x 128 block, the last ones cut.
TEST(SafetensorsCatalog, DecodesBlockScaledFp8) {
  const TestFolder folder;
  constexpr size_t kExperts = 2, kOut = 130, kIn = 200;
  std::string codes(kExperts * kOut * kIn, '\0');
  for (size_t i = 0; i < codes.size(); ++i)
    codes[i] = static_cast<char>(i % 120 + (i % 3) * 0x7f / 2);
  for (char& c : codes) c = (c & 0x7f) == 0x7f ? 0 : c;
  std::vector<float> scales;
  for (int i = 0; i < 8; ++i) scales.push_back(std::ldexp(1.0F, i) * 1.25F);
  SafetensorsBuilder b;
  b.tensor("x", "U8", {1}, "x");  // what follows is not aligned
  b.tensor("model.layers.3.moe.up_proj.weight", "F8_E4M3", {kExperts, kOut, kIn}, codes);
  b.tensor("model.layers.3.moe.up_proj.weight_scale_inv", "F32", {kExperts, 2, 2},
           stored(scales, "F32"));
  b.tensor("lm_head.weight", "F32", {1, 2}, stored({1.5F, -2}, "F32"));
  folder.write("model.safetensors", b.bytes());
  folder.write("config.json", kConfig);
  const auto read = open_model(folder.path());
  ASSERT_TRUE(read) << read.error().message;
  const Tensor* tensor = (*read)->find("blk.3.ffn_up_exps.weight");
  ASSERT_TRUE(tensor);
  EXPECT_EQ(tensor->shape, (Shape{kIn, kOut, kExperts, 1}));
  const auto values = floats(**read, *tensor);
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t column = i % kIn, line = i / kIn % kOut, expert = i / kIn / kOut;
    const float scale = scales[expert * 4 + line / 128 * 2 + column / 128];
    ASSERT_EQ(values[i], f8_e4m3_to_f32(static_cast<uint8_t>(codes[i])) * scale) << i;
  }
  std::vector<std::byte> scratch;
  const auto some = (*read)->rows(*tensor, 129, 3, scratch);  // across two experts
  ASSERT_TRUE(some);
  EXPECT_EQ(std::memcmp(some->data(), values.data() + 129 * kIn, 3 * kIn * sizeof(float)), 0);
  const Tensor* output = (*read)->find("output.weight");
  EXPECT_FALSE((*read)->is_mapped(*output));
  EXPECT_EQ(floats(**read, *output), (std::vector<float>{1.5F, -2}));
}

TEST(SafetensorsCatalog, SaysWhatIsWrong) {
  const TestFolder folder;
  const auto error = [&](const std::filesystem::path& path) {
    const auto read = open_model(path);
    return read ? "no error" : read.error().message;
  };
  EXPECT_THAT(error(folder.path()), HasSubstr("holds no model"));
  folder.write("model.safetensors", SafetensorsBuilder().bytes());
  EXPECT_THAT(error(folder.path()), HasSubstr("config.json: No such file"));
  folder.write("config.json", R"({"model_type":"llama"})");
  EXPECT_THAT(error(folder.path()), HasSubstr("config.json: \"model_type\" is \"llama\""));
  folder.write("config.json", R"({"model_type":"step3p5"})");
  EXPECT_THAT(error(folder.path()), HasSubstr("\"num_hidden_layers\" is missing"));
  folder.write("config.json", kConfig);
  EXPECT_EQ(error(folder.path()), "no error");

  SafetensorsBuilder b;
  b.tensor("model.layers.3.moe.up_proj.weight", "F8_E4M3", {1, 2, 3}, "123456");
  folder.write("model.safetensors", b.bytes());
  EXPECT_THAT(error(folder.path()), HasSubstr("is FP8 but has no"));
  b.tensor("model.layers.3.moe.up_proj.weight_scale_inv", "F32", {1, 1, 2}, "12345678");
  folder.write("model.safetensors", b.bytes());
  EXPECT_THAT(error(folder.path()), HasSubstr("its scales must be F32 [1, 1, 1]"));
  folder.write("model.safetensors",
               SafetensorsBuilder().tensor("lm_head.weight", "I64", {1}, "12345678").bytes());
  EXPECT_THAT(error(folder.path()), HasSubstr("tensor lm_head.weight: is stored as"));
  folder.write("model.safetensors", SafetensorsBuilder()
                                        .tensor("lm_head.weight", "F32", {1}, "1234")
                                        .tensor("language_model.lm_head.weight", "F32", {1}, "1234")
                                        .bytes());
  EXPECT_THAT(error(folder.path()), HasSubstr("two tensors mean output.weight"));
}

TEST(SafetensorsCatalog, ChecksTheIndex) {
  const TestFolder folder;
  folder.write("config.json", kConfig);
  folder.write("a.safetensors",
               SafetensorsBuilder().tensor("lm_head.weight", "F32", {1}, "1234").bytes());
  const auto error = [&](std::string_view map) {
    folder.write("model.safetensors.index.json", fmt::format(R"({{"weight_map":{}}})", map));
    const auto read = open_model(folder.path());
    return read ? "no error" : read.error().message;
  };
  EXPECT_EQ(error(R"({"lm_head.weight":"a.safetensors"})"), "no error");
  EXPECT_THAT(error(R"({"lm_head.weight":"../a.safetensors"})"), HasSubstr("of its folder"));
  EXPECT_THAT(error(R"({"lm_head.weight":"/etc/passwd"})"), HasSubstr("of its folder"));
  EXPECT_THAT(error(R"({"lm_head.weight":"b.safetensors"})"), HasSubstr("No such file"));
  EXPECT_THAT(error(R"({"other":"a.safetensors"})"),
              HasSubstr("tensor other is not in a.safetensors"));
  EXPECT_THAT(error("[]"), HasSubstr("has no \"weight_map\""));
}

TEST(HfNames, RefusesWhatIsNoLayer) {
  EXPECT_EQ(gguf_name("model.layers.47.enorm.weight")->name, "blk.47.nextn.enorm.weight");
  EXPECT_TRUE(gguf_name("model.layers.47.enorm.weight")->add_one);
  for (const char* name : {"model.layers..enorm.weight", "model.layers.01.enorm.weight",
                           "model.layers.12345.enorm.weight", "model.layers.1", "model.layers.",
                           "layers.1.enorm.weight", "model.layers.1.enorm", ""}) {
    EXPECT_FALSE(gguf_name(name)) << name;
  }
}

}  // namespace
}  // namespace stride::format
