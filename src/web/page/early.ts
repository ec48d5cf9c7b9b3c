import { createThemeChoice } from './theme-choice.ts';

/** Runs before the first paint, so that a chosen appearance does not flash. */
const theme = createThemeChoice().find();
if (theme !== undefined) document.documentElement.dataset.theme = theme;
