import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEmergencyDetection } from '../../domain/chat/emergency-notice.ts';
import type { Institution } from '../../domain/institution.ts';
import {
  emergenciesSchema,
  institutionSchema,
  languageSchema,
  parseGlossary,
  parseSynonyms,
  repliesSchema,
} from './institution-schema.ts';
import { createYamlReader, InstitutionError } from './read-yaml.ts';

const textFiles = ['glossary.txt', 'synonyms.txt', 'instruction.md'] as const;
const yamlFiles = ['institution.yaml', 'emergencies.yaml', 'replies.yaml', 'language.yaml'] as const;

/**
 * The folder of files that says what the institution is (infra/institution/README.md).
 * @throws InstitutionError with every fault, by file and line.
 */
export function readInstitution(folder: string): Institution {
  const faults: string[] = [];
  const texts = new Map([...yamlFiles, ...textFiles].map((file) => [file, readText(folder, file, faults)]));
  const textOf = (file: (typeof yamlFiles | typeof textFiles)[number]) => texts.get(file) ?? '';
  const readYaml = createYamlReader(faults);

  const profile = readYaml('institution.yaml', textOf('institution.yaml'), institutionSchema);
  const emergencies = readYaml('emergencies.yaml', textOf('emergencies.yaml'), emergenciesSchema);
  const replies = readYaml('replies.yaml', textOf('replies.yaml'), repliesSchema);
  const words = readYaml('language.yaml', textOf('language.yaml'), languageSchema);
  const glossary = parseGlossary(textOf('glossary.txt'), (line, message) =>
    faults.push(`glossary.txt:${line}: ${message}`),
  );
  if (profile && emergencies) faults.push(...findUnknownNames(profile, emergencies));
  if (emergencies) faults.push(...findUnreadableRules(emergencies));
  if (textOf('instruction.md').trim() === '') faults.push('instruction.md:1: is empty');
  if (!profile || !emergencies || !replies || !words || faults.length > 0) throw new InstitutionError(faults);

  return {
    ...profile,
    emergencies,
    ...replies,
    instruction: textOf('instruction.md').trim(),
    words: { ...words, glossary, synonyms: parseSynonyms(textOf('synonyms.txt')) },
    fingerprint: createHash('sha256')
      .update([...texts.values()].join('\0'))
      .digest('base64url')
      .slice(0, 16),
  };
}

function readText(folder: string, file: string, faults: string[]): string {
  try {
    return readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n');
  } catch {
    faults.push(`${file}: cannot be read in ${folder}`);
    return '';
  }
}

function findUnreadableRules(emergencies: Institution['emergencies']): string[] {
  try {
    createEmergencyDetection(emergencies);
    return [];
  } catch (error) {
    return [`emergencies.yaml: ${(error as Error).message}`];
  }
}

/** What one file names and the other, or another part of it, does not have. */
function findUnknownNames(
  { campuses, roles, offices }: Pick<Institution, 'campuses' | 'roles' | 'offices'>,
  { kinds, notices }: Institution['emergencies'],
): string[] {
  const faults: string[] = [];
  const campusIds = campuses.map(({ id }) => id);
  const roleIds = roles.map(({ id }) => id);
  for (const { id, emergency } of campuses) {
    if (!notices.has(emergency)) {
      faults.push(`institution.yaml: campus ${id}: emergencies.yaml has no region ${emergency}`);
    }
  }
  for (const office of offices) {
    for (const id of office.campuses.filter((campus) => !campusIds.includes(campus))) {
      faults.push(`institution.yaml: office ${office.id}: there is no campus ${id}`);
    }
    for (const id of office.roles.filter((role) => !roleIds.includes(role))) {
      faults.push(`institution.yaml: office ${office.id}: there is no role ${id}`);
    }
  }
  for (const [region, texts] of notices) {
    for (const { id } of kinds.filter((kind) => !texts.has(kind.id))) {
      faults.push(`emergencies.yaml: region ${region} has no notice for ${id}`);
    }
  }
  return faults;
}
