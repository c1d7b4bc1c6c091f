import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BodyTooLarge, type LineLimits, ndjsonLines } from '../../../local-server/routes/ndjson-lines.ts';

const roomy: LineLimits = { maxLineBytes: 1_000, maxBodyBytes: 1_000_000 };

async function* bodyOf(chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

/** The lines as text, and what is too long as `undefined`. */
async function linesOf(
  chunks: readonly (string | Uint8Array)[],
  limits: Partial<LineLimits> = {},
): Promise<(string | undefined)[]> {
  const lines: (string | undefined)[] = [];
  for await (const some of ndjsonLines(bodyOf(chunks), { ...roomy, ...limits })) {
    for (const line of some) lines.push(line && Buffer.from(line).toString());
  }
  return lines;
}

describe('lines', () => {
  test('come one by one, without their line feed', async () => {
    expect(await linesOf(['{"a":1}\n{"b":2}\n'])).toEqual(['{"a":1}', '{"b":2}']);
  });

  test('need no line feed at the end', async () => {
    expect(await linesOf(['a\nb'])).toEqual(['a', 'b']);
  });

  test('may end in a carriage return and a line feed', async () => {
    expect(await linesOf(['a\r\nb\r\nc\r'])).toEqual(['a', 'b', 'c']);
  });

  test('that are empty are left out', async () => {
    expect(await linesOf(['\n\n\r\na\n\n\r\n\nb\n\r'])).toEqual(['a', 'b']);
    expect(await linesOf([])).toEqual([]);
  });

  test('that are empty are left out where a chunk ends between carriage return and line feed, too', async () => {
    expect(await linesOf(['a\n\r', '\nb\n\r', '\n\r'])).toEqual(['a', 'b']);
  });

  test('of white space are skipped', async () => {
    expect(await linesOf([' \n', '\t\r\n', ' '])).toEqual([]);
  });

  test('are put together from chunks, also where one ends within a character', async () => {
    const [before, behind] = [Buffer.from('22 °C Küche\nx').subarray(0, 4), Buffer.from('22 °C Küche\nx').subarray(4)];

    expect(await linesOf([before, behind, 'y', 'z\n'])).toEqual(['22 °C Küche', 'xyz']);
  });

  test('are the same however the body is cut into chunks', async () => {
    const body = fc
      .array(fc.constantFrom('a', 'ü', '\n', '\r\n', '\r', ' '), { maxLength: 40 })
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(body, fc.array(fc.nat(60), { maxLength: 6 }), async (text, cuts) => {
        const bytes = Buffer.from(text);
        const ends = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
        const chunks = ends.slice(1).map((end, n) => bytes.subarray(ends[n], end));
        const expected = text
          .split('\n')
          .map((line) => line.replace(/\r$/, ''))
          .filter((line) => !/^[ \t\r]*$/.test(line));

        expect(await linesOf(chunks)).toEqual(expected);
      }),
    );
  });
});

describe('a line over the limit', () => {
  test('comes as undefined in its place, and those around it are whole', async () => {
    expect(await linesOf(['a\n', '123456', '789\n', 'b\n12345\n'], { maxLineBytes: 5 })).toEqual([
      'a',
      undefined,
      'b',
      '12345',
    ]);
  });

  test('at the end comes as undefined too', async () => {
    expect(await linesOf(['a\n123456'], { maxLineBytes: 5 })).toEqual(['a', undefined]);
  });
});

describe('a body over the limit', () => {
  test('is refused when that is seen, after the lines in front of it', async () => {
    const seen: string[] = [];
    const read = async () => {
      const limits = { ...roomy, maxBodyBytes: 6 };
      for await (const lines of ndjsonLines(bodyOf(['a\nb\n', 'cd\n']), limits)) seen.push(...lines.map(String));
    };

    await expect(read()).rejects.toThrow(new BodyTooLarge('more than 6 bytes'));
    expect(seen).toHaveLength(2);
  });

  test('of exactly the limit is taken', async () => {
    expect(await linesOf(['a\nb\n', 'c\n'], { maxBodyBytes: 6 })).toEqual(['a', 'b', 'c']);
  });
});
