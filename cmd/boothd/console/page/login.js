// Signing in with the officer's token.

import { S } from './strings.js';
import { h, keycap } from './dom.js';
import { api } from './api.js';

export function createLogin(signedIn) {
  const input = h('input', { type: 'password', id: 'token', autocomplete: 'off', spellcheck: 'false', required: true, maxlength: 512 });
  const note = h('p', { class: 'message', role: 'alert', hidden: true });
  const button = h('button', { type: 'submit', class: 'primary' }, keycap(S.key.enter), S.login.button);
  async function submit(event) {
    event.preventDefault();
    if (button.disabled || !input.value) return;
    button.disabled = true;
    note.hidden = true;
    try {
      const me = await api.signIn(input.value.trim());
      input.value = '';
      signedIn(me);
    } catch (problem) {
      input.value = '';
      note.textContent = problem.text ?? S.problem.noAnswer;
      note.hidden = false;
      input.focus();
    } finally {
      button.disabled = false;
    }
  }
  const node = h('main', { class: 'login' }, h('form', { class: 'card', onsubmit: submit },
    h('h1', {}, S.title), h('label', { for: 'token' }, S.login.label), input, h('p', { class: 'note' }, S.login.hint), note, button));
  return { node, focus: () => input.focus() };
}
