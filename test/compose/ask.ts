import { z } from 'zod';

const answerSchema = z.object({
  response: z.string().min(1),
  session_id: z.string(),
  answered_by: z.enum(['model', 'knowledge_base']),
  sources: z.array(z.object({ id: z.string() })),
});

export interface Answer extends z.infer<typeof answerSchema> {
  readonly replica: string;
}

/** Asks as a person does. @throws unless it is answered. */
export async function ask(
  url: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const reply = await fetch(`${url}/api/chat`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ message }),
  });
  const text = await reply.text();
  if (reply.status !== 200) throw new Error(`${reply.status} ${text}`);
  return { ...answerSchema.parse(JSON.parse(text)), replica: reply.headers.get('x-replica') ?? '' };
}
