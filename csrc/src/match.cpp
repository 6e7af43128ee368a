// SPDX-License-Identifier: Apache-2.0
#include "alprcore/match.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "alprcore/segment.hpp"

namespace alprcore {
namespace {

/// Products laid out for stretches: for each bin, prefix sums at quarter columns, templates contiguous.
struct Responses {
  int columns = 0;
  int count = 0;             // templates, rounded up to whole vectors
  std::vector<float> outer;  // (2, columns + 2, count): first and last bin, a zero column on either side
  std::vector<float> fine;   // (inner_bins, 4 * columns + 1, count)

  Responses(const FeatureMap& products, int templates)
      : columns(products.width()), count((templates + most_lanes - 1) / most_lanes * most_lanes) {
    outer.assign(at_outer(2, -1), 0.0F);
    fine.assign(at_fine(TemplateBank::inner_bins, 0), 0.0F);
    // A column at a time, templates innermost: what is stored four times is loaded once.
    std::vector<float> quarter(count), sums(count);
    const std::ptrdiff_t row = templates > 1 ? products.row(1, 0) - products.row(0, 0) : 0;
    const auto load = [&](int bin, int x, float share, float* to) {
      const float* from = products.row(bin * templates, 0) + x;
      for (int m = 0; m < templates; ++m, from += row) to[m] = share * *from;
    };
    for (int x = 0; x < columns; ++x) {
      load(0, x, 1.0F, outer.data() + at_outer(0, x));
      load(TemplateBank::bins - 1, x, 1.0F, outer.data() + at_outer(1, x));
    }
    for (int b = 0; b < TemplateBank::inner_bins; ++b) {
      std::fill(sums.begin(), sums.end(), 0.0F);
      for (int x = 0; x < columns; ++x) {
        load(b + 1, x, 0.25F, quarter.data());
        for (int k = 1; k <= 4; ++k) {
          float* to = fine.data() + at_fine(b, 4 * x + k);
          for (int m = 0; m < count; ++m) to[m] = sums[m] += quarter[m];
        }
      }
    }
  }
  [[nodiscard]] std::size_t at_outer(int side, int x) const { return (side * (columns + 2) + x + 1) * std::size_t(count); }
  [[nodiscard]] std::size_t at_fine(int bin, int quarter) const {
    return (bin * (4 * columns + 1) + quarter) * std::size_t(count);
  }
};

class Matcher {
 public:
  Matcher(const Responses& responses, int narrowest, const std::vector<float>& bias, const Kernels& kernels)
      : kernels_(kernels), responses_(responses), narrowest_(narrowest), bias_(bias), scratch_(responses.count) {}

  /// Responses of the stretch [start, start + width), and the log of the sum of their exponentials.
  float match(int start, int width) {
    const float* low[TemplateBank::inner_bins];
    const float* high[TemplateBank::inner_bins];
    for (int b = 0; b < TemplateBank::inner_bins; ++b) {
      low[b] = responses_.fine.data() + responses_.at_fine(b, 4 * start + width * b);
      high[b] = responses_.fine.data() + responses_.at_fine(b, 4 * start + width * (b + 1));
    }
    const float* bias = bias_.data() + (width - narrowest_) * scratch_.size();
    return kernels_.respond({responses_.outer.data() + responses_.at_outer(0, start - 1),
                             responses_.outer.data() + responses_.at_outer(1, start + width), low, high,
                             TemplateBank::inner_bins, bias, float(TemplateBank::inner_bins) / width, responses_.count,
                             scratch_.data()});
  }
  [[nodiscard]] const std::vector<float>& responses() const { return scratch_; }

