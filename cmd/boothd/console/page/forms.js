// The questions that an action asks before it is done. All are one Form: options chosen by
// digit, a text where one is needed, Enter to confirm, Esc to go back.

import { S } from './strings.js';
import { h, icon, keycap } from './dom.js';
import { yellow } from './links.js';

const STEP = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

// Form asks. Options are {value, label, icon}; text is {label, hint, missing, rows, file, optional,
// needed(value), refuse(text)}: one line, several rows, or a file. submit gets the option's value
// and the text or the file. A tall form has its text under the options.
export class Form {
  constructor({ title, options = [], chosen = -1, text = null, tall = false, submit, fits }) {
    Object.assign(this, { options, chosen, text, submit, fits });
    this.buttons = options.map((o, i) => h('button', {
      type: 'button', role: 'radio', class: `option ${o.tone ?? ''}`, onclick: () => this.choose(i),
    }, keycap(String(i + 1)), o.icon ? icon(o.icon) : null, h('span', {}, o.label)));
    this.input = text && (text.file ? h('input', { type: 'file', 'aria-label': text.label, onchange: () => this.typed() }) : text.rows
      ? h('textarea', { rows: text.rows, class: 'mono', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'characters', 'aria-label': text.label, oninput: () => this.typed() })
      : h('input', { type: 'text', maxlength: 500, autocomplete: 'off', 'aria-label': text.label, placeholder: text.hint, oninput: () => this.typed() }));
    this.hint = h('p', { class: 'hint', 'aria-live': 'polite' }, text?.rows || text?.file ? text.hint : '');
    this.title = h('h2', {}, title);
    this.confirmed = h('button', { type: 'button', class: 'primary', onclick: () => this.confirm() }, keycap(S.key.enter), S.act.confirm);
    this.backed = h('button', { type: 'button', onclick: () => this.back() }, keycap(S.key.escape), S.act.back);
    this.node = h('div', { class: text?.rows || tall ? 'form tall' : 'form', role: 'group' },
      this.title,
      options.length ? h('div', { class: 'options', role: 'radiogroup', 'aria-label': title }, this.buttons, this.input ? null : this.hint) : null,
      this.input ? h('div', { class: 'text' }, this.input, this.hint) : null,
      h('div', { class: 'do' }, this.confirmed, this.backed));
    this.onclose = () => {};
    this.show();
  }

  get value() { return this.options[this.chosen]?.value; }

  get entered() {
    if (!this.input || this.input.hidden) return '';
    return this.text.file ? this.input.files[0] : this.input.value.trim();
  }

  get needsText() { return Boolean(this.text) && (!this.text.needed || this.text.needed(this.value)); }

  // choose takes an option; whoever steps through them stays there.
  choose(i, stepping = false) {
    this.chosen = i;
    this.hint.textContent = this.text?.file ? this.text.hint : '';
    this.show();
    if (stepping) this.buttons[i].focus();
    else this.focus();
  }

  // show has one option in the order of Tab, as in any group of which one is chosen.
  show() {
    this.buttons.forEach((b, i) => {
      b.setAttribute('aria-checked', String(i === this.chosen));
      b.tabIndex = i === Math.max(0, this.chosen) ? 0 : -1;
    });
    if (!this.input) return;
    this.input.hidden = !this.needsText && !this.text.optional;
    if (this.text.title) this.title.textContent = this.text.title(this.value);
  }

  focus() {
    if (this.input && this.needsText && (this.chosen >= 0 || !this.options.length)) this.input.focus();
    else (this.buttons[Math.max(0, this.chosen)] ?? this.confirmed).focus();
  }

  typed() {
    if (this.text.shape) this.input.value = this.text.shape(this.input.value);
    this.input.removeAttribute('aria-invalid');
    this.hint.textContent = this.text.count ? this.text.count(this.input.value) : this.text.file ? this.text.hint : '';
  }

  // key acts on a key and reports whether it was meant for the form.
  key(event) {
    const typing = event.target === this.input;
    if (event.key === 'Escape') this.back();
    else if (event.key === 'Enter') {
      if (event.target === this.backed) return false;
      if (typing && this.text.file && !this.entered) return false; // opens the choice of files
      if (typing && this.text.rows && !event.ctrlKey && !/(^|\n)$/.test(this.input.value)) return false;
      this.confirm();
    } else if (this.buttons.includes(event.target) && event.key in STEP) {
      this.choose((Math.max(0, this.chosen) + STEP[event.key] + this.options.length) % this.options.length, true);
    } else if (!typing && this.options[Number(event.key) - 1]) this.choose(Number(event.key) - 1);
    else return false;
    return true;
  }

  confirm() {
    if (this.options.length && this.chosen < 0) {
      this.hint.textContent = S.form.chooseFirst;
      this.focus();
      return;
    }
    const text = this.entered;
    const refused = this.needsText && !text ? this.text.missing ?? S.form.whyNeeded : this.text?.refuse?.(text);
    if (refused) {
      this.hint.textContent = refused;
      this.input.setAttribute('aria-invalid', 'true');
      this.input.focus();
      return;
    }
    this.submit(this.value, text);
  }

  back() { this.onclose(); }
}

const open = (...phases) => (view) => phases.includes(view.check?.phase);

