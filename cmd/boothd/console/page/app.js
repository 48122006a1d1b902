// The officer's page. It shows what the booth sends and nothing of its own: every view is
// whole, so that each replaces the one before.

import { S } from './strings.js';
import { h, icon, say } from './dom.js';
import { api } from './api.js';
import { Stream } from './stream.js';
import { setClock, tick, timeOfDay } from './time.js';
import { createLogin } from './login.js';
import { createHeader } from './header.js';
import { createIdle } from './board.js';
import { createAlerts, first, isDiscreet, title } from './alerts.js';
import { createTraveller } from './traveller.js';
import { createDrill } from './drill.js';
import { createUnknown } from './unknown.js';
import { createOutcome } from './outcome.js';
import { createSystems, found } from './systems.js';
import { createDeck, isOpen } from './deck.js';
import { createOverlay } from './overlay.js';
import { failures } from './checks.js';

// state is all that the page knows. live is "connecting", "live" or "lost".
const state = { me: null, view: null, status: null, live: 'connecting', heard: null };

const root = document.getElementById('app');
const cut = h('div', { class: 'cut', role: 'alert', hidden: true });
const header = createHeader();
const alerts = createAlerts();
const idle = createIdle();
const overlay = createOverlay();
const showChecks = (mark) => overlay.toggle('checks', state, mark);
const traveller = createTraveller(showChecks);
const outcome = createOutcome(showChecks);
const unknown = createUnknown();
const systems = createSystems();
const drill = createDrill();
const check = h('main', { class: 'check' }, traveller.node, h('div', { class: 'right' }, outcome.node, unknown.node, systems.node));
const stage = h('div', { class: 'stage' });
const deck = createDeck({ state: () => state, overlay: (name) => overlay.toggle(name, state), signOut: signedOut });
const desk = h('div', { class: 'desk' }, header.node, drill.node, cut, alerts.node, stage, deck.node, overlay.node);
const login = createLogin(signedIn);

const stream = new Stream({
  beat: (beat) => { setClock(beat.now); state.heard = timeOfDay(); header.tick(); },
  status: (status) => { state.status = status; draw(); },
  view: take,
  live: () => {
    if (state.live === 'live') return;
    if (state.live === 'lost') say(S.line.back);
    state.live = 'live';
    draw();
  },
  lost: () => {
    if (state.live === 'lost') return;
    state.live = 'lost';
    draw();
  },
  signedOut,
});

// take brings a new view and says aloud what it changes.
function take(view) {
  const before = state.view;
  state.view = view;
  const was = before?.check;
  const is = view.check;
  if (was?.id !== is?.id || was?.phase !== is?.phase) deck.leave();
  draw();
  announce(before, view);
}

function announce(before, view) {
  const was = before?.check?.id === view.check?.id ? before?.check : null;
  const is = view.check;
  const alert = first(view);
  if (alert && alert.id !== first(before)?.id && !isDiscreet(alert)) say(title(alert), true);
  if (!is) return;
  if (is.recommendation && !was?.recommendation && is.phase === 'decided') {
    const o = is.recommendation.outcome;
    say(S.say.outcome(S.outcome.word[o], S.outcome.long[o]), o === 'stop');
  } else if (is.disposition && !was?.disposition) {
    say(S.say.recorded(S.outcome.word[is.disposition.decision]));
  } else if (isOpen(is)) {
    const known = was ? found(was).map((f) => f.system) : [];
    const fresh = found(is).find((f) => !known.includes(f.system));
    const failed = failures(is).filter((name) => !was || !failures(was).includes(name));
    if (fresh) say(S.say[fresh.state](fresh.system), true);
    else if (failed.length) say(S.say.failed(failed.join(', ')), true);
    else if (is.guidance[0] && is.guidance[0].text !== was?.guidance[0]?.text) say(is.guidance[0].text);
  }
}

function draw() {
  if (!state.me) {
    if (login.node.parentElement !== root) {
      overlay.close();
      root.replaceChildren(login.node);
      login.focus();
    }
    return;
  }
  if (desk.parentElement !== root) root.replaceChildren(desk);
  header.update(state);
  drill.update(state);
  drawCut();
  overlay.update(state);
  if (!state.view) {
    stage.replaceChildren(h('p', { class: 'calm' }, S.line.connecting));
    deck.update();
    return;
  }
  alerts.update(state);
  if (isOpen(state.view.check)) {
    for (const part of [traveller, outcome, unknown, systems]) part.update(state);
    show(check);
  } else {
    idle.update(state);
    show(idle.node);
  }
  deck.update();
}

function show(node) {
  if (stage.firstChild !== node || stage.childNodes.length > 1) stage.replaceChildren(node);
}

// drawCut says that what is shown is not what is, and takes its colours away.
function drawCut() {
  const lost = state.live === 'lost';
  desk.classList.toggle('stale', lost);
  stage.inert = lost;
  if (cut.hidden === !lost) return;
  cut.hidden = !lost;
  cut.replaceChildren(...(lost ? [icon('unavailable'), h('strong', {}, state.heard ? S.line.lost(state.heard) : S.line.lostBefore), h('span', {}, S.line.lostNext)] : []));
}

function signedIn(me) {
  Object.assign(state, { me, view: null, status: null, live: 'connecting', heard: null });
  draw();
  stream.open();
}

function signedOut() {
  stream.close();
  deck.leave();
  // Nothing of a traveller stays in a page that nobody is signed in to.
  Object.assign(state, { me: null, view: null, status: null, live: 'connecting', heard: null });
  for (const node of [stage, alerts.node]) node.replaceChildren();
  for (const part of [traveller, outcome, unknown, systems]) part.update({ view: { check: { evidence: [], wanted: [], guidance: [], lines: [], unknown: [], phase: 'collecting' } } });
  draw();
}

function onKey(event) {
  if (!state.me || event.repeat || event.isComposing || event.altKey || event.metaKey) return;
  if (event.ctrlKey && event.key !== 'Enter') return;
  if (overlay.open) {
    const name = { b: 'booth', B: 'booth', d: 'checks', D: 'checks', '?': 'help' }[event.key];
    if (name && (name !== 'checks' || isOpen(state.view?.check))) overlay.toggle(name, state);
    return; // the dialog closes itself on Esc
  }
  if (deck.key(event)) event.preventDefault();
}

async function begin() {
  document.addEventListener('keydown', onKey);
  setInterval(() => { header.tick(); tick(desk); }, 1000);
  try {
    signedIn(await api.whoAmI());
  } catch (problem) {
    if (problem.status !== 401) {
      setTimeout(() => location.reload(), 3000);
      root.replaceChildren(h('p', { class: 'calm' }, S.line.lostBefore));
      return;
    }
    draw();
  }
}

begin();
