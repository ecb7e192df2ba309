import fc from 'fast-check';
import { keepSecret, redact, redactAround, redactionAbout, secretsInKeys } from '../../src/secrets';

const SECRET = 'hunter2';

describe('a secret is never shown', () => {
  it.each([
    `create role app login password 'hunter2'`,
    `ALTER USER app WITH ENCRYPTED PASSWORD 'hunter2' VALID UNTIL '2030-01-01'`,
    `alter role app password E'hunter2\\'hunter2'`,
    `alter role app password 'it''s hunter2'`,
    `alter role app password\n  $$hunter2$$`,
    `alter role app password $pw$hunter2$pw$`,
    `alter role app password U&'hunter2'`,
    `alter role app password 'hunter2`,
    `create user mapping for app server s options (user 'app', password 'hunter2')`,
    `alter user mapping for app server s options (set password 'hunter2')`,
    `create subscription s connection 'host=h password=hunter2 dbname=d' publication p`,
    `create subscription s connection 'host=h password=''hunter2 hunter2'' dbname=d' publication p`,
    `select dblink_connect('postgresql://app:hunter2@db.example:5432/app')`,
    `postgres://app:hun@hunter2@db.example/app`,
    `redis://:hunter2@cache:6379`,
    `connecting to postgresql://db/app?user=app&password=hunter2&sslmode=require failed`,
    `host=db user=app password = hunter2`,
    `host=db user=app password=hunter2,with;signs)hunter2`,
    `PGPASSWORD=hunter2 psql`,
    `update users set password = 'hunter2' where id = 1`,
    `update users set "password" = crypt('hunter2', gen_salt('bf'))`,
    `update settings set value = '{"smtp": {"password": "hunter2"}}'`,
    `{ user: 'app', password: 'hunter2' }`,
    `alter system set primary_conninfo = 'host=h passwd=hunter2'`,
    `alter database d set app.jwt_secret to 'hunter2'`,
    `set app.auth_token to 'hunter2'`,
    `select set_config('app.token', 'hunter2', false)`,
    `update users set private_key = 'hunter2' where id = 1`,
    `Key (token)=(hunter2) already exists.`,
    `AWS_SECRET_ACCESS_KEY=hunter2 DB_PASS=hunter2 DB_PW=hunter2 API_TOKEN=hunter2 npm start`,
    `Key (api_key)=(hunter2 (2)) already exists.`,
    `do $$ begin execute 'alter role app password ''hunter2'''; end $$`,
    `do $x$ begin execute 'alter role app password ''it''''s hunter2'''; end $x$`,
    `do 'begin execute ''alter role app password ''''hunter2''''''; end'`,
    `do $$ begin execute E'alter role app password \\'hunter2\\''; end $$`,
    `do $$ begin execute 'alter role app password ' || quote_literal('hunter2'); end $$`,
    `do $$ begin execute 'alter role app password ''' || 'hunter2' || ''''; end $$`,
    `do $$ begin execute format('alter role app password %L', 'hunter2'); end $$`,
    `do $$ begin execute format('alter role %I with password %2$L', 'app', 'hunter2'); end $$`,
    `do $$ declare pw text := 'hunter2'; begin execute format('alter role app password %L', pw); end $$`,
    `do $$ declare v_password constant text := 'hunter2'; begin perform v_password; end $$`,
    `do $$ declare v_password text default 'hunter2'; begin perform v_password; end $$`,
    `do $$ begin execute $q$alter role app password 'hunter2'$q$; end $$`,
    `do $$ begin execute 'alter role app password $q$hunter2$q$'; end $$`,
    `do $$ begin alter role app password hunter2; end $$`,
    `create function f() returns void language plpgsql as 'begin execute ''create user x password ''''hunter2''''''; end'`,
    `alter role app password /* the new one */ 'hunter2'`,
    `alter role app password -- it's the new one\n  'hunter2'`,
    `/* it's */ alter role app password /* a /* b */ c */ 'hunter2'`,
    `alter role app password hunter2`,
    `alter role app password 'abc'\n  'hunter2'`,
    `create server s foreign data wrapper w options (host 'h', password /* */ 'hunter2')`,
    `do $$ begin execute 'create user mapping for a server s options (user ''a'', password ''hunter2'')'; end $$`,
    `select dblink_connect('host=h password = ''hunter2 hunter2''')`,
    `select dblink_connect('host=h password=' || 'hunter2')`,
    `do $$ begin perform dblink_connect('host=h password=''hun ter hunter2'' user=u'); end $$`,
    `do $$ begin execute 'update users set password = crypt(''hunter2'', gen_salt(''bf''))'; end $$`,
    `select set_config('app.password', 'hunter2', false)`,
    `insert into settings (name, value) values ('smtp_password', 'hunter2')`,
    `insert into users (name, password) values ('a', 'hunter2'), ('b', 'hunter2')`,
    `do $$ begin insert into users (name, "password") values ('a', 'hunter2'); end $$`,
  ])('%s', (text) => {
    expect(redact(text)).not.toContain(SECRET);
    expect(redact(text)).toContain('***');
  });

  it.each([
    `create table users (id int, password text not null default '')`,
    `alter table users add column password varchar(255), add column name text default 'x'`,
    `update users set password = $1 where id = $2`,
    `select * from users where password = ? and name = 'x'`,
    `comment on column users.password is 'hashed'`,
    `password authentication failed for user "app"`,
    `alter role app password null`,
    `see https://example.com:443/page and ask me@example.com`,
    `select '2026-01-01 10:00:00'::timestamp, 'a:b@c'`,
    `Key (email)=(a@example.com) already exists.`,
    `create type sign_in as enum ('password', 'google')`,
    `do $$ begin create table users (password text, kind text default 'x'); end $$`,
    `select 'x' from users where kind in ('password', 'google')`,
    `alter role app login; comment on role app is 'no password'`,
  ])('what is none stays: %s', (text) => expect(redact(text)).toBe(text));

  it('leaves what is around it', () => {
    expect(redact(`alter role app password 'a' valid until 'b'`)).toBe(
      `alter role app password '***' valid until 'b'`,
    );
    expect(redact('postgresql://app:a@db:5432/app?password=b&sslmode=require')).toBe(
      'postgresql://app:***@db:5432/app?password=***&sslmode=require',
    );
  });

  it('a place behind a secret is found again, on its line', () => {
    const text = `alter role a password 'hunter2\nhunter2'; select here, 'x:y'; alter role b password 'z'`;
    const { text: shown, offset } = redactAround(text, text.indexOf('here'));
    expect(shown.slice(offset, offset + 4)).toBe('here');
    expect(shown.split('\n')).toHaveLength(2);
    expect(redactAround(text, text.indexOf('alter')).offset).toBe(0);
    const within = redactAround(text, text.indexOf('hunter2') + 3);
    expect(within.text.slice(within.offset)).toMatch(/^\*\*\*/);
  });

  it('is masked in what the server says about the statement', () => {
    const about = (sql: string, said: string): string => redactionAbout(sql)(said);
    expect(about(`alter role app password hunter2`, 'syntax error at or near "hunter2"')).toBe(
      'syntax error at or near "***"',
    );
    expect(
      about(
        `alter role app password 'hunter2`,
        'unterminated quoted string at or near "\'hunter2"',
      ),
    ).not.toContain(SECRET);
  });

  it('of what the server says, only what it quotes is masked, and no name that the statement shows', () => {
    const about = redactionAbout(
      `insert into accounts (role, password) values ('key', 'accounts'), ('staff', 'abc')`,
    );
    const said = 'duplicate key value violates unique constraint "accounts_pkey"';
    expect(about(said)).toBe(said);
    expect(about('relation "accounts" does not exist')).toBe('relation "accounts" does not exist');
    expect(about('invalid input syntax for type integer: "abc"')).toBe(
      'invalid input syntax for type integer: "***"',
    );
    expect(about('Key (role)=(staff) already exists.')).toBe('Key (role)=(***) already exists.');
  });

  it('a hundred and fifty thousand of them in one statement are masked like one', () => {
    const rows = Array.from({ length: 50_000 }, (_, at) => `('n${at}', 'm${at}', 'pw-${at}')`);
    const sql = `insert into users (name, mail, password) values ${rows.join(', ')}`;
    expect(redact(sql)).not.toMatch(/pw-\d/);
    expect(redactionAbout(sql)('at or near "pw-4711"')).toBe('at or near "***"');
  });

  it('takes no longer for a large text than its length asks for', () => {
    const large = `insert into t values ('${'a.b-c+'.repeat(200_000)}'); password '${'x'.repeat(1_000_000)}'`;
    expect(redact(large)).toMatch(/password '\*\*\*'$/);
  });
});

