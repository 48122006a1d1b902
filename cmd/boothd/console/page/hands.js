// Both hands as the traveller sees them, with how far each finger of the plan has come. A sign on
// each finger says so too, so that no colour needs to be told from another.

import { S } from './strings.js';
import { s } from './prints.js';

// PLACES are the fingers by position: middle of the tip, and length, in units of the drawing.
const PLACES = {
  10: [14, 34, 40], 9: [38, 20, 54], 8: [62, 14, 60], 7: [86, 22, 52], 6: [114, 54, 30],
  1: [146, 54, 30], 2: [174, 22, 52], 3: [198, 14, 60], 4: [222, 20, 54], 5: [246, 34, 40],
};
const SIGN = { taken: '✓', missing: '✕', now: '▼', failed: '!' };

function drawFinger(position, step) {
  const [x, y, long] = PLACES[position];
  return s('g', { class: step ? `fingertip ${step.state}` : 'fingertip' },
    s('rect', { x: x - 10, y: y - 10, width: 20, height: long + 10, rx: 10 }),
    s('text', { x, y: y + 6, 'text-anchor': 'middle', 'dominant-baseline': 'central' }, SIGN[step?.state] ?? ''));
}

const name = (step) => `${S.traveller.positions[step.position]}: ${step.missing ? S.hands.missing[step.missing] : S.hands.state[step.state]}`;

// hands draws them; null for a check that takes one finger.
export function hands(check) {
  const steps = check.fingers ?? [];
  if (steps.length === 0) return null;
  const label = [S.hands.title, ...steps.map(name)].join('; ');
  return s('svg', { class: 'hands', viewBox: '0 0 260 96', role: 'img', 'aria-label': label },
    ...Object.keys(PLACES).map((p) => drawFinger(p, steps.find((step) => step.position === Number(p)))),
    s('text', { x: 50, y: 90, 'text-anchor': 'middle' }, S.hands.left), s('text', { x: 210, y: 90, 'text-anchor': 'middle' }, S.hands.right));
}

// progress says how many of the fingers that can be taken are there.
export function progress(check) {
  const steps = (check.fingers ?? []).filter((step) => step.state !== 'missing');
  return steps.length ? S.hands.progress(steps.filter((step) => step.state === 'taken').length, steps.length) : S.traveller.finger;
}

// asked is the finger that is asked for now, and those that an answer about it may be meant for.
export function askedFor(check) {
  const open = (check.fingers ?? []).filter((step) => ['awaited', 'now', 'failed'].includes(step.state)).map((step) => step.position);
  const now = check.fingers?.find((step) => step.state === 'now' || step.state === 'failed')?.position ?? open[0];
  if (!now) return null;
  return { now, hand: open.filter((p) => (p <= 5) === (now <= 5)), all: open };
}

// taken are the fingers that can be taken again.
export const taken = (check) => (check.fingers ?? []).filter((step) => step.state === 'taken' || step.state === 'missing').map((step) => step.position);
