// SPDX-License-Identifier: Apache-2.0
// The answer for one photo: its plates, each with its vehicle; or why there is none.

import { $, button, icon, make, say } from "./dom.js";
import { tone } from "./marks.js";
import { copyText } from "./table.js";
import { carLine, count, flat, paint, percent, place, seconds, spoken, sureness, trouble } from "./words.js";

const MOST_ROWS = 20; // of readings; the technical details have them all
const MOST_LABELS = 3; // of a vehicle's colour, make, …
const KINDS = [["color", "Colour"], ["make", "Make"], ["make_model", "Model"], ["body_type", "Kind"],
  ["year", "Built"], ["orientation", "Side"]];

/** Fill the answer; `acts` has again, stop, askKey, zoomTo, light, and the names of places. */
export function showAnswer(photo, acts) {
  const { title, note, cards } = {
    waiting: asWaiting, reading: asWaiting, busy: asWaiting, failed: asTrouble, done: asFound,
  }[photo.state](photo, acts);
  $("headline").textContent = title;
  $("below").textContent = note;
  $("cards").replaceChildren(...cards);
  $("technical").replaceChildren(...(photo.state === "done" ? technical(photo) : []));
  $("technical").hidden = photo.state !== "done";
}

function asWaiting(photo, acts) {
  const card = make("div", { class: "card waiting" }, make("i"), make("i"), button("Stop", () => acts.stop(photo)));
  const title = { waiting: "Waiting…", reading: "Reading…", busy: "Waiting for the server…" }[photo.state];
  return { title, note: photo.state === "busy" ? "It is busy; the photo is sent again in a moment." : named(photo), cards: [card] };
}

const named = (photo) => photo.file.name || "Pasted photo";

function asTrouble(photo, acts) {
  const [title, advice] = trouble(photo.kind);
  const buttons = make("div", { class: "buttons" });
  if (photo.kind === 401 || photo.kind === 402) buttons.append(button("Enter a key", acts.askKey));
  if (photo.kind !== "unreadable" && photo.kind !== 413) buttons.append(button("Try again", () => acts.again(photo)));
  buttons.append(button("Choose another photo", acts.choose));
  const card = make("div", { class: "card trouble", role: "alert" },
    make("h2", {}, icon("alert"), make("span", {}, title)), make("p", {}, advice), buttons);
  if (photo.said) card.append(make("details", {}, make("summary", {}, "What the server said"), make("p", { class: "said" }, photo.said)));
  return { title: photo.kind === "stopped" ? "Stopped" : "Not read", note: named(photo), cards: [card] };
}

function asFound(photo, acts) {
  const { view } = photo;
  const cards = view.plates.map((plate, index) => plateCard(photo, plate, index, acts));
  if (!view.plates.length) cards.push(tips(view));
  const others = carsCard(view);
  if (others) cards.push(others);
  const title = view.plates.length ? count(view.plates.length, "plate") : "No plate found";
  return { title, note: `${named(photo)}, read in ${seconds(view.ms ?? photo.ms)}`, cards };
}

function tips(view) {
  const small = Math.max(view.width, view.height) < 500;
  const list = make("ul", { class: "tips" },
    make("li", {}, small ? "This photo is small. Use the original, not a preview or a thumbnail." : "Go closer, or zoom in: the letters must be readable for you, too."),
    make("li", {}, "Hold the camera upright and still; avoid glare on the plate."),
    make("li", {}, "Name the country in the settings if you know it."));
  return make("div", { class: "card" }, make("h2", {}, "What may help"), list);
}

function plateCard(photo, plate, index, acts) {
  const [word, tint] = sureness(plate.sure);
  const card = make("article", { class: "card plate", id: `plate-${index}`, "aria-label": `Plate ${index + 1}: ${flat(plate.text)}` });
  card.style.setProperty("--tone", tone(index));
  const top = make("div", { class: "plate-top" }, make("h2", { class: "sign" }, plate.text), cutOut(photo, plate));
  const facts = make("div", { class: "line" }, make("span", { class: `sure ${tint}` }, `${word}, ${percent(plate.sure)}`));
  const from = place(plate.region, acts.places());
  if (from) facts.append(make("span", { class: "from" }, from, plate.regionSure ? ` (${percent(plate.regionSure)})` : ""));
  card.append(top, facts);
  if (!plate.usual) card.append(make("p", { class: "fine" }, "No usual pattern of letters and digits: compare it with the photo."));
  const car = carLine(plate.car);
  if (car.text) card.append(carText(car));
  const more = make("div", { class: "more", id: `more-${index}`, hidden: "" }, readings(plate), looks(plate.car));
  card.append(make("div", { class: "buttons" }, copyButton(plate), button("Zoom in", () => acts.zoomTo(plate), "zoom"),
    opener(more, `More about ${flat(plate.text)}`)), more);
  for (const [event, on] of [["pointerenter", true], ["focusin", true], ["pointerleave", false], ["focusout", false]])
    card.addEventListener(event, () => { card.classList.toggle("lit", on); acts.light(on ? index : null); });
  return card;
}

