/**
 * Loaded before the Portkey gateway: it adds headers to the replies that fetch gives it, which Node 20 forbids, so that
 * every stream would fail. A copy of the headers costs some microseconds.
 */
const originalFetch = globalThis.fetch;
globalThis.fetch = async (...parameters) => {
  const response = await originalFetch(...parameters);
  Object.defineProperty(response, 'headers', { value: new Headers(response.headers) });
  return response;
};
