import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A secret that somebody was given, and what the database keeps of it. */
export interface Token {
  token: string;
  hash: Buffer;
}

/** A new token of 256 bits. Only its hash is stored. */
export function newToken(): Token {
  const token = randomBytes(32).toString('base64url');
  return { token, hash: hashOf(token) };
}

/**
 * Whether a token is the one whose hash was stored; it takes the same time wherever they differ.
 * Where none was stored, the row comes from the old release, which knew no tokens: it stays as open
 * as it was, so that both releases can serve one room while the fleet is rolled.
 */
export function isRightToken(given: string | undefined, stored: Buffer | null): boolean {
  if (stored === null) return true;
  return given !== undefined && timingSafeEqual(hashOf(given), stored);
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
