// Signing in: at the sign-in service if the booth has one, or with the officer's token.

import { S } from './strings.js';
import { h, keycap } from './dom.js';
import { api } from './api.js';

export function createLogin(signedIn) {
  const input = h('input', { type: 'password', id: 'token', autocomplete: 'off', spellcheck: 'false', required: true, maxlength: 4096 });
  const note = h('p', { class: 'message', role: 'alert', hidden: true });
  const button = h('button', { type: 'submit', class: 'primary' }, keycap(S.key.enter), S.login.button);
  const hint = h('p', { class: 'note' }, S.login.hint);
  const service = h('div', { class: 'service', hidden: true },
    h('button', { type: 'button', class: 'primary', onclick: () => api.startLogin() }, keycap(S.key.enter), S.login.button));
  const profiles = h('div', { class: 'profiles', role: 'group', 'aria-label': S.login.choose, hidden: true });
  const byToken = h('div', { class: 'token' }, h('label', { for: 'token' }, S.login.label), input, hint);
  let busy = false;

  function tell(problem) {
    note.textContent = problem?.text ?? S.problem.noAnswer;
    note.hidden = !problem;
  }

  // run does one deed at a time and says why it was refused.
  async function run(deed) {
    if (busy) return;
    busy = true;
    button.disabled = true;
    tell(null);
    try {
      const me = await deed();
      show({ issuer: !service.hidden, choices: [] });
      signedIn(me);
    } catch (problem) {
      if (problem.code === 'choose-profile') await look();
      else {
        tell(problem);
        focus();
      }
    } finally {
      busy = false;
      button.disabled = false;
    }
  }

  function submit(event) {
    event.preventDefault();
    const token = input.value.trim();
    if (!token) return;
    input.value = '';
    run(() => api.signIn(token));
  }

  // choose shows the profiles, each with its digit.
  function choose(names) {
    profiles.replaceChildren(h('p', {}, S.login.choose), ...names.map((name, i) => h('button', {
      type: 'button', onclick: () => run(() => api.chooseProfile(name)),
    }, i < 9 ? keycap(String(i + 1)) : null, name)));
  }

  function show({ issuer, choices, failed }) {
    const choosing = choices.length > 0;
    choose(choices);
    profiles.hidden = !choosing;
    service.hidden = !issuer || choosing;
    byToken.hidden = choosing;
    button.hidden = choosing;
    button.classList.toggle('primary', !issuer);
    button.lastChild.textContent = issuer ? S.login.withToken : S.login.button;
    hint.textContent = issuer ? S.login.or : S.login.hint;
    if (failed) tell({ text: [failed.title, failed.detail, failed.next].filter(Boolean).join(' ') });
  }

  function focus() {
    if (!profiles.hidden) profiles.querySelector('button')?.focus();
    else if (!service.hidden) service.querySelector('button').focus();
    else input.focus();
  }

  // look asks the booth what there is to sign in with. A booth that does not answer leaves
  // the token, which tells so when it is tried.
  async function look() {
    try {
      show(await api.login());
    } catch {
      show({ issuer: false, choices: [] });
    }
    if (!input.value) focus(); // or it would take the focus from who types already
  }

  function digit(event) {
    const n = Number(event.key);
    if (profiles.hidden || !Number.isInteger(n) || n < 1 || event.ctrlKey || event.altKey || event.metaKey) return;
    const chosen = profiles.querySelectorAll('button')[n - 1];
    if (!chosen) return;
    event.preventDefault();
    chosen.click();
  }

  const node = h('main', { class: 'login', onkeydown: digit }, h('form', { class: 'card', onsubmit: submit },
    h('h1', {}, S.title), note, service, profiles, byToken, button));
  return { node, focus: () => { focus(); look(); } };
}
