import { z } from 'zod';
import { CODE, WRONG_CODE } from './codes.js';

/** Text that a person typed: without what cannot be seen, and not empty. PostgreSQL takes no NUL. */
const text = (article: string, noun: string, longest: number) =>
  z
    .string(`Enter ${article} ${noun}.`)
    // eslint-disable-next-line no-control-regex
    .transform((value) => value.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim())
    .pipe(
      z
        .string()
        .min(1, `Enter ${article} ${noun}.`)
        .max(
          longest,
          `${article === 'a' ? 'A' : 'An'} ${noun} can have at most ${longest} characters.`,
        ),
    );

const NO_ID = 'This is not a valid ID.';
const id = z.coerce.number(NO_ID).int(NO_ID).positive(NO_ID).max(2_147_483_647, NO_ID);

/** A room's code, in whatever case somebody types it. */
export const code = z
  .string(WRONG_CODE)
  .transform((value) => value.trim().toUpperCase())
  .pipe(z.string().regex(CODE, WRONG_CODE));

export const roomPath = z.object({ code });
export const questionPath = z.object({ id });

const FEW_OPTIONS = 'Enter at least two options.';

/** The lengths are those of the columns. */
export const newRoom = z.object({ title: text('a', 'title', 160).default('Untitled') });
export const newParticipant = z.object({ name: text('a', 'name', 60) });
export const newQuestion = z.object({
  body: text('a', 'question', 1000),
  options: z
    .array(text('an', 'option', 200), FEW_OPTIONS)
    .min(2, FEW_OPTIONS)
    .max(12, 'Enter at most 12 options.')
    .refine((labels) => new Set(labels).size === labels.length, 'Each option must be different.'),
});
export const newVote = z.object({ participantId: id, optionId: id });

export type NewRoom = z.infer<typeof newRoom>;
export type NewQuestion = z.infer<typeof newQuestion>;
export type NewVote = z.infer<typeof newVote>;
