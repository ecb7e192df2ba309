// Serves a built site as GitHub Pages does: /errors/LOCKED is errors/LOCKED.html.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.md': 'text/markdown; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
};

/**
 * Serves the site on a free port.
 *
 * @param {string} folder the built site
 * @param {string} base the path below which it is served
 * @returns {Promise<{ url: string, close(): void }>}
 */
export async function serve(folder, base) {
  const server = createServer((request, response) => {
    const file = fileOf(folder, base, new URL(request.url ?? '/', 'http://localhost').pathname);
    const found = file ?? join(folder, '404.html');
    response.writeHead(file ? 200 : 404, { 'content-type': TYPES[extname(found)] });
    response.end(readFileSync(found));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}${base}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The file that answers for an address; `null` where there is none. */
export function fileOf(folder, base, pathname) {
  if (!pathname.startsWith(base)) return null;
  const path = normalize(decodeURI(pathname.slice(base.length)));
  if (path.startsWith('..')) return null;
  const candidates = [path, `${path}.html`, join(path, 'index.html')];
  const isFile = (each) => existsSync(each) && statSync(each).isFile();
  return candidates.map((each) => join(folder, each)).find(isFile) ?? null;
}
