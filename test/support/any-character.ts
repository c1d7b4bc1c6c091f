import fc from 'fast-check';

/**
 * Any character of Unicode, those of ASCII more often: the unit of `fc.string` where every text must do. What fast-check has
 * for it (`binary`) takes more than a second to make, in every file anew.
 */
export const anyCharacter = fc
  .oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0, max: 0xd7ff }),
    // Behind the surrogates, which are no characters on their own.
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  )
  .map((codePoint) => String.fromCodePoint(codePoint));
