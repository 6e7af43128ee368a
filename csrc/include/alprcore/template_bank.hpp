// SPDX-License-Identifier: Apache-2.0
// The template bank: feature filters, templates over feature columns, and the lattice it makes of a line.
#pragma once

#include <span>
#include <vector>

#include "alprcore/features.hpp"
#include "alprcore/image_view.hpp"

namespace alprcore {

/// Stretches that may be a character, with the score of every class, and what lies between them.
struct Lattice {
  int columns = 0;                ///< feature columns; one column is two line pixels
  int classes = 0;
  std::vector<int> starts, ends;  ///< half-open stretches of columns, by start, then end
  std::vector<float> scores;      ///< (stretches, classes): natural-log score of "this stretch is the class"
  std::vector<int> templates;     ///< (stretches, classes): the template that matched best
  std::vector<float> posteriors;  ///< probability that the stretch is a character of some class
  std::vector<float> gaps;        ///< (columns): score of "no character here"
  float log_total = 0.0F;         ///< log of the sum over all paths of the full lattice
};

/// Sizes of a bank, read off its arrays.
struct BankShape {
  int classes = 0;
  int templates = 0;  ///< a class
  int narrowest = 0;  ///< columns
  int widest = 0;
};

/// Learned templates, immutable once made; `lattice` may be called from many threads.
class TemplateBank {
 public:
  static constexpr int inner_bins = 4;
  static constexpr int bins = inner_bins + 2;

  /// `templates` is (bins, templates * classes, features), `width_bias` (widths, classes), `gap_weights` (features).
  TemplateBank(BankShape shape, std::vector<Convolution> filters, std::span<const float> templates,
               std::span<const float> gap_weights, float gap_offset, std::span<const float> width_bias);

  /// Matches every stretch of a normalised (32, w) line; stretches less probable than `least` are dropped.
  [[nodiscard]] Lattice lattice(const Plane& line, float least) const;

  [[nodiscard]] const BankShape& shape() const { return shape_; }

 private:
  [[nodiscard]] FeatureMap products(const Plane& line) const;

  BankShape shape_;
  std::vector<Convolution> filters_;
  std::vector<Convolution> products_;  // one: templates and gap weights as a 1x1 convolution
  std::vector<float> width_bias_;      // (widths, templates * classes)
};

}  // namespace alprcore
