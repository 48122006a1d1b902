// Alerts: what was found about a traveller after the outcome was shown.

import { S } from './strings.js';
import { fill, h, icon } from './dom.js';
import { known, moment } from './time.js';
import { facts, said } from './facts.js';
import { finding } from './systems.js';

// first is the alert that is shown: the newest.
export const first = (view) => view?.alerts.at(-1);

export const isDiscreet = (alert) => alert.answer.findings?.length > 0 && alert.answer.findings.every((f) => f.discreet);

export function title(alert) {
  const text = isDiscreet(alert) ? S.alert.discreet : alert.answer.state === 'hit' ? S.alert.title : S.alert.possible;
  return text(alert.answer.system);
}

// about tells which traveller the alert speaks of.
function about(view, alert) {
  const current = view.check?.id === alert.check;
  const checked = current ? view.check.started : alert.checked;
  return [
    current && view.check.phase === 'decided' ? S.alert.current : S.alert.earlier,
    known(checked) ? S.alert.check(moment(checked)) : null,
  ].filter(Boolean);
}

export function createAlerts() {
  const node = h('section', { class: 'alerts' });
  return {
    node,
    update({ view }) {
      const alert = first(view);
      node.hidden = !alert;
      if (!alert) return;
      const discreet = isDiscreet(alert);
      node.className = discreet ? 'alerts quiet' : 'alerts';
      const source = S.systems.source[alert.answer.source] ?? alert.answer.source;
      const meta = [...about(view, alert), S.alert.at(moment(alert.at)), source, S.modality[alert.answer.modality]];
      fill(node,
        icon(discreet ? 'discreet' : alert.answer.state),
        h('div', {},
          h('h2', {}, title(alert), view.alerts.length > 1 ? h('span', {}, S.alert.more(view.alerts.length - 1)) : null),
          h('p', { class: 'cause' }, S.alert.cause[alert.cause] ?? alert.cause),
          h('p', {}, meta.join(' · ')),
          (alert.answer.findings ?? []).slice(0, 2).map((f) => finding({ ...f, explanation: null })),
          facts(said([alert.answer]))));
    },
  };
}
