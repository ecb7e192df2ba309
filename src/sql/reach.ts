import { splitStatements } from './split.js';
import { isSignificant, Scanner } from './tokens.js';

/** A statement that changes more than the database it is sent to. */
export interface WideStatement {
  /** Its first words, such as `create role`: no value of it is shown. */
  words: string;
  /** Whether a transaction can take it back. */
  transactional: boolean;
}

/** What a text of SQL reaches, as far as its own words tell: what a function does is not seen. */
export interface Reach {
  wide: WideStatement[];
  /** Whether it ends a transaction. */
  endsTransaction: boolean;
}

/** A text without any of these has nothing to find: most of what is long, such as data. */
const WORTH_READING =
  /\b(?:role|user|group|database|tablespace|subscription|system|owned|grant|revoke|comment|security|copy|commit|end|abort|rollback|prepare)\b/i;

/** Finds the statements of a text that change more than one database, or end a transaction. Pure. */
export function reachOf(sql: string): Reach {
  if (!WORTH_READING.test(sql)) return { wide: [], endsTransaction: false };
  const statements = splitStatements(sql)
    .filter((statement) => WORTH_READING.test(statement.sql))
    .map((statement) => new Words(statement.sql));
  return {
    wide: statements.flatMap((words) => wideStatement(words) ?? []),
    endsTransaction: statements.some(isEnd),
  };
}

/** The words of a statement, read only as far as somebody asks. */
class Words {
  private readonly read: string[] = [];
  private readonly rest: Scanner;

  constructor(sql: string) {
    this.rest = new Scanner(sql);
  }

  /** The word at a place: in lower case unless it is quoted; the empty one behind the end. */
  at(index: number): string {
    while (this.read.length <= index) {
      if (!this.rest.next()) return '';
      const { kind, text } = this.rest;
      if (isSignificant(this.rest)) this.read.push(kind === 'word' ? text.toLowerCase() : text);
    }
    return this.read[index] ?? '';
  }

  /** The words after the first of these that is not in brackets; `null` where there is none. */
  after(...wanted: readonly string[]): { word: string; next: string } | null {
    for (let index = 0, depth = 0; this.at(index) !== ''; index++) {
      const word = this.at(index);
      if (word === '(') depth++;
      if (word === ')') depth--;
      if (depth === 0 && wanted.includes(word)) return { word, next: this.at(index + 1) };
    }
    return null;
  }
}

const ROLES = new Set(['role', 'user', 'group']);
/** What all databases of a server share, and what has a counterpart on another server. */
const SHARED = new Set([...ROLES, 'database', 'tablespace', 'subscription']);
const GRANTED_ON = new Set(['database', 'tablespace', 'parameter']);

function wideStatement(words: Words): WideStatement | null {
  const [verb, object] = [words.at(0), words.at(1)];
  const found = (text: string, transactional: boolean) => ({ words: text, transactional });
  switch (verb) {
    case 'create':
    case 'alter':
    case 'drop': {
      if (object === 'system') return found('alter system', false);
      if (`${verb} ${object}` === 'drop owned') return found('drop owned', true);
      if (!SHARED.has(object) || (object === 'user' && words.at(2) === 'mapping')) return null;
      const rolledBack = ROLES.has(object) || (verb === 'alter' && object !== 'subscription');
      return found(`${verb} ${object}`, rolledBack);
    }
    case 'reassign':
      return found('reassign owned', true);
    case 'grant':
    case 'revoke': {
      const on = words.after('on');
      if (on === null) return found(`${verb} … ${verb === 'grant' ? 'to' : 'from'}`, true);
      return GRANTED_ON.has(on.next) ? found(`${verb} … on ${on.next}`, true) : null;
    }
    case 'comment':
    case 'security': {
      const on = words.after('on');
      return on && SHARED.has(on.next) ? found(`${verb} on ${on.next}`, true) : null;
    }
    case 'prepare':
      // It outlives its session, and keeps the temporary database from being dropped.
      return object === 'transaction' ? found('prepare transaction', false) : null;
    case 'copy':
      return wideCopy(words);
    default:
      return null;
  }
}

/** The server reads and writes its own files, and starts programs. To read a file changes nothing. */
function wideCopy(words: Words): WideStatement | null {
  const way = words.after('to', 'from');
  const what = way?.next === 'program' ? 'program' : "'file'";
  const isWide = what === 'program' || (way?.word === 'to' && /^(?:u&|[en])?['$]/i.test(way.next));
  return isWide ? { words: `copy … ${way?.word} ${what}`, transactional: false } : null;
}

/** Back to a savepoint is no end. */
function isEnd(words: Words): boolean {
  const [verb, next] = [words.at(0), words.at(1)];
  if (verb === 'rollback') return words.after('to') === null;
  return ['commit', 'end', 'abort'].includes(verb) || `${verb} ${next}` === 'prepare transaction';
}
