import { z } from 'zod';
import { CODE } from './codes.js';

/** Text that a person typed: without what cannot be seen, and not empty. PostgreSQL takes no NUL. */
const text = (longest: number) =>
  z
    .string()
    // eslint-disable-next-line no-control-regex
    .transform((value) => value.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim())
    .pipe(z.string().min(1).max(longest));

const id = z.coerce.number().int().positive().max(2_147_483_647);

/** A room's code, in whatever case somebody types it. */
export const code = z
  .string()
  .transform((value) => value.trim().toUpperCase())
  .pipe(z.string().regex(CODE, 'A code has six letters and digits.'));

export const roomPath = z.object({ code });
export const questionPath = z.object({ id });

/** The lengths are those of the columns. */
export const newRoom = z.object({ title: text(160).default('Untitled') });
export const newParticipant = z.object({ name: text(60) });
export const newQuestion = z.object({
  body: text(1000),
  options: z
    .array(text(200))
    .min(2)
    .max(12)
    .refine((labels) => new Set(labels).size === labels.length, 'Two options are the same.'),
});
export const newVote = z.object({ participantId: id, optionId: id });

export type NewRoom = z.infer<typeof newRoom>;
export type NewQuestion = z.infer<typeof newQuestion>;
export type NewVote = z.infer<typeof newVote>;
