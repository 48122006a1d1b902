// A drill under way: a failure that is rehearsed must be taken for nothing else.

import { S } from './strings.js';
import { fill, h, icon, say } from './dom.js';
import { moment } from './time.js';

const PORTAL = 'portal'; // the target of a drill of the whole line

const what = (drill) => (drill.target === PORTAL ? S.drill.portal : S.drill.system(drill.target));

export function createDrill() {
  const node = h('section', { class: 'drill', 'aria-label': S.drill.word, hidden: true });
  let order = '';
  return {
    node,
    update({ status }) {
      const drill = status?.drill;
      node.hidden = !drill;
      if (order !== (drill?.order ?? '')) {
        order = drill?.order ?? '';
        say(drill ? `${S.drill.word}: ${what(drill)}.` : S.drill.over);
      }
      fill(node, drill ? [icon('possible'), h('strong', {}, `${S.drill.word}: ${what(drill)}`),
        h('span', {}, S.drill.until(moment(drill.until), drill.order)), h('span', { class: 'next' }, S.drill.next)] : []);
    },
  };
}
