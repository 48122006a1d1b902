// Links between systems that may speak of one person: the colour in words, what it means, and
// what to do.

import { S } from './strings.js';
import { h, icon } from './dom.js';
import { known, moment, now } from './time.js';

// yellow lists the links that wait to be verified, each once.
export function yellow(check) {
  const all = new Map();
  for (const l of check?.lines ?? []) for (const k of l.links ?? []) if (k.colour === 'yellow') all.set(k.id, k);
  return [...all.values()];
}

function work(link) {
  if (!link.work) return null;
  const late = known(link.due) && new Date(link.due) < now();
  const due = known(link.due) ? (late ? S.link.overdue : S.link.due)(moment(link.due)) : null;
  return h('span', { class: 'work' }, late ? icon('stale') : null, [S.link.work(link.work), due].filter(Boolean).join(', '));
}

function full(link) {
  return h('div', { class: `link ${link.colour}${link.discreet ? ' quiet' : ''}` }, icon(`link-${link.colour}`),
    h('div', {},
      h('p', {}, h('strong', {}, S.link.colour[link.colour] ?? link.colour), ' ', h('span', { class: 'ends' }, S.link.systems(link.systems)), ': ', link.meaning,
        link.discreet ? h('span', { class: 'veil' }, icon('discreet'), h('strong', {}, S.systems.discreet), S.systems.discreetNext) : null),
      h('p', { class: 'todo' }, h('span', { class: 'label' }, S.link.todo), h('strong', {}, S.link.next[link.colour] ?? S.systems.noAction), work(link))));
}

// again refers to a link that another system's line has told already.
function again(link, system) {
  return h('div', { class: `link again ${link.colour}${link.discreet ? ' quiet' : ''}` }, icon(`link-${link.colour}`),
    h('p', {}, h('strong', {}, S.link.colour[link.colour] ?? link.colour), ' ', S.link.systems(link.systems), `: ${S.link.again(system)}`));
}

// links shows the links of a system's answers. told remembers which system told a link first.
export function links(row, told) {
  const own = new Map(row.lines.flatMap((l) => l.links ?? []).map((k) => [k.id, k]));
  return [...own.values()].map((k) => {
    const before = told.get(k.id);
    if (before) return again(k, before);
    told.set(k.id, row.system);
    return full(k);
  });
}
