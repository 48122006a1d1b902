// What is not known now, and why: the systems that say nothing, and what follows from it.

import { S } from './strings.js';
import { fill, h, icon } from './dom.js';
import { known, moment } from './time.js';

// bySystem tells each system once for each reason, whatever it was asked with.
function bySystem(list) {
  const same = Map.groupBy(list, (u) => JSON.stringify([u.system, u.why]));
  return [...same.values()].map((all) => ({
    ...all[0], with: all.filter((u) => u.modality && u.modality !== 'document').map((u) => S.modality[u.modality]).join(', '),
    since: all.map((u) => u.since).filter(known).sort()[0],
  }));
}

function item(u) {
  const why = [u.why, known(u.since) ? S.unknown.since(moment(u.since)) : null, u.with ? S.unknown.with(u.with) : null];
  return h('li', {}, icon('unavailable'), h('strong', { class: 'systemname' }, u.system),
    h('div', {}, h('span', { class: 'means' }, S.unknown.means[u.system] ?? S.unknown.meansOther(u.system)),
      h('span', { class: 'note' }, why.filter(Boolean).join(' · '))));
}

function line(status) {
  const link = status?.link;
  if (!link || link.state === 'online') return null;
  return h('p', { class: 'line' }, icon('stale'),
    h('span', {}, h('strong', {}, S.board.linkState[link.state] ?? link.state), known(link.since) ? [' · ', h('span', { class: 'figure' }, S.board.since(moment(link.since)))] : null));
}

// unknownCard says it, or returns nothing if all is known.
export function unknownCard(list, status) {
  const systems = bySystem(list);
  const about = line(status);
  if (systems.length === 0 && !about) return [];
  return [h('h2', {}, S.unknown.title), about, systems.length ? h('ul', { class: 'unknowns' }, systems.map(item)) : null];
}

// createUnknown shows it beside a check; until the first system has been asked, what no
// question would tell.
export function createUnknown() {
  const node = h('section', { class: 'card unknown', 'aria-label': S.unknown.title });
  return {
    node,
    update({ view: { check }, status }) {
      const list = check.unknown ?? [];
      const card = unknownCard(check.lines.length || list.length ? list : status?.unknown ?? [], status);
      node.hidden = card.length === 0;
      fill(node, card);
    },
  };
}
