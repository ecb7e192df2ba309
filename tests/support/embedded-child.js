// One user of an embedded server, in a process of its own, driven by messages from a test.
const { startEmbedded } = require('../../dist/embedded/index.js');

const [folder, binaries] = process.argv.slice(2);
let server;

const actions = {
  async start() {
    server = await startEmbedded({ folder, binaries: JSON.parse(binaries) });
    return { pid: server.pid, port: server.port, url: server.url };
  },
  async stop() {
    await server.stop();
    return {};
  },
};

process.on('message', (action) => {
  actions[action]().then(
    (result) => process.send({ result }),
    (error) => process.send({ error: error.stack }),
  );
});
