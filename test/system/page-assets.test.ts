import { join } from 'node:path';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { ensureCertificate } from '../../infra/local/certificate.ts';
import { startNginx } from '../../infra/local/nginx.ts';
import { findFreePort } from '../../infra/local/ports.ts';
import { createTemporaryFolder, removeTemporaryFolder } from './temporary-folder.ts';
import { startWebServer } from './web-server.ts';

/** A replica of one release, which has only its own files. */
const startRelease = (asset: string) =>
  startWebServer(new Hono().get(`/assets/${asset}`, (context) => context.text('found')));

test('in the middle of an update the files of both releases are found', async () => {
  const folder = createTemporaryFolder();
  await using current = await startRelease('main-OLD.js');
  await using same = await startRelease('main-OLD.js');
  await using next = await startRelease('main-NEW.js');
  const nginx = await startNginx({
    dataDir: join(folder, 'nginx'),
    httpPort: await findFreePort(),
    httpsPort: await findFreePort(),
    replicaPorts: [current, same, next].map(({ origin }) => Number(new URL(origin).port)),
    certificate: await ensureCertificate(folder),
    requestTimeoutSeconds: 10,
    trustedProxies: [],
    adminNetworks: [],
  });
  const statusOf = async (asset: string) => (await fetch(`${nginx.url}/assets/${asset}`)).status;

  try {
    for (let request = 0; request < 12; request += 1) {
      expect(await statusOf('main-OLD.js')).toBe(200);
      expect(await statusOf('main-NEW.js')).toBe(200);
    }
    expect(await statusOf('main-NONE.js')).toBe(404);
    expect(await statusOf('main-OLD.js')).toBe(200);
  } finally {
    await nginx.stop();
    removeTemporaryFolder(folder);
  }
});
