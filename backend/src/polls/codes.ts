import { randomInt } from 'node:crypto';

// Without the letters and digits that are hard to tell apart on a projector.
const LETTERS = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789';
const LENGTH = 6;

/** What a room's code looks like. Very old rooms have letters that new codes leave out. */
export const CODE = /^[A-Z0-9]{6}$/;

/** What a person is told who enters something else. */
export const WRONG_CODE = 'A room code has six letters and digits.';

/** A new code for a room: six characters that people can read out to each other. */
export function newCode(): string {
  return Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

/** The room's name for an address, as the migration that filled the old rooms' made it. */
export function slugFor(title: string, code: string): string {
  const words = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `${words}-${code.toLowerCase()}`;
}
