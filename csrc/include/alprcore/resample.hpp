// SPDX-License-Identifier: Apache-2.0
// Changing the size of a grey picture.
#pragma once

#include "alprcore/image_view.hpp"

namespace alprcore {

/// Returns the picture at (height, width): area averages when it shrinks, linear when it grows.
Plane area_resized(GrayView image, int width, int height);

}  // namespace alprcore
