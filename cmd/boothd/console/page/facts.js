// What a system says besides its findings, as sentences: days left, a visa's dates, an identity.

import { S } from './strings.js';
import { h, icon } from './dom.js';
import { dayOf, today } from './time.js';

// sentences tells one answer's facts, those that belong together in one sentence. Grave ones
// are such as an officer must not overlook; so is a standing that the page does not know.
function sentences(facts) {
  const all = new Map();
  for (const f of facts) all.set(f.code, [...(all.get(f.code) ?? []), f.value ?? '']);
  const take = (code) => {
    const value = all.get(code)?.[0];
    all.delete(code);
    return value;
  };
  const F = S.facts;
  const out = [];
  const add = (text, grave = false) => { if (text) out.push({ text, grave }); };
  const dates = (word, holds) => {
    const [from, until] = [take('valid_from'), take('valid_until')];
    return [word, from && from > today() ? F.from(dayOf(from)) : null, until ? (holds ? F.until : F.lastDay)(dayOf(until)) : null].filter(Boolean).join(' ');
  };

  const file = take('file');
  if (file) add(F.file[file] ?? F.other('file', file));
  const [presence, entered] = [take('presence'), take('entered')];
  if (presence) add(F[presence]?.(entered && dayOf(entered)) ?? F.other('presence', presence));
  const [over, left, leave] = [take('days_over'), take('days_left'), take('leave_by')];
  if (over) add(F.daysOver(Number(over)), true);
  if (left && !over) add(F.daysLeft(Number(left)), Number(left) <= 0);
  if (leave) add((over ? F.hadToLeave : presence === 'outside' ? F.stayUntil : F.leaveBy)(dayOf(leave)));
  const fallback = take('fallback');
  if (fallback) add(F.fallback(Number(fallback)));
  const visa = take('visa');
  if (visa) add(dates(F.visa[visa] ?? F.other('visa', visa), visa === 'valid'), visa !== 'valid');
  const authorisation = take('authorisation');
  if (authorisation) {
    const word = F.authorisation[authorisation] ?? F.other('authorisation', authorisation);
    add(dates(word, authorisation === 'valid'), !['valid', 'not_required'].includes(authorisation));
  }
  if (all.has('valid_from') || all.has('valid_until')) add(dates('', true));
  const [entries, territory, flag] = [take('entries'), take('territory'), take('flag')];
  if (entries) add(F.entries(entries));
  if (territory) add(F.territory(territory));
  if (flag) add(F.flag(flag), true);
  const many = { member_state: F.memberState, category: F.category, holds: F.holds, identity: F.identity, document: F.document };
  for (const [code, values] of all) for (const v of values) add(many[code]?.(v) ?? F.other(code, v));
  return out;
}

// said gathers the sentences of a system's answers, each once. Where the answers say different
// things, each sentence tells by what it was asked.
export function said(lines) {
  const all = new Map();
  const answers = lines.filter((l) => l.facts?.length);
  for (const l of answers) {
    sentences(l.facts).forEach((s, place) => {
      const known = all.get(s.text) ?? { ...s, place, by: new Set() };
      known.by.add(l.modality);
      all.set(s.text, known);
    });
  }
  if (all.has(S.facts.file.verified)) all.delete(S.facts.file.not_verified); // by one finger it is the person
  const asked = new Set(answers.map((l) => l.modality));
  return [...all.values()].sort((a, b) => a.place - b.place).map((s) => ({
    text: s.text, grave: s.grave,
    by: asked.size > s.by.size ? [...s.by].map((m) => S.modality[m] ?? m).join(', ') : '',
  }));
}

// unbroken keeps a date from being parted between two lines.
const unbroken = (text) => text.split(/(\d{4}-\d\d-\d\d)/).map((part, i) => (i % 2 ? h('span', { class: 'figure' }, part) : part));

export function facts(list) {
  if (list.length === 0) return null;
  return h('ul', { class: 'facts' }, list.map((s) => h('li', { class: s.grave ? 'grave' : null },
    s.grave ? icon('possible') : null, unbroken(s.text), s.by ? h('span', { class: 'note' }, ` (${S.facts.by(s.by)})`) : null)));
}
