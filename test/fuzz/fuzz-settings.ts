/** Cases of each property: 2,000 in `npm test`, 20,000 in `npm run fuzz`. */
export const fuzzCases = Number(process.env.FUZZ_CASES ?? 2000);

/** The same cases in every run, so that what passes once passes always; FUZZ_SEED tries others. */
export const fuzzSettings = { numRuns: fuzzCases, seed: Number(process.env.FUZZ_SEED ?? 20_261_125) };

/** Long enough for the cases of `npm run fuzz`. */
export const fuzzTimeoutMs = 60_000 + 60 * fuzzCases;
