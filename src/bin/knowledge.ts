import { writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { openKnowledgeStack } from '../composition/knowledge.ts';
import { formatKnowledge } from '../domain/knowledge/format-knowledge.ts';
import {
  createKnowledgeAdministration,
  type KnowledgeAdministration,
} from '../domain/knowledge/knowledge-administration.ts';
import { openInstitution, readCommandConfig } from './environment.ts';
import { reportKnowledgeError } from './report-knowledge-error.ts';

const usage = `Usage: npm run knowledge -- COMMAND

  versions      list the kept versions
  activate N    make version N live again
  export FILE   write the live entries as JSON, as ingest reads it
  export        the same to standard output, and nothing else (npm run --silent knowledge -- export)`;

type Command = (administration: KnowledgeAdministration) => Promise<void>;

async function printVersions(administration: KnowledgeAdministration): Promise<void> {
  const versions = await administration.listVersions();
  if (versions.length === 0) console.log('There is no knowledge base yet.');
  for (const { version, live, entryCount, embeddingModel, createdAt, indexedCount } of versions) {
    const mark = live ? '* live' : '      ';
    const indexed = indexedCount === undefined ? '' : `, indexed: ${indexedCount}`;
    console.log(
      `${mark} ${version}  ${createdAt.toISOString()}  ${entryCount} entries, ${embeddingModel}${indexed}`,
    );
  }
}

const activate =
  (version: number): Command =>
  async (administration) => {
    const { entryCount } = await administration.activate(version);
    console.log(`Version ${version} is live (${entryCount} entries)`);
  };

const standardOutput: ReadonlySet<string | undefined> = new Set([undefined, '-', '/dev/stdout']);

/** @param file Standard output where none is named */
const exportTo =
  (file: string | undefined): Command =>
  async (administration) => {
    const entries = await administration.loadLiveEntries();
    if (file === undefined) await pipeline([formatKnowledge(entries)], process.stdout, { end: false });
    else await writeFile(file, formatKnowledge(entries));
    // On the other stream, since the entries may go to the first.
    console.error(`${entries.length} entries written${file === undefined ? '' : ` to ${file}`}`);
  };

function parseCommand([name, argument, ...rest]: readonly string[]): Command | undefined {
  if (rest.length > 0) return undefined;
  if (name === 'versions' && argument === undefined) return printVersions;
  if (name === 'activate' && /^[1-9]\d{0,8}$/.test(argument ?? '')) return activate(Number(argument));
  if (name === 'export') return exportTo(standardOutput.has(argument) ? undefined : argument);
  return undefined;
}

const command = parseCommand(process.argv.slice(2));
if (command === undefined) {
  console.error(usage);
  process.exit(2);
}
try {
  const config = readCommandConfig();
  const stack = await openKnowledgeStack(config, openInstitution(config));
  try {
    await command(createKnowledgeAdministration(stack));
  } finally {
    await stack.close();
  }
} catch (error) {
  reportKnowledgeError(error);
  process.exitCode = 1;
}
