// SPDX-License-Identifier: Apache-2.0
// Matching: every stretch of a line against every template of a bank. A template is a row of learned weights for the
// features under each of its six bins: four across the character, one just before it and one just after.
#pragma once

#include <span>
#include <vector>

#include "alprcore/features.hpp"
#include "alprcore/image_view.hpp"
#include "alprcore/kernels.hpp"
#include "alprcore/lattice.hpp"

namespace alprcore {

/// Sizes of a bank, read off its arrays.
struct BankShape {
  int classes = 0;
  int templates = 0;  ///< per class
  int narrowest = 0;  ///< columns
  int widest = 0;
};

/// Learned templates, immutable once made; `match` may be called from many threads.
class TemplateBank {
 public:
  static constexpr int inner_bins = 4;
  static constexpr int bins = inner_bins + 2;
  static constexpr int longest_side = 4096;  ///< of a line image

  /// `templates` is (bins, templates * classes, features), `width_bias` (widths, classes), `gap_weights` (features).
  TemplateBank(BankShape shape, std::vector<Convolution> filters, std::span<const float> templates,
               std::span<const float> gap_weights, float gap_offset, std::span<const float> width_bias,
               const Kernels& kernels = alprcore::kernels());

  /// Matches every stretch of a normalised line, has them segmented, and returns those at least as probable as `least`.
  [[nodiscard]] Lattice match(const Plane& line, float least) const;

  [[nodiscard]] const BankShape& shape() const { return shape_; }
  /// How many line pixels wide a column is.
  [[nodiscard]] int column_pixels() const;
  [[nodiscard]] const Kernels& kernels() const { return *kernels_; }

 private:
  [[nodiscard]] FeatureMap products(const Plane& line) const;

  BankShape shape_;
  const Kernels* kernels_;
  std::vector<Convolution> filters_;
  std::vector<Convolution> products_;  // one: templates and gap weights as a 1x1 convolution
  std::vector<float> width_bias_;      // (widths, templates * classes)
};

}  // namespace alprcore
