import { tokenize } from './tokenize.ts';

export type SmallTalk = 'greeting' | 'thanks';

const toSet = (words: string) => new Set(words.split(' '));

const greetingWords = toSet(
  'hello hi hey hallo moin servus guten tag morgen abend good morning afternoon evening day gruess grüß gott greetings hola hiya yo howdy grüezi',
);
const thanksWords = toSet(
  'thanks thank you thx ty danke dankeschön dankeschoen vielen dank merci cheers bedankt besten herzlichen lieben',
);
const fillerWords = toSet(
  'there so much very a lot again everyone all bot chatbot tum and und dir ihnen euch zusammen schön schoen sehr mal for your help the answer für die hilfe antwort ok okay great super perfect perfekt nice toll',
);

const consistsOf = (words: readonly string[], core: ReadonlySet<string>): boolean =>
  words.some((word) => core.has(word)) && words.every((word) => core.has(word) || fillerWords.has(word));

/** Recognises a message that greets or thanks and asks nothing; undefined for everything else. */
export function detectSmallTalk(message: string): SmallTalk | undefined {
  const words = tokenize(message);
  if (consistsOf(words, thanksWords)) return 'thanks';
  return consistsOf(words, greetingWords) ? 'greeting' : undefined;
}
