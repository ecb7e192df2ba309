// How the page talks to the server's API.
import { state } from './state.js';

/** What the server refused, or that it could not be reached (then there is no status). */
export class ServerError extends Error {
  constructor({ title, status, errors }) {
    super(title);
    this.status = status;
    this.errors = errors ?? [];
  }

  get isOutage() {
    return this.status === undefined || this.status >= 500;
  }
}

export const unreachable = () =>
  new ServerError({ title: 'Can’t reach the server. Check your connection and try again.' });

/** Gets an address of the API, or posts a body to it. */
export async function call(path, body) {
  const headers = { 'content-type': 'application/json' };
  if (state.me?.token) headers.authorization = `Bearer ${state.me.token}`;
  const post = body && { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(path, { headers, ...post }).catch(() => {
    throw unreachable();
  });
  const answer = await response.json().catch(() => {
    // A proxy in front may answer with a page of its own.
    const title = 'The server sent an unexpected response. Try again in a moment.';
    throw new ServerError({ title, status: Math.max(response.status, 500) });
  });
  if (response.ok) return answer;
  throw new ServerError(answer);
}
