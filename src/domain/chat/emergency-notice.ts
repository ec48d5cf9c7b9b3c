import type { Campus } from '../audience.ts';
import type { EmergencyKind, Institution, Texts } from '../institution.ts';
import type { KnowledgeEntry } from '../knowledge/knowledge-entry.ts';
import { readQuestion } from '../language/normalize-text.ts';
import { createMending, createRuleCompiler, foldText, type RulePart } from './emergency-rules.ts';

/** What a message sounds like. */
export interface Emergency {
  kind: EmergencyKind;
  /** What statistics keep instead of the message. */
  category: string;
}

/** Undefined for a message that sounds like none. Pure, a few milliseconds at most; needs neither model nor store. */
export type DetectEmergency = (message: string) => Emergency | undefined;

/** @throws Error naming the rule that can't be read. */
export function createEmergencyDetection({
  lookAlikes,
  setAside,
  words,
  kinds,
}: Institution['emergencies']): DetectEmergency {
  const compiler = createRuleCompiler(words);
  const read = <T>(rule: string, compile: (rule: string) => T): T => {
    try {
      return compile(rule);
    } catch (error) {
      throw new Error(`rule "${rule}": ${(error as Error).message}`);
    }
  };
  const ignored = lookAlikes.map((phrase) => read(phrase, compiler.compilePhrase));
  const harmless = setAside.map((rule) => read(rule, compiler.compileRule));
  const categories = kinds.flatMap((kind) =>
    kind.categories.map(({ id, rules }) => ({
      emergency: { kind, category: id },
      rules: rules.map((rule) => read(rule, compiler.compileRule)),
    })),
  );
  const allRules = kinds.flatMap(({ categories: all }) => all.flatMap(({ rules }) => rules));
  const mend = createMending([...allRules, ...[...words.values()].flat()]);

  return (message) => {
    const folded = foldText(readQuestion(message));
    const text = mend(ignored.reduce((rest, phrase) => rest.replace(phrase, ' - '), folded));
    const asked = new Map<RegExp, boolean>();
    const holds = ({ pattern, isWanted }: RulePart): boolean => {
      let isFound = asked.get(pattern);
      if (isFound === undefined) {
        isFound = text.search(pattern) !== -1;
        asked.set(pattern, isFound);
      }
      return isFound === isWanted;
    };
    if (harmless.some((parts) => parts.every(holds))) return undefined;
    return categories.find(({ rules }) => rules.some((parts) => parts.every(holds)))?.emergency;
  };
}

/** The notice with the numbers that hold where the asker is, or else in the first region. */
export function findEmergencyNotice(
  { emergencies, campuses }: Pick<Institution, 'emergencies' | 'campuses'>,
  { kind }: Emergency,
  campus: Campus | undefined,
): Texts {
  const region = campuses.find(({ id }) => id === campus)?.emergency;
  const [anywhere] = emergencies.notices.values();
  const notices = (region === undefined ? undefined : emergencies.notices.get(region)) ?? anywhere;
  return notices?.get(kind.id) ?? { en: '', de: '' };
}

/** The entry that helps: the one of the asker's campus, or else the first that there is. */
export function chooseEmergencyEntry(
  { kind }: Emergency,
  campus: Campus | undefined,
  findEntry: (id: string) => KnowledgeEntry | undefined,
): KnowledgeEntry | undefined {
  const entries = kind.entries.map(findEntry).filter((entry) => entry !== undefined);
  return entries.find(({ campuses }) => campus !== undefined && campuses.includes(campus)) ?? entries[0];
}

/** What to call where no notice can be given: the first sentences of every region, as plain text. */
export function listEmergencyNumbers({
  emergencies,
  campuses,
}: Pick<Institution, 'emergencies' | 'campuses'>): string {
  const listed = [...emergencies.notices].map(([region, notices]) => {
    const places = campuses.filter(({ emergency }) => emergency === region).map(({ name }) => name.en);
    const notice = [...notices.values()][0]?.en ?? '';
    return `${places.join(', ')}: ${notice.replaceAll('**', '')}`;
  });
  return listed.join(' ');
}
