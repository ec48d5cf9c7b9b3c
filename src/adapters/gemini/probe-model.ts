import { GoogleGenerativeAI } from '@google/generative-ai';
import type { ProbeResult } from '../../domain/models/model-provider.ts';
import { KeyRefusedError } from '../model-http/map-status.ts';
import { embeddingFormats } from './embedding-formats.ts';
import { mapGeminiError } from './map-gemini-error.ts';

export interface ProbeOptions {
  baseUrl: string;
  timeoutMs: number;
}

/**
 * Asks for a model's description (`models.get`), which costs nothing and counts against no generation quota. A 404
 * there may be about the description alone, so that the model itself has the last word: it counts the tokens of a
 * word, or embeds it. Never throws.
 */
export async function probeModel(
  model: string,
  apiKey: string,
  { baseUrl, timeoutMs }: ProbeOptions,
): Promise<ProbeResult> {
  try {
    const response = await fetch(`${baseUrl}/v1beta/models/${encodeURIComponent(model)}`, {
      headers: { 'x-goog-api-key': apiKey },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body = await response.text();
    if (response.ok) return 'available';
    if (response.status === 404) return await askModelItself(model, apiKey, { baseUrl, timeoutMs });
    const isKeyRefused = [401, 403].includes(response.status) || body.includes('API_KEY_INVALID');
    return isKeyRefused ? 'refused' : 'unclear';
  } catch {
    return 'unreachable';
  }
}

async function askModelItself(
  model: string,
  apiKey: string,
  { baseUrl, timeoutMs }: ProbeOptions,
): Promise<ProbeResult> {
  const client = new GoogleGenerativeAI(apiKey).getGenerativeModel({ model }, { baseUrl });
  const signal = AbortSignal.timeout(timeoutMs);
  const word = { role: 'user', parts: [{ text: 'probe' }] };
  try {
    if (model in embeddingFormats) {
      const text = embeddingFormats[model as keyof typeof embeddingFormats]('probe', 'query').text;
      await client.embedContent({ content: { role: 'user', parts: [{ text }] } }, { signal });
    } else {
      await client.countTokens({ contents: [word] }, { signal });
    }
    return 'available';
  } catch (error) {
    const failure = mapGeminiError(error);
    if (failure.reason === 'not_found') return 'missing';
    return failure instanceof KeyRefusedError ? 'refused' : 'unclear';
  }
}
