import { CODE, newCode, slugFor } from '../../src/polls/codes';
import { code, newParticipant, newQuestion, newRoom, newVote } from '../../src/polls/input';
import { isRightToken, newToken } from '../../src/polls/tokens';

describe('codes of rooms', () => {
  it('have six characters that nobody mistakes for others, and differ', () => {
    const codes = Array.from({ length: 500 }, newCode);
    for (const each of codes) {
      expect(each).toMatch(CODE);
      expect(each).not.toMatch(/[ILO01]/);
    }
    expect(new Set(codes).size).toBe(500);
  });

  it.each([
    ['Friday’s Pub Quiz!', 'QUZ42A', 'friday-s-pub-quiz-quz42a'],
    ['ÄÖÜ', 'ABCDEF', '-abcdef'],
  ])('%s has the slug that the old release gives it', (title, given, slug) => {
    expect(slugFor(title, given)).toBe(slug);
  });
});

describe('tokens', () => {
  it('are right or wrong by their hash; a row without one stays open', () => {
    const { token, hash } = newToken();
    expect(isRightToken(token, hash)).toBe(true);
    expect(isRightToken(`${token}x`, hash)).toBe(false);
    expect(isRightToken('', hash)).toBe(false);
    expect(isRightToken(undefined, hash)).toBe(false);
    expect(isRightToken(undefined, null)).toBe(true);
    expect(hash.includes(token)).toBe(false);
  });
});

describe('input', () => {
  it('is trimmed and freed of what cannot be seen or stored', () => {
    expect(newRoom.parse({ title: '  a\u0000b\n ' })).toEqual({ title: 'a b' });
    expect(newRoom.parse({})).toEqual({ title: 'Untitled' });
    expect(code.parse(' abc234 ')).toBe('ABC234');
  });

  it('drops what nobody asked for', () => {
    expect(newRoom.parse({ title: 'a', code: 'HACKED', id: 1 })).toEqual({ title: 'a' });
  });

  it.each([
    ['a name of 61 characters', newParticipant, { name: 'x'.repeat(61) }],
    ['13 options', newQuestion, { body: '?', options: Array.from({ length: 13 }, String) }],
    ['an option of 201 characters', newQuestion, { body: '?', options: ['a', 'x'.repeat(201)] }],
    ['an id that no column holds', newVote, { participantId: 2 ** 31, optionId: 1 }],
    ['a negative id', newVote, { participantId: 1, optionId: -1 }],
    ['half an id', newVote, { participantId: 1, optionId: 1.5 }],
  ])('refuses %s', (_what, schema, input) => {
    expect(schema.safeParse(input).success).toBe(false);
  });

  it('takes ids as texts, as an old client may send them', () => {
    expect(newVote.parse({ participantId: '7', optionId: '8' })).toEqual({
      participantId: 7,
      optionId: 8,
    });
  });
});
