import { ensureBuild } from '../../infra/local/build.mjs';

/** System tests run the built service. */
export default ensureBuild;
