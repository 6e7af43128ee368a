// SPDX-License-Identifier: Apache-2.0
"use strict";
const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const FIELDS = ["q", "since", "until", "region", "color", "make", "near"];
const LIMITS = ["since", "until", "region", "color", "make", "near"];
const now = { asking: null, reply: null, shown: [], chosen: new Set(), open: null, cards: new Map() };

function make(tag, attributes = {}, ...children) {
  const drawn = ["svg", "g", "polygon", "image", "title"].includes(tag);
  const element = drawn ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Neither "100 %" nor "0 %" of what is only nearly so.
function percent(value) {
  if (value > 99.9 && value < 100) return "> 99.9 %";
  if (value > 0 && value < .1) return "< 0.1 %";
  return `${value.toFixed(value < 100 ? 1 : 0)} %`;
}
const spoken = (name) => (name ?? "").replaceAll("_", " ").replaceAll("-", " ");
const flat = (text) => text.replaceAll("\n", " ");
const several = (count, one, more = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : more}`;
const region = (read) => [...new Set([read.country, read.region])].filter(Boolean).join("-");
const base = (path) => path.split(/[/!]/).pop() || path;
const iso = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19);
const clock = (seconds) => iso(seconds).replace("T", " ");
function when(read) {
  const at = read.time ? read.time.replace("T", " ").replace(/(\.\d+)?(Z|\+00:00)$/, "") : "";
  const film = read.seconds === null ? "" : `at ${read.seconds.toFixed(2)} s`;
  return [at, film].filter(Boolean).join(", ");
}

async function ask(path, options = {}) {
  const answer = await fetch(path, { cache: "no-store", credentials: "omit", ...options });
  if (answer.ok) return answer;
  let said = "";
  try { said = (await answer.json()).error ?? ""; } catch { /* it has no words */ }
  throw new Error(said || `The server answered with status ${answer.status}.`);
}
const json = async (path, options) => (await ask(path, options)).json();

function fail(error) {
  if (error.name === "AbortError") return;
  $("error").textContent = error instanceof TypeError
    ? "No answer: is “alprcore archive serve” still running?" : error.message;
  $("error").hidden = false;
}

// ---- searching --------------------------------------------------------------------------------

function asked() {
  const words = new URLSearchParams();
  for (const name of FIELDS) if ($(name).value.trim()) words.set(name, $(name).value.trim());
  if ($("edit").checked && words.has("q")) words.set("edit", "1");
  if ($("order").value && words.has("q")) words.set("order", $("order").value);
  return words;
}

function fill(words) {
  for (const name of FIELDS) $(name).value = words.get(name) ?? "";
  $("edit").checked = words.get("edit") === "1";
  $("order").value = words.get("order") ?? "";
  mark();
}

function mark() {
  const count = LIMITS.filter((name) => $(name).value.trim()).length;
  $("active").textContent = count ? `(${count} set)` : "";
  if (count) $("filters").open = true;
}

async function search({ push = true } = {}) {
  mark();
  const words = asked();
  if (push) history.pushState(null, "", words.size ? `?${words}` : "./");
  now.asking?.abort();
  const asking = now.asking = new AbortController();
  $("error").hidden = true;
  $("status").textContent = "Searching…";
  try {
    const reply = await json(`reads?${words}`, { signal: asking.signal });
    now.reply = reply;
    now.words = words;
    now.shown = [];
    now.cards.clear();
    now.chosen.clear();
    $("list").replaceChildren();
    append(reply.hits);
    tell(reply);
    drawTimeline(reply.timeline);
    $("orderline").hidden = !reply.pattern;
  } catch (error) {
    if (asking !== now.asking) return;
    $("status").textContent = "";
    $("list").replaceChildren();
    for (const id of ["timeline", "tools", "more"]) $(id).hidden = true;
    fail(error);
  }
}

function tell(reply) {
  if (!reply.pattern) {
    $("status").textContent = reply.total ? `${several(reply.total, "read")}, the latest first.`
      : "No read within these limits.";
    return;
  }
  const among = `among ${several(reply.scanned, "read")}`;
  $("status").textContent = reply.total
    ? `${several(reply.total, "read")} may match ${reply.pattern} ${among}; of those listed about `
      + `${reply.expected_false.toFixed(1)} are expected not to. A hit is a lead: look at the picture.`
    : `Nothing matches ${reply.pattern} ${among}.`;
}

async function more() {
  const words = new URLSearchParams(now.words);
  words.set("offset", now.shown.length);
  try {
    const before = now.shown.length;
    append((await json(`reads?${words}`)).hits);
    now.cards.get(now.shown[before])?.querySelector("button").focus();
  } catch (error) { fail(error); }
}

function append(hits) {
  for (const hit of hits) {
    if (now.cards.has(hit.id)) continue;
    const card = readCard(hit, true);
    now.cards.set(hit.id, card);
    now.shown.push(hit.id);
    $("list").append(card);
  }
  $("more").hidden = now.shown.length >= now.reply.total;
  $("more").textContent = `Show more (${now.shown.length} of ${now.reply.total.toLocaleString("en")})`;
  $("tools").hidden = !now.reply.total;
  count();
}

function plateText(read) {
  const text = make("span", { class: "plate", dir: "auto" });
  const doubts = new Set(read.unsure);
  [...read.text].forEach((character, at) => {
    const shown = character === "\n" ? " " : character;
    // Letters of Arabic join only inside one run of text: marks are set apart only where needed.
    if (doubts.has(at)) text.append(make("span", { class: "doubt", title: "unsure" }, shown));
    else text.append(shown);
  });
  text.normalize();
  return text;
}

function meter(value) {
  const inside = make("span");
  inside.style.width = `${value}%`;
  return make("span", { class: "meter", "aria-hidden": "true" }, inside);
}

function readCard(read, selectable) {
  const share = read.probability ?? read.confidence;
  const words = read.probability === null ? "confidence" : "probability of a match";
  const open = make("button", { type: "button",
    "aria-label": `${flat(read.text)}, ${percent(share)} ${words}, ${when(read) || "no time"}, ${base(read.path)}` },
  make("img", { class: "crop", src: `reads/${read.id}/crop`, alt: "", loading: "lazy", decoding: "async" }),
  make("span", { class: "said" }, plateText(read),
    make("span", { class: "share", title: read.probability === null
      ? "probability that the whole text is right"
      : `probability of the match; the stored reading itself: ${percent(read.confidence)}` },
    meter(share), make("span", {}, percent(share))),
    make("span", { class: "small" },
      [region(read), spoken(read.color), spoken(read.make)].filter(Boolean).join(" · ")),
    make("span", { class: "small", title: read.path }, [when(read).replace(/:\d\d(?=,|$)/, ""), base(read.path)].filter(Boolean).join(" · "))));
  open.addEventListener("click", () => show(read.id));
  const card = make("li", { class: "read", "data-id": read.id });
  if (selectable) {
    const box = make("input", { type: "checkbox", "aria-label": `Select ${flat(read.text)}` });
    box.checked = now.chosen.has(read.id);
    box.addEventListener("change", () => {
      if (box.checked) now.chosen.add(read.id); else now.chosen.delete(read.id);
      count();
    });
    card.append(make("label", {}, box));
  }
  card.append(open);
  card.classList.toggle("open", read.id === now.open);
  return card;
}

// ---- selecting and exporting ------------------------------------------------------------------

const selectable = () => (now.reply.ids.length ? now.reply.ids : now.shown);

function count() {
  const size = now.chosen.size, whole = selectable().length;
  $("csv").disabled = $("jsonl").disabled = !size;
  $("all").checked = size > 0 && size === whole;
  $("all").indeterminate = size > 0 && size < whole;
  $("allsays").textContent = size ? `${several(size, "read")} selected`
    : `Select ${whole < now.reply.total ? `the ${whole} shown` : "all"}`;
  $("csv").title = $("jsonl").title = size ? "" : "Select reads to export them";
}

function selectAll() {
  now.chosen = new Set($("all").checked ? selectable() : []);
  for (const [id, card] of now.cards) card.querySelector("input").checked = now.chosen.has(id);
  count();
}

async function save(format) {
  const reads = selectable().filter((id) => now.chosen.has(id));
  try {
    const answer = await ask("export", { method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ format, reads, pattern: now.reply.pattern }) });
    const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "");
    const url = URL.createObjectURL(await answer.blob());
    const link = make("a", { href: url, download: name ? name[1] : `selection.${format}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
    $("status").textContent = `${several(reads.length, "read")} exported as ${link.download}.`;
  } catch (error) { fail(error); }
}

