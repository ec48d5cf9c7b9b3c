import { parseWebAddress, turnsText } from '../../domain/web-address.ts';

export interface SafeLink {
  href: string;
  /** Where it leads, in a few words: the host, the mail address or the number. */
  target: string;
}

const mailAddress = /^mailto:[\w.+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}(?:\?[!-~]*)?$/i;
const telephoneNumber = /^tel:\+?[\d().-]{2,30}$/i;
const afterScheme = (address: string) => address.slice(address.indexOf(':') + 1).split('?', 1)[0] ?? '';

/**
 * The address, if it may be followed from the page: whole, of the web, mail or telephone, and leading where it seems to.
 * `javascript:` and its kin are not.
 */
export const findSafeLink = (address: string): SafeLink | undefined => {
  const url = parseWebAddress(address);
  if (url !== undefined) return { href: url.href, target: url.host.replace(/^www\./, '') };
  if (!mailAddress.test(address) && !telephoneNumber.test(address)) return undefined;
  return { href: address, target: afterScheme(address) };
};

/** Whether a link's words say by themselves where it leads, and nothing else. */
export const namesTarget = (words: string, { href, target }: SafeLink): boolean => {
  const said = words
    .trim()
    .toLowerCase()
    .replace(/^(?:https?:\/\/|mailto:|tel:)?(?:www\.)?/, '');
  const isNumber = href.startsWith('tel:') && said.replace(/[^\d+]/g, '') === target.replace(/[^\d+]/g, '');
  return said === target.toLowerCase() || said.startsWith(`${target.toLowerCase()}/`) || isNumber;
};

/** Words that would be read in another order than they are written are nobody's link. */
export const isReadable = (words: string): boolean => !turnsText(words);
