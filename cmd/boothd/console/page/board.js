// The board between two travellers: what became of the last check, and how the booth is.

import { S } from './strings.js';
import { fill, h, icon } from './dom.js';
import { aging, known, moment } from './time.js';
import { kinds, stateOf } from './header.js';
import { unknownCard } from './unknown.js';

function item(sign, tone, title, ...notes) {
  return h('li', { class: `item ${tone}` }, icon(sign),
    h('div', {}, h('strong', {}, title), notes.filter(Boolean).map((n) => h('span', { class: 'note' }, n))));
}

const SIGN = { ready: ['ready', 'good'], busy: ['ready', 'good'], opening: ['waiting', 'calm'], fault: ['fault', 'bad'], missing: ['fault', 'bad'] };

function devices(status) {
  const items = status.devices.map((d) => {
    const [sign, tone] = SIGN[d.state] ?? SIGN.fault;
    const name = S.header.devices[d.kind] ?? d.address;
    return item(sign, tone, `${name}: ${S.header.deviceState[d.state] ?? d.state}`, d.info?.model, d.reason);
  });
  for (const kind of kinds(status)) {
    if (stateOf(status.devices, kind) === 'missing') {
      items.push(item('fault', 'bad', `${S.header.devices[kind]}: ${S.header.deviceState.missing}`));
    }
  }
  return items;
}

const LIST_SIGN = { current: ['ready', 'good'], stale: ['stale', 'warn'], expired: ['unavailable', 'bad'], missing: ['unavailable', 'bad'] };

function lists(status) {
  if (status.lists.length === 0) return item('unavailable', 'bad', S.board.noLists);
  return status.lists.map((l) => {
    const [sign, tone] = LIST_SIGN[l.state] ?? LIST_SIGN.missing;
    return item(sign, tone, l.name,
      l.state === 'missing' ? l.system : [S.board.list(l.system, l.version), ' · ', aging(l.as_of)],
      l.state === 'current' ? null : S.board.listState[l.state]);
  });
}

const LINK_SIGN = { online: ['ready', 'good'], portal_down: ['stale', 'warn'], national_down: ['unavailable', 'bad'], offline: ['unavailable', 'bad'] };

function link(status) {
  const { link, outbox } = status;
  const [sign, tone] = LINK_SIGN[link.state] ?? LINK_SIGN.offline;
  return [
    item(sign, tone, S.board.linkState[link.state] ?? link.state,
      known(link.since) ? S.board.since(moment(link.since)) : null, S.board.linkNext[link.state]),
    item(outbox.depth ? 'stale' : 'ready', outbox.depth ? 'warn' : 'good', S.board.outbox(outbox.depth),
      outbox.depth && known(outbox.oldest) ? [S.board.oldest, aging(outbox.oldest)] : null,
      outbox.bytes ? S.board.bytes(Math.ceil(outbox.bytes / 1024)) : null),
    outbox.quarantined > 0 ? item('fault', 'bad', S.board.quarantined(outbox.quarantined)) : null,
  ];
}

function warnings(status) {
  if (status.warnings.length === 0) return h('p', { class: 'calm' }, icon('ready'), S.board.noWarnings);
  return h('ul', { class: 'warnings' }, status.warnings.map((w) => h('li', {}, icon('possible'), h('span', {}, w))));
}

function unknown(status) {
  const card = unknownCard(status.unknown, status);
  const calm = card.length === 0;
  return h('section', { class: calm ? 'card wide' : 'card wide unknown', 'aria-label': S.unknown.title },
    calm ? [h('h2', {}, S.unknown.title), h('p', { class: 'calm' }, icon('ready'), S.unknown.nothing)] : card);
}

// boothBoard shows the whole state of the booth.
export function boothBoard(status) {
  if (!status) return [];
  const column = (title, items) => h('section', { class: 'card' }, h('h2', {}, title), h('ul', { class: 'items' }, items));
  return [
    h('section', { class: 'card wide', 'aria-label': S.board.warnings }, h('h2', {}, S.board.warnings), warnings(status)),
    unknown(status),
    column(S.board.devices, devices(status)),
    column(S.board.lists, lists(status)),
    column(S.board.link, link(status)),
    h('p', { class: 'version' }, S.board.version(status.version)),
  ];
}

// lastCheck tells how the check before ended. Of its traveller nothing is left to show.
function lastCheck(check) {
  if (!check) return [];
  const d = check.disposition;
  if (!d) {
    return check.phase === 'abandoned'
      ? h('div', { class: 'last calm' }, icon('incomplete'), h('div', {}, h('strong', {}, S.board.last(S.board.abandoned)), h('span', {}, S.board.abandonedNext)))
      : [];
  }
  const word = S.outcome.word[d.decision];
  const outcome = check.recommendation?.outcome;
  const departs = outcome && outcome !== d.decision;
  return h('div', { class: `last ${d.decision}` }, icon(d.decision), h('div', {},
    h('strong', {}, S.board.last(departs ? S.board.departs(word, S.outcome.word[outcome]) : word)),
    h('span', {}, `${S.board.recorded} ${S.board.by(d.officer, moment(d.at))}`)));
}

export function createIdle() {
  const last = h('div', { class: 'lastslot' });
  const booth = h('div', { class: 'booth' });
  const node = h('main', { class: 'idle' },
    h('section', { class: 'hello' },
      h('div', {}, h('h1', {}, S.board.ready), h('p', {}, S.board.readyNext)), last),
    booth);
  return {
    node,
    update({ view, status }) {
      fill(last, lastCheck(view.check));
      fill(booth, boothBoard(status));
    },
  };
}
