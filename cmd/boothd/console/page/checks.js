// The checks of the document one by one: those of its zone, and those of its chip. Nothing adds them
// up. What failed or stays open is always in sight; the others are counted and a key away.

import { S } from './strings.js';
import { fill, h, icon, keycap } from './dom.js';

// The states, those first that must not be overlooked.
const STATES = ['failed', 'undetermined', 'successful', 'not_done', 'not_supported'];
const SIGN = { failed: 'failed', undetermined: 'incomplete', successful: 'ready', not_done: 'not_done', not_supported: 'not_supported' };
const grave = (c) => c.state === 'failed' || c.state === 'undetermined';
const place = (c) => STATES.indexOf(c.state);

// The parts of the list; a check of the chip that is in none of them belongs to its contents.
const PARTS = {
  page: [],
  genuine: ['chip_present', 'access', 'channel', 'card_access', 'pace_cam', 'chip_authentication', 'active_authentication', 'terminal_authentication'],
  comparison: ['dg1_zone'],
  contents: [],
  passive: [],
};

const partOf = (c) => (c.check.startsWith('pa_') ? 'passive' : Object.keys(PARTS).find((p) => PARTS[p].includes(c.check)) ?? 'contents');

// chipOf is the inspection of the document that was read last; undefined if there is none. A visa
// has no chip: the one of the document before it stays.
export function chipOf(check) {
  const document = check.evidence.filter((e) => e.modality === 'document').at(-1);
  const chip = check.evidence.filter((e) => e.modality === 'chip').at(-1);
  return chip && (chip.document === document?.id || check.zone?.documentCode?.startsWith('V')) ? chip : undefined;
}

// checksOf lists the checks of the document that was read last, each with its part.
export function checksOf(check) {
  const document = check.evidence.filter((e) => e.modality === 'document').at(-1);
  return [
    ...(document?.checks ?? []).map((c) => ({ ...c, part: 'page' })),
    ...(chipOf(check)?.checks ?? []).map((c) => ({ ...c, part: partOf(c) })),
  ];
}

// bare is why there was no chip to be inspected; undefined if there was one.
export const bare = (check) => chipOf(check)?.checks?.find((c) => c.check === 'chip_present' && c.state !== 'successful');

const keyOf = (c) => `${c.check} ${c.group ?? ''}`;

function nameOf(c) {
  if (c.check === 'pa_hash' && c.group) return S.checks.group(c.group, S.checks.groups[c.group]);
  return S.checks.name[c.check] ?? c.check.replaceAll('_', ' ');
}

// plain has a sentence speak of the zone's fields in words.
const plain = (text) => text.replace(/[a-z]+[A-Z][A-Za-z]+/g, (field) => S.traveller.fields[field] ?? field);

// told is the reason of an outcome that a check of the document gave: the check's name, which leads
// to the list, and its sentence. It is null for other reasons.
export function told(check, reason, show) {
  if (!reason.code.startsWith('chip_')) return null;
  const of = checksOf(check).filter((c) => `chip_${c.check}` === reason.code);
  const c = of.find((x) => x.text === reason.text) ?? of.find((x) => x.state !== 'successful');
  if (!c) return null;
  const mark = keyOf(c);
  return h('span', {}, h('button', { type: 'button', class: 'tocheck', onclick: () => show(mark) }, nameOf(c)), `: ${plain(reason.text)}`);
}

function row(c) {
  return h('li', { class: `checkrow ${c.state}`, 'data-check': keyOf(c), tabindex: -1 },
    icon(SIGN[c.state] ?? 'incomplete'),
    h('strong', { class: 'checkname' }, nameOf(c)),
    h('span', { class: 'checkstate' }, h('strong', {}, S.checks.state[c.state] ?? c.state),
      c.reason ? h('span', { class: 'note' }, ` ${c.reason.replaceAll('_', ' ')}`) : null),
    h('span', { class: 'checktext' }, plain(c.text)));
}

const counted = (list) => STATES.map((s) => [s, list.filter((c) => c.state === s).length]).filter(([, n]) => n > 0)
  .map(([s, n]) => `${n} ${S.checks.counted[s]}`).join(', ');

// wholeList is every check, part by part.
export function wholeList(check) {
  const all = checksOf(check);
  const parts = Object.keys(PARTS).map((part) => [part, all.filter((c) => c.part === part).sort((a, b) => place(a) - place(b))]);
  return [
    h('h1', { tabindex: -1, autofocus: true }, S.checks.title),
    h('p', { class: 'note' }, S.checks.note),
    h('div', { class: 'parts' }, parts.filter(([, list]) => list.length > 0).map(([part, list]) => h('section', { class: 'part' },
      h('h2', {}, S.checks.part[part], h('span', { class: 'note' }, ` ${counted(list)}`)), h('ul', {}, list.map(row))))),
  ];
}

// checkSigns explain the signs of the states.
export const checkSigns = () => STATES.map((s) => h('li', { class: s }, icon(SIGN[s]), S.checks.state[s]));

// showCheck brings one of the whole list's checks into view.
export function showCheck(node, mark) {
  const found = node.querySelector(`[data-check="${CSS.escape(mark)}"]`);
  found?.scrollIntoView({ block: 'center' });
  found?.focus({ preventScroll: true });
}

// failures are the checks that a screen reader tells of when they come.
export const failures = (check) => checksOf(check).filter((c) => c.state === 'failed').map(nameOf);

// createChecks makes the card; show(mark) opens the whole list.
export function createChecks(show) {
  const list = h('ul', {});
  const more = h('button', { type: 'button', class: 'more', onclick: () => show() });
  const node = h('section', { class: 'card checks', 'aria-label': S.checks.title }, h('h2', {}, S.checks.title), list, more);
  return {
    node,
    update(check) {
      const all = checksOf(check);
      const first = all.filter(grave).sort((a, b) => place(a) - place(b));
      const rest = all.filter((c) => !grave(c));
      node.hidden = all.length === 0;
      list.hidden = first.length === 0;
      fill(list, first.map(row));
      fill(more, keycap('D'), h('span', {}, rest.length === 0 ? S.checks.open
        : (first.length ? S.checks.others : S.checks.all)(rest.length, counted(rest))));
    },
  };
}
