// SPDX-License-Identifier: Apache-2.0
// Numbers and names in people's words. Every share on the page goes through `percent`.

/** Whole percent, rounded once; what is only nearly 100 or 0 says so. */
export function percent(value) {
  const share = Number(value);
  if (share >= 99.5 && share < 100) return "over 99 %";
  if (share > 0 && share < 0.5) return "under 1 %";
  return `${Math.round(share)} %`;
}

/** How sure a reading is: a word for it, and which colour it gets. */
export function sureness(value) {
  if (value >= 95) return ["Very sure", ""];
  if (value >= 80) return ["Sure", ""];
  if (value >= 50) return ["Check it", "fair"];
  return ["A guess", "poor"];
}

export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;
export const flat = (text) => text.replaceAll("\n", " ");
export const seconds = (ms) => (ms < 950 ? `${Math.max(1, Math.round(ms / 10)) / 100} s` : `${(ms / 1000).toFixed(1)} s`);

const BODIES = {
  "sedan-compact": "small car", "sedan-convertible": "convertible", "sedan-sports": "sports car",
  "sedan-standard": "saloon", "sedan-wagon": "estate car", "suv-crossover": "crossover", "suv-standard": "SUV",
  "truck-standard": "truck", "van-full": "van", "van-mini": "minivan", motorcycle: "motorcycle",
};
const SEEN = { 0: "seen from behind", 90: "seen from the side", 180: "seen from the front" };
const NAMES = { bmw: "BMW", gmc: "GMC", mini: "MINI", byd: "BYD", mg: "MG", ds: "DS", vw: "VW", seat: "SEAT" };
const PAINTS = {
  black: "#1b1b1b", blue: "#2b5fc4", brown: "#6b452b", "gold-beige": "#cdb27f", green: "#2c7a44", orange: "#e8791c",
  pink: "#ea8db4", purple: "#6d3f9c", red: "#c2222b", "silver-gray": "#a7abb0", white: "#ffffff", yellow: "#f2c81f",
};

export const paint = (name) => PAINTS[name] ?? "transparent";

function capital(word) {
  if (NAMES[word]) return NAMES[word];
  if (/\d/.test(word)) return word.toUpperCase();
  return word.charAt(0).toUpperCase() + word.slice(1);
}

const titled = (name) => name.split(" ").map((word) => word.split("-").map(capital).join("-")).join(" ");

/** A label of a vehicle in words; `kind` is its key in the reply. */
export function spoken(kind, name) {
  if (kind === "body_type") return BODIES[name] ?? name.replaceAll("-", " ");
  if (kind === "orientation") return SEEN[name] ?? name;
  if (kind === "color") return name.replace("silver-gray", "silver or grey").replace("gold-beige", "gold or beige");
  if (kind === "year") return name.replace("-", "–");
  if (kind !== "make_model") return titled(name);
  const [maker, ...model] = name.split("_");
  return `${titled(maker)} ${model.join(" ").split(/[- ]/).map(capital).join(" ")}`;
}

/** What is worth saying of a vehicle in one line: only what is more likely than not. */
export function carLine(look) {
  const best = (kind) => (look[kind]?.[0]?.confidence >= 50 ? look[kind][0].name : "");
  const [color, model, maker] = [best("color"), best("make_model"), best("make")];
  const body = best("body_type") ? spoken("body_type", best("body_type")) : "";
  const name = model ? spoken("make_model", model) : maker ? `${spoken("make", maker)}${body ? ` ${body}` : ""}` : body;
  const parts = [color ? spoken("color", color) : "", name || (color ? "vehicle" : "")].filter(Boolean).join(" ");
  const seen = parts && best("orientation") ? `, ${SEEN[best("orientation")] ?? ""}` : "";
  return { color, text: parts ? `${parts.charAt(0).toUpperCase()}${parts.slice(1)}${seen}` : "" };
}

/** Where a plate is from, in words; "" where that is not known. */
export function place(region, names) {
  if (!region) return "";
  const [country, ...rest] = region.split("-");
  const known = names[country];
  if (!rest.length || !known) return region.toUpperCase();
  const code = rest.join("-");
  if (code === "base") return known.name;
  const name = known.regions[code] ?? code.toUpperCase();
  return ["us", "eu"].includes(country) ? name : `${name}, ${known.name.split(",")[0]}`;
}

const TROUBLE = {
  unreadable: ["This file is not a photo we can read", "Use JPEG, PNG, WebP, GIF, BMP or TIFF. An iPhone’s HEIC photo: share it as “Most Compatible”, or take a screenshot of it."],
  400: ["The server could not use this request", "Check the settings, then try again."],
  401: ["This server asks for a key", "Whoever runs it can give you one. Enter it and the photo is read at once."],
  402: ["This key is used up for the month", "Ask whoever runs the server for more, or enter another key."],
  403: ["Too many photos at once", "This key may read only so many a minute. Wait a little and try again."],
  408: ["The photo took too long to arrive", "Check your connection, or use a smaller photo."],
  413: ["The photo is too large", "Make it smaller, or cut out the part with the car, and try again."],
  429: ["Too many photos at once", "Wait a little and try again."],
  503: ["The server is busy", "It has more photos than it can read just now. Wait a little and try again."],
  network: ["The server cannot be reached", "Is it still running, and are you still connected? The photo is kept here: try again."],
  stopped: ["Stopped", "The photo was not read."],
  strange: ["The server's answer makes no sense", "Something between you and the server may have changed it. Try again."],
};

/** A title and advice for what went wrong. */
export function trouble(kind) {
  return TROUBLE[kind] ?? (kind >= 500
    ? ["The server failed on this photo", "This should not happen. Try again; if it fails again, whoever runs the server finds the reason in its log."]
    : ["The server refused the photo", "Try again, or try another photo."]);
}
