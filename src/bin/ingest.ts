import { parseArgs } from 'node:util';
import { readKnowledgeFiles } from '../adapters/knowledge-files/read-knowledge-files.ts';
import { openKnowledgeStack } from '../composition/knowledge.ts';
import { createIngestKnowledge, type IngestReport } from '../domain/knowledge/ingest-knowledge.ts';
import { createAudienceWords } from '../domain/knowledge/parse-audience.ts';
import { parseKnowledgeFiles } from '../domain/knowledge/parse-knowledge-files.ts';
import { openInstitution, readCommandConfig, rootPath } from './environment.ts';
import { createProgressBar } from './progress-bar.ts';
import { reportKnowledgeError, reportKnowledgeNotes } from './report-knowledge-error.ts';

const usage = `Usage: npm run ingest -- PATH... [--dry-run] [--prune] [--if-empty]

PATH is a file (.json, .jsonl, .md, .csv, .tsv, .html, .docx, .pdf), or a folder of them; without one,
KNOWLEDGE_BASE_PATH.
  --dry-run   only say what would change
  --prune     remove live entries that the files do not have
  --if-empty  do nothing when there is a live knowledge base already`;

const shownIds = 10;

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        'dry-run': { type: 'boolean', default: false },
        prune: { type: 'boolean', default: false },
        'if-empty': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

function describe({ outcome, live, embeddedCount, ...changes }: IngestReport): string[] {
  const lists = (['added', 'changed', 'removed'] as const).map((kind) => {
    const ids = changes[kind];
    const rest = ids.length > shownIds ? `, and ${ids.length - shownIds} more` : '';
    return `${kind}: ${ids.length}${ids.length > 0 ? ` (${ids.slice(0, shownIds).join(', ')}${rest})` : ''}`;
  });
  const counts = [...lists, `unchanged: ${changes.unchanged.length}`];
  switch (outcome) {
    case 'skipped':
      return [`Version ${live?.version} is live already; nothing was changed`];
    case 'planned':
      return [...counts, `to be embedded: ${embeddedCount}`, 'Nothing was changed (dry run)'];
    case 'unchanged':
      return [...counts, 'embedded: 0', `Version ${live?.version} stays live`];
    case 'published':
      return [
        ...counts,
        `embedded: ${embeddedCount}`,
        `Version ${live?.version} is live (${live?.entryCount} entries)`,
      ];
  }
}

const { values, positionals } = readArguments();
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const config = readCommandConfig();
const institution = openInstitution(config);
const paths = positionals.length > 0 ? positionals : [rootPath(config.knowledge.path)];
try {
  const { files, notes } = await readKnowledgeFiles(paths);
  const { entries, warnings, hiddenQuestions } = parseKnowledgeFiles(files, createAudienceWords(institution));
  reportKnowledgeNotes([...notes, ...warnings]);
  const stack = await openKnowledgeStack(config, institution);
  try {
    const ingest = createIngestKnowledge({ ...stack, onProgress: createProgressBar('Embedding') });
    const report = await ingest({
      entries,
      hiddenQuestions,
      prune: values.prune,
      dryRun: values['dry-run'],
      ifEmpty: values['if-empty'],
    });
    console.log(describe(report).join('\n'));
  } finally {
    await stack.close();
  }
} catch (error) {
  reportKnowledgeError(error);
  process.exitCode = 1;
}
