// The traveller: document data and portraits side by side, the checks of the document, the finger.

import { S } from './strings.js';
import { fill, h, icon } from './dom.js';
import { now } from './time.js';
import { api } from './api.js';
import { asked, bestMatch, found } from './prints.js';
import { hands, progress } from './hands.js';
import { bare, chipOf, createChecks } from './checks.js';
import { createPreview, watchable } from './preview.js';

const last = (check, modality) => check.evidence.filter((e) => e.modality === modality).at(-1);
const count = (check, modality) => check.evidence.filter((e) => e.modality === modality && !e.missing).length;
const guidance = (check, modality) => check.guidance.find((g) => g.modality === modality)?.text;

function dateText(date) {
  if (!date?.year) return date?.text ? `${S.traveller.unknown} (${date.text})` : S.traveller.unknown;
  const two = (n) => String(n).padStart(2, '0');
  return [date.year, date.month && two(date.month), date.month && date.day && two(date.day)].filter(Boolean).join('-');
}

// mayBeChild tells whether the document leaves open that its holder is under twelve: "yes",
// "no", or "unknown" without a birth date. Of one that is not wholly known the latest day counts.
export function mayBeChild(zone) {
  const { year, month = 12, day } = zone?.birthDate ?? {};
  if (!year) return 'unknown';
  return years({ year, month, day: day ?? new Date(year, month, 0).getDate() }) < 12 ? 'yes' : 'no';
}

// years is the age in whole years, or null where the birth date leaves it open.
function years(date) {
  if (!date?.year || !date.month || !date.day) return null;
  const today = now();
  const before = today.getMonth() + 1 < date.month || (today.getMonth() + 1 === date.month && today.getDate() < date.day);
  return today.getFullYear() - date.year - (before ? 1 : 0);
}

function expiry(date) {
  if (!date?.year || !date.month || !date.day) return null;
  const over = new Date(date.year, date.month - 1, date.day + 1) <= now();
  return over ? h('span', { class: 'tag warn' }, icon('stale'), S.traveller.expired)
    : h('span', { class: 'tag good' }, icon('ready'), S.traveller.valid);
}

function field(label, ...value) {
  return h('div', { class: 'field' }, h('dt', {}, label), h('dd', {}, value));
}

function data(check) {
  const zone = check.zone;
  if (!zone) {
    const wanted = check.wanted.includes('document');
    return h('div', { class: 'empty' }, icon('document'), h('strong', {}, S.traveller.noDocument),
      h('span', {}, wanted ? S.traveller.wanted.document : ''));
  }
  const kind = S.traveller.kinds[zone.documentCode?.[0]] ?? S.traveller.kindOther;
  const old = years(zone.birthDate);
  return [
    h('div', { class: 'head' },
      h('h2', { class: 'name' }, h('span', { class: 'surname' }, zone.surname), h('span', { class: 'given' }, zone.givenNames)),
      zone.nameTruncated ? h('p', { class: 'note' }, S.traveller.truncated) : null,
      h('dl', {},
        field(S.traveller.number, h('span', { class: 'mono' }, zone.documentNumber)),
        field(kind, S.traveller.issuer, ' ', h('strong', {}, zone.issuer)),
        field(S.traveller.nationality, h('strong', {}, zone.nationality || S.traveller.unknown)),
        field(S.traveller.sex, S.traveller.sexes[zone.sex ?? ''] ?? zone.sex))),
    h('dl', {},
      field(S.traveller.born, h('span', { class: 'figure' }, dateText(zone.birthDate)), old === null ? null : h('strong', {}, S.traveller.age(old))),
      field(S.traveller.expires, h('span', { class: 'figure' }, dateText(zone.expiryDate)), expiry(zone.expiryDate))),
  ];
}

// shownFinger is the finger whose picture is shown: of several the last that was taken.
const shownFinger = (check) => (check.fingers ? check.evidence.filter((e) => e.modality === 'finger' && e.image).at(-1) : last(check, 'finger'));

function picture(check, modality, text, evidence = last(check, modality)) {
  if (evidence?.image) return h('img', { src: api.image(check.id, evidence.id), alt: text });
  return h('div', { class: 'nopicture' }, icon(modality),
    h('span', {}, check.wanted.includes(modality) ? S.traveller.wanted[modality] : S.traveller.notTaken));
}

// aboutChip reports whether the check is also about a chip.
const aboutChip = (check) => check.wanted.includes('chip') || check.evidence.some((e) => e.modality === 'chip');

