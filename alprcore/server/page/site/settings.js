// SPDX-License-Identifier: Apache-2.0
// What a reader can set: the country, how many readings, vehicles, a key.

import { $, make } from "./dom.js";

export function settings() {
  return { country: $("country").value, topn: $("topn").value, cars: $("cars").checked, key: $("key").value };
}

/** List the countries. */
export function listCountries(known) {
  const named = Object.entries(known).filter(([code]) => code !== "auto");
  named.sort(([, one], [, other]) => one.name.localeCompare(other.name, "en"));
  for (const [code, { name }] of named) $("country").append(make("option", { value: code }, name));
}

/** Open the dialog, at the key if one is wanted; `onChange` is called when something is new. */
export function openSettings(onChange, atKey = false) {
  const dialog = $("settings");
  const before = JSON.stringify(settings());
  dialog.addEventListener("close", () => {
    if (!$("form").checkValidity()) $("topn").value = 5;
    if (JSON.stringify(settings()) !== before) onChange();
  }, { once: true });
  dialog.showModal();
  if (atKey) $("key").focus();
}