function carText(car) {
  const swatch = car.color ? make("span", { class: "swatch" }) : null;
  swatch?.style.setProperty("--paint", paint(car.color));
  return make("span", { class: "car" }, swatch, make("span", {}, car.text));
}

function copyButton(plate) {
  const one = button("Copy", async () => {
    const done = await copyText(flat(plate.text));
    one.lastChild.textContent = done ? "Copied" : "Not copied";
    say(done ? `${flat(plate.text)} copied` : "This browser does not let the page copy");
    setTimeout(() => { one.lastChild.textContent = "Copy"; }, 2000);
  }, "copy");
  one.setAttribute("aria-label", `Copy ${flat(plate.text)}`);
  return one;
}

function rows(labels, head) {
  return labels.map(([name, share]) => make("tr", {}, make("th", { scope: "row", class: head }, name),
    make("td", { class: "much", "aria-hidden": "true" }, make("meter", { max: 100, value: share })),
    make("td", { class: "share" }, percent(share))));
}

/** A button that opens and closes a part of the page. */
function opener(part, name) {
  const one = button("More", () => {
    part.hidden = !part.hidden;
    one.setAttribute("aria-expanded", String(!part.hidden));
    one.textContent = part.hidden ? "More" : "Less";
  });
  for (const [key, value] of [["aria-expanded", "false"], ["aria-controls", part.id], ["aria-label", name]]) one.setAttribute(key, value);
  return one;
}

function readings(plate) {
  const more = plate.others.length - MOST_ROWS;
  const table = make("table", { class: "readings" }, make("caption", {}, "Possible readings, each by itself"),
    make("tbody", {}, ...rows(plate.others.slice(0, MOST_ROWS).map((other) => [other.plate, other.confidence]), "reading")));
  return make("div", {}, table, more > 0 ? make("p", { class: "fine" }, `${more} more are in the technical details.`) : null);
}

/** What a vehicle looks like, share by share; nothing where nothing is known. */
function looks(look) {
  const shown = KINDS.filter(([kind]) => look[kind]?.length);
  if (!shown.length) return null;
  return make("div", { class: "looks" }, ...shown.map(([kind, name]) => make("table", {}, make("caption", {}, name),
    make("tbody", {}, ...rows(look[kind].slice(0, MOST_LABELS).map((label) => [spoken(kind, label.name), label.confidence]), "")))));
}

/** The vehicles without a plate that was read, in one card. */
function carsCard(view) {
  const lines = view.cars.map((car) => [carLine(car.look), looks(car.look)]).filter(([line, more]) => line.text || more);
  if (!lines.length) return null;
  const parts = lines.map(([line, more]) => (more
    ? make("details", {}, make("summary", {}, carText(line.text ? line : { text: "Vehicle" })), more) : carText(line)));
  const title = view.plates.length ? `${count(lines.length, "other vehicle")}, no plate read` : `${count(lines.length, "vehicle")}, no plate read`;
  return make("article", { class: "card cars" }, make("h2", {}, title), ...parts);
}

function technical(photo) {
  const text = JSON.stringify(photo.reply, null, 2);
  const copy = button("Copy", async () => {
    copy.lastChild.textContent = (await copyText(text)) ? "Copied" : "Not copied";
    setTimeout(() => { copy.lastChild.textContent = "Copy"; }, 2000);
  }, "copy");
  return [make("summary", {}, "Technical details"),
    make("p", { class: "fine" }, `The server's reply, as programs get it. ${Math.round(photo.ms)} ms there and back.`), copy,
    make("pre", { id: "json", tabindex: 0, role: "region", "aria-label": "Reply as JSON" }, text)];
}

/** The plate as it stands in the photo, for the eye to compare; null where it cannot be shown. */
function cutOut(photo, plate) {
  const image = $("photo");
  if (!photo.shown || image.src !== photo.url || image.naturalWidth !== photo.view.width) return null;
  const xs = plate.corners.map((corner) => corner.x);
  const ys = plate.corners.map((corner) => corner.y);
  const edge = 0.15 * (Math.max(...ys) - Math.min(...ys));
  const left = Math.max(0, Math.min(...xs) - edge), top = Math.max(0, Math.min(...ys) - edge);
  const width = Math.min(photo.view.width, Math.max(...xs) + edge) - left;
  const height = Math.min(photo.view.height, Math.max(...ys) + edge) - top;
  if (width < 1 || height < 1) return null;
  const zoom = Math.min(300 / width, 108 / height);
  const canvas = make("canvas", { width: Math.max(1, Math.round(width * zoom)), height: Math.max(1, Math.round(height * zoom)),
    role: "img", "aria-label": "The plate in the photo" });
  canvas.getContext("2d").drawImage(image, left, top, width, height, 0, 0, canvas.width, canvas.height);
  return canvas;
}
