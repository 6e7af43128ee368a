// SPDX-License-Identifier: Apache-2.0
// What the page asks the server, and what the replies mean to it.

const NO_KEY = "none"; // the interface asks for a key even where the server takes any
const TRIES = 4; // while the server is busy
const PICTURE_ERROR = /^(image|Missing image)|picture/i;

export class Trouble extends Error {
  /** `kind` is a status or a word of `trouble`; `said` is what the server said. */
  constructor(kind, said = "") {
    super(said);
    this.kind = kind;
    this.said = said;
  }
}

/** Return what the server makes of a photo. Throws `Trouble`. */
export async function readPhoto(file, settings, signal, onBusy) {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await asked(file, settings, signal);
    if (answer.status !== 503 || attempt === TRIES) return understood(answer);
    await pause(1000 * Math.min(10, Number(answer.headers.get("Retry-After")) || attempt), signal, onBusy);
  }
}

async function asked(file, settings, signal) {
  const body = new FormData(); // the key travels in the body: addresses end up in logs
  const fields = { secret_key: settings.key || NO_KEY, country: settings.country, topn: settings.topn,
    recognize_vehicle: settings.cars ? "1" : "0", return_image: "0" };
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  body.append("image", file, file.name || "photo");
  try {
    return await fetch("v3/recognize", { method: "POST", body, signal, cache: "no-store", credentials: "omit",
      referrerPolicy: "no-referrer" });
  } catch (error) {
    throw new Trouble(error.name === "AbortError" ? "stopped" : "network");
  }
}

function pause(ms, signal, onBusy) {
  onBusy();
  return new Promise((go, stop) => {
    const timer = setTimeout(go, ms);
    signal.addEventListener("abort", () => { clearTimeout(timer); stop(new Trouble("stopped")); });
  });
}

async function understood(answer) {
  let reply = null;
  try {
    reply = JSON.parse(await answer.text());
  } catch (error) {
    if (error.name === "AbortError") throw new Trouble("stopped");
    if (!(error instanceof SyntaxError)) throw new Trouble("network");
  }
  const said = typeof reply?.error === "string" ? reply.error : "";
  if (!answer.ok) throw new Trouble(answer.status === 400 && PICTURE_ERROR.test(said) ? "unreadable" : answer.status, said);
  if (!Array.isArray(reply?.results)) throw new Trouble("strange");
  return reply;
}

const sameBox = (one, other) => Boolean(one && other)
  && ["x", "y", "width", "height"].every((key) => one[key] === other[key]);

/** Return the plates of a reply, each with its vehicle, and the vehicles without one. */
export function viewOf(reply) {
  const plates = reply.results.map((result) => ({
    text: result.plate, sure: result.confidence, usual: Boolean(result.matches_template), region: result.region,
    regionSure: result.region_confidence, others: result.candidates, corners: result.coordinates,
    car: result.vehicle ?? {}, carBox: result.vehicle_detected ? result.vehicle_region : null,
  }));
  const cars = (reply.vehicles ?? [])
    .filter((car) => !plates.some((plate) => sameBox(plate.carBox, car)))
    .map((car) => ({ box: car, look: car.details ?? {} }));
  return { width: reply.img_width, height: reply.img_height, plates, cars, ms: reply.processing_time?.total };
}

/** Return the countries that can be read, by code, with the names of their regions. */
export async function countries() {
  try {
    const answer = await fetch("v3/config", { credentials: "omit" });
    const listed = answer.ok ? (await answer.json()).countries : [];
    return Object.fromEntries(listed.map(({ code, name, regions = [] }) => [code,
      { name, regions: Object.fromEntries(regions.map((region) => [region.code, region.name])) }]));
  } catch { // plates from anywhere can be read all the same
    return {};
  }
}
