import { Router } from 'express';
import { type Knex } from 'knex';
import { type Logger } from 'pino';
import { announceChange, type Change } from '../polls/changes.js';
import {
  newParticipant,
  newQuestion,
  newRoom,
  newVote,
  questionPath,
  roomPath,
} from '../polls/input.js';
import { joinRoom } from '../polls/participants.js';
import { askQuestion, closeQuestion, listTemplates } from '../polls/questions.js';
import { resultsOf } from '../polls/results.js';
import { checkHostOf, openRoom, viewRoom } from '../polls/rooms.js';
import { castVote } from '../polls/votes.js';
import { notFound } from '../problem.js';
import { parse, tokenOf } from './answers.js';
import { limitPerMinute } from './limits.js';

/** What the routes work with. */
export interface RoutesOptions {
  knex: Knex;
  log: Logger;
  /** Requests a minute and address. Rooms may be opened at a fortieth of that. */
  rateLimit: number;
}

/** The API, under the addresses that it has had since 2015. */
export function createRoutes({ knex, log, rateLimit }: RoutesOptions): Router {
  const router = Router();
  // What is done is done: that the others cannot be told must not make the client try again.
  const announce = (change: Change): Promise<void> =>
    announceChange(knex, change).catch((error: unknown) =>
      log.warn({ err: error }, 'a change was not announced'),
    );

  router.post('/rooms', limitPerMinute(Math.ceil(rateLimit / 40)), async (request, response) => {
    response.status(201).json(await openRoom(knex, parse(newRoom, request.body)));
  });

  router.get('/rooms/:code', async (request, response) => {
    response.json(await viewRoom(knex, parse(roomPath, request.params).code));
  });

  router.get('/rooms/:code/host', async (request, response) => {
    await checkHostOf(knex, parse(roomPath, request.params).code, tokenOf(request));
    response.json({ host: true });
  });

  router.post('/rooms/:code/participants', async (request, response) => {
    const { code } = parse(roomPath, request.params);
    const { name } = parse(newParticipant, request.body);
    const participant = await joinRoom(knex, code, name);
    await announce({ code });
    response.status(201).json(participant);
  });

  router.post('/rooms/:code/questions', async (request, response) => {
    const { code } = parse(roomPath, request.params);
    const question = parse(newQuestion, request.body);
    const asked = await askQuestion(knex, code, tokenOf(request), question);
    await announce({ code, questionId: asked.id });
    response.status(201).json(asked);
  });

  router.post('/questions/:id/votes', async (request, response) => {
    const { id } = parse(questionPath, request.params);
    const { isNew, ...vote } = await castVote(
      knex,
      id,
      parse(newVote, request.body),
      tokenOf(request),
    );
    response.status(isNew ? 201 : 200).json(vote);
  });

  router.post('/questions/:id/close', async (request, response) => {
    const { id } = parse(questionPath, request.params);
    const { code, ...closed } = await closeQuestion(knex, id, tokenOf(request));
    await announce({ code, questionId: id });
    response.json(closed);
  });

  router.get('/questions/:id/results', async (request, response) => {
    const results = await resultsOf(knex, parse(questionPath, request.params).id);
    if (!results) throw notFound('question');
    response.json(results);
  });

  router.get('/templates', async (_request, response) => {
    response.json(await listTemplates(knex));
  });

  return router;
}
