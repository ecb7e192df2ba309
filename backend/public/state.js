// What the page knows, and what it keeps: a host's token for the browser, a participant's for the tab.
/* global document, localStorage, sessionStorage */

export const $ = (id) => document.getElementById(id);

export const state = { role: null, code: null, me: null, isShown: false, questions: new Map() };

/** Starts anew, at a room or at none. */
export function enterAs(role, code) {
  Object.assign(state, { role, code, me: null, isShown: false });
  state.questions.clear();
  if (code) state.me = recall({ role, code });
}

/** The room of now. While the server answers, a person may have gone to another one. */
export function thisRoom() {
  const { role, code } = state;
  return { role, code, isHere: () => state.role === role && state.code === code };
}

export function recall({ role, code }) {
  return JSON.parse(storageOf(role).getItem(`${role}/${code}`) ?? 'null');
}

/** Keeps who a person is in a room of `thisRoom`, which they may have left since. */
export function remember(me, { role, code, isHere }) {
  storageOf(role).setItem(`${role}/${code}`, JSON.stringify(me));
  if (isHere()) state.me = me;
}

/** Keeps a host's token for the room that was just created. */
export function rememberHost(code, token) {
  localStorage.setItem(`host/${code}`, JSON.stringify({ token }));
}

function storageOf(role) {
  return role === 'host' ? localStorage : sessionStorage;
}
