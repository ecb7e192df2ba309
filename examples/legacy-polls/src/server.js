'use strict';

const http = require('node:http');
const polls = require('./polls');

const ROUTES = [
  ['POST', /^\/rooms$/, polls.createRoom],
  ['POST', /^\/rooms\/(?<code>\w{6})\/questions$/, polls.ask],
  ['POST', /^\/rooms\/(?<code>\w{6})\/participants$/, polls.join],
  ['POST', /^\/questions\/(?<questionId>\d+)\/votes$/, polls.vote],
  ['POST', /^\/questions\/(?<questionId>\d+)\/close$/, polls.close],
  ['GET', /^\/questions\/(?<questionId>\d+)\/results$/, polls.results],
];

// What PostgreSQL refuses, as the client's mistake that it is.
const REFUSED = {
  23502: [400, 'something is missing'],
  22001: [400, 'too long'],
  '22P02': [400, 'not a valid value'],
  22003: [400, 'not a valid value'],
  23503: [404, 'no such option'],
  23505: [409, 'already taken or already voted'],
  23514: [409, 'not allowed now'],
};

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length > 0 ? JSON.parse(Buffer.concat(chunks)) : {};
}

async function answer(request) {
  const { pathname } = new URL(request.url, 'http://localhost');
  for (const [method, pattern, action] of ROUTES) {
    const match = pattern.exec(pathname);
    if (!match || request.method !== method) continue;
    const result = await action({ ...(await bodyOf(request)), ...match.groups });
    if (!result) return [404, { error: 'not found' }];
    return [method === 'POST' ? 201 : 200, result];
  }
  return [404, { error: 'not found' }];
}

function refusal(error) {
  if (error instanceof SyntaxError) return [400, { error: 'not valid JSON' }];
  const [status, message] = REFUSED[error.code] ?? [500, 'something went wrong'];
  if (status === 500) console.error(error);
  return [status, { error: message }];
}

const server = http.createServer(async (request, response) => {
  const [status, body] = await answer(request).catch(refusal);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
});

server.listen(process.env.PORT ?? 3000, () => {
  console.log(`listening on port ${server.address().port}`);
});
