import { copyOf } from './checkout.mjs';
import { differencesOf, historyLength, stateOf } from './state.mjs';
import { Finding, toolsFor } from './tools.mjs';

/**
 * A project's takeover: what real db-migrate makes of an empty database, then `adopt`, and
 * knexward alone on another empty database.
 */
export async function storyOf(project, server, { from, verbose }) {
  const copy = copyOf(project, from);
  const login = await server.login(project);
  const tools = toolsFor(project, login, copy.folder, verbose);
  return told(project.name, [copy], login, () => takeOver({ project, login, tools }));
}

/** The same for several projects whose histories lie in one database, each in a schema of its own. */
export async function storyTogether(group, projects, server, { from, verbose }) {
  const members = group.projects.map((name) => projects.find((one) => one.name === name));
  const copies = members.map((project) => copyOf(project, from));
  const login = await server.login({ prepare: members.flatMap(({ prepare }) => prepare ?? []) });
  const tools = members.map((one, n) => toolsFor(one, login, copies[n].folder, verbose));
  return told(group.name, copies, login, () => takeOverTogether({ members, login, tools }));
}

async function told(name, copies, login, tell) {
  try {
    return { name, isGood: true, text: await tell() };
  } catch (error) {
    return { name, isGood: false, text: error instanceof Finding ? error.message : error.stack };
  } finally {
    for (const copy of copies) copy.remove();
    await login.remove();
  }
}

async function takeOver({ project, login, tools }) {
  const { history = 'migrations', count, random, stops } = project;
  const expectSame = expecting(login, [history]);
  const expected = await underDbMigrate({ login, tools, history, count });
  await login.create({ from: 'whole' });
  if (stops !== undefined) {
    return stopsAt(stops, tools, () => expectSame('after adopt', expected.applied));
  }
  await tools.adopt();
  await expectSame('after adopt', expected.applied);
  await expectNothingPending(tools);
  await expectSame('after up', expected.applied);
  if (expected.reverted) {
    await tools.knexward('down');
    await expectSame('after down', expected.reverted);
  }
  if (expected.reset) {
    await tools.knexward('down', '--all');
    await expectSame('after down --all', expected.reset);
  }

  // Another environment, which is behind.
  await login.create({ from: 'half' });
  await tools.adoptNext();
  await tools.knexward('up');
  await expectSame('after the other half', expected.applied, random);

  await login.create();
  await tools.knexward('up');
  await expectSame('knexward alone', expected.applied, random);
  const outcome = (state) => (state ? 'the same' : 'fails under db-migrate');
  return `${count} migrations; down: ${outcome(expected.reverted)}, reset: ${outcome(expected.reset)}`;
}

/** What db-migrate makes of an empty database; two copies are kept, one migrated by half. */
async function underDbMigrate({ login, tools, history, count }) {
  await login.create();
  if (count > 1) await tools.dbMigrate('up', { args: ['-c', String(Math.floor(count / 2))] });
  await login.keep('half');
  await tools.dbMigrate('up');
  const applied = await stateOf(login, [history]);
  const found = await historyLength(login, history);
  if (found !== count) throw new Finding(`db-migrate applied ${found} migrations, not ${count}`);
  await login.keep('whole');
  const down = await tools.dbMigrate('down', { mayFail: true });
  const reverted = down.code === 0 ? await stateOf(login, [history]) : null;
  const all = await tools.dbMigrate('reset', { mayFail: true });
  const reset = reverted && all.code === 0 ? await stateOf(login, [history]) : null;
  return { applied, reverted, reset };
}

async function takeOverTogether({ members, login, tools }) {
  const expectSame = expecting(login, ['migrations']);
  await login.create();
  for (const { dbMigrate } of tools) await dbMigrate('up');
  const applied = await stateOf(login, ['migrations']);
  const found = await historyLength(login, 'migrations');
  for (const { adopt } of tools) await adopt();
  for (const each of tools) await expectNothingPending(each);
  await expectSame('after adopt', applied);

  await login.create();
  for (const { knexward } of tools) await knexward('up');
  await expectSame(
    'knexward alone',
    applied,
    members.flatMap(({ random = [] }) => random),
  );
  return `${found} migrations in ${members.length} histories`;
}

function expecting(login, history) {
  return async (when, expected, random = []) => {
    const lines = differencesOf(expected, await stateOf(login, history), random);
    if (lines.length === 0) return;
    throw new Finding(`${when}: ${lines.length} differences\n${lines.slice(0, 20).join('\n')}`);
  };
}

async function expectNothingPending({ knexward }) {
  await knexward('status', '--check');
  const { output } = await knexward('up');
  if (!output.includes('Already up to date')) {
    throw new Finding(`up after adopt ran something:\n${output}`);
  }
}

/** Where knexward cannot take a project over yet: it has to say so, and change nothing. */
async function stopsAt(code, tools, expectSame) {
  const { code: exit, output } = await tools.mayAdopt();
  if (exit === 0 || !output.includes(code)) {
    throw new Finding(`adopt does not stop with ${code}: exit ${exit}\n${output.slice(-3000)}`);
  }
  await expectSame();
  return `adopt stops with ${code}`;
}
