import { describe, expect, test } from '@jest/globals';
import { OutOfTime } from '../../../adapters/aws/backoff.ts';
import { codeOf, isMistake, unavailable } from '../../../adapters/aws/translate-error.ts';
import { StoreUnavailable } from '../../../core/errors.ts';

function serviceError(name: string, status: number): Error {
  const $metadata = { httpStatusCode: status, requestId: 'A1B2', attempts: 1 };
  return Object.assign(new Error('Rate exceeded'), { name, $metadata });
}

/** A table for `test.each` whose rows are titled by the message alone, without the stack. */
function titled(...errors: readonly unknown[]): [string, unknown][] {
  return errors.map((error) => [String(error), error]);
}

const connectionReset = Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' });

describe('what may work later becomes StoreUnavailable', () => {
  test.each(
    titled(
      serviceError('ProvisionedThroughputExceededException', 400),
      serviceError('InternalFailure', 500),
      serviceError('AccessDeniedException', 400),
      serviceError('ResourceNotFoundException', 400),
      serviceError('NameOfTomorrow', 400),
      connectionReset,
      Object.assign(new Error('self-signed certificate'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
      Object.assign(new Error('no credentials'), { name: 'CredentialsProviderError' }),
      new OutOfTime(),
    ),
  )('%s', (_, error) => {
    expect(unavailable('table', 'took nothing', error)).toBeInstanceOf(StoreUnavailable);
  });

  test("with the vendor's name, message and request id in its message, and the error as its cause", () => {
    const error = serviceError('SlowDown', 503);
    const translated = unavailable('archive', 'took no object', error);
    expect(translated.message).toBe('archive: took no object (SlowDown: Rate exceeded, request A1B2)');
    expect(translated.cause).toBe(error);
  });
});

describe('a mistake stays what it is', () => {
  test.each(
    titled(
      serviceError('ValidationException', 400),
      serviceError('InvalidArgumentException', 400),
      serviceError('SerializationException', 400),
      new TypeError('x is not a function'),
      new Error('Special numeric value NaN is not allowed'),
      Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL' }),
      'a text',
      undefined,
    ),
  )('%s', (_, error) => {
    expect(isMistake(error)).toBe(true);
    let thrown: unknown = 'nothing';
    try {
      unavailable('table', 'took nothing', error);
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown).toBe(error);
  });
});

test("the code of an error is the system's for a connection and the service's name otherwise", () => {
  expect(codeOf(connectionReset)).toBe('ECONNRESET');
  expect(codeOf(serviceError('InternalFailure', 500))).toBe('InternalFailure');
  expect(codeOf('a text')).toBe('UnknownError');
});
