/** Quotes a name. As in db-migrate a quote inside is not doubled, so `app"."users` can name a schema. */
export function quoteName(name: string): string {
  return `"${name}"`;
}

/** Doubles the single quotes of a text. */
export function escape(text: string): string {
  return text.replaceAll("'", "''");
}

/** A text as an SQL literal. */
export function quoteText(text: string): string {
  return `'${escape(text)}'`;
}

/** The methods of `db` that only build SQL text. */
export const escapeMethods = {
  escape,
  escapeString: quoteText,
  escapeDDL: quoteName,

  /** Quotes each name, in the array that was given, and returns that array. */
  quoteDDLArr: (names: string[]): string[] => replaceEach(names, quoteName),

  /** Puts each text in single quotes, in the array that was given, and returns that array. */
  quoteArr: (texts: string[]): string[] => replaceEach(texts, (text) => `'${text}'`),
};

function replaceEach(texts: string[], replace: (text: string) => string): string[] {
  texts.forEach((text, index) => (texts[index] = replace(text)));
  return texts;
}
