// What the page knows, and what it keeps: a host's token for the browser, a participant's for the tab.
/* global document, localStorage, sessionStorage */

export const $ = (id) => document.getElementById(id);

export const state = { role: null, code: null, me: null, isShown: false, questions: new Map() };

/** Starts anew, at a room or at none. */
export function enterAs(role, code) {
  Object.assign(state, { role, code, me: null, isShown: false });
  state.questions.clear();
  if (code) state.me = JSON.parse(storage().getItem(`${role}/${code}`) ?? 'null');
}

export function remember(me) {
  state.me = me;
  storage().setItem(`${state.role}/${state.code}`, JSON.stringify(me));
}

/** Keeps a host's token for the room that was just created. */
export function rememberHost(code, token) {
  localStorage.setItem(`host/${code}`, JSON.stringify({ token }));
}

function storage() {
  return state.role === 'host' ? localStorage : sessionStorage;
}
