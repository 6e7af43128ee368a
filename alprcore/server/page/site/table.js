// SPDX-License-Identifier: Apache-2.0
// What leaves the page: a plate on the clipboard, all plates as a table.

import { flat, place, spoken, trouble } from "./words.js";

const HEAD = ["photo", "plate", "sure %", "from", "colour", "make", "model", "kind", "remark"];

/** Put a text on the clipboard; return whether that worked. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // browsers offer it only over HTTPS and on this machine
    return copyOldWay(text);
  }
}

function copyOldWay(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "only-heard";
  const before = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus();
  return done;
}

/** All plates as CSV, one row for each; photos without one have a row that says why. */
export function csvOf(photos, places) {
  const rows = photos.flatMap((photo) => {
    const name = photo.file.name || "pasted photo";
    if (photo.state === "failed") return [[name, "", "", "", "", "", "", "", trouble(photo.kind)[0]]];
    if (photo.state !== "done") return [];
    if (!photo.view.plates.length) return [[name, "", "", "", "", "", "", "", "no plate found"]];
    return photo.view.plates.map((plate) => plateRow(name, plate, places));
  });
  return [HEAD, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

function plateRow(name, plate, places) {
  const likely = (kind) => (plate.car[kind]?.[0]?.confidence >= 50 ? spoken(kind, plate.car[kind][0].name) : "");
  return [name, flat(plate.text), plate.sure.toFixed(1), place(plate.region, places), likely("color"), likely("make"),
    likely("make_model"), likely("body_type"), plate.usual ? "" : "unusual pattern"];
}

/** One cell; a spreadsheet must not take a file's name for a formula. */
function cell(value) {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function download(name, text) {
  // The mark at the front lets spreadsheets see that it is UTF-8.
  const url = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
