import { type Check, green, red, yellow } from '../check.js';
import { type MachineFacts, type PackageFacts } from '../look/packages.js';
import { isWithin } from './versions.js';

/** What is installed on this machine. */
export function judgeMachine({ node, knexward, packages, dbMigrate }: MachineFacts): Check[] {
  const runsOn = `knexward ${knexward} on Node.js ${node.version}`;
  return [
    isWithin(node.version, node.wanted)
      ? green('NODE_VERSION', runsOn)
      : red('NODE_VERSION', `${runsOn}; it needs ${node.wanted}`, 'Install a newer Node.js.'),
    ...packages.map((found) => judgePackage(found)),
    judgeDbMigrate(dbMigrate),
  ];
}

function judgePackage({ name, project, own, wanted }: PackageFacts): Check {
  if (own === null) {
    const message = `knexward cannot find its own ${name} (${wanted})`;
    return red('PACKAGES', message, 'npm install knexward');
  }
  if (project === null) {
    const message = `the project has no ${name} of its own; knexward runs on ${own}, and a migration that imports ${name} fails`;
    return yellow('PACKAGES', message, `npm install ${name}`);
  }
  if (!isWithin(project, wanted)) {
    const message = `the project has ${name} ${project}; knexward works with ${wanted}, and runs migrations on its own ${own}`;
    return yellow('PACKAGES', message, `npm install ${name}@${wanted}`);
  }
  return green('PACKAGES', `${name} ${project}`);
}

const ALIAS = 'knexward-db-migrate';

function judgeDbMigrate(found: MachineFacts['dbMigrate']): Check {
  if (found === null) return green('DB_MIGRATE', 'db-migrate is not installed');
  const what =
    found.name === ALIAS
      ? `db-migrate is ${ALIAS} ${found.version}, which runs on knexward`
      : `db-migrate ${found.version} is still installed; knexward does not use it`;
  return green('DB_MIGRATE', what);
}
