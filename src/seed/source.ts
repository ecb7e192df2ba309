import { type Knex } from 'knex';
import { loadUserModule } from '../config/user-module.js';

/** What says which files are seeds. */
type FilesOfSeeds = Pick<Knex.SeederConfig, 'directory' | 'sortDirsSeparately' | 'loadExtensions'>;

interface FsSeeds {
  getSeeds(config: Knex.SeederConfig): Promise<string[]>;
  getSeed(path: string): Promise<unknown>;
}
type FsSeedsClass = new (
  directory: string | readonly string[] | undefined,
  sortDirsSeparately: boolean | undefined,
  loadExtensions: readonly string[] | undefined,
) => FsSeeds;

/** Knex's types leave it out, which a name that is computed does not mind. */
const FS_SEEDS: string = 'knex/lib/migrations/seed/sources/fs-seeds.js';

/** Knex's own source of seed files, which finds and orders them; they are loaded as migrations are. */
export async function sourceOfSeeds(files: FilesOfSeeds): Promise<Knex.SeedSource<unknown>> {
  const { FsSeeds } = (await import(FS_SEEDS)) as { FsSeeds: FsSeedsClass };
  const { directory = './seeds', sortDirsSeparately, loadExtensions } = files;
  class SeedFiles extends FsSeeds {
    override getSeeds(config: Knex.SeederConfig): Promise<string[]> {
      return super.getSeeds({ ...config, ...(loadExtensions && { loadExtensions }) });
    }

    override getSeed(path: string): Promise<unknown> {
      return loadUserModule(path);
    }
  }
  const source = new SeedFiles(directory, sortDirsSeparately, loadExtensions);
  return source as unknown as Knex.SeedSource<unknown>;
}
