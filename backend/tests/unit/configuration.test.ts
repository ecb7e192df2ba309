import { connectionOf, namesDatabase } from '../../src/config/connection';
import { readEnvironment } from '../../src/config/environment';

const DEVELOPMENT = {
  POSTGRES_HOST: 'dev-host',
  POSTGRES_PORT: '5433',
  POSTGRES_DB: 'dev-db',
  POSTGRES_USER: 'dev-user',
  POSTGRES_PASSWORD: 'dev-password',
};
const DEPLOYED = {
  DB_HOST: 'host',
  DB_PORT: '5434',
  DB_NAME: 'db',
  DB_USER: 'user',
  DB_PASSWORD: 'password',
};

describe('the connection, for the application and the migrations (FR-010)', () => {
  it.each(['development', 'dev'] as const)('in %s from POSTGRES_*', (environment) => {
    expect(connectionOf(environment, { ...DEVELOPMENT, ...DEPLOYED })).toEqual({
      host: 'dev-host',
      port: 5433,
      database: 'dev-db',
      user: 'dev-user',
      password: 'dev-password',
    });
  });

  it.each(['test', 'production'] as const)('in %s from DB_*', (environment) => {
    expect(connectionOf(environment, { ...DEVELOPMENT, ...DEPLOYED })).toEqual({
      host: 'host',
      port: 5434,
      database: 'db',
      user: 'user',
      password: 'password',
    });
  });

  it('DATABASE_URL wins, as it did with db-migrate', () => {
    const url = 'postgresql://somewhere/else';
    expect(connectionOf('production', { ...DEPLOYED, DATABASE_URL: url })).toEqual({
      connectionString: url,
    });
  });

  it('tells where nothing names a database', () => {
    expect(namesDatabase(connectionOf('development', DEPLOYED))).toBe(false);
    expect(namesDatabase(connectionOf('development', { POSTGRES_DB: 'x' }))).toBe(true);
  });
});

describe('the settings', () => {
  it('have defaults that do for development', () => {
    expect(readEnvironment({})).toEqual({
      NODE_ENV: 'development',
      PORT: 3000,
      CORS_ORIGIN: [],
      LOG_LEVEL: 'info',
      RATE_LIMIT: 1200,
      TRUST_PROXY: 0,
      DRAIN_MS: 0,
    });
  });

  it('are read as what they are; an empty one is none', () => {
    const env = { PORT: '8080', LOG_LEVEL: '', CORS_ORIGIN: 'https://a.example/, http://b:1' };
    expect(readEnvironment(env)).toMatchObject({
      PORT: 8080,
      LOG_LEVEL: 'info',
      CORS_ORIGIN: ['https://a.example', 'http://b:1'],
    });
  });

  it.each([
    ['PORT', 'eighty'],
    ['PORT', '70000'],
    ['CORS_ORIGIN', '*'],
    ['NODE_ENV', 'staging'],
    ['RATE_LIMIT', '0'],
  ])('a wrong %s is named, its value is not', (name, value) => {
    const reading = (): unknown => readEnvironment({ [name]: `${value}` });
    expect(reading).toThrow(name);
    expect(reading).not.toThrow(value.length > 1 ? value : 'no value');
  });
});
