// The questions of a room, with their votes.
/* global document */
import { announce, attempt } from './messages.js';
import { call } from './server.js';
import { $, recall, remember, state, thisRoom } from './state.js';

const STATES = { draft: 'Not open yet', open: '', closed: 'Voting closed' };

/** Shows a question as it is now. What is new of it is announced; that somebody voted is not. */
export function showQuestion(question, { isQuiet = false } = {}) {
  const before = state.questions.get(question.id);
  state.questions.set(question.id, question);
  $('nothing-yet').hidden = true;
  const article = $(`question-${question.id}`) ?? newQuestion(question);
  const total = totalOf(question);
  question.options.forEach((option, index) => {
    showOption(article.querySelectorAll('li')[index], question, option, total);
  });
  const standing = [total === 0 ? 'No votes' : votesAsText(total), STATES[question.state]];
  article.querySelector('.total').textContent = standing.filter(Boolean).join(' · ');
  article.querySelector('.close').hidden = state.role !== 'host' || question.state !== 'open';
  if (isQuiet) return;
  if (!before) announce(`New question: ${question.body}`);
  else if (before.state !== question.state && question.state === 'closed') {
    announce(`Voting closed: ${question.body} ${resultsAsText(question)}`);
  }
}

/** A question that was asked this moment, as everybody will see it. */
export function asUnanswered({ id, body, options }) {
  return { id, body, state: 'open', options: options.map((option) => ({ ...option, votes: 0 })) };
}

/** Has the keyboard, and a screen reader, go on from a question. */
export function focusQuestion({ id }) {
  $(`question-${id}`).querySelector('h2').focus();
}

function newQuestion(question) {
  const article = $('question-template').content.cloneNode(true).firstElementChild;
  article.id = `question-${question.id}`;
  article.querySelector('h2').textContent = question.body;
  article.querySelector('.close').onclick = attempt(() =>
    call(`/questions/${question.id}/close`, {}),
  );
  article
    .querySelector('ul')
    .append(...question.options.map(() => $('option-template').content.cloneNode(true)));
  $('questions').prepend(article);
  return article;
}

function showOption(item, question, option, total) {
  const mine = state.me?.votes?.[question.id];
  const canVote = question.state === 'open' && Boolean(state.me?.id) && mine === undefined;
  const row = rowOf(item, canVote ? 'button' : 'div');
  if (canVote) row.onclick = attempt(() => vote(question, option));
  const share = percentage(option.votes, total);
  item.classList.toggle('is-mine', mine === option.id);
  row.querySelector('.mine').hidden = mine !== option.id;
  row.querySelector('.label').textContent = option.label;
  row.querySelector('.share').textContent = share;
  row.querySelector('.votes').textContent = votesAsText(option.votes);
  item.querySelector('.bar div').style.width = share;
}

/** The row of an option: a button for who can vote, else text. It is replaced only when that changes. */
function rowOf(item, tag) {
  const existing = item.querySelector('.option');
  if (existing?.localName === tag) return existing;
  existing?.remove();
  const row = document.createElement(tag);
  row.className = 'option';
  if (tag === 'button') row.type = 'button';
  row.append($('option-text-template').content.cloneNode(true));
  item.prepend(row);
  return row;
}

async function vote(question, option) {
  const room = thisRoom();
  await call(`/questions/${question.id}/votes`, {
    participantId: state.me.id,
    optionId: option.id,
  });
  const me = recall(room);
  remember({ ...me, votes: { ...me.votes, [question.id]: option.id } }, room);
  if (!room.isHere()) return;
  showQuestion(state.questions.get(question.id));
  announce(`You voted for ${option.label}.`);
  // The button that was pressed is gone.
  focusQuestion(question);
}

function resultsAsText(question) {
  const total = totalOf(question);
  const shares = question.options.map(
    ({ label, votes }) => `${label}: ${percentage(votes, total)}`,
  );
  return `${shares.join(', ')}.`;
}

const totalOf = ({ options }) => options.reduce((sum, { votes }) => sum + votes, 0);

const votesAsText = (count) => (count === 1 ? '1 vote' : `${count} votes`);

const percentage = (votes, total) => `${total === 0 ? 0 : Math.round((100 * votes) / total)}%`;
