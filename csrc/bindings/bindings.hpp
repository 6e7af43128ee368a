// SPDX-License-Identifier: Apache-2.0
// The only header that includes pybind11; it must come first, so that every file sees the same casters.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "alprcore/image_view.hpp"
#include "alprcore/lattice.hpp"

namespace alprcore {

using GrayArray = pybind11::array_t<std::uint8_t, 0>;
using ByteArray = pybind11::array_t<std::uint8_t, pybind11::array::c_style>;
using FloatArray = pybind11::array_t<float, pybind11::array::c_style>;
using IntArray = pybind11::array_t<std::int32_t, pybind11::array::c_style>;

/// A view of a (rows, cols) uint8 array whose row pixels are adjacent; throws std::invalid_argument otherwise.
GrayView gray_view(const GrayArray& array);

/// A (height, width) float32 array holding a copy of the plane.
FloatArray to_array(const Plane& plane);

/// The values of an array of so many axes, which must outlive them; throws std::invalid_argument otherwise.
template <typename T>
std::span<const T> span_of(const pybind11::array_t<T, pybind11::array::c_style>& array, const char* name, int axes = 1) {
  if (array.ndim() != axes)
    throw std::invalid_argument(std::string(name) + ": expected " + std::to_string(axes) + "-D, got " +
                                std::to_string(array.ndim()) + "-D");
  return {array.data(), std::size_t(array.size())};
}

/// The arrays as one checked lattice; they must outlive it.
LatticeView lattice_view(const IntArray& starts, const IntArray& ends, const FloatArray& scores, const FloatArray& gaps,
                         double log_total, std::span<const float> posteriors = {});

/// An array of that shape holding a copy of the values.
template <typename To, typename From>
pybind11::array_t<To> copied(const std::vector<From>& values, std::vector<pybind11::ssize_t> shape) {
  pybind11::array_t<To> array(std::move(shape));
  std::copy(values.begin(), values.end(), array.mutable_data());
  return array;
}

template <typename To, typename From>
pybind11::array_t<To> copied(const std::vector<From>& values) {
  return copied<To>(values, {pybind11::ssize_t(values.size())});
}

void register_segment(pybind11::module_& module);
void register_match(pybind11::module_& module);
void register_decode(pybind11::module_& module);
void register_search(pybind11::module_& module);

}  // namespace alprcore