// chipPicture is the portrait of the chip, or why there is none: its own check says so, or
// whatever went wrong before it could be read.
function chipPicture(check) {
  const evidence = chipOf(check);
  if (evidence?.image) return h('img', { src: api.image(check.id, evidence.id), alt: S.traveller.chipPortraitOf });
  const wrong = (name) => evidence?.checks?.find((c) => c.check === name && c.state !== 'successful');
  const none = bare(check);
  const why = none ? (none.state === 'not_supported' ? none.text : S.traveller.noChip)
    : (wrong('access') ?? wrong('channel') ?? wrong('dg2_readable'))?.text;
  return h('div', { class: 'nopicture' }, icon('chip'),
    h('span', {}, check.wanted.includes('chip') ? S.traveller.wanted.chip : why ?? S.traveller.notTaken));
}

// prints shows the finger, and where it agrees with one that was found.
function prints(check) {
  const evidence = shownFinger(check);
  const match = evidence?.image ? bestMatch(check, evidence.id) : null;
  if (match) return [asked(match, api.image(check.id, evidence.id)), found(match)];
  return picture(check, 'finger', S.traveller.fingerOf(S.traveller.positions[evidence?.position ?? 0]), evidence);
}

function quality(q) {
  const tone = q >= 60 ? 'good' : q >= 35 ? 'warn' : 'bad';
  const bar = h('meter', { class: tone, min: 0, max: 100, value: q, 'aria-label': S.traveller.quality });
  return h('div', { class: 'quality' }, h('span', {}, `${S.traveller.quality}: `, h('strong', {}, S.traveller.qualityWord(q)), ` · ${S.traveller.qualityOf(q)}`), bar);
}

function finger(check) {
  const evidence = shownFinger(check);
  const guide = guidance(check, 'finger');
  const taken = count(check, 'finger');
  return [
    h('h2', {}, progress(check)),
    evidence?.missing ? h('p', { class: 'missing' }, icon('unavailable'), S.traveller.missing[evidence.missing] ?? evidence.missing) : null,
    evidence?.image ? [
      h('p', { class: 'position' }, S.traveller.positions[evidence.position ?? 0]),
      quality(evidence.quality ?? 0),
      taken > 1 && !check.fingers ? h('p', { class: 'note' }, S.traveller.again(taken)) : null,
    ] : null,
    !evidence && !guide ? h('p', { class: 'note' }, check.wanted.includes('finger') ? S.traveller.wanted.finger : S.traveller.notTaken) : null,
    guide && !check.fingers ? h('p', { class: 'guide' }, guide) : null, // of several the prompt above says it
  ];
}

export function createTraveller(showChecks) {
  const still = h('div', { class: 'still' });
  const portrait = h('figure', { class: 'portrait' }, still);
  const live = createPreview(portrait, S.traveller.portraitOf);
  const page = h('figure', { class: 'pageview' });
  const livePage = createPreview(page, S.traveller.pageOf);
  const chip = h('figure', { class: 'portrait' });
  const checks = createChecks(showChecks);
  const fields = h('div', { class: 'data' });
  const print = h('figure', { class: 'print' });
  const both = h('figure', { class: 'bothhands' });
  const fingerNotes = h('div', { class: 'fingernotes' });
  const fingers = h('section', { class: 'card finger', 'aria-label': S.traveller.finger }, both, print, fingerNotes);
  const card = h('section', { class: 'card document', 'aria-label': S.traveller.document }, portrait, chip, fields, page);
  const node = h('div', { class: 'traveller' }, card, checks.node, fingers);
  return {
    node,
    update({ view: { check }, status }) {
      const watch = (camera, kind, modality) => (check.wanted.includes(modality) && watchable(status, kind) ? api.preview(check.id, camera) : null);
      live.show(watch('face', 'camera', 'face'));
      livePage.show(watch('page', 'page-camera', 'document'));
      const paired = aboutChip(check);
      card.classList.toggle('paired', paired);
      chip.hidden = !paired;
      fill(still, picture(check, 'face', S.traveller.portraitOf), paired ? h('figcaption', { class: 'label' }, S.traveller.live) : null);
      fill(chip, paired ? [chipPicture(check), h('figcaption', { class: 'label' }, S.traveller.fromChip)] : null);
      checks.update(check);
      fill(fields, data(check));
      fingers.classList.toggle('many', Boolean(check.fingers));
      both.hidden = !check.fingers;
      fill(both, hands(check));
      fill(print, prints(check));
      fill(fingerNotes, finger(check));
    },
  };
}
