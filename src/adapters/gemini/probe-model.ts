/** What a look at a model found; `unclear` is an HTTP reply that answers neither question. */
export type ProbeResult = 'available' | 'missing' | 'refused' | 'unclear' | 'unreachable';

export interface ProbeOptions {
  baseUrl: string;
  timeoutMs: number;
}

/** Asks for a model's description (`models.get`), which costs nothing and counts against no generation quota. Never throws. */
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
    if (response.status === 404) return 'missing';
    const isKeyRefused = [401, 403].includes(response.status) || body.includes('API_KEY_INVALID');
    return isKeyRefused ? 'refused' : 'unclear';
  } catch {
    return 'unreachable';
  }
}
