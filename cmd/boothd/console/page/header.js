// The head of the page: which booth, how its parts are, who is signed in, what time it is.

import { S } from './strings.js';
import { fill, h, icon } from './dom.js';
import { timeOfDay } from './time.js';

const DEVICES = { 'document-reader': 'document', 'chip-reader': 'chip', camera: 'face', 'finger-scanner': 'finger' };
const DEVICE_SIGN = { ready: 'ready', busy: 'ready', opening: 'waiting', fault: 'fault', missing: 'fault' };
const RANK = { ready: 4, busy: 3, opening: 2, fault: 1 };

// kinds are the kinds of device that the booth needs for a check or has.
export const kinds = (status) => Object.keys(DEVICES).filter((k) => (status.require ?? []).includes(DEVICES[k]) || stateOf(status.devices, k) !== 'missing');

// stateOf tells how the booth can use its devices of one kind: as the best of them.
export function stateOf(devices, kind) {
  let best = 'missing';
  for (const d of devices) {
    if (d.kind === kind && (RANK[d.state] ?? 0) > (RANK[best] ?? 0)) best = d.state;
  }
  return best;
}

const toneOf = (sign) => ({ ready: 'good', waiting: 'calm', fault: 'bad', stale: 'warn', unavailable: 'bad' }[sign] ?? 'calm');

function lamp(label, sign, word, title) {
  return h('div', { class: `lamp ${toneOf(sign)}`, title },
    h('span', { class: 'label' }, label),
    h('span', { class: 'value' }, icon(sign), h('span', {}, word)));
}

function lamps(status) {
  const bad = status.lists.filter((l) => l.state !== 'current');
  const listSign = bad.length === 0 && status.lists.length > 0 ? 'ready' : 'stale';
  const listWord = status.lists.length === 0 ? S.header.noLists
    : bad.length === 0 ? S.header.listState.current
      : bad.length === 1 ? `${bad[0].name}: ${S.header.listState[bad[0].state]}`
        : S.header.listsBad(bad.length);
  const link = status.link.state;
  const queueSign = status.outbox.quarantined > 0 ? 'fault' : status.outbox.depth > 0 ? 'stale' : 'ready';
  return [
    kinds(status).map((kind) => {
      const state = stateOf(status.devices, kind);
      return lamp(S.header.devices[kind], DEVICE_SIGN[state] ?? 'fault', S.header.deviceState[state] ?? state);
    }),
    lamp(S.header.link, { online: 'ready', portal_down: 'stale', national_down: 'unavailable', offline: 'unavailable' }[link] ?? 'unavailable', S.header.linkState[link] ?? link, S.board.linkState[link]),
    lamp(S.header.lists, listSign, listWord),
    lamp(S.header.outbox, queueSign, S.header.outboxDepth(status.outbox.depth)),
  ];
}

export function createHeader() {
  const place = h('div', { class: 'place' });
  const row = h('div', { class: 'lamps', role: 'group' });
  const who = h('div', { class: 'who' });
  const clock = h('div', { class: 'clock' });
  const node = h('header', { class: 'top' }, place, row, who, clock);
  return {
    node,
    update({ status, me }) {
      if (status) {
        fill(place, h('strong', {}, S.header.booth(status.booth)), h('span', {}, status.place));
        fill(row, lamps(status));
        document.title = `${status.drill ? `${S.drill.word} · ` : ''}${S.title} · ${S.header.booth(status.booth)}`;
      }
      fill(who, me ? [h('span', { class: 'label' }, S.header.officer), h('span', { class: 'value' }, me.officer)] : []);
    },
    tick() { clock.textContent = timeOfDay(); },
  };
}
