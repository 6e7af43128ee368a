// SPDX-License-Identifier: Apache-2.0
#include "alprcore/resample.hpp"

#include "check.hpp"
#include "pictures.hpp"

using namespace alprcore;

namespace {

/// The area average by its definition: each source pixel counts by the part of it under the destination pixel,
/// smoothed by half a source pixel on either side as `area_resized` does.
double weight_of(int from, int to, int source, int target) {
  const double ratio = double(from) / to, centre = (target + 0.5) * ratio, distance = std::fabs(source + 0.5 - centre);
  return ratio > 1.0 ? std::min(1.0, std::max(0.0, 0.5 * ratio + 0.5 - distance)) : std::max(0.0, 1.0 - distance);
}

double reference(const Picture& picture, int width, int height, int x, int y) {
  double sum = 0.0, total = 0.0;
  for (int v = 0; v < picture.height; ++v)
    for (int u = 0; u < picture.width; ++u) {
      const double weight = weight_of(picture.width, width, u, x) * weight_of(picture.height, height, v, y);
      sum += weight * picture.view().row(v)[u];
      total += weight;
    }
  return sum / total;
}

void agrees_with_the_definition() {
  const Picture picture = random_picture(23, 17, 1);
  for (const auto& [w, h] : {std::pair{23, 17}, std::pair{7, 5}, std::pair{46, 34}, std::pair{31, 6}, std::pair{1, 1}}) {
    const Plane plane = area_resized(picture.view(), w, h);
    CHECK(plane.width == w && plane.height == h);
    for (int y = 0; y < h; ++y)
      for (int x = 0; x < w; ++x) CHECK_NEAR(plane.row(y)[x], reference(picture, w, h, x, y), 1e-3);
  }
}

void the_same_size_is_the_same_picture() {
  const Picture picture = random_picture(31, 9, 2);
  const Plane plane = area_resized(picture.view(), 31, 9);
  for (std::size_t k = 0; k < picture.pixels.size(); ++k) CHECK(plane.values[k] == picture.pixels[k]);
}

void resizing_keeps_the_mean() {
  Picture picture(57, 31, 0);
  for (int y = 0; y < 31; ++y)
    for (int x = 0; x < 57; ++x) picture.set(x, y, (x * 7 + y * 13) % 256);
  double before = 0.0;
  for (const auto value : picture.pixels) before += value;
  before /= 57.0 * 31.0;
  for (const auto& [w, h] : {std::pair{19, 11}, std::pair{114, 62}, std::pair{57, 31}, std::pair{1, 1}}) {
    const Plane plane = area_resized(picture.view(), w, h);
    double after = 0.0;
    for (const float value : plane.values) after += value;
    CHECK_NEAR(after / (w * h), before, 3.0);
  }
}

void wrong_sizes_are_refused() {
  const Picture picture(20, 20, 0);
  CHECK_THROWS(area_resized(picture.view(), 0, 4));
  CHECK_THROWS(area_resized(GrayView{}, 4, 4));
}

}  // namespace

int main() {
  agrees_with_the_definition();
  the_same_size_is_the_same_picture();
  resizing_keeps_the_mean();
  wrong_sizes_are_refused();
  return verdict("resample");
}
