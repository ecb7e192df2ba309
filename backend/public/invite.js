// How people come to a room: its code, a link, and the same as a QR code.
/* global document, location, navigator */
import { announce } from './messages.js';
import { $, state } from './state.js';

const SHOWN_MS = 2000;

$('copy-link').addEventListener('click', copyLink);

export async function showInvite() {
  const link = `${location.origin}/#join/${state.code}`;
  $('invite-host').textContent = location.host;
  $('invite-code').textContent = state.code;
  $('invite-link').value = link;
  $('localhost-hint').hidden = !/^(localhost|127\.[\d.]+|\[::1\])$/.test(location.hostname);
  // Only a host's page needs these.
  const modules = await Promise.all([
    import('/lean-qr/index.mjs'),
    import('/lean-qr/extras/svg.mjs'),
  ]).catch(() => null);
  // Where they cannot be loaded, the code and the link are enough.
  $('qr').hidden = modules === null;
  if (modules === null) return;
  const [{ generate }, { toSvg }] = modules;
  const svg = toSvg(generate(link), document);
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', 'QR code for the link to the room');
  $('qr').replaceChildren(svg);
}

async function copyLink() {
  const isCopied = await copy($('invite-link'));
  const told = isCopied ? 'Link copied' : 'Press Ctrl+C to copy';
  announce(`${told}.`);
  $('copy-link').textContent = told;
  setTimeout(() => ($('copy-link').textContent = 'Copy link'), SHOWN_MS);
}

/** Copies a field's text. Over plain HTTP there is no clipboard, only the former way. */
async function copy(field) {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    return document.execCommand('copy');
  }
}
