import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readInstitution } from '../src/adapters/institution/read-institution.ts';

const shipped = 'infra/institution';
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'institution-'));
  await cp(shipped, folder, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true }));

async function change(file: string, from: string, to: string): Promise<void> {
  const path = join(folder, file);
  const text = await readFile(path, 'utf8');
  expect(text).toContain(from);
  await writeFile(path, text.replace(from, to));
}

const faultsOf = (): readonly string[] => {
  try {
    readInstitution(folder);
    return [];
  } catch (error) {
    return (error as { faults: readonly string[] }).faults;
  }
};

describe("the institution's files", () => {
  test('that are shipped hold no fault', () => {
    expect(readInstitution(shipped).offices.at(-1)?.id).toBe('general');
  });

  test('change the fingerprint with any word', async () => {
    const before = readInstitution(folder).fingerprint;
    await change('synonyms.txt', 'mensa canteen', 'mensa refectory canteen');
    expect(readInstitution(folder).fingerprint).not.toBe(before);
  });

  test.each([
    ['institution.yaml', 'id: Garching', 'id: Munich', /^institution\.yaml:\d+: campuses: has an id twice$/],
    [
      'institution.yaml',
      'emergency: singapore',
      'emergency: atlantis',
      /campus Singapore: .*no region atlantis$/,
    ],
    [
      'institution.yaml',
      'campuses: [Heilbronn]',
      'campuses: [Ulm]',
      /office heilbronn: there is no campus Ulm$/,
    ],
    ['replies.yaml', 'de: Mehr dazu', 'de: ""', /^replies\.yaml:\d+: entries\.more\.de: is empty$/],
    [
      'language.yaml',
      "'\\bday one\\b'",
      "'\\bday (one'",
      /^language\.yaml:\d+: phrases\.en\.\d+\.0: is no regular/,
    ],
    ['emergencies.yaml', 'id: danger', 'id: peril', /region germany has no notice for peril$/],
    ['glossary.txt', 'wann: when', 'wann', /^glossary\.txt:\d+: must be/],
  ] as const)('%s: %s -> %s', async (file, from, to, fault) => {
    await change(file, from, to);
    const faults = faultsOf();
    expect(faults).toEqual(expect.arrayContaining([expect.stringMatching(fault)]));
    const text = await readFile(join(folder, file), 'utf8');
    const line = Number(/:(\d+):/.exec(faults[0] ?? '')?.[1] ?? 0);
    if (line > 0)
      expect(
        text
          .split('\n')
          .slice(line - 3, line + 60)
          .join('\n'),
      ).toContain(to);
  });

  test('that are missing are named, all at once', async () => {
    await rm(join(folder, 'instruction.md'));
    await rm(join(folder, 'emergencies.yaml'));
    expect(faultsOf().filter((fault) => fault.includes('cannot be read'))).toHaveLength(2);
  });
});