// ---- when -------------------------------------------------------------------------------------

function drawTimeline(line) {
  $("timeline").hidden = line.counts.length < 2;
  if ($("timeline").hidden) return;
  const most = Math.max(...line.counts);
  $("bins").replaceChildren(...line.counts.map((size, at) => {
    const from = line.first + at * line.step, to = from + line.step;
    const words = `${clock(from)} to ${clock(to)}: ${several(size, "read")}`;
    const bin = make("button", { type: "button", class: "bin", title: words, "aria-label": words,
      tabindex: size ? 0 : -1 });
    bin.disabled = !size;
    const bar = make("span");
    bar.style.height = size ? `${Math.max(8, 100 * size / most)}%` : "0";
    bin.append(bar);
    bin.addEventListener("click", () => {
      $("since").value = iso(Math.floor(from));
      $("until").value = iso(Math.ceil(to));
      $("filters").open = true;
      search();
    });
    return bin;
  }));
  $("first").textContent = clock(line.first);
  $("last").textContent = clock(line.last);
  $("untimed").textContent = line.untimed ? `${line.untimed} without a time` : "";
  $("wider").hidden = !($("since").value || $("until").value);
}

// ---- one read ---------------------------------------------------------------------------------

async function show(id, { push = true } = {}) {
  now.open = id;
  for (const [number, card] of now.cards) card.classList.toggle("open", number === id);
  if (push) history.pushState(null, "", `${location.search || "./"}#read=${id}`);
  document.body.classList.add("reading");
  try {
    const read = await json(`reads/${id}`);
    if (now.open !== id) return;
    $("detail").replaceChildren(sheet(read));
    $("detail").scrollTop = 0;
    if (matchMedia("(max-width: 999px)").matches) $("detail").querySelector("button").focus();
  } catch (error) { close(); fail(error); }
}

