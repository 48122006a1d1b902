// One line per system: what is known of the traveller there, how old it is, and what to do.
// Several answers of one system are gathered in its line; the gravest leads.

import { S } from './strings.js';
import { fill, h, icon } from './dom.js';
import { aging } from './time.js';
import { facts, said } from './facts.js';
import { links } from './links.js';

// KNOWLEDGE orders what a system's silence is worth, as the policy does: the lists that one
// source holds are parts, of which the worst counts; the sources are copies, of which the
// best counts.
const KNOWLEDGE = { unavailable: 0, stale: 1, no_hit: 2 };

function knowledge(lines) {
  const sources = new Map();
  for (const l of lines) {
    const worst = sources.get(l.source);
    if (worst === undefined || KNOWLEDGE[l.state] < KNOWLEDGE[worst]) sources.set(l.source, l.state);
  }
  return [...sources.values()].reduce((best, s) => (KNOWLEDGE[s] > KNOWLEDGE[best] ? s : best), 'unavailable');
}

// stateOf is the word for a system: found something, still waiting, or the least that is
// known over all that was asked.
function stateOf(lines, current) {
  if (lines.some((l) => l.state === 'hit')) return 'hit';
  if (lines.some((l) => l.state === 'possible')) return 'possible';
  if (lines.some((l) => l.waiting)) return 'waiting';
  const asked = current.length ? current : lines;
  const by = Map.groupBy(asked, (l) => l.evidence);
  if (asked.length && asked.every((l) => l.needs && l.state === 'unavailable')) return 'withheld';
  return [...by.values()].map(knowledge).reduce((worst, s) => (KNOWLEDGE[s] < KNOWLEDGE[worst] ? s : worst), 'no_hit');
}

const RANK = { hit: 0, possible: 1 };

const byWeight = (a, b) => (RANK[a.state] ?? 2) - (RANK[b.state] ?? 2) || b.score - a.score;

// group makes one row per system from the lines of the view, and one per system that was not
// asked; findings come first, the gravest of each system leads.
function group(check) {
  // Of several fingers the newest of each counts.
  const newest = new Set(new Map(check.evidence.map((e) => [`${e.modality} ${e.position ?? ''}`, e.id])).values());
  const rows = [...Map.groupBy(check.lines, (l) => l.system)].map(([system, lines]) => {
    const current = lines.filter((l) => newest.has(l.evidence));
    const latest = current.length ? current : lines;
    const findings = lines.flatMap((l) => (l.findings ?? []).map((f) => ({ ...f, print: l.prints?.find((p) => p.entry === f.entry) })));
    return { system, lines: latest, findings: findings.sort(byWeight), state: stateOf(lines, current),
      facts: said(latest), needs: latest.find((l) => l.needs)?.needs, discreet: findings.length > 0 && findings.every((f) => f.discreet) };
  });
  const asked = new Set(rows.map((r) => r.system));
  for (const [system, all] of Map.groupBy(check.unknown ?? [], (u) => u.system)) {
    if (!asked.has(system)) rows.push({ system, lines: [], findings: [], facts: [], state: 'unavailable', why: all[0].why });
  }
  return rows.sort((a, b) => (RANK[a.state] ?? 2) - (RANK[b.state] ?? 2) || (a.system < b.system ? -1 : 1));
}

const stateOfLine = (l) => (l.waiting ? 'waiting' : l.needs && l.state === 'unavailable' ? 'withheld' : l.state);

function who(line) {
  const source = S.systems.source[line.source] ?? line.source;
  return line.list ? `${source} ${line.list}` : source;
}

// mind tells that a system that found nothing says what must not be overlooked all the same.
const mind = (row) => row.state === 'no_hit' && row.facts.some((f) => f.grave);

// word is the row's state as the officer reads it.
function word(row) {
  if (row.why) return S.systems.notAsked;
  if (mind(row)) return S.systems.mind;
  return row.state === 'no_hit' && row.facts.length ? S.systems.noWarning : S.systems.state[row.state] ?? row.state;
}

