// SPDX-License-Identifier: Apache-2.0
// The page: photos come in, are read, and are looked at.

import { showAnswer } from "./answer.js";
import { $, say } from "./dom.js";
import { showList } from "./list.js";
import { Photos } from "./photos.js";
import { countries } from "./server.js";
import { listCountries, openSettings, settings } from "./settings.js";
import { csvOf, download } from "./table.js";
import { Viewer } from "./viewer.js";
import { count, flat, trouble } from "./words.js";

let chosen = null;
let places = {};
const photos = new Photos(settings, changed);
const viewer = new Viewer((index) => {
  const card = $(`plate-${index}`);
  card?.scrollIntoView({ block: "nearest" });
  card?.querySelector("button")?.focus({ preventScroll: true });
});
const acts = {
  again: (photo) => photos.again(photo),
  stop: (photo) => photos.stop(photo),
  choose: () => $("file").click(),
  askKey: () => openSettings(settingsChanged, true),
  zoomTo: (plate) => viewer.zoomTo(plate),
  light: (index) => viewer.light(index),
  places: () => places,
};

function changed(photo) {
  showList(photos.all, chosen, pickFromList);
  $("csv").disabled = !photos.all.some((each) => each.state === "done" || each.state === "failed");
  if (photo !== chosen) return;
  viewer.refresh();
  showAnswer(photo, acts);
  if (photo.state === "done") say(heard(photo));
  if (photo.state === "reading") say(`Reading ${photo.file.name || "the photo"}`);
  if (photo.state === "failed" && photo.kind === "stopped") say(trouble("stopped")[0]);
}

function heard(photo) {
  const texts = photo.view.plates.map((plate) => flat(plate.text));
  return texts.length ? `${count(texts.length, "plate")}: ${texts.join(", ")}` : "No plate found";
}

/** Show one photo of the list. */
async function pick(photo) {
  chosen = photo;
  showList(photos.all, chosen, pickFromList);
  showAnswer(photo, acts);
  await viewer.show(photo);
  if (chosen === photo) showAnswer(photo, acts); // now with the plates cut out
}

function pickFromList(photo) {
  pick(photo);
  if (photo.state === "done") say(heard(photo));
  if (matchMedia("(max-width: 999px)").matches) scrollTo({ top: 0 }); // where the answer is
}

function take(files) {
  const pictures = [...files];
  if (!pictures.length) return;
  const first = $("work").hidden;
  $("start").hidden = true;
  $("work").hidden = $("add").hidden = false;
  $("camera").hidden = !hasCamera();
  const [photo] = photos.add(pictures);
  pick(photo);
  if (first) $("headline").focus({ preventScroll: true });
  scrollTo({ top: 0 });
}

function startAgain() {
  photos.clear();
  chosen = null;
  $("list").replaceChildren();
  $("work").hidden = $("add").hidden = $("camera").hidden = true;
  $("start").hidden = false;
  $("choose").focus();
  say("List cleared");
}

function settingsChanged() {
  if (!chosen) return;
  const unread = photos.all.filter((photo) => photo.state === "failed" && [401, 402].includes(photo.kind));
  for (const photo of new Set([chosen, ...unread])) photos.again(photo);
}

async function trySample(name) {
  const answer = await fetch(`page/samples/${name}`, { credentials: "omit" }).catch(() => null);
  const content = answer?.ok ? [await answer.blob()] : []; // an empty photo says itself what is wrong
  take([new File(content, name, { type: "image/jpeg" })]);
}

const hasCamera = () => matchMedia("(pointer: coarse)").matches;

function listen() {
  for (const [id, act] of [
    ["choose", () => $("file").click()], ["add", () => $("file").click()],
    ["start-camera", () => $("snap").click()], ["camera", () => $("snap").click()],
    ["settings-open", () => openSettings(settingsChanged)], ["clear", startAgain],
    ["csv", () => download("plates.csv", csvOf(photos.all, places))],
  ]) $(id).addEventListener("click", act);
  for (const id of ["file", "snap"])
    $(id).addEventListener("change", () => { take($(id).files); $(id).value = ""; });
  for (const sample of document.querySelectorAll("[data-sample]"))
    sample.addEventListener("click", () => trySample(sample.dataset.sample));
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) { event.preventDefault(); take(files); }
  });
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"])
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      $("over").hidden = kind === "drop" || (kind === "dragleave" && !event.relatedTarget);
      if (kind === "drop") take(event.dataTransfer.files);
    });
}

$("start-camera").hidden = !hasCamera();
listen();
places = await countries();
listCountries(places);
if (chosen?.state === "done") showAnswer(chosen, acts); // now with the names of places
document.documentElement.dataset.ready = "yes";