function close({ push = true } = {}) {
  if (now.open === null) return;
  const card = now.cards.get(now.open);
  now.open = null;
  document.body.classList.remove("reading");
  card?.classList.remove("open");
  card?.querySelector("button").focus();
  $("detail").replaceChildren(make("p", { class: "soft empty" }, "Choose a read to see it in its picture."));
  if (push) history.pushState(null, "", location.search || "./");
}

function sheet(read) {
  const shut = make("button", { type: "button" }, "Close");
  shut.addEventListener("click", () => close());
  const sure = make("span", { title: "probability that the whole text is right" },
    make("b", {}, percent(read.confidence)), " confidence");
  const head = make("div", { class: "head" }, make("div", {}, plateText(read), sure), shut);
  const body = make("article", { class: "sheet", "aria-label": `Read ${flat(read.text)}` }, head);
  body.append(...picture(read), make("h2", {}, "Candidates", make("span", { class: "soft" }, " whole texts, with their probabilities")), candidates(read),
    make("h2", {}, "Characters", make("span", { class: "soft" }, " each with its probability, and what it may be instead")), characters(read), make("h2", {}, "Facts"), facts(read));
  const again = make("div", { class: "links" });
  const find = make("button", { type: "button" }, "Look for the same plate");
  find.addEventListener("click", () => { find.disabled = true; links(read, again, find); });
  body.append(make("h2", {}, "Seen again"), find, again);
  return body;
}

const bounds = (corners) => {
  const xs = corners.map(([x]) => x), ys = corners.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
};

