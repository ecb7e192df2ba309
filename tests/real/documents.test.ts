import { blocksOf, directive, documents } from '../support/documents';
import { makePlace } from '../support/document-projects';
import { removePacked } from '../support/install-packages';
import { COMMANDS, reasonNotToRun, runDocument } from '../support/run-documents';
import { sampleOf } from '../support/sizes';

const withCommands = documents().filter((document) =>
  blocksOf(document).some(
    (block) => COMMANDS.includes(block.language) && reasonNotToRun(block) === undefined,
  ),
);

describe('every command in the documents is run (FR-013)', () => {
  afterAll(removePacked);

  it.each(documents())('%s: each block of commands is run, or says why not', (document) => {
    let runsIn: string | undefined;
    const silent = blocksOf(document).filter((block) => {
      runsIn = directive(block, 'runs in') ?? runsIn;
      const isRun = runsIn !== undefined || Boolean(reasonNotToRun(block));
      return COMMANDS.includes(block.language) && !isRun;
    });
    expect(silent.map(({ place }) => place)).toEqual([]);
  });

  it('whoever follows docs/quickstart.md reaches an applied migration, and so on to its end (SC-006)', async () => {
    expect(await runDocument('docs/quickstart.md', makePlace)).toEqual([]);
  });

  const others = withCommands.filter((document) => document !== 'docs/quickstart.md');
  it.each(sampleOf('documents', others))('%s does what it shows', async (document) => {
    expect(await runDocument(document, makePlace)).toEqual([]);
  });
});
