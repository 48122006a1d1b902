// The page asks for the state once a second and sends words when a button is pressed.

const $ = (id) => document.getElementById(id);

// el makes an element; text is set as text, never as HTML.
function el(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attributes)) {
    if (v !== undefined && v !== false) e.setAttribute(k, v);
  }
  e.append(...children);
  return e;
}

function button(label, words, pressed) {
  return el("button", { type: "button", "data-words": words, "aria-pressed": pressed === undefined ? undefined : String(pressed) }, label);
}

// fill replaces children only when they changed, so that focus and selection stay.
function fill(parent, children) {
  const fresh = el(parent.tagName);
  fresh.append(...children);
  if (fresh.innerHTML !== parent.innerHTML) parent.replaceChildren(...fresh.childNodes);
}

function lamp(name, kind, state, ...acts) {
  return el("li", {}, el("span", { class: "name" }, name), el("span", { class: "state " + kind }, state), el("span", { class: "acts" }, ...acts));
}

function showCast(s) {
  fill($("cast"), s.cast.map((r) => {
    const n = String(r.traveller);
    return el("tr", {},
      el("td", { class: "no" }, n),
      el("td", {}, r.note),
      el("td", { class: "acts" }, button("Stand", "stand " + n, s.devices.camera.traveller === r.traveller)),
      el("td", { class: "acts" }, button("Present", presents(n))),
      el("td", { class: "acts" }, button("Finger", "lay " + n + " good"), " ", button("Short", "lay " + n + " short"), " ", button("Wrong", "lay " + n + " wrong")));
  }));
}

// showChips tells what lies on the chip reader. The choice of chips is filled once; with which
// chip a document is presented goes for every button that presents one.
function showChips(s) {
  const choice = $("chip");
  if (choice.options.length === 0) {
    choice.append(el("option", { value: "" }, "the document’s own"), ...s.chips.map((c) => el("option", { value: c.word }, c.word)));
  }
  const d = s.devices.chip_reader;
  const meant = s.chips.find((c) => c.word === choice.value);
  $("chip-what").textContent = meant ? "This chip: " + meant.what + "." : "Genuine, but for the travellers of whom the list says otherwise.";
  fill($("chip-lies"), [d.absent ? lamp("chip reader", "warn", "not there: " + d.absent)
    : lamp("chip reader", d.plugged ? "good" : "bad", d.plugged ? d.doing || "empty" : "pulled out", button("Take away", "take"))]);
}

// presents are the words that present a document with the chosen chip.
function presents(n) {
  const chip = $("chip").value;
  return "present " + n + (chip ? " --chip " + chip : "");
}

function showDevices(s) {
  fill($("devices"), ["reader", "chip-reader", "camera", "scanner"].map((name) => {
    const d = s.devices[name.replace("-", "_")];
    if (d.absent) return lamp(name, "warn", "not there: " + d.absent);
    return lamp(name, d.plugged ? "good" : "bad", d.plugged ? d.doing || "plugged in" : "pulled out",
      d.plugged ? button("Pull out", "unplug " + name) : button("Plug in", "plug " + name));
  }));
}

function showLines(s) {
  fill($("lines"), ["portal", "national", "broker"].map((name) => {
    const state = s.lines[name];
    const text = name === "broker" && state === "up" ? "up, " + s.broker_clients + " connected" : state;
    return lamp(name, { up: "good", cut: "bad", silent: "warn" }[state], text,
      ...(state === "up" ? [button("Cut", "cut " + name), button("Silence", "cut " + name + " --silent")] : [button("Restore", "restore " + name)]));
  }));
}

function showSystems(s) {
  fill($("systems"), s.systems.map((y) => {
    const slow = y.latency_ns > 0;
    const text = (y.failing ? "failing" : slow ? "slow, " + y.latency_ns / 1e9 + " s" : "well") + ", " + y.people + (y.people === 1 ? " person" : " people");
    return lamp(y.name, y.failing ? "bad" : slow ? "warn" : "good", text,
      button("Well", "system " + y.name + " well", !slow && !y.failing),
      button("Slow", "system " + y.name + " slow", slow && !y.failing),
      button("Failing", "system " + y.name + " failing", y.failing));
  }));
}

function showLists(s) {
  fill($("lists"), s.lists.map((l) =>
    lamp(l.name, "good", "version " + l.version + ", " + l.entries + (l.entries === 1 ? " entry" : " entries"),
      ...(l.certificates ? [] : [button("Add", "list add N " + l.name), button("Remove", "list remove N " + l.name)]),
      button("Expire", "list expire " + l.name), button("Renew", "list renew " + l.name))));
}

function showReceived(s) {
  const r = s.received;
  const figure = (n, what) => el("span", {}, el("b", {}, String(n)), " " + what);
  fill($("received"), [
    figure(r.records, "records"),
    ...Object.keys(r.kinds).sort().map((k) => figure(r.kinds[k], k.replace("_", " "))),
    figure(r.repeated, "delivered again"), figure(r.doubled, "doubled"), figure(r.refused, "refused"), figure(r.missing, "missing"),
  ]);
  fill($("records"), s.records.map((x) => el("tr", {},
    el("td", {}, new Date(x.at).toLocaleTimeString()), el("td", {}, x.booth), el("td", {}, String(x.sequence)),
    el("td", {}, x.kind.replace("_", " ") + (x.offline ? " (offline)" : "")), el("td", { class: "mono" }, x.check.slice(0, 12)),
    el("td", {}, x.outcome || ""), el("td", {}, x.decision || ""))));
}

function show(s) {
  $("booth").href = s.addresses.booth;
  $("present").dataset.words = presents("N");
  showChips(s);
  showCast(s);
  showDevices(s);
  showLines(s);
  showSystems(s);
  showLists(s);
  showReceived(s);
}

function say(words, text, failed) {
  const item = el("li", { class: failed ? "failed" : undefined }, el("span", { class: "what" }, "boothsim ctl " + words), text);
  $("said").prepend(item);
  while ($("said").children.length > 30) $("said").lastChild.remove();
}

async function send(words) {
  words = words.replace(/\bN\b/, $("number").value);
  try {
    const reply = await fetch("v1/do", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ words: words.split(" ") }),
    });
    const body = await reply.json();
    say(words, body.said || body.error || "done", !reply.ok);
  } catch {
    say(words, "the simulator does not respond", true);
  }
  refresh();
}

let asking = false;

async function refresh() {
  if (asking) return;
  asking = true;
  try {
    const reply = await fetch("v1/state");
    if (reply.ok) show(await reply.json());
    document.body.classList.toggle("gone", !reply.ok);
  } catch {
    document.body.classList.add("gone");
  } finally {
    asking = false;
  }
}

document.addEventListener("click", (e) => {
  const b = e.target.closest("button[data-words]");
  if (!b) return;
  e.preventDefault();
  send(b.dataset.words);
});
$("other").addEventListener("submit", (e) => e.preventDefault());
$("chip").addEventListener("change", refresh);

refresh();
setInterval(refresh, 1000);
