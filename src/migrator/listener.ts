/**
 * A listener that cannot disturb the run: what the given one throws, or rejects with, becomes a
 * warning of the process, the first time.
 */
export function harmless<Event>(
  listener: ((event: Event) => void) | undefined,
): (event: Event) => void {
  if (!listener) return () => undefined;
  let told = false;
  const tell = (error: unknown): void => {
    if (told) return;
    told = true;
    const reason = error instanceof Error ? error.message : String(error);
    process.emitWarning(`A listener threw; the run goes on: ${reason}`, 'KnexwardWarning');
  };
  return (event) => {
    try {
      const answer: unknown = listener(event);
      if (answer instanceof Promise) answer.catch(tell);
    } catch (error) {
      tell(error);
    }
  };
}
