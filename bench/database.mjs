// The server, and a database for each run.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from './folders.mjs';

const require = createRequire(import.meta.url);
const { Client } = require('pg');

/** Like a server in use, but for one setting that lets the single big transactions of some tools pass. */
const SETTINGS = { fsync: 'on', max_locks_per_transaction: '512', timezone: 'UTC' };

/** An embedded PostgreSQL on data of its own, removed in the end. */
export class BenchServer {
  /** Databases that others are copied from, by what made them. @type {Map<string, string>} */
  #templates = new Map();
  #count = 0;

  static async start() {
    const { startEmbedded } = require(join(REPOSITORY, 'dist/index.js'));
    const folder = mkdtempSync(join(tmpdir(), 'knexward-bench-'));
    // Under root the server runs as another user, who has to enter the folder.
    chmodSync(folder, 0o755);
    return new BenchServer(folder, await startEmbedded({ folder, settings: SETTINGS }));
  }

  constructor(folder, server) {
    this.folder = folder;
    this.server = server;
  }

  /**
   * A database that holds what the SQL makes. The SQL runs once; later calls copy its result.
   *
   * @param {string} sql
   * @param {boolean} own whether the caller is going to change it; otherwise all callers share one
   * @returns {Promise<string>} its name
   */
  async database(sql, own) {
    const template = sql === '' ? 'template1' : await this.#template(sql);
    if (!own && template !== 'template1') return template;
    return this.#create(template);
  }

  async #template(sql) {
    const known = this.#templates.get(sql);
    if (known !== undefined) return known;
    const name = await this.#create('template1');
    await this.query(name, sql);
    await this.query(name, 'analyze');
    this.#templates.set(sql, name);
    return name;
  }

  async #create(template) {
    const name = `bench_${++this.#count}`;
    await this.query('postgres', `create database ${name} template ${template}`);
    return name;
  }

  /** Drops a database, unless others are copied from it. */
  async drop(name) {
    if ([...this.#templates.values()].includes(name)) return;
    await this.query('postgres', `drop database if exists ${name} with (force)`);
  }

  /** Drops all of them. */
  async dropAll() {
    const names = [...this.#templates.values()];
    this.#templates.clear();
    for (const name of names) await this.drop(name);
  }

  /** Writes out what is waiting, so that one run does not pay for another one's work. */
  settle() {
    return this.query('postgres', 'checkpoint');
  }

  /** @returns {Promise<Record<string, unknown>[]>} */
  async query(database, sql) {
    const { host, port, user, password } = this.server;
    const client = new Client({ host, port, user, password, database });
    await client.connect();
    try {
      const { rows } = await client.query(sql);
      return rows;
    } finally {
      await client.end();
    }
  }

  /** A database's URL, at another port where a proxy stands in front. */
  url(database, port = this.server.port) {
    const { host, user, password } = this.server;
    return `postgresql://${user}:${password}@${host}:${port}/${database}`;
  }

  async stop() {
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
