import type { LanguageModel, ModelEvent, Prompt } from '../../../src/domain/models/language-model.ts';

export const prompt: Prompt = {
  system: 'Answer from the entries.',
  messages: [
    {
      author: 'user',
      text: '<entry id="library-hours">\nQuestion: When?\nAnswer: From 8 to 24 o\'clock.\n</entry>\n<question>\nWhen does the library open?\n</question>',
    },
  ],
};

export interface Reply {
  /** Text since the last restart. */
  text: string;
  events: ModelEvent['type'][];
  finish: Extract<ModelEvent, { type: 'finish' }> | undefined;
  error: unknown;
}

/** Reads an answer to its end, whatever the end is. */
export async function ask(
  model: LanguageModel,
  { signal = new AbortController().signal, onEvent = (_event: ModelEvent) => {} } = {},
): Promise<Reply> {
  const reply: Reply = { text: '', events: [], finish: undefined, error: undefined };
  try {
    for await (const event of model.generate(prompt, { signal })) {
      reply.events.push(event.type);
      if (event.type === 'text') reply.text += event.text;
      if (event.type === 'restart') reply.text = '';
      if (event.type === 'finish') reply.finish = event;
      onEvent(event);
    }
  } catch (error) {
    reply.error = error;
  }
  return reply;
}
