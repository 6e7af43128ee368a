// SPDX-License-Identifier: Apache-2.0
#include "alprcore/template_bank.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "alprcore/kernels.hpp"

namespace alprcore {
namespace {

constexpr float kImpossible = -1e4F;

/// Products laid out for stretches: for each bin, prefix sums at quarter columns, templates contiguous.
struct Responses {
  int columns = 0;
  int count = 0;             // templates, rounded up to whole vectors
  std::vector<float> outer;  // (2, columns + 2, count): first and last bin, a zero column on either side
  std::vector<float> fine;   // (inner_bins, 4 * columns + 1, count)

  Responses(const FeatureMap& products, int templates)
      : columns(products.width()), count((templates + most_lanes - 1) / most_lanes * most_lanes) {
    const auto stride = static_cast<std::size_t>(count);
    outer.assign(2 * static_cast<std::size_t>(columns + 2) * stride, 0.0F);
    fine.assign(static_cast<std::size_t>(TemplateBank::inner_bins) * static_cast<std::size_t>(4 * columns + 1) * stride, 0.0F);
    // A column at a time, templates innermost: what is stored four times is loaded once.
    std::vector<float> quarter(stride), sums(stride);
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
          for (std::size_t m = 0; m < stride; ++m) to[m] = sums[m] += quarter[m];
        }
      }
    }
  }
  [[nodiscard]] std::size_t at_outer(int side, int x) const {
    return static_cast<std::size_t>(side * (columns + 2) + x + 1) * static_cast<std::size_t>(count);
  }
  [[nodiscard]] std::size_t at_fine(int bin, int quarter) const {
    return static_cast<std::size_t>(bin * (4 * columns + 1) + quarter) * static_cast<std::size_t>(count);
  }
};

/// The full lattice before pruning: a score a stretch, whatever its class.
struct Arcs {
  int columns, narrowest, widths;
  std::vector<float> any;  // (columns, widths)

  [[nodiscard]] float& at(int start, int k) {
    return any[static_cast<std::size_t>(start) * static_cast<std::size_t>(widths) + static_cast<std::size_t>(k)];
  }
  [[nodiscard]] float at(int start, int k) const {
    return any[static_cast<std::size_t>(start) * static_cast<std::size_t>(widths) + static_cast<std::size_t>(k)];
  }
};

class Matcher {
 public:
  Matcher(const Responses& responses, const BankShape& shape, const std::vector<float>& bias)
      : responses_(responses), shape_(shape), bias_(bias), scratch_(static_cast<std::size_t>(responses.count)) {}

  /// Responses of the stretch [start, start + width), and the log of the sum of their exponentials.
  float match(int start, int width) {
    const float* low[TemplateBank::inner_bins];
    const float* high[TemplateBank::inner_bins];
    for (int b = 0; b < TemplateBank::inner_bins; ++b) {
      low[b] = responses_.fine.data() + responses_.at_fine(b, 4 * start + width * b);
      high[b] = responses_.fine.data() + responses_.at_fine(b, 4 * start + width * (b + 1));
    }
    const float* bias = bias_.data() + static_cast<std::size_t>(width - shape_.narrowest) * scratch_.size();
    return kernel_.respond({responses_.outer.data() + responses_.at_outer(0, start - 1),
                            responses_.outer.data() + responses_.at_outer(1, start + width), low, high,
                            TemplateBank::inner_bins, bias,
                            static_cast<float>(TemplateBank::inner_bins) / static_cast<float>(width), responses_.count,
                            scratch_.data()});
  }
  [[nodiscard]] const std::vector<float>& responses() const { return scratch_; }

 private:
  const Kernels& kernel_ = kernels();
  const Responses& responses_;
  const BankShape& shape_;
  const std::vector<float>& bias_;
  std::vector<float> scratch_;
};

// Terms this far below the greatest are lost in the rounding of a double: exp(-40) is 4e-18.
constexpr double kNegligible = -40.0;

