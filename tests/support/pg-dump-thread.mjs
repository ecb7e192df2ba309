// pg_dump in WebAssembly, in a thread of its own: it has no sockets, and calls functions that write and read
// instead. They have to answer at once, so this thread sleeps until the one that holds the session has an answer.
import { Buffer, File } from 'node:buffer';
import { createRequire } from 'node:module';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';

const { program, database, greeting, answers, answered } = workerData;
// Node.js 18 has the class, but not as a global.
globalThis.File ??= File;
const { pgDump } = createRequire(import.meta.url)(program);

/** The bytes of what pg_dump has begun to say. */
let question = Buffer.alloc(0);
let isGreeted = false;

const file = await pgDump({
  // In place of PGlite, whose one session pgDump tidies up with the first two.
  pg: {
    query: () => Promise.resolve({ rows: [{ search_path: '' }] }),
    exec: () => Promise.resolve(),
    execProtocolRawStream(bytes, { onRawData }) {
      question = Buffer.concat([question, bytes]);
      if (!isWhole()) return;
      const isGoodbye = isGreeted && question[0] === 'X'.charCodeAt(0);
      if (!isGoodbye) onRawData(isGreeted ? ask() : greeting);
      isGreeted = true;
      question = Buffer.alloc(0);
    },
  },
  args: ['--schema-only', database],
});
parentPort.postMessage({ dump: await file.text() });

/** Whether the last message has its end; the first of a session has no type before its length. */
function isWhole() {
  const type = isGreeted ? 1 : 0;
  let end = 0;
  while (end + type + 4 <= question.length) end += type + question.readInt32BE(end + type);
  return end === question.length;
}

function ask() {
  parentPort.postMessage({ question });
  for (;;) {
    const answer = receiveMessageOnPort(answers);
    if (answer) return answer.message;
    Atomics.wait(answered, 0, 0);
    Atomics.store(answered, 0, 0);
  }
}
