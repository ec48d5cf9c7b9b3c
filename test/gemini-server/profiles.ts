import { type GenerateRequest, generationConfigFields } from './wire.ts';

/** What a model takes and refuses; each as strict as the API is, or may become, with it. */
export interface ModelProfile {
  /** Levels of thinking and the tokens that each spends before the first text; none for a model that does not think. */
  thinking: Readonly<Record<string, number>>;
  /** The level of requests that name none. */
  defaultLevel: string;
  /** False: `thinkingBudget` in any form is refused. */
  takesBudget: boolean;
  /** False: temperature, topP and topK are refused. */
  takesSampling: boolean;
}

export const profiles = {
  '3.5-flash-lite': {
    thinking: { MINIMAL: 0, LOW: 300, MEDIUM: 1500, HIGH: 6000 },
    defaultLevel: 'MINIMAL',
    takesBudget: true,
    takesSampling: true,
  },
  '3.8-flash': {
    thinking: { LOW: 300, MEDIUM: 1500, HIGH: 6000 },
    defaultLevel: 'MEDIUM',
    takesBudget: true,
    takesSampling: true,
  },
  /** As announced: what is deprecated now is refused. */
  next: {
    thinking: { LOW: 300, MEDIUM: 1500, HIGH: 6000 },
    defaultLevel: 'MEDIUM',
    takesBudget: false,
    takesSampling: false,
  },
  /** A model of one's own, which does not think. */
  own: { thinking: {}, defaultLevel: '', takesBudget: false, takesSampling: true },
} satisfies Record<string, ModelProfile>;
export type ProfileName = keyof typeof profiles;
export const profileNames = Object.keys(profiles) as [ProfileName, ...ProfileName[]];

/** Any other model is taken for one that is still to come. */
const profileOfModel: Readonly<Record<string, ProfileName>> = {
  'gemini-3.5-flash-lite': '3.5-flash-lite',
  'gemini-3.8-flash': '3.8-flash',
  'own-model': 'own',
};

export function profileOf(model: string, chosen: Readonly<Record<string, ProfileName>>): ModelProfile {
  return profiles[chosen[model] ?? profileOfModel[model] ?? 'next'];
}

const samplingFields = ['temperature', 'topP', 'topK'];

/** Why the model refuses these settings; undefined when it takes them. */
export function settingRefusal(
  profile: ModelProfile,
  { generationConfig = {} }: GenerateRequest,
): string | undefined {
  const unknown = Object.keys(generationConfig).find((name) => !generationConfigFields.includes(name));
  if (unknown !== undefined) {
    return `Invalid JSON payload received. Unknown name "${unknown}" at 'generation_config': Cannot find field.`;
  }
  const sampling = samplingFields.find((name) => generationConfig[name] !== undefined);
  if (sampling !== undefined && !profile.takesSampling) {
    return `The parameter ${sampling} is not supported by this model.`;
  }
  return thinkingRefusal(profile, generationConfig.thinkingConfig);
}

function thinkingRefusal(
  profile: ModelProfile,
  thinking: { thinkingLevel?: string | undefined; thinkingBudget?: number | undefined } = {},
): string | undefined {
  const { thinkingLevel: level, thinkingBudget: budget } = thinking;
  if (level !== undefined && budget !== undefined) {
    return 'You can only set one of thinking_budget and thinking_level.';
  }
  if (budget !== undefined && !profile.takesBudget) {
    return 'thinking_config.thinking_budget is not supported by this model; use thinking_level.';
  }
  if (budget === 0) return 'Budget 0 is invalid. This model only works in thinking mode.';
  if (level !== undefined && profile.thinking[level] === undefined) {
    return `Thinking level ${level} is not supported for this model.`;
  }
  return undefined;
}

/** Tokens that the model thinks before its first text. */
export function thoughtTokensOf(profile: ModelProfile, { generationConfig = {} }: GenerateRequest): number {
  const { thinkingLevel, thinkingBudget } = generationConfig.thinkingConfig ?? {};
  return thinkingBudget ?? profile.thinking[thinkingLevel ?? profile.defaultLevel] ?? 0;
}