function picture(read) {
  let { width, height } = read.source;
  const own = read.plates.find((plate) => plate.id === read.id);
  const [left, top, right, bottom] = bounds(own.corners);
  const svg = make("svg", { role: "img", preserveAspectRatio: "xMidYMid meet" });
  const image = make("image", { x: 0, y: 0, preserveAspectRatio: "none" });
  const marks = make("g");
  svg.append(image);
  const wait = make("p", { class: "wait" }, "Opening the picture…");
  const view = make("div", { class: "view" }, svg, wait);
  const zoom = make("button", { type: "button", "aria-pressed": "false" }, "Zoom to the plate");
  const hide = make("button", { type: "button", "aria-pressed": "false" }, "Hide the outlines");
  const whole = make("a", { href: `reads/${read.id}/picture?full=1`, target: "_blank", rel: "noopener" }, "Full size");

  function lay() {
    image.setAttribute("width", width);
    image.setAttribute("height", height);
    let box = [0, 0, width, height];
    if (zoom.getAttribute("aria-pressed") === "true") {
      const wide = Math.min(width, 2.2 * Math.max(right - left, 1.6 * (bottom - top)));
      const high = Math.min(height, wide * .62);
      box = [Math.min(Math.max(0, (left + right - wide) / 2), width - wide),
        Math.min(Math.max(0, (top + bottom - high) / 2), height - high), wide, high];
    }
    svg.setAttribute("viewBox", box.join(" "));
  }
  for (const plate of read.plates) {
    const points = plate.corners.map((corner) => corner.join(",")).join(" ");
    const group = make("g", { class: plate.id === read.id ? "" : "other" },
      make("title", {}, `${flat(plate.text)} ${percent(plate.confidence)}`),
      make("polygon", { class: "case", points }),
      make("polygon", { class: plate.id === read.id ? "tone own" : "tone", points }));
    if (plate.id !== read.id) group.addEventListener("click", () => show(plate.id));
    marks.append(group);
  }
  svg.setAttribute("aria-label", `The picture with ${several(read.plates.length, "plate")} marked: `
    + read.plates.map((plate) => flat(plate.text)).join(", "));
  const loaded = new Image();
  loaded.onload = () => {
    // Sizes of a source are those of the file; a phone's picture may be stored on its side.
    if ((loaded.naturalWidth > loaded.naturalHeight) !== (width > height)) [width, height] = [height, width];
    image.setAttribute("href", loaded.src);
    wait.remove();
    svg.append(marks);
    lay();
  };
  loaded.onerror = async () => {
    let said = "";
    try { await ask(loaded.src); } catch (error) { said = error.message; }
    const crop = make("img", { src: `reads/${read.id}/crop`, alt: "The stored crop of the plate" });
    view.replaceChildren(make("p", { class: "gone" }, `The picture cannot be shown. ${said}`), crop);
    zoom.hidden = hide.hidden = whole.hidden = true;
  };
  loaded.src = `reads/${read.id}/picture`;
  const toggle = (button, after) => button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true");
    after(button.getAttribute("aria-pressed") === "true");
  });
  toggle(zoom, (on) => { zoom.textContent = on ? "Whole picture" : "Zoom to the plate"; lay(); });
  toggle(hide, (on) => { hide.textContent = on ? "Show the outlines" : "Hide the outlines"; marks.toggleAttribute("hidden", on); });
  lay();
  const beside = read.plates.filter((plate) => plate.id !== read.id).map((plate) => {
    const other = make("button", { type: "button" }, `Other plate: ${flat(plate.text)}`);
    other.addEventListener("click", () => show(plate.id));
    return other;
  });
  return [view, make("div", { class: "acts" }, zoom, hide, whole, ...beside)];
}

function candidates(read) {
  const body = make("tbody");
  for (const each of read.row.candidates.slice(0, 8))
    body.append(make("tr", {}, make("td", { class: "text", dir: "auto" }, flat(each.plate)),
      make("td", { class: "soft" }, each.matches_template ? "format" : ""),
      make("td", { class: "much" }, meter(each.confidence)),
      make("td", { class: "number" }, percent(each.confidence))));
  return make("table", {}, body);
}

function characters(read) {
  return make("div", { class: "glyphs" }, ...read.glyphs.map((glyph) => make("div",
    { class: glyph.confidence < 50 ? "glyph doubt" : "glyph" },
    make("b", {}, glyph.text), percent(glyph.confidence),
    ...glyph.others.slice(0, 2).flatMap(([text, share]) => [make("br"), `${text} ${percent(share)}`]))));
}

function facts(read) {
  const { row, source, setup } = read;
  const list = make("dl", { class: "pairs" });
  const add = (name, ...values) => {
    const kept = values.filter((value) => value !== null && value !== "" && value !== undefined);
    if (kept.length) list.append(make("dt", {}, name), make("dd", {}, ...kept));
  };
  add("Region", row.region ? `${region(row)}, ${percent(row.region_confidence)}` : `not known; country ${row.country}`);
  add("Format", row.matches_template ? "of its region or country" : "none that is known");
  if (row.legibility < .2) add("Legibility", make("span", { class: "warn" }, "barely legible"));
  if (row.truncated) add("Border", make("span", { class: "warn" }, "the plate may go on beyond the picture"));
  add("Vehicle", [row.color, row.make_model || row.make].filter(Boolean).map(spoken).join(" "));
  add("Time", row.time && `${when(read)}${{ exif: " UTC", gps: " UTC (GPS)",
    "exif without zone": ", the camera's clock, zone unknown" }[row.time_source] ?? ""}`);
  if (row.seconds !== null) add("Frame", `${row.frame}, ${row.seconds.toFixed(3)} s, time stamp ${row.pts} × ${row.time_base} s`);
  if (row.latitude !== null) {
    const near = make("button", { type: "button" }, "Reads within 1 km");
    near.addEventListener("click", () => {
      $("near").value = `${row.latitude},${row.longitude},1`;
      $("filters").open = true;
      close({ push: false });
      search();
    });
    add("Place", `${row.latitude.toFixed(5)}, ${row.longitude.toFixed(5)} `, near);
  }
  add("Camera", row.camera);
  add("Source", ...source.places.flatMap((place, at) => (at ? [make("br"), place] : [place])));
  add("SHA-256", make("code", {}, source.sha256));
  add("File", `${source.format}, ${source.width} × ${source.height} pixels, ${source.size.toLocaleString("en")} bytes`);
  for (const notice of source.notices) add("Notice", notice);
  add("Read with", `alprcore ${setup.version}, country ${setup.countries.join(", ")}, tasks ${setup.tasks.join(", ")}`);
  add("Id", `#${read.id}`);
  return list;
}

