// A finger that was found: the minutiae that agree, over the live picture and as a drawing of the
// entry's print, of which a list holds no picture. The same number marks the same minutia, so
// that no colour needs to be told from another.

import { S } from './strings.js';
import { h } from './dom.js';

const SVG = 'http://www.w3.org/2000/svg';

// s makes an element of a drawing.
export function s(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const RADIUS = 5; // pixels at 500 dpi
const STROKE = 15;

// mark is a dot with a stroke in the minutia's direction and its number beside it.
function mark(m, number) {
  const angle = (m.direction * Math.PI) / 180;
  const [dx, dy] = [Math.cos(angle), -Math.sin(angle)];
  return s('g', {},
    s('path', { d: `M${m.x + RADIUS * dx} ${m.y + RADIUS * dy}L${m.x + STROKE * dx} ${m.y + STROKE * dy}` }),
    s('circle', { cx: m.x, cy: m.y, r: RADIUS }),
    s('text', { x: m.x - 12 * dx, y: m.y - 12 * dy, 'text-anchor': 'middle', 'dominant-baseline': 'central' }, String(number)));
}

function drawing(size, minutiae, label, picture) {
  const marks = minutiae.map((m, i) => mark(m, i + 1));
  const ground = picture
    ? s('image', { href: picture, width: size.width, height: size.height, preserveAspectRatio: 'none' })
    : s('rect', { width: size.width, height: size.height });
  return h('figure', { class: 'marked' }, s('svg', { viewBox: `0 0 ${size.width} ${size.height}`, role: 'img', 'aria-label': label }, ground, ...marks),
    h('figcaption', { class: 'label' }, label));
}

// bestMatch is the match to show for a piece of evidence: that of the finding with the best score.
export function bestMatch(check, evidence) {
  const matches = check.lines.filter((l) => l.evidence === evidence).flatMap((l) => (l.prints ?? []).map((match) => (
    { match, score: l.findings?.find((f) => f.entry === match.entry)?.score ?? 0 })));
  return matches.sort((a, b) => b.score - a.score)[0]?.match;
}

// asked is the traveller's finger, and found the entry's.
export const asked = (match, picture) => drawing(match.asked, match.pairs.map((p) => p.asked), S.print.asked(match.pairs.length), picture);
export const found = (match) => drawing(match.found, match.pairs.map((p) => p.found),
  S.print.found(S.traveller.positions[match.position], match.entry), null);