 private:
  const Kernels& kernels_;
  const Responses& responses_;
  int narrowest_;
  const std::vector<float>& bias_;
  std::vector<float> scratch_;
};

/// Appends the score and the best template of each class for one stretch.
void append_scores(Lattice& lattice, std::span<const float> responses, const BankShape& shape) {
  const int classes = shape.classes;
  for (int c = 0; c < classes; ++c) {
    int best = 0;
    float highest = responses[c];
    for (int k = 1; k < shape.templates; ++k)
      if (responses[k * classes + c] > highest) {
        best = k;
        highest = responses[k * classes + c];
      }
    float sum = 0.0F;
    for (int k = 0; k < shape.templates; ++k) sum += std::exp(responses[k * classes + c] - highest);
    // Mostly one template alone counts, and the logarithm of 1 is 0.
    lattice.scores.push_back(sum > 1.0F ? highest + std::log(sum) : highest);
    lattice.templates.push_back(best * classes + c);
  }
}

}  // namespace

TemplateBank::TemplateBank(BankShape shape, std::vector<Convolution> filters, std::span<const float> templates,
                           std::span<const float> gap_weights, float gap_offset, std::span<const float> width_bias,
                           const Kernels& kernels)
    : shape_(shape), kernels_(&kernels), filters_(std::move(filters)) {
  if (shape.classes < 1 || shape.templates < 1 || shape.narrowest < 1 || shape.widest < shape.narrowest)
    throw std::invalid_argument("template bank: sizes out of range");
  const std::size_t classes = shape.classes;
  const std::size_t count = classes * shape.templates;
  const std::size_t widths = shape.widest - shape.narrowest + 1;
  const std::size_t features = gap_weights.size();
  if (features < 1 || templates.size() != bins * count * features)
    throw std::invalid_argument("template bank: the number of template weights does not fit the sizes");
  if (width_bias.size() != widths * classes)
    throw std::invalid_argument("template bank: the number of width scores does not fit the sizes");
  if (filters_.empty() || filters_.front().shape().inputs != 1)
    throw std::invalid_argument("template bank: the first filters must take one channel");
  std::vector<float> weights(templates.begin(), templates.end());
  weights.insert(weights.end(), gap_weights.begin(), gap_weights.end());
  const int outputs = bins * int(count) + 1;
  std::vector<float> offsets(outputs, 0.0F);
  offsets.back() = gap_offset;
  products_.emplace_back(KernelShape{int(features), outputs, 1, 1, 1, 1}, weights, offsets);
  const std::size_t padded = (count + most_lanes - 1) / most_lanes * most_lanes;
  // What is beyond the templates never wins and never counts.
  width_bias_.assign(widths * padded, StretchScores::impossible);
  for (std::size_t k = 0; k < widths; ++k)
    for (std::size_t m = 0; m < count; ++m) width_bias_[k * padded + m] = width_bias[k * classes + m % classes];
}

int TemplateBank::column_pixels() const {
  int pixels = 1;
  for (const Convolution& filter : filters_) pixels *= filter.shape().column_stride;
  return pixels;
}

FeatureMap TemplateBank::products(const Plane& line) const {
  FeatureMap map(1, line.height, line.width);
  for (int y = 0; y < line.height; ++y) std::copy(line.row(y), line.row(y) + line.width, map.row(0, y));
  for (const Convolution& filter : filters_) map = filter.apply(map, true, *kernels_);
  map.flatten_rows();
  return products_.front().apply(map, false, *kernels_);
}

Lattice TemplateBank::match(const Plane& line, float least) const {
  if (std::min(line.width, line.height) < 8 || std::max(line.width, line.height) > longest_side)
    throw std::invalid_argument("template bank: the line is smaller than 8 x 8 or larger than 4096 x 4096");
  if (!std::all_of(line.values.begin(), line.values.end(), [](float value) { return std::isfinite(value); }))
    throw std::invalid_argument("template bank: the line must be finite");
  const FeatureMap product = products(line);
  const int count = shape_.classes * shape_.templates;
  const Responses responses(product, count);
  Lattice out;
  out.columns = product.width();
  out.classes = shape_.classes;
  const float* gaps = product.row(bins * count, 0);
  out.gaps.assign(gaps, gaps + out.columns);

  Matcher matcher(responses, shape_.narrowest, width_bias_, *kernels_);
  StretchScores scores(out.columns, shape_.narrowest, shape_.widest);
  for (int start = 0; start < out.columns; ++start)
    for (int k = 0; k < scores.widths_from(start); ++k) scores.at(start, k) = matcher.match(start, shape_.narrowest + k);

  Segmentation kept = segment(scores, out.gaps, least);
  // Matched again, the kept ones with all of their classes: they are one in ten.
  for (std::size_t i = 0; i < kept.starts.size(); ++i) {
    matcher.match(kept.starts[i], kept.ends[i] - kept.starts[i]);
    append_scores(out, matcher.responses(), shape_);
  }
  out.starts = std::move(kept.starts);
  out.ends = std::move(kept.ends);
  out.posteriors = std::move(kept.posteriors);
  out.log_total = kept.log_total;
  return out;
}

}  // namespace alprcore
