import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** SHA-256 of a file's bytes, in hexadecimal. */
export async function checksumOf(path: string): Promise<string> {
  return sha256(await readFile(path));
}

/**
 * Whether a text is the one that a checksum was taken of. Line ends do not count: version control
 * may give the same file `\r\n` on one machine and `\n` on the other.
 */
export function isTextOf(content: Buffer, checksum: string): boolean {
  if (sha256(content) === checksum) return true;
  // As bytes, one character each: nothing but the line ends must change.
  const unix = content.toString('latin1').replaceAll('\r\n', '\n');
  return [unix, unix.replaceAll('\n', '\r\n')].some(
    (text) => sha256(Buffer.from(text, 'latin1')) === checksum,
  );
}

/** SHA-256 of what was read from a file, in hexadecimal. */
export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
