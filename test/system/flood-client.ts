import { z } from 'zod';

/**
 * A client process that sends many questions at once, each under a forged address, and prints what came back as JSON:
 * `node --import tsx flood-client.ts URL COUNT NUMBER`.
 */
const [url, count, clientNumber] = z
  .tuple([z.url(), z.coerce.number(), z.coerce.number()])
  .parse(process.argv.slice(2));

const forgeAddress = (index: number) => `198.51.${clientNumber}.${index % 250}`;

async function send(index: number) {
  const address = forgeAddress(index);
  const response = await fetch(`${url}/api/chat`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'X-Forwarded-For': address,
      'X-Real-IP': address,
      Forwarded: `for=${address}`,
      'X-Client-IP': address,
    },
    body: JSON.stringify({ message: 'Hello' }),
  });
  await response.arrayBuffer();
  return { status: response.status, headers: Object.fromEntries(response.headers) };
}

console.log(JSON.stringify(await Promise.all(Array.from({ length: count }, (_, index) => send(index)))));
