// The questions that an action asks before it is done. All are one Form: options chosen by
// digit, a text where one is needed, Enter to confirm, Esc to go back.

import { S } from './strings.js';
import { h, icon, keycap } from './dom.js';

// Form asks. Options are {value, label, icon}; text is {label, hint, rows, needed(value),
// take(text)}; submit gets the option's value and the text.
export class Form {
  constructor({ title, options = [], chosen = -1, text = null, submit, fits }) {
    Object.assign(this, { options, chosen, text, submit, fits });
    this.buttons = options.map((o, i) => h('button', {
      type: 'button', role: 'radio', class: `option ${o.tone ?? ''}`, tabindex: -1, onclick: () => this.choose(i),
    }, keycap(String(i + 1)), o.icon ? icon(o.icon) : null, h('span', {}, o.label)));
    this.input = text && (text.rows
      ? h('textarea', { rows: text.rows, class: 'mono', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'characters', 'aria-label': text.label, oninput: () => this.typed() })
      : h('input', { type: 'text', maxlength: 500, autocomplete: 'off', 'aria-label': text.label, placeholder: text.hint, oninput: () => this.typed() }));
    this.hint = h('p', { class: 'hint', 'aria-live': 'polite' }, text?.rows ? text.hint : '');
    this.title = h('h2', {}, title);
    this.confirmed = h('button', { type: 'button', class: 'primary', onclick: () => this.confirm() }, keycap(S.key.enter), S.act.confirm);
    this.backed = h('button', { type: 'button', onclick: () => this.back() }, keycap(S.key.escape), S.act.back);
    this.node = h('div', { class: text?.rows ? 'form tall' : 'form', role: 'group' },
      this.title,
      options.length ? h('div', { class: 'options', role: 'radiogroup' }, this.buttons) : null,
      this.input ? h('div', { class: 'text' }, this.input, this.hint) : null,
      h('div', { class: 'do' }, this.confirmed, this.backed));
    this.onclose = () => {};
    this.show();
  }

  get value() { return this.options[this.chosen]?.value; }

  get needsText() { return Boolean(this.text) && (!this.text.needed || this.text.needed(this.value)); }

  choose(i) {
    this.chosen = i;
    this.show();
    this.focus();
  }

  show() {
    this.buttons.forEach((b, i) => b.setAttribute('aria-checked', String(i === this.chosen)));
    if (!this.input) return;
    this.input.parentElement.hidden = !this.needsText;
    if (this.text.title) this.title.textContent = this.text.title(this.value);
  }

  focus() {
    if (this.input && this.needsText) this.input.focus();
    else (this.buttons[this.chosen] ?? this.confirmed).focus();
  }

  typed() {
    if (this.text.shape) this.input.value = this.text.shape(this.input.value);
    this.hint.textContent = this.text.count ? this.text.count(this.input.value) : '';
  }

  // key acts on a key and reports whether it was meant for the form.
  key(event) {
    const typing = event.target === this.input;
    if (event.key === 'Escape') this.back();
    else if (event.key === 'Enter') {
      if (event.target === this.backed) return false;
      if (typing && this.text.rows && !event.ctrlKey && !/(^|\n)$/.test(this.input.value)) return false;
      this.confirm();
    } else if (!typing && this.options[Number(event.key) - 1]) this.choose(Number(event.key) - 1);
    else return false;
    return true;
  }

  confirm() {
    const text = this.input && this.needsText ? this.input.value.trim() : '';
    if (this.options.length && this.chosen < 0) return;
    if (this.needsText && !text) {
      this.hint.textContent = this.text.rows ? this.text.hint : S.form.whyNeeded;
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
      label: S.form.typeLabel, hint: S.form.typeHint, rows: 3,
      shape: (text) => text.toUpperCase().replaceAll(' ', '<').replace(/[^A-Z0-9<\n]/g, '').replace(/^\n+/, ''),
      count: (text) => (text ? `${S.form.typeCount(text.split('\n').filter(Boolean).map((l) => l.length).join(' + '))}. ${S.form.typeWant}` : S.form.typeHint),
    },
    submit: (_, text) => submit(text.split('\n').filter(Boolean)), fits: open('collecting'),
  });
}

// confirmForm asks for a plain yes.
export function confirmForm(title, submit, fits = () => true) {
  return new Form({ title, submit, fits });
}