/// The log of the sum of the exponentials; `terms` holds at least one.
double log_sum(std::span<const double> terms) {
  const double high = *std::max_element(terms.begin(), terms.end());
  double sum = 0.0;
  for (const double term : terms)
    if (term - high > kNegligible) sum += std::exp(term - high);
  return high + std::log(sum);
}

/// Log-sums over all paths from the left end to each column.
std::vector<double> forward_sums(const Arcs& arcs, std::span<const float> gaps) {
  std::vector<double> sums(static_cast<std::size_t>(arcs.columns) + 1, kImpossible);
  std::vector<double> terms;
  sums[0] = 0.0;
  for (int end = 1; end <= arcs.columns; ++end) {
    terms.assign(1, sums[static_cast<std::size_t>(end - 1)] + gaps[static_cast<std::size_t>(end - 1)]);
    for (int k = 0; k < arcs.widths && end - k - arcs.narrowest >= 0; ++k) {
      const int start = end - k - arcs.narrowest;
      terms.push_back(sums[static_cast<std::size_t>(start)] + arcs.at(start, k));
    }
    sums[static_cast<std::size_t>(end)] = log_sum(terms);
  }
  return sums;
}

/// Log-sums over all paths from each column to the right end.
std::vector<double> backward_sums(const Arcs& arcs, std::span<const float> gaps) {
  std::vector<double> sums(static_cast<std::size_t>(arcs.columns) + 1, kImpossible);
  std::vector<double> terms;
  sums[static_cast<std::size_t>(arcs.columns)] = 0.0;
  for (int start = arcs.columns - 1; start >= 0; --start) {
    terms.assign(1, sums[static_cast<std::size_t>(start + 1)] + gaps[static_cast<std::size_t>(start)]);
    for (int k = 0; k < arcs.widths && start + k + arcs.narrowest <= arcs.columns; ++k)
      terms.push_back(sums[static_cast<std::size_t>(start + k + arcs.narrowest)] + arcs.at(start, k));
    sums[static_cast<std::size_t>(start)] = log_sum(terms);
  }
  return sums;
}

/// Appends a stretch with the score and the best template of each class.
void append_stretch(Lattice& lattice, int start, int end, float posterior, std::span<const float> responses,
                    const BankShape& shape) {
  lattice.starts.push_back(start);
  lattice.ends.push_back(end);
  lattice.posteriors.push_back(posterior);
  const auto classes = static_cast<std::size_t>(shape.classes);
  for (std::size_t c = 0; c < classes; ++c) {
    std::size_t best = 0;
    float highest = responses[c];
    for (std::size_t k = 1; k < static_cast<std::size_t>(shape.templates); ++k)
      if (responses[k * classes + c] > highest) {
        best = k;
        highest = responses[k * classes + c];
      }
    float sum = 0.0F;
    for (std::size_t k = 0; k < static_cast<std::size_t>(shape.templates); ++k)
      sum += std::exp(responses[k * classes + c] - highest);
    // Mostly one template alone counts, and the logarithm of 1 is 0.
    lattice.scores.push_back(sum > 1.0F ? highest + std::log(sum) : highest);
    lattice.templates.push_back(static_cast<int>(best * classes + c));
  }
}

}  // namespace