describe('a password that a connection was made with', () => {
  it('is masked wherever it stands, also as it stands in a URL', () => {
    expect(redact('login app/Zq9 Word% denied')).toContain('Zq9 Word%');
    keepSecret('Zq9 Word%', ['app']);
    expect(redact('login app/Zq9 Word% denied, again Zq9 Word%')).toBe(
      'login app/*** denied, again ***',
    );
    expect(redact('at Zq9%20Word%25!')).toBe('at ***!');
  });

  it('is masked as it stands in a URL, in JSON and in a SQL literal', () => {
    fc.assert(
      fc.property(
        fc
          .stringMatching(/^[a-zäß€😀'"\\\n !()*~+%/&=@:-]{8,20}$/u)
          .map((text) => `Geheim7${text}`),
        (password) => {
          keepSecret(password, []);
          const url = encodeURIComponent(password);
          const forms = [
            ...[password, url, url.replace(/%../g, (hex) => hex.toLowerCase())],
            new URLSearchParams({ a: password }).toString().slice(2),
            new URL(`pg://a:${url}@h/`).password,
            JSON.stringify(password).slice(1, -1),
            password.replace(/'/g, "''"),
          ];
          for (const form of forms)
            expect(redact(`is >${form}< here`)).toBe(`is >***${form.replace(/[^\n]/g, '')}< here`);
        },
      ),
    );
    keepSecret('Geheim8\ud800', []);
    expect(redact('is Geheim8\ud800')).toBe('is ***');
  });

  it('is masked however many others were made since: a fleet has one for each target', () => {
    const passwords = [...Array(20_000).keys()].map((place) => `Geheim-${place}!`);
    for (const password of passwords) keepSecret(password, []);
    const text = passwords.map((password) => `denied: ${password};`).join(' ');
    expect(redact(text)).not.toContain('Geheim');
    expect(redact(`${'x'.repeat(7)}Geheim-19999!Geheim-0!`)).toBe('xxxxxxx***');
  });

  it('is no secret where it is the name of the user, or too short to be told from a word', () => {
    keepSecret('postgres', ['postgres']);
    keepSecret('abc', []);
    expect(redact('postgres abc')).toBe('postgres abc');
  });
});

describe('a long text takes no longer than it is long', () => {
  const LENGTH = 100_000;
  const filled = (text: string): string =>
    text.repeat(Math.ceil(LENGTH / text.length)).slice(0, LENGTH);

  it.each(["'", '"'])('a literal in %s that ends in a backslash and not in its quote', (quote) => {
    // With another way to read it for each place, it would be years.
    const text = `-- password ${quote}${'a'.repeat(LENGTH)}\\`;
    expect(redact(text)).not.toContain('aaa');
  });

  const TEXTS = [
    '(password)=(x',
    `(${filled('password ')}`,
    "password='x''",
    'password ',
    '(',
    'a://b:c@',
    '?password=',
    `password${' '.repeat(500)}`,
  ];
  it.each(TEXTS.map((text) => [text.slice(0, 20), text]))('%s …', (_, text) => {
    // With a step for each pair of places, it would be half a minute and more.
    const started = process.cpuUsage();
    redact(filled(text));
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(2000);
  });

  it('what is found in the words on a key is what its pattern finds', () => {
    const pattern =
      /\([^()]*(?:password|passwd|passphrase|pwd|secret|api_?key|access_?token)[^()]*\)=\((.*?)\)(?= |$)/gis;
    const parts = fc.constantFrom('(', ')', ')=(', '=', 'pwd', 'API_KEY', ' ', 'x', '\n', 'a, b');
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 24 }), (some) => {
        const text = some.join('');
        const expected = [...text.matchAll(pattern)].flatMap((match) => {
          const end = match.index + match[0].length - 1;
          const start = end - (match[1] ?? '').length;
          return start < end ? [{ start, end }] : [];
        });
        expect(secretsInKeys(text)).toEqual(expected);
      }),
      { numRuns: 5000 },
    );
  });
});
