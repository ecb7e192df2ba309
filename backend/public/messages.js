// What a person is told: above the page, at a field, or through a screen reader.
import { ServerError } from './server.js';
import { $ } from './state.js';

let isAboutOutage = false;

/** Shows what went wrong, until something else is done. */
export function complain(error) {
  if (!(error instanceof ServerError)) throw error;
  isAboutOutage = error.isOutage;
  $('problem').textContent = error.message;
}

export function clearMessages() {
  $('problem').textContent = $('notice').textContent = '';
}

/** Takes away what an outage left on the page, once it is over. */
export function clearOutage() {
  if (isAboutOutage) $('problem').textContent = '';
}

export function notify(message) {
  $('notice').textContent = message;
}

export function announce(message) {
  $('announcer').textContent = message;
}

/** Does something for a person; what goes wrong is shown. */
export function attempt(action) {
  return async () => {
    clearMessages();
    try {
      await action();
    } catch (error) {
      complain(error);
    }
  };
}

/** Has a form do something; what is wrong with a field is shown at the field. */
export function submit(id, action) {
  const form = $(id);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    clearMessages();
    showFieldErrors(form, []);
    const button = form.querySelector('button');
    button.disabled = true;
    try {
      await action(form);
    } catch (error) {
      if (!showFieldErrors(form, error.errors ?? [])) complain(error);
    } finally {
      button.disabled = false;
    }
  });
}

/** Empties a form, and takes away what was wrong with it. */
export function resetForm(form) {
  form.reset();
  showFieldErrors(form, []);
}

/** Shows the errors at their fields and goes to the first; returns whether each has a field. */
export function showFieldErrors(form, errors) {
  const nameOf = ({ path }) => path.split('.')[0];
  const fields = [...form.elements].filter((field) => field.name);
  for (const field of fields) {
    const messages = errors.filter((error) => nameOf(error) === field.name);
    const text = [...new Set(messages.map(({ message }) => message))].join(' ');
    $(`${field.id}-error`).textContent = text;
    if (text) field.setAttribute('aria-invalid', 'true');
    else field.removeAttribute('aria-invalid');
  }
  fields.find((field) => field.hasAttribute('aria-invalid'))?.focus();
  const names = fields.map(({ name }) => name);
  return errors.length > 0 && errors.every((error) => names.includes(nameOf(error)));
}