TemplateBank::TemplateBank(BankShape shape, std::vector<Convolution> filters, std::span<const float> templates,
                           std::span<const float> gap_weights, float gap_offset, std::span<const float> width_bias)
    : shape_(shape), filters_(std::move(filters)) {
  if (shape.classes < 1 || shape.templates < 1 || shape.narrowest < 1 || shape.widest < shape.narrowest)
    throw std::invalid_argument("template bank: sizes out of range");
  const auto count = static_cast<std::size_t>(shape.classes) * static_cast<std::size_t>(shape.templates);
  const auto widths = static_cast<std::size_t>(shape.widest - shape.narrowest + 1);
  const std::size_t features = gap_weights.size();
  if (features < 1 || templates.size() != static_cast<std::size_t>(bins) * count * features)
    throw std::invalid_argument("template bank: the number of template weights does not fit the sizes");
  if (width_bias.size() != widths * static_cast<std::size_t>(shape.classes))
    throw std::invalid_argument("template bank: the number of width scores does not fit the sizes");
  if (filters_.empty() || filters_.front().shape().inputs != 1)
    throw std::invalid_argument("template bank: the first filters must take one channel");
  std::vector<float> weights(templates.begin(), templates.end());
  weights.insert(weights.end(), gap_weights.begin(), gap_weights.end());
  const int outputs = bins * static_cast<int>(count) + 1;
  std::vector<float> offsets(static_cast<std::size_t>(outputs), 0.0F);
  offsets.back() = gap_offset;
  products_.emplace_back(KernelShape{static_cast<int>(features), outputs, 1, 1, 1, 1}, weights, offsets);
  const std::size_t padded = (count + most_lanes - 1) / most_lanes * most_lanes;
  width_bias_.assign(widths * padded, kImpossible);  // what is beyond the templates never wins and never counts
  for (std::size_t k = 0; k < widths; ++k)
    for (std::size_t m = 0; m < count; ++m)
      width_bias_[k * padded + m] = width_bias[k * static_cast<std::size_t>(shape.classes) + m % static_cast<std::size_t>(shape.classes)];
}

FeatureMap TemplateBank::products(const Plane& line) const {
  FeatureMap map(1, line.height, line.width);
  for (int y = 0; y < line.height; ++y) std::copy(line.row(y), line.row(y) + line.width, map.row(0, y));
  for (const Convolution& filter : filters_) map = filter.apply(map, true);
  map.flatten_rows();
  return products_.front().apply(map, false);
}

Lattice TemplateBank::lattice(const Plane& line, float least) const {
  if (line.width < 8 || line.height < 8) throw std::invalid_argument("template bank: the line is smaller than 8 x 8");
  const FeatureMap product = products(line);
  const int count = shape_.classes * shape_.templates;
  const Responses responses(product, count);
  Lattice out;
  out.columns = product.width();
  out.classes = shape_.classes;
  const float* gaps = product.row(bins * count, 0);
  out.gaps.assign(gaps, gaps + out.columns);

  Matcher matcher(responses, shape_, width_bias_);
  const int widths = shape_.widest - shape_.narrowest + 1;
  Arcs arcs{out.columns, shape_.narrowest, widths,
            std::vector<float>(static_cast<std::size_t>(out.columns) * static_cast<std::size_t>(widths), kImpossible)};
  for (int start = 0; start < out.columns; ++start)
    for (int k = 0; k < widths && start + k + shape_.narrowest <= out.columns; ++k)
      arcs.at(start, k) = matcher.match(start, k + shape_.narrowest);

  const std::vector<double> before = forward_sums(arcs, out.gaps);
  const std::vector<double> after = backward_sums(arcs, out.gaps);
  const double total = before.back();
  out.log_total = static_cast<float>(total);
  const double log_least = least > 0.0F ? std::log(static_cast<double>(least)) : -std::numeric_limits<double>::infinity();
  for (int start = 0; start < out.columns; ++start)
    for (int k = 0; k < widths && start + k + shape_.narrowest <= out.columns; ++k) {
      const int end = start + k + shape_.narrowest;
      const double log_posterior =
          before[static_cast<std::size_t>(start)] + arcs.at(start, k) + after[static_cast<std::size_t>(end)] - total;
      if (log_posterior < log_least) continue;
      matcher.match(start, end - start);
      const auto posterior = static_cast<float>(std::exp(log_posterior));
      append_stretch(out, start, end, posterior, matcher.responses(), shape_);
    }
  return out;
}

}  // namespace alprcore
