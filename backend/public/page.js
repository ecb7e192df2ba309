// The page of hosts and participants. Where it is, the address says: #host/CODE, #join/CODE, or
// nothing.
/* global clearTimeout, document, history, io, location, window */
import { showInvite } from './invite.js';
import {
  clearMessages,
  clearOutage,
  complain,
  notify,
  resetForm,
  showFieldErrors,
  submit,
} from './messages.js';
import { asUnanswered, focusQuestion, showQuestion } from './results.js';
import { call, ServerError, unreachable } from './server.js';
import { $, enterAs, remember, rememberHost, state, thisRoom } from './state.js';

const CODE = /^[A-Z0-9]{6}$/;
const WRONG_CODE = 'A room code has six letters and digits, for example ABC234.';
const RETRY_MS = 5000;

const socket = io();
let retry;

// ---- where we are

window.addEventListener('hashchange', enter);
window.addEventListener('online', clearOutage);
socket.on('connect', () => {
  showConnection('Live');
  clearOutage();
  void watch();
});
socket.on('disconnect', () => showConnection('Reconnecting…'));
// Each attempt fails anew; a screen reader is told once.
socket.on('connect_error', () => {
  const isWaiting = state.code && !state.isShown;
  if (isWaiting && $('problem').textContent === '') complain(unreachable());
});
socket.on('stale', () => watch());
socket.on('people', ({ participants }) => showPeople(participants));
// Of a room that was left, the server may still tell.
socket.on('question', (question) => state.isShown && showQuestion(question));
enter();

function enter() {
  clearMessages();
  clearTimeout(retry);
  const [, role, given] = /^#(host|join)\/(.*)$/.exec(location.hash) ?? [];
  const code = given?.toUpperCase();
  if (!role) return showStart();
  if (!CODE.test(code)) return showStart({ message: WRONG_CODE });
  enterAs(role, code);
  showOnly('loading');
  void watch();
}

/** Looks at the room, and hears of what changes in it. */
async function watch() {
  const { code, role, isHere } = thisRoom();
  if (!code || !socket.connected) return;
  clearTimeout(retry);
  try {
    // Anybody can write #host into the address: who is host, the server says.
    if (role === 'host') await call(`/rooms/${code}/host`);
    const room = await roomOf(code);
    if (isHere()) showRoom(room);
  } catch (error) {
    if (isHere()) cannotShow(error);
  }
}

async function roomOf(code) {
  const answer = await socket.emitWithAck('watch', code).catch(() => {
    throw unreachable();
  });
  if (!answer.ok) throw new ServerError(answer.problem);
  return answer.room;
}

function cannotShow(error) {
  if (error.status === 403) return joinInstead();
  if (error.status === 404) {
    const { code } = state;
    const message = `There is no room with the code ${code}. Check the code and try again.`;
    return showStart({ code, message });
  }
  complain(error);
  if (error.isOutage) retry = setTimeout(watch, RETRY_MS);
}

function joinInstead() {
  goTo(`#join/${state.code}`);
  enter();
  notify('Only the browser that created this room can host it. You can join and vote.');
}

function goTo(hash) {
  history.replaceState(null, '', location.pathname + hash);
}

// ---- what a person does

submit('join-form', () => {
  const typed = $('join-code').value.trim().toUpperCase();
  // Some paste the whole link, and some read the code out in groups.
  const [, code] = /#(?:JOIN|HOST)\/(.*)$/.exec(typed) ?? [null, typed.replace(/[\s-]/g, '')];
  if (!CODE.test(code)) {
    throw new ServerError({ errors: [{ path: 'code', message: WRONG_CODE }] });
  }
  location.hash = `join/${code}`;
});

submit('open-form', async (form) => {
  const { code, hostToken } = await call('/rooms', { title: $('open-title').value });
  rememberHost(code, hostToken);
  form.reset();
  location.hash = `host/${code}`;
});

submit('name-form', async () => {
  const room = thisRoom();
  remember(await call(`/rooms/${room.code}/participants`, { name: $('name').value }), room);
  if (!room.isHere()) return;
  showRole();
  state.questions.forEach((question) => showQuestion(question, { isQuiet: true }));
  $('room-title').focus();
});

submit('ask-form', async (form) => {
  const lines = $('options').value.split('\n');
  const options = lines.map((line) => line.trim()).filter((line) => line !== '');
  const { code, isHere } = thisRoom();
  const asked = await call(`/rooms/${code}/questions`, { body: $('body').value, options });
  if (!isHere()) return;
  form.reset();
  if (!state.questions.has(asked.id)) showQuestion(asUnanswered(asked));
  focusQuestion(asked);
});

$('go-to-ask').addEventListener('click', () => $('template').focus());

async function loadTemplates() {
  const select = $('template');
  if (select.options.length > 1) return;
  for (const { label, answers } of await call('/templates')) {
    select.add(new window.Option(label, answers.join('\n')));
  }
  select.onchange = () => {
    $('body').value = select.value && select.selectedOptions[0].text;
    $('options').value = select.value;
  };
}

// ---- what a person sees

function showOnly(shown) {
  for (const id of ['start', 'loading', 'room']) $(id).hidden = id !== shown;
}

/** The way in, with what is wrong with the code that led there. */
function showStart({ code = '', message } = {}) {
  enterAs(null, null);
  goTo('');
  document.title = 'Live polls';
  showOnly('start');
  for (const id of ['join-form', 'open-form']) resetForm($(id));
  $('join-code').value = code;
  showFieldErrors($('join-form'), message ? [{ path: 'code', message }] : []);
}

function showRoom(room) {
  const isFirst = !state.isShown;
  state.isShown = true;
  clearOutage();
  document.title = `${room.title} · Live polls`;
  $('room-title').textContent = room.title;
  showPeople(room.participants);
  if (isFirst) {
    $('questions').replaceChildren();
    $('nothing-yet').hidden = false;
    for (const id of ['name-form', 'ask-form']) resetForm($(id));
    showRole();
    showOnly('room');
    $($('name-form').hidden ? 'room-title' : 'name').focus();
  }
  room.questions.forEach((question) => showQuestion(question, { isQuiet: isFirst }));
}

function showRole() {
  const isHost = state.role === 'host';
  $('role').textContent = isHost ? 'You are the host' : state.me ? `You are ${state.me.name}` : '';
  $('room-code').textContent = state.code;
  $('room-code-fact').hidden = isHost;
  for (const id of ['invite', 'ask-form', 'go-to-ask']) $(id).hidden = !isHost;
  $('name-form').hidden = isHost || state.me !== null;
  $('nothing-yet').textContent = isHost
    ? 'No questions yet. Ask the first one.'
    : 'No questions yet. The first one appears here as soon as the host asks it.';
  if (isHost) Promise.all([showInvite(), loadTemplates()]).catch(complain);
}

function showPeople(count) {
  const people = { 0: 'No one has joined yet', 1: '1 person has joined' };
  $('people').textContent = people[count] ?? `${count} people have joined`;
}

function showConnection(text) {
  $('connection').textContent = text;
  $('connection').classList.toggle('is-live', text === 'Live');
}