async function links(read, place, button) {
  try {
    const found = await json(`reads/${read.id}/links`);
    place.replaceChildren(...found.hits.map((hit) => readCard(hit, false)));
    button.hidden = true;
    place.before(make("p", { class: "soft" }, found.total
      ? `${several(found.total, "read")} may show the same plate, in the order of their times; the percentage is the probability that both show one text.`
      : "No other read may show the same plate."));
  } catch (error) { button.disabled = false; place.replaceChildren(make("p", { class: "warn" }, error.message)); }
}

// ---- keyboard ---------------------------------------------------------------------------------

function step(by) {
  const cards = [...$("list").children];
  if (!cards.length) return;
  const at = cards.findIndex((card) => card.contains(document.activeElement));
  const open = cards.findIndex((card) => Number(card.dataset.id) === now.open);
  const from = at >= 0 ? at : open;
  const next = cards[from < 0 ? 0 : Math.min(cards.length - 1, Math.max(0, from + by))];
  next.querySelector("button").focus();
  next.scrollIntoView({ block: "nearest" });
  if (now.open !== null && matchMedia("(min-width: 1000px)").matches) show(Number(next.dataset.id), { push: false });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = /^(text|search|datetime-local)$/.test(event.target.type ?? "") || event.target.tagName === "SELECT";
  if (event.key === "Escape" && now.open !== null) { event.preventDefault(); close(); return; }
  if (typing) return;
  if (event.key === "/") { event.preventDefault(); $("q").focus(); $("q").select(); }
  if (event.key === "ArrowDown" || event.key === "j") { event.preventDefault(); step(1); }
  if (event.key === "ArrowUp" || event.key === "k") { event.preventDefault(); step(-1); }
  if (event.key === "x") document.activeElement.closest?.("#list .read")?.querySelector("input").click();
});

// ---- start ------------------------------------------------------------------------------------

function options(id, rows, words = (name) => name) {
  for (const [name, size, more] of rows)
    $(id).append(make("option", { value: name }, `${words(name, more)} (${size})`));
  if ($(id).options.length < 2) $(id).closest(".field").hidden = true;
}

async function start() {
  try {
    const about = await json("case");
    document.title = `${about.name}: number plates`;
    $("name").textContent = about.name;
    $("counts").textContent = [several(about.sources, "source"), several(about.reads, "read"),
      about.duplicates && several(about.duplicates, "duplicate"),
      about.unreadable && `${about.unreadable} unreadable`].filter(Boolean).join(" · ");
    options("region", about.countries, (name) => `country ${name}`);
    options("region", about.regions, (name, country) => `${country}: ${name}`);
    options("color", about.colors, spoken);
    options("make", about.makes, spoken);
    if (!about.places) $("near").closest(".field").hidden = true;
    if (!about.has_times) for (const id of ["since", "until"]) $(id).closest(".field").hidden = true;
    if (about.unreadable) {
      $("unread").hidden = false;
      $("unread").firstElementChild.textContent = `${several(about.unreadable, "source")} could not be read`;
      $("unread").lastElementChild.append(...about.unreadable_list.map(([place, reason]) =>
        make("li", {}, place, ": ", make("span", { class: "soft" }, reason))));
    }
  } catch (error) { fail(error); }
  await follow();
}

async function follow() {
  const words = new URLSearchParams(location.search);
  if (!now.words || words.toString() !== now.words.toString()) { fill(words); await search({ push: false }); }
  const read = /^#read=(\d+)$/.exec(location.hash);
  if (read) await show(Number(read[1]), { push: false }); else close({ push: false });
}

$("form").addEventListener("submit", (event) => { event.preventDefault(); search(); });
for (const name of LIMITS) $(name).addEventListener("change", () => search());
$("wider").addEventListener("click", () => { $("since").value = $("until").value = ""; search(); });
for (const name of ["edit", "order"]) $(name).addEventListener("change", () => { if ($("q").value.trim()) search(); });
$("clear").addEventListener("click", () => { for (const name of LIMITS) $(name).value = ""; search(); });
$("more").addEventListener("click", more);
$("all").addEventListener("change", selectAll);
$("csv").addEventListener("click", () => save("csv"));
$("jsonl").addEventListener("click", () => save("jsonl"));
addEventListener("popstate", follow);
start();
