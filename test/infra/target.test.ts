import { describe, expect, test } from '@jest/globals';
import { destroyedCount } from '../../infra/deployment.ts';
import { checkSameTarget, targetOf } from '../../infra/target.ts';

const home = { region: 'us-east-1', accountId: '123456789012' };

describe('where a stack is', () => {
  test('is read from the outputs of its state', () => {
    const outputs = new Map<string, unknown>([
      ['region', 'us-east-1'],
      ['account_id', '123456789012'],
      ['stack', 'iot'],
    ]);
    expect(targetOf(outputs)).toEqual(home);
    expect(targetOf(new Map())).toBeUndefined();
  });

  test('must be where the shell points to', () => {
    expect(() => checkSameTarget('iot', home, { ...home })).not.toThrow();
  });

  test.each([
    ['region', { ...home, region: 'eu-west-1' }, 'eu-west-1, account 123456789012'],
    ['account', { ...home, accountId: '999999999999' }, 'us-east-1, account 999999999999'],
  ])('is not touched from another %s: both are named', (_, shell, named) => {
    expect(() => checkSameTarget('iot', home, shell)).toThrow(
      `the stack iot is in us-east-1, account 123456789012, but this shell points to ${named}. Nothing was changed.`,
    );
  });
});

test.each([
  ['\n\u001b[32mDestroy complete! Resources: 45 destroyed.\n', 45],
  ['Destroy complete! Resources: 0 destroyed.', 0],
  ['Error: nothing of the kind', undefined],
])('counts what Terraform says it destroyed: %j', (told, count) => {
  expect(destroyedCount(told)).toBe(count);
});
