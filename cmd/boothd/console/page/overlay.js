// What lies over the page for a moment: the keys, or the state of the booth.

import { S } from './strings.js';
import { fill, h, icon, keycap } from './dom.js';
import { boothBoard } from './board.js';

function help() {
  const signs = ['hit', 'possible', 'no_hit', 'unavailable', 'stale', 'waiting', 'withheld'];
  return [
    h('h1', {}, S.help.title),
    h('dl', { class: 'keys' }, S.help.rows.map(([keys, what]) => h('div', {}, h('dt', {}, keys.split(/ {2}| or /).map(keycap)), h('dd', {}, what)))),
    h('h2', {}, S.help.signs),
    h('ul', { class: 'signs' }, signs.map((s) => h('li', { class: s }, icon(s), S.systems.state[s])),
      Object.entries(S.link.colour).map(([colour, word]) => h('li', {}, icon(`link-${colour}`), word))),
  ];
}

export function createOverlay() {
  const body = h('div', { class: 'body' });
  const closer = h('button', { type: 'button', onclick: () => node.close() }, keycap(S.key.escape), S.help.close);
  const node = h('dialog', { class: 'overlay' }, body, closer);
  let shown = '';
  node.addEventListener('close', () => { shown = ''; });
  function update({ status }) {
    if (shown === 'booth') fill(body, h('div', { class: 'booth' }, boothBoard(status)));
    if (shown === 'help') fill(body, help());
  }
  return {
    node,
    update,
    toggle(name, state) {
      if (shown === name) {
        node.close();
        return;
      }
      shown = name;
      update(state);
      if (!node.open) node.showModal();
    },
    get open() { return node.open; },
    close() { node.close(); },
  };
}
