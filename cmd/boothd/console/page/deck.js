// The deck at the foot of the page, where the officer acts: every action with its key, and
// the question that an action asks.

import { S } from './strings.js';
import { h, icon, keycap } from './dom.js';
import { api } from './api.js';
import { first } from './alerts.js';
import { checksOf } from './checks.js';
import { yellow } from './links.js';
import { mayBeChild } from './traveller.js';
import { askedFor, taken } from './hands.js';
import * as forms from './forms.js';

export const isOpen = (check) => Boolean(check) && check.phase !== 'closed' && check.phase !== 'abandoned';

// createDeck takes from its host what it works on: state() is the page's, overlay(name)
// shows help or the booth, signOut() ends the session.
export function createDeck({ state, overlay, signOut }) {
  const message = h('p', { class: 'message', role: 'alert' });
  const slot = h('div', { class: 'slot' });
  const node = h('footer', { class: 'deck' }, message, slot);
  let form = null;
  let busy = null; // the deed under way
  let drawn = '';

  // tell says why something was not done, or that it was.
  function tell(text, tone = 'refused') {
    message.className = `message ${tone}`;
    message.textContent = text;
    message.hidden = !text;
  }

  function close() {
    form = null;
    drawn = '';
    draw();
  }

  function ask(next) {
    form = next;
    form.onclose = close;
    drawn = '';
    tell('');
    draw();
    form.focus();
  }

  // run does one deed at a time and tells why the booth refused it. A deed is over when the
  // booth has answered, or when the view shows that the check has moved on.
  async function run(deed, done = '') {
    if (busy) return;
    const mine = Symbol('deed');
    busy = mine;
    tell('');
    node.setAttribute('aria-busy', 'true');
    let refused = null;
    try {
      await deed();
    } catch (problem) {
      refused = problem;
    }
    const current = busy === mine;
    if (current) rest();
    if (!refused) {
      if (current) close();
      tell(done, 'done');
      return;
    }
    tell(refused.text ?? S.problem.noAnswer);
    if (refused.status === 401) signOut();
    else if (current) form?.focus();
  }

  function rest() {
    busy = null;
    node.removeAttribute('aria-busy');
  }

  function idleActions() {
    return [
      { key: 'Enter', also: 'n', label: S.act.start, primary: true, do: () => run(api.start) },
    ];
  }

  // missFinger asks which finger is meant where several are taken, and why it is missing.
  function missFinger(check) {
    const why = (fingers) => ask(forms.fingerForm((reason) => run(() => api.missFinger(check.id, reason, fingers))));
    const open = askedFor(check);
    if (open) ask(forms.whichFingersForm(open, why));
    else if (!check.fingers) why();
    else tell(S.form.noFingerOpen);
  }

  function retake(check, modality) {
    const again = (finger) => run(() => api.retake(check.id, modality, finger));
    const fingers = modality === 'finger' ? taken(check) : [];
    if (fingers.length) ask(forms.whichFingerForm(fingers, again));
    else again();
  }

  function collectingActions(check) {
    const abandon = { key: 'Escape', label: S.act.abandon, far: true, do: () => ask(forms.abandonForm((why) => run(() => api.abandon(check.id, why)))) };
    if (check.phase === 'concluding') {
      return [check.fault ? { key: 'c', label: S.act.retry, primary: true, do: () => run(() => api.conclude(check.id)) } : null, abandon].filter(Boolean);
    }
    const read = check.evidence.some((e) => e.modality === 'document');
    const known = ['document', 'chip', 'finger', 'face'].filter((m) => (m !== 'chip' || read) && (check.wanted.includes(m) || check.evidence.some((e) => e.modality === m)));
    return [
      { key: 'c', label: S.act.conclude, primary: check.wanted.length === 0, do: () => run(() => api.conclude(check.id)) },
      { key: 'm', label: S.act.type, do: () => ask(forms.typeForm((lines) => run(() => api.addZone(check.id, lines)))) },
      { key: 'f', label: S.act.finger, do: () => missFinger(check) },
      known.includes('chip') ? { key: 'h', label: S.act.chip, do: () => ask(forms.chipForm((reason) => run(() => api.missChip(check.id, reason)), (number) => run(() => api.useAccessNumber(check.id, number)))) } : null,
      { key: 'r', label: S.act.retake, do: () => ask(forms.retakeForm(known, (m) => retake(check, m))) },
      abandon,
    ].filter(Boolean);
  }

  // askingActions are further questions about the traveller; they may be put until the check is
  // closed. Links are verified by the second line only.
  function askingActions(check) {
    const list = [{ key: 'i', label: S.act.identify, do: () => ask(forms.identifyForm(mayBeChild(check.zone), (ground, interests) => run(() => api.identify(check.id, ground, interests)))) }];
    if (check.lines.some((l) => l.needs)) {
      list.push({ key: 'g', label: S.act.grant, do: () => ask(forms.grantForm((file) => run(async () => api.useGrant(check.id, (await file.text()).trim())))) });
    }
    const links = state().me?.verifies ? yellow(check) : [];
    const verify = (link) => ask(forms.verifyForm(link, (colour, why) => run(() => api.verify(link.id, colour, why), S.form.verified)));
    if (links.length) list.push({ key: 'v', label: S.act.verify, do: () => (links.length > 1 ? ask(forms.linkForm(links, verify)) : verify(links[0])) });
    return list;
  }

  function decidedActions(check) {
    if (!check.recommendation) return [];
    return ['clear', 'refer', 'stop'].map((o, i) => ({
      key: String(i + 1), label: S.act[o], tone: o, icon: o,
      note: check.recommendation.outcome === o ? S.act.recommended : null,
      do: () => ask(forms.dispositionForm(check, o, (decision, why) => run(() => api.dispose(check.id, decision, why)))),
    }));
  }

  function actions() {
    const { view } = state();
    const check = view?.check;
    const list = !isOpen(check) ? idleActions() : check.phase === 'decided' ? decidedActions(check) : collectingActions(check);
    if (isOpen(check)) list.push(...askingActions(check));
    // All checks of the document open by a key; the button for it stands below those that failed.
    if (isOpen(check) && checksOf(check).length) list.push({ key: 'd', label: S.checks.title, unseen: true, do: () => overlay('checks') });
    const alert = first(view);
    if (alert) {
      list.push({ key: 'a', label: S.act.seen, far: true, do: () => ask(forms.confirmForm(S.form.seenTitle,
        () => run(() => api.dismiss(alert.id)), (v) => v.alerts.some((a) => a.id === alert.id))) });
    }
    // With a check open signing out is a key only; its button makes room for the check's.
    list.push({ key: 'l', label: S.act.signOut, far: true, unseen: isOpen(check), do: () => ask(forms.confirmForm(S.form.signOutTitle,
      () => run(async () => { await api.signOut(); signOut(); }))) });
    if (isOpen(check)) list.push({ key: 'b', label: S.act.status, far: true, do: () => overlay('booth') });
    list.push({ key: '?', label: S.act.help, far: true, do: () => overlay('help') });
    return list;
  }

  function button(action) {
    const cap = { Enter: S.key.enter, Escape: S.key.escape }[action.key] ?? action.key.toUpperCase();
    return h('button', { type: 'button', class: ['act', action.tone, action.primary && 'primary', action.far && 'far'].filter(Boolean).join(' '), onclick: (e) => press(action, e) },
      keycap(cap), action.icon ? icon(action.icon) : null,
      h('span', {}, action.label, action.note ? h('small', {}, action.note) : null));
  }

  // press does an action that was clicked; the mouse leaves no focus behind that a later
  // Enter would press again.
  function press(action, event) {
    if (event.detail > 0) event.currentTarget.blur();
    action.do();
  }

  function draw() {
    const list = form ? [] : actions().filter((a) => !a.unseen);
    const looks = form ? 'form' : JSON.stringify(list.map((a) => [a.key, a.label, a.primary, a.note]));
    // The actions close over the check they were made for, hence its id.
    const now = `${looks}${state().view?.check?.id}${first(state().view)?.id}${state().live}${yellow(state().view?.check).map((k) => k.id)}${state().view?.check?.zone?.birthDate?.text}${JSON.stringify(state().view?.check?.fingers)}`;
    if (now === drawn) return;
    drawn = now;
    node.inert = state().live !== 'live';
    slot.replaceChildren(...(form ? [form.node] : [h('div', { class: 'acts' },
      h('div', {}, list.filter((a) => !a.far).map(button)), h('div', {}, list.filter((a) => a.far).map(button)))]));
  }

  return {
    node,
    update() {
      const { view } = state();
      if (form && !form.fits(view)) close();
      draw();
    },
    // leave forgets what was begun or said, because another phase has come.
    leave() {
      rest();
      tell('');
      if (form) close();
    },
    key(event) {
      if (state().live !== 'live' || busy) return false;
      const pressed = event.target.closest('button') && (event.key === 'Enter' || event.key === ' ');
      if (form) return pressed && !node.contains(event.target) ? false : form.key(event);
      if (pressed) return false;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const action = actions().find((a) => a.key === key || a.also === key);
      action?.do();
      return Boolean(action);
    },
  };
}
