// SPDX-License-Identifier: Apache-2.0
// The corner markers over a photo: around a plate, never on it.

import { make } from "./dom.js";
import { flat } from "./words.js";

// Distinct also to people who do not tell red from green; each line has a dark casing.
export const TONES = ["#ffcc1a", "#4cc3ff", "#ff7fc0", "#7ee081", "#c9a4ff", "#ff9a62"];
const GAP = 6; // screen pixels between a plate's edge and its markers
const ARM = 15;
const TAG = { height: 25, gap: 6, letter: 9.6, edge: 16 };

export const tone = (index) => TONES[index % TONES.length];

/** Draw what is in a view; `toScreen` maps a point of the photo to one of the drawing. */
export function drawMarks(svg, view, toScreen, onPick) {
  svg.replaceChildren();
  if (!view) return;
  const quads = view.plates.map((plate) => plate.corners.map(toScreen));
  const taken = quads.map(boundsOf);
  view.plates.forEach((plate, index) => {
    if (plate.carBox) svg.append(carFrame(plate.carBox, toScreen, tone(index), index));
  });
  for (const car of view.cars) svg.append(carFrame(car.box, toScreen, "#ffffff", ""));
  view.plates.forEach((plate, index) => {
    const group = make("g", { "data-plate": index, click: () => onPick(index) });
    const path = quads[index].map((_, corner) => bracket(quads[index], corner)).join("");
    for (const [stroke, width] of [["#000000", 6], [tone(index), 3]])
      group.append(make("path", { d: path, fill: "none", stroke, "stroke-width": width,
        "stroke-opacity": stroke === "#000000" ? 0.7 : 1 }));
    group.append(...tag(flat(plate.text), taken, index, svg));
    svg.append(group);
  });
}

function boundsOf(points) {
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  return { left: Math.min(...xs) - GAP, right: Math.max(...xs) + GAP, top: Math.min(...ys) - GAP, bottom: Math.max(...ys) + GAP };
}

function direction(from, to) {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  return { x: (to.x - from.x) / length, y: (to.y - from.y) / length, length };
}

/** One corner: outside of the quad by GAP on both sides, its arms along the edges. */
function bracket(quad, corner) {
  const here = quad[corner];
  const one = direction(here, quad[(corner + 1) % 4]);
  const other = direction(here, quad[(corner + 3) % 4]);
  const at = { x: here.x - GAP * (one.x + other.x), y: here.y - GAP * (one.y + other.y) };
  const arm = (along) => {
    const length = Math.min(ARM, 0.35 * along.length + GAP);
    return `${(at.x + along.x * length).toFixed(1)} ${(at.y + along.y * length).toFixed(1)}`;
  };
  return `M${arm(one)}L${at.x.toFixed(1)} ${at.y.toFixed(1)}L${arm(other)}`;
}

function carFrame(box, toScreen, stroke, index) {
  const from = toScreen(box);
  const to = toScreen({ x: box.x + box.width, y: box.y + box.height });
  const place = { x: from.x, y: from.y, width: Math.max(0, to.x - from.x), height: Math.max(0, to.y - from.y), rx: 8, fill: "none" };
  return make("g", { "data-car": index },
    make("rect", { ...place, stroke: "#000000", "stroke-opacity": 0.4, "stroke-width": 3 }),
    make("rect", { ...place, stroke, "stroke-opacity": 0.75, "stroke-width": 1.5 }));
}

/** The text beside a plate, where it covers neither a plate nor another text. */
function tag(text, taken, index, svg) {
  const own = taken[index];
  const width = Array.from(text).reduce((sum, letter) => sum + (letter.codePointAt(0) > 0x1100 ? 16 : TAG.letter), TAG.edge);
  const room = { width: svg.clientWidth, height: svg.clientHeight };
  const middle = (own.left + own.right - width) / 2;
  const halfway = (own.top + own.bottom - TAG.height) / 2;
  const above = own.top - TAG.gap - TAG.height;
  const below = own.bottom + TAG.gap;
  const places = [[middle, above], [middle, below], [own.right + TAG.gap, halfway], [own.left - TAG.gap - width, halfway],
    [middle, above - TAG.height - 4], [middle, below + TAG.height + 4]];
  const inside = (x) => Math.max(3, Math.min(x, room.width - width - 3));
  const boxes = places.map(([x, y]) => ({ left: inside(x), top: y, right: inside(x) + width, bottom: y + TAG.height }));
  const free = (box) => box.top >= 2 && box.bottom <= room.height - 2
    && taken.every((other) => box.right < other.left || box.left > other.right || box.bottom < other.top || box.top > other.bottom);
  const box = boxes.find(free) ?? boxes[0];
  taken.push(box);
  const label = make("text", { x: (box.left + box.right) / 2, y: box.top + 18, "text-anchor": "middle" }, text);
  return [make("rect", { x: box.left, y: box.top, width, height: TAG.height, rx: 6, fill: tone(index), stroke: "#15171a", "stroke-width": 1.5 }), label];
}
