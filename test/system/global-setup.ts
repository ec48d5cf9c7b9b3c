import { ensureBuild } from '../../infra/local/build.mjs';
import { prepareStores } from './prepared-stores.ts';

/** System tests run the built service on a filled knowledge base. */
export default async function setUp() {
  await ensureBuild();
  await prepareStores();
}