// detail tells, answer by answer, who said it about what, and where it differs from the
// row's word.
function detail(row) {
  if (row.why) return h('span', { class: 'source' }, row.why);
  const about = Map.groupBy(row.lines, (l) => `${who(l)}|${stateOfLine(l)}|${l.reason ?? ''}`);
  return [...about.values()].map((lines) => {
    const line = lines[0];
    const state = stateOfLine(line);
    const modalities = [...new Set(lines.map((l) => S.modality[l.modality] ?? l.modality))].join(', ');
    return h('span', { class: state === row.state ? 'source' : `source differs ${state}` },
      `${modalities} · ${who(line)}`,
      state === row.state ? null : h('strong', {}, ` ${S.systems.state[state] ?? state}`),
      line.reason && state !== 'withheld' ? `: ${line.reason}` : null,
      lines.some((l) => l.late) ? ` (${S.systems.late})` : null);
  });
}

// oldest is the age of the oldest data that the row's word rests on.
function oldest(row) {
  const times = row.lines.filter((l) => !l.waiting && (l.state === row.state || row.state === 'waiting' || row.facts.length > 0) && l.state !== 'unavailable').map((l) => l.as_of);
  if (times.length === 0) return row.state === 'unavailable' ? S.systems.notKnown : '';
  return [S.systems.asOf(''), aging(times.reduce((a, b) => (a < b ? a : b)))];
}

function explanation(parts) {
  if (!parts?.length) return null;
  const head = [S.systems.parts.what, S.systems.parts.asked, S.systems.parts.found, S.systems.parts.weight];
  return h('table', {}, h('thead', {}, h('tr', {}, head.map((t) => h('th', { scope: 'col' }, t)))),
    h('tbody', {}, parts.map((p) => h('tr', {},
      h('th', { scope: 'row' }, p.what),
      h('td', {}, p.asked), h('td', {}, p.found, p.note ? h('span', { class: 'note' }, ` ${p.note}`) : null),
      h('td', { class: 'figure' }, `${Math.round(p.weight * 100)} %`)))));
}

// chance says of a finger in words what its score means; there are no values to put side by side.
function chance(parts) {
  return (parts ?? []).map((p) => (p.note ? h('p', { class: 'chance' }, `${p.what}: ${p.note}`) : null));
}

// finding shows one entry that matched: what to do first, then why.
export function finding(f) {
  return h('div', { class: f.discreet ? 'finding discreet' : 'finding' },
    h('p', { class: 'action' }, h('span', { class: 'label' }, S.systems.action), h('strong', {}, f.action || S.systems.noAction),
      f.discreet ? h('span', { class: 'veil' }, icon('discreet'), h('strong', {}, S.systems.discreet), S.systems.discreetNext) : null),
    h('p', { class: 'entry' }, [f.state === 'possible' ? S.systems.state.possible : null, f.category, f.name, S.systems.entry(f.entry),
      S.systems.matched(f.print ? S.systems.byFinger(S.traveller.positions[f.print.position]) : S.systems.by[f.by] ?? f.by, Math.round(f.score * 100))].filter(Boolean).join(' · ')),
    f.by === 'finger' ? chance(f.explanation) : explanation(f.explanation));
}

function needs(kind) {
  return h('div', { class: 'needs' }, icon('withheld'),
    h('div', {}, h('strong', {}, S.systems.needs(S.systems.grants[kind] ?? kind.replaceAll('_', ' '))), h('p', { class: 'note' }, S.systems.needsNext)));
}

function line(row, told) {
  const state = mind(row) ? 'possible' : row.state;
  return h('li', { class: `system ${state}${row.discreet ? ' quiet' : ''}` },
    h('div', { class: 'row' },
      h('span', { class: 'state' }, icon(row.discreet ? 'discreet' : state), h('strong', {}, word(row))),
      h('strong', { class: 'systemname' }, row.system),
      facts(row.facts),
      h('span', { class: 'sources' }, detail(row)),
      h('span', { class: 'asof' }, oldest(row))),
    row.findings.map(finding),
    row.needs ? needs(row.needs) : null,
    links(row, told));
}

export function createSystems() {
  const list = h('ul', { class: 'systems', tabindex: 0 });
  const head = h('h2', {});
  const node = h('section', { class: 'card answers', 'aria-label': S.systems.title }, head, list);
  return {
    node,
    update({ view: { check } }) {
      const rows = group(check);
      const told = new Map();
      fill(head, S.systems.title, check.grant ? h('span', { class: 'tag calm' }, icon('ready'), S.systems.granted) : null);
      fill(list, rows.length ? rows.map((row) => line(row, told)) : h('li', { class: 'note' }, S.systems.none));
    },
  };
}

// found lists what was openly found, for a screen reader; discreet findings are not spoken.
export function found(check) {
  return group(check).filter((r) => r.state in RANK && !r.discreet).map((r) => ({ system: r.system, state: r.state }));
}
