import type { Institution, SmallTalkKind } from '../institution.ts';
import { readQuestion } from './normalize-text.ts';
import { tokenize } from './tokenize.ts';

/** Recognises a message that greets or thanks and asks nothing; undefined for everything else. */
export type DetectSmallTalk = (message: string) => SmallTalkKind | undefined;

export function createSmallTalkDetection({ fillers, kinds }: Institution['smallTalk']): DetectSmallTalk {
  const consistsOf = (words: readonly string[], core: ReadonlySet<string>): boolean =>
    words.some((word) => core.has(word)) && words.every((word) => core.has(word) || fillers.has(word));

  return (message) => {
    const words = tokenize(readQuestion(message));
    return kinds.find((kind) => consistsOf(words, kind.words));
  };
}
