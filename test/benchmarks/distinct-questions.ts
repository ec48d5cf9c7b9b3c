import questionSet from '../evaluation/questions.json' with { type: 'json' };

const openings = [
  '',
  'Hi, ',
  'Quick one: ',
  'Please help: ',
  'Excuse me, ',
  'Good morning, ',
  'Sorry to ask, ',
];
const closings = [
  '',
  ' Thanks!',
  ' Please be quick.',
  ' I am new here.',
  ' It is urgent.',
  ' Asking for a friend.',
];
const questions = [...new Set(questionSet.map(({ question }) => question))];

/** Questions as people ask them, none of them twice: the set of `npm run eval`, in ever other words around it. */
export function* distinctQuestions(): Generator<string, never> {
  for (let round = 0; ; round += 1) {
    const opening = openings[round % openings.length];
    const closing = closings[Math.floor(round / openings.length) % closings.length];
    const more = '!'.repeat(Math.floor(round / openings.length / closings.length));
    for (const question of questions) yield `${opening}${question}${closing}${more}`;
  }
}
