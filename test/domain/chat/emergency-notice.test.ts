import { describe, expect, it } from 'vitest';
import { findEmergencyNotice } from '../../../src/domain/chat/emergency-notice.ts';
import { institution } from '../../fixtures/institution.ts';

describe('the notice in an emergency', () => {
  it.each([
    ['someone collapsed in the lecture hall and is not breathing', 'en', '112'],
    ['Hilfe, mein Kommilitone ist bewusstlos!', 'de', '112'],
    ['es brennt im Labor', 'de', '112'],
    ['my roommate says she wants to end her life', 'en', '0800 111 0 111'],
    ["I don't want to live anymore", 'en', '0800 111 0 111'],
    ['Ich will nicht mehr leben', 'de', '0800 111 0 111'],
  ] as const)('comes for: %s', (message, language, number) => {
    expect(findEmergencyNotice(institution, message, undefined, language)).toContain(number);
  });

  it('has the numbers of Singapore there', () => {
    expect(findEmergencyNotice(institution, 'he is unconscious', 'Singapore', 'en')).toContain('995');
  });

  it.each([
    'How do I connect to eduroam?',
    'My VPN connection collapsed, what can I do?',
    'Was kostet der Semesterbeitrag?',
    'Where do I find the fire safety training?',
    'Wo kann ich ein Fahrrad abstellen?',
  ])('does not come for: %s', (message) => {
    expect(findEmergencyNotice(institution, message, undefined, 'en')).toBeUndefined();
  });
});
