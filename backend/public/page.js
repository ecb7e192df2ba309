// The page of hosts and participants. Where it is, the address says: #host/CODE, #join/CODE, or
// nothing. A host's token is kept for the browser, a participant's for the tab.
/* global document, io, localStorage, location, sessionStorage, window */
const $ = (id) => document.getElementById(id);
const state = { role: null, code: null, me: null, questions: new Map(), votes: {} };
const socket = io();

// ---- where we are

window.addEventListener('hashchange', enter);
socket.on('connect', () => {
  $('connection').textContent = 'live';
  if (state.code) watch();
});
socket.on('disconnect', () => ($('connection').textContent = 'connecting …'));
socket.on('stale', () => watch());
socket.on('people', ({ participants }) => ($('people').textContent = participants));
socket.on('question', showQuestion);
enter();

function enter() {
  const [, role, code] = /^#(host|join)\/(\w{6})$/.exec(location.hash) ?? [];
  Object.assign(state, { role, code: code?.toUpperCase(), votes: {} });
  state.questions.clear();
  $('questions').replaceChildren();
  complain(null);
  $('start').hidden = Boolean(code);
  $('room').hidden = !code;
  if (!code) return;
  state.me = JSON.parse(storage().getItem(`${role}/${state.code}`) ?? 'null');
  state.votes = state.me?.votes ?? {};
  showRole();
  if (socket.connected) watch();
}

function watch() {
  const { code } = state;
  if (!code) return;
  socket.emit('watch', code, (answer) => {
    if (code !== state.code) return;
    if (!answer.ok) return complain(answer.problem.title);
    const { room } = answer;
    document.title = `${room.title} · Live polls`;
    $('room-title').textContent = room.title;
    $('people').textContent = room.participants;
    room.questions.forEach(showQuestion);
    $('nothing-yet').hidden = room.questions.length > 0;
  });
}

function showRole() {
  const isHost = state.role === 'host';
  const link = `${location.origin}/#join/${state.code}`;
  $('role').textContent = isHost ? 'You are the host' : state.me ? `You are ${state.me.name}` : '';
  $('room-code').textContent = state.code;
  $('invite').hidden = $('ask-form').hidden = !isHost;
  $('invite-link').textContent = $('invite-link').href = link;
  $('name-form').hidden = isHost || state.me !== null;
  if (isHost) loadTemplates();
}

// ---- what a person does

submit('join-form', () => (location.hash = `join/${$('join-code').value.trim().toUpperCase()}`));

submit('open-form', async () => {
  const { code, hostToken } = await call('/rooms', { title: $('open-title').value });
  localStorage.setItem(`host/${code}`, JSON.stringify({ token: hostToken }));
  location.hash = `host/${code}`;
});

submit('name-form', async () => {
  state.me = await call(`/rooms/${state.code}/participants`, { name: $('name').value });
  remember();
  showRole();
  state.questions.forEach(showQuestion);
});

submit('ask-form', async (form) => {
  const options = $('options')
    .value.split('\n')
    .map((line) => line.trim());
  const question = { body: $('body').value, options: options.filter((line) => line !== '') };
  await call(`/rooms/${state.code}/questions`, question);
  form.reset();
});

async function vote(question, option) {
  await call(`/questions/${question.id}/votes`, {
    participantId: state.me.id,
    optionId: option.id,
  });
  state.votes[question.id] = option.id;
  remember();
  showQuestion(state.questions.get(question.id));
}

const close = (question) => call(`/questions/${question.id}/close`, {});

async function loadTemplates() {
  const select = $('template');
  if (select.options.length > 1) return;
  for (const { label, answers } of await call('/templates')) {
    const option = new window.Option(label, answers.join('\n'));
    select.add(option);
  }
  select.onchange = () => {
    $('body').value = select.value && select.selectedOptions[0].text;
    $('options').value = select.value;
  };
}

// ---- what a person sees

function showQuestion(question) {
  state.questions.set(question.id, question);
  $('nothing-yet').hidden = true;
  const total = question.options.reduce((sum, { votes }) => sum + votes, 0);
  const article = $(`question-${question.id}`) ?? newQuestion(question);
  const isOpen = question.state === 'open';
  question.options.forEach((option, index) => {
    const item = article.querySelectorAll('li')[index];
    const button = item.querySelector('button');
    button.disabled = !isOpen || !state.me?.id || question.id in state.votes;
    button.setAttribute('aria-pressed', state.votes[question.id] === option.id);
    item.querySelector('.votes').textContent = option.votes;
    const bar = item.querySelector('progress');
    bar.max = Math.max(total, 1);
    bar.value = option.votes;
  });
  const count = `${total} ${total === 1 ? 'vote' : 'votes'}`;
  article.querySelector('.total').textContent = isOpen ? count : `${count} · closed`;
  article.querySelector('.close').hidden = state.role !== 'host' || !isOpen;
}

function newQuestion(question) {
  const article = $('question-template').content.cloneNode(true).firstElementChild;
  article.id = `question-${question.id}`;
  article.querySelector('h2').textContent = question.body;
  article.querySelector('.close').onclick = attempt(() => close(question));
  for (const option of question.options) {
    const item = $('option-template').content.cloneNode(true).firstElementChild;
    item.querySelector('.label').textContent = option.label;
    item.querySelector('button').onclick = attempt(() => vote(question, option));
    item.querySelector('progress').setAttribute('aria-label', `Share of ${option.label}`);
    article.querySelector('ul').append(item);
  }
  $('questions').prepend(article);
  return article;
}

// ---- how it talks to the server

async function call(path, body) {
  const headers = { 'content-type': 'application/json' };
  if (state.me?.token) headers.authorization = `Bearer ${state.me.token}`;
  const response = await fetch(
    path,
    body && { method: 'POST', headers, body: JSON.stringify(body) },
  );
  const answer = await response.json();
  if (response.ok) return answer;
  const details = (answer.errors ?? []).map(({ message }) => message);
  throw new Error([answer.title, ...details].join(' '));
}

function submit(id, action) {
  $(id).addEventListener('submit', (event) => {
    event.preventDefault();
    attempt(() => action($(id)))();
  });
}

function attempt(action) {
  return async () => {
    complain(null);
    try {
      await action();
    } catch (error) {
      complain(error.message);
    }
  };
}

function complain(message) {
  $('problem').textContent = message ?? '';
  $('problem').hidden = !message;
}

function storage() {
  return state.role === 'host' ? localStorage : sessionStorage;
}

function remember() {
  const value = JSON.stringify({ ...state.me, votes: state.votes });
  storage().setItem(`${state.role}/${state.code}`, value);
}
