// The outcome, large, with its reasons; before there is one, what to do now.

import { S } from './strings.js';
import { fill, h, icon } from './dom.js';
import { bare, told } from './checks.js';

// hidden tells that this officer's profile does not show the whole check, so that there is
// an outcome but not for him.
const hidden = (check) => (check.phase === 'decided') && !check.recommendation;

const ORDER = ['document', 'chip', 'face', 'finger'];

function reasons(check, show) {
  return h('ul', { class: 'reasons' }, check.recommendation.reasons.map((r) => h('li', { class: r.outcome }, icon(r.outcome),
    told(check, r, show) ?? h('span', {}, r.text))));
}

function decided(check, show) {
  const { outcome } = check.recommendation;
  return [
    h('div', { class: 'verdict' }, icon(outcome), h('div', {},
      h('span', { class: 'label' }, S.outcome.recommended),
      h('strong', { class: 'word' }, S.outcome.word[outcome]),
      h('span', { class: 'long' }, S.outcome.long[outcome]))),
    reasons(check, show),
  ];
}

function steps(check) {
  const all = ORDER.filter((m) => check.wanted.includes(m) || check.evidence.some((e) => e.modality === m));
  return h('ol', { class: 'steps' }, all.map((m) => {
    const missing = m === 'chip' ? bare(check) : check.evidence.filter((e) => e.modality === m).at(-1)?.missing;
    const state = check.wanted.includes(m) ? 'wanted' : missing ? 'missing' : 'done';
    return h('li', { class: state }, icon({ wanted: 'waiting', missing: 'unavailable', done: 'ready' }[state]),
      h('span', {}, `${S.Modality[m]}: ${S.outcome.step[state]}`));
  }));
}

function pending(check, awaited) {
  if (check.phase === 'concluding') {
    return h('div', { class: 'prompt' }, h('span', { class: 'label' }, awaited ? S.outcome.waitingFor(awaited) : ''),
      h('strong', { class: 'do' }, S.outcome.concluding), h('span', { class: 'long' }, S.outcome.concludingNext));
  }
  const next = ORDER.find((m) => check.wanted.includes(m)) ?? check.guidance[0]?.modality;
  const own = check.guidance.find((g) => g.modality === next)?.text;
  const others = check.guidance.filter((g) => g.modality !== next);
  return h('div', { class: 'prompt' },
    h('span', { class: 'label' }, S.outcome.collecting),
    h('strong', { class: 'do' }, next ? own || S.outcome.prompt[next] : S.outcome.collectingDone),
    others.length
      ? others.map((g) => h('span', { class: 'guide' }, `${S.Modality[g.modality]}: ${g.text}`))
      : h('span', { class: 'long' }, next ? '' : awaited ? S.outcome.waitingFor(awaited) : S.outcome.collectingIdle),
    steps(check));
}

export function createOutcome(showChecks) {
  const node = h('section', { class: 'card outcome', 'aria-label': S.outcome.recommended });
  return {
    node,
    update({ view: { check } }) {
      const r = check.recommendation;
      node.className = `card outcome ${r ? r.outcome : check.fault ? 'fault' : 'pending'}`;
      if (r) fill(node, decided(check, showChecks));
      else if (check.fault) fill(node, h('div', { class: 'verdict' }, icon('incomplete'), h('div', {}, h('strong', { class: 'word' }, S.outcome.fault), h('span', { class: 'long' }, check.fault))));
      else if (hidden(check)) fill(node, h('div', { class: 'prompt' }, h('strong', { class: 'do' }, S.outcome.notShown), h('span', { class: 'long' }, S.systems.hidden)));
      else fill(node, pending(check, check.lines.filter((l) => l.waiting).length));
    },
  };
}
