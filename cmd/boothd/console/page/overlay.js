// What lies over the page for a moment: the keys, the state of the booth, or all checks of the document.

import { S } from './strings.js';
import { fill, h, icon, keycap } from './dom.js';
import { boothBoard } from './board.js';
import { checkSigns, showCheck, wholeList } from './checks.js';
import { isOpen } from './deck.js';

function help() {
  const signs = ['hit', 'possible', 'no_hit', 'unavailable', 'stale', 'waiting', 'withheld'];
  return [
    h('h1', {}, S.help.title),
    h('dl', { class: 'keys' }, S.help.rows.map(([keys, what]) => h('div', {}, h('dt', {}, keys.split(/ {2}| or /).map(keycap)), h('dd', {}, what)))),
    h('h2', {}, S.help.signs),
    h('ul', { class: 'signs' }, signs.map((s) => h('li', { class: s }, icon(s), S.systems.state[s])),
      Object.entries(S.link.colour).map(([colour, word]) => h('li', {}, icon(`link-${colour}`), word))),
    h('ul', { class: 'signs' }, checkSigns()),
  ];
}

export function createOverlay() {
  const body = h('div', { class: 'body' });
  const closer = h('button', { type: 'button', onclick: () => node.close() }, keycap(S.key.escape), S.help.close);
  const node = h('dialog', { class: 'overlay' }, body, closer);
  let shown = '';
  node.addEventListener('close', () => {
    if (node.open) return; // it was opened again before this was told
    shown = '';
    body.replaceChildren();
  });
  function update({ status, view }) {
    const open = isOpen(view?.check);
    if (shown === 'checks' && !open) node.close();
    if (shown === 'checks' && open) fill(body, wholeList(view.check));
    if (shown === 'booth') fill(body, h('div', { class: 'booth' }, boothBoard(status)));
    if (shown === 'help') fill(body, help());
  }
  return {
    node,
    update,
    // toggle shows what is named, or takes it away if it is shown; mark is the check to begin with.
    toggle(name, state, mark) {
      if (shown === name && node.open) {
        node.close();
        return;
      }
      shown = name;
      update(state);
      if (!node.open) node.showModal();
      if (mark) showCheck(body, mark);
    },
    get open() { return node.open; },
    close() { node.close(); },
  };
}
