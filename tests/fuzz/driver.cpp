// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target without libFuzzer: `target SECONDS [SEED]` feeds it random inputs and mutations of those before,
// `target FILE ...` feeds it files. What stops it is written to crash-TARGET before it happens.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : engine_(seed) {}

  Input next() {
    Input input = corpus_.empty() || below(4) == 0 ? fresh() : changed(corpus_[below(corpus_.size())]);
    if (corpus_.size() < 512) corpus_.push_back(input);
    else corpus_[below(corpus_.size())] = input;
    return input;
  }

 private:
  std::size_t below(std::size_t limit) { return engine_() % limit; }
  Input fresh() {
    Input input(below(2) == 0 ? below(64) : below(2048));
    const std::uint8_t highest = std::uint8_t(1U << (1 + below(8))) - 1;  // few different bytes, or all
    for (std::uint8_t& byte : input) byte = std::uint8_t(engine_() >> 40) & highest;
    return input;
  }
  Input changed(Input input) {
    for (std::size_t n = 1 + below(4); n > 0; --n) {
      const std::size_t at = input.empty() ? 0 : below(input.size());
      switch (below(6)) {
        case 0: input.insert(input.begin() + std::ptrdiff_t(at), std::uint8_t(engine_() >> 32)); break;
        case 1: if (!input.empty()) input.erase(input.begin() + std::ptrdiff_t(at)); break;
        case 2: if (!input.empty()) input[at] ^= std::uint8_t(1U << below(8)); break;
        case 3: if (!input.empty()) input[at] = below(2) == 0 ? 0xFF : 0x00; break;
        case 4: input.resize(below(input.size() + 1)); break;
        default: {
          const Input& other = corpus_[below(corpus_.size())];
          const std::size_t cut = below(other.size() + 1);
          input.resize(std::min(at, input.size()));
          input.insert(input.end(), other.begin() + std::ptrdiff_t(cut), other.end());
        }
      }
    }
    if (input.size() > 4096) input.resize(4096);
    return input;
  }

  std::mt19937_64 engine_;
  std::vector<Input> corpus_;
};

int feed_files(int count, char** names) {
  for (int i = 0; i < count; ++i) {
    std::ifstream file(names[i], std::ios::binary);
    const Input input{std::istreambuf_iterator<char>(file), {}};
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::printf("%d files\n", count);
  return 0;
}

}  // namespace

int main(int count, char** words) {
  char* end = nullptr;
  const double seconds = count > 1 ? std::strtod(words[1], &end) : 1.0;
  if (count > 1 && *end != '\0') return feed_files(count - 1, words + 1);
  const std::uint64_t seed = count > 2 ? std::strtoull(words[2], nullptr, 10) : 1;
  const std::string kept = "crash-" + std::filesystem::path(words[0]).filename().string();
  Mutator mutator(seed);
  long runs = 0;
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < seconds) {
    const Input input = mutator.next();
    {  // kept while it runs: a crash leaves it behind
      std::ofstream file(kept, std::ios::binary);
      file.write(reinterpret_cast<const char*>(input.data()), std::streamsize(input.size()));
    }
    LLVMFuzzerTestOneInput(input.data(), input.size());
    ++runs;
  }
  std::filesystem::remove(kept);
  std::printf("%s: %ld inputs from seed %llu\n", kept.c_str() + 6, runs, static_cast<unsigned long long>(seed));
  return 0;
}
