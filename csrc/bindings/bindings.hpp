// SPDX-License-Identifier: Apache-2.0
// The only header that includes pybind11; it must come first, so that every file sees the same casters.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "alprcore/image_view.hpp"

namespace alprcore {

using GrayArray = pybind11::array_t<std::uint8_t, 0>;
using FloatArray = pybind11::array_t<float, pybind11::array::c_style>;

/// A view of a (rows, cols) uint8 array whose row pixels are adjacent; throws std::invalid_argument otherwise.
GrayView gray_view(const GrayArray& array);

/// A (height, width) float32 array holding a copy of the plane.
FloatArray to_array(const Plane& plane);

void register_text_lines(pybind11::module_& module);
void register_bank(pybind11::module_& module);
void register_decode(pybind11::module_& module);
void register_search(pybind11::module_& module);

}  // namespace alprcore
