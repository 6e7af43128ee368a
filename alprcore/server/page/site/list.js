// SPDX-License-Identifier: Apache-2.0
// The list of the photos of this visit.

import { $, icon, make } from "./dom.js";
import { flat, trouble } from "./words.js";

const THUMB = { width: 148, height: 108 }; // twice the size on the page, for sharp screens

/** Bring the list up to date; only the rows of new photos are made anew. */
export function showList(photos, chosen, onPick) {
  const list = $("list");
  for (const photo of photos) {
    if (!photo.row) {
      photo.row = rowOf(photo, onPick);
      list.append(photo.row);
    }
    const row = photo.row.firstChild;
    row.setAttribute("aria-current", String(photo === chosen));
    row.querySelector(".what").replaceWith(whatOf(photo));
  }
  for (const row of [...list.children]) if (!photos.some((photo) => photo.row === row)) row.remove();
}

function rowOf(photo, onPick) {
  const holder = make("span", { class: "no-thumb" }, icon("file"));
  thumb(photo.file).then((canvas) => canvas && holder.replaceWith(canvas));
  const name = photo.file.name || "Pasted photo";
  return make("li", {}, make("button", { type: "button", click: () => onPick(photo) }, holder,
    make("span", { class: "text" }, make("span", { class: "what" }), make("span", { class: "name" }, name))));
}

function whatOf(photo) {
  if (photo.state === "failed") return make("span", { class: "what bad" }, trouble(photo.kind)[0]);
  if (photo.state !== "done") {
    const word = photo.state === "reading" ? "Reading…" : "Waiting…";
    return make("span", { class: "what" }, make("span", { class: "spin", "aria-hidden": "true" }), word);
  }
  const texts = photo.view.plates.map((plate) => flat(plate.text));
  return make("span", { class: "what" }, texts.join(", ") || "No plate found");
}

async function thumb(file) {
  try {
    const small = await createImageBitmap(file, { resizeHeight: THUMB.height, resizeQuality: "medium" });
    const canvas = make("canvas", { ...THUMB, "aria-hidden": "true" });
    const scale = Math.max(THUMB.width / small.width, THUMB.height / small.height);
    const [width, height] = [small.width * scale, small.height * scale];
    canvas.getContext("2d").drawImage(small, (THUMB.width - width) / 2, (THUMB.height - height) / 2, width, height);
    small.close();
    return canvas;
  } catch { // a kind that this browser does not show
    return null;
  }
}