export function dispositionForm(check, chosen, submit) {
  const outcome = check.recommendation.outcome;
  const departs = (value) => value !== outcome;
  return new Form({
    title: S.form.decide,
    options: ['clear', 'refer', 'stop'].map((o) => ({ value: o, label: S.act[o], icon: o, tone: o })),
    chosen: ['clear', 'refer', 'stop'].indexOf(chosen),
    text: { label: S.form.whyLabel, hint: S.form.whyHint, needed: departs, title: (v) => (departs(v) ? S.form.decideWhy(S.outcome.word[v], S.outcome.word[outcome]) : S.form.decide) },
    submit, fits: open('decided'),
  });
}

export function abandonForm(submit) {
  return new Form({
    title: S.form.abandonTitle, chosen: 0,
    options: S.form.abandonWhys.map((why) => ({ value: why, label: why })),
    submit, fits: open('collecting', 'concluding'),
  });
}

export function fingerForm(submit) {
  return new Form({
    title: S.form.fingerTitle,
    options: Object.entries(S.form.fingerWhys).map(([value, label]) => ({ value, label })),
    submit, fits: open('collecting'),
  });
}

// whichFingersForm asks about which of the fingers that are not there yet something is to be said.
export function whichFingersForm({ now, hand, all }, submit) {
  const options = [{ value: [now], label: S.traveller.positions[now] }];
  if (hand.length > 1) options.push({ value: hand, label: S.form.wholeHand[now <= 5 ? 'right' : 'left'](hand.length) });
  if (all.length > hand.length) options.push({ value: all, label: S.form.allFingers(all.length) });
  return new Form({ title: S.form.whichMissing, options, chosen: 0, submit, fits: open('collecting') });
}

export function whichFingerForm(fingers, submit) {
  return new Form({
    title: S.form.whichAgain, tall: true,
    options: fingers.map((p) => ({ value: p, label: S.traveller.positions[p] })),
    submit, fits: open('collecting'),
  });
}

// chipForm asks what the matter is with the chip: there is none, none answers, or its number.
export function chipForm(miss, unlock) {
  const number = (value) => value === 'number';
  return new Form({
    title: S.form.chipTitle, tall: true,
    options: Object.entries(S.form.chipWhys).map(([value, label]) => ({ value, label })),
    text: {
      label: S.form.numberLabel, hint: S.form.numberHint, missing: S.form.numberNeeded, needed: number,
      shape: (text) => text.replace(/\D/g, '').slice(0, 6), refuse: (text) => (text && text.length < 6 ? S.form.numberNeeded : null),
    },
    submit: (value, text) => (number(value) ? unlock(text) : miss(value)), fits: open('collecting'),
  });
}

export function retakeForm(modalities, submit) {
  return new Form({
    title: S.form.retakeTitle,
    options: modalities.map((m) => ({ value: m, label: S.Modality[m], icon: m })),
    submit, fits: open('collecting'),
  });
}

export function typeForm(submit) {
  return new Form({
    title: S.form.typeTitle,
    text: {
      label: S.form.typeLabel, hint: S.form.typeHint, missing: S.form.typeHint, rows: 3,
      shape: (text) => text.toUpperCase().replaceAll(' ', '<').replace(/[^A-Z0-9<\n]/g, '').replace(/^\n+/, ''),
      count: (text) => (text ? `${S.form.typeCount(text.split('\n').filter(Boolean).map((l) => l.length).join(' + '))}. ${S.form.typeWant}` : S.form.typeHint),
    },
    submit: (_, text) => submit(text.split('\n').filter(Boolean)), fits: open('collecting'),
  });
}

// identifyForm asks for the ground, and of a child why it serves the child. child is "yes", "no"
// or "unknown".
export function identifyForm(child, submit) {
  return new Form({
    title: child === 'yes' ? S.form.childTitle : S.form.identifyTitle, tall: true,
    options: Object.entries(S.form.grounds).map(([value, label]) => ({ value, label })),
    text: child === 'no' ? null : {
      label: S.form.childLabel, hint: child === 'yes' ? S.form.childHint : S.form.childMaybe, missing: S.form.childHint, optional: true, needed: () => child === 'yes',
    },
    submit, fits: open('collecting', 'concluding', 'decided'),
  });
}

const MAX_GRANT = 64 * 1024; // bytes

export function grantForm(submit) {
  return new Form({
    title: S.form.grantTitle, tall: true,
    text: {
      label: S.form.grantLabel, hint: S.form.grantHint, missing: S.form.grantNeeded, file: true,
      refuse: (file) => (file.size > MAX_GRANT ? S.form.grantTooLong : null),
    },
    submit: (_, file) => submit(file), fits: open('collecting', 'concluding', 'decided'),
  });
}

// linkForm asks which of several links is meant.
export function linkForm(links, submit) {
  return new Form({
    title: S.form.linkTitle,
    options: links.map((k) => ({ value: k, label: S.link.systems(k.systems), icon: `link-${k.colour}` })),
    submit, fits: (view) => links.every((k) => holds(view, k)),
  });
}

export function verifyForm(link, submit) {
  return new Form({
    title: S.form.verifyTitle(S.link.systems(link.systems)), tall: true,
    options: Object.entries(S.form.verifyColours).map(([value, label]) => ({ value, label, icon: `link-${value}` })),
    text: { label: S.form.whyLabel, hint: S.form.verifyHint },
    submit, fits: (view) => holds(view, link),
  });
}

const holds = (view, link) => yellow(view.check).some((k) => k.id === link.id);

// confirmForm asks for a plain yes.
export function confirmForm(title, submit, fits = () => true) {
  return new Form({ title, submit, fits });
}
