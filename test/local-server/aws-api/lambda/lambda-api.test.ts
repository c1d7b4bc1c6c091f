import type { InvokeCommandInput } from '@aws-sdk/client-lambda';
import { GetFunctionCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import type { Context } from 'aws-lambda';
import type { DescribedFunction } from '../../../../local-server/delivery/lambda-runtime.ts';
import { createLambdaFunction } from '../../../../local-server/delivery/lambda-runtime.ts';
import { frontDoor } from '../front-door.ts';

const ARN = 'arn:aws:lambda:eu-west-1:000000000000:function:iot-IoTAPI';
const identity = { accountId: '000000000000', region: 'eu-west-1' };

let app: FastifyInstance;
let address: string;
let client: LambdaClient;
let logged: string[];
/** What the handler was invoked with. */
let events: unknown[];
/** What it does. */
let handler: (event: unknown, context: Context) => Promise<unknown>;

beforeEach(async () => {
  logged = [];
  events = [];
  handler = async (event) => ({ echo: event });
  const echo = createLambdaFunction({
    name: 'iot-IoTAPI',
    handler: (event: unknown, context: Context) => {
      events.push(event);
      return handler(event, context);
    },
    timeoutInSeconds: 60,
    memoryInMiB: 256,
    clock: { now: () => Date.UTC(2026, 0, 1) },
    ...identity,
  });
  const broken: DescribedFunction = {
    description: { name: 'broken', timeoutInSeconds: 1, memoryInMiB: 128 },
    invoke: () => Promise.reject(new Error('secret detail')),
  };
  const functions = new Map([
    ['iot-IoTAPI', echo],
    ['broken', broken],
  ]);
  app = await frontDoor(
    { functions, consumers: new Set(['iot-IoTS3EventProcessor']) },
    { logger: { level: 'error', stream: { write: (line) => void logged.push(line) } } },
  );
  address = await app.listen({ host: '127.0.0.1', port: 0 });
  client = new LambdaClient({
    endpoint: address,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts: 1,
  });
});

afterEach(async () => {
  client.destroy();
  await app.close();
});

async function invoke(input: Partial<InvokeCommandInput> = {}) {
  const { Payload, ...answer } = await client.send(new InvokeCommand({ FunctionName: 'iot-IoTAPI', ...input }));
  const text = Payload?.transformToString() ?? '';
  return { ...answer, payload: text === '' ? undefined : (JSON.parse(text) as unknown) };
}

const containing = (text: string) => expect.stringContaining(text);

describe('a consumer of the stream', () => {
  test.each([
    'iot-IoTS3EventProcessor',
    'iot-IoTS3EventProcessor:$LATEST',
    `${ARN.slice(0, -10)}iot-IoTS3EventProcessor`,
  ])('cannot be invoked from outside, as %s', async (FunctionName) => {
    for (const InvocationType of ['RequestResponse', 'Event', 'DryRun'] as const) {
      await expect(invoke({ FunctionName, InvocationType })).rejects.toMatchObject({
        name: 'AccessDeniedException',
        message: containing('put records into the stream'),
        $metadata: { httpStatusCode: 403 },
      });
    }
  });
});

describe('a synchronous invocation', () => {
  test('answers what the handler answers', async () => {
    const query = { operation: 'query', sensorid: 'Küche' };
    const answer = await invoke({ Payload: JSON.stringify(query) });
    expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST', payload: { echo: query } });
    expect(answer.FunctionError).toBeUndefined();
  });

  test('answers JSON, null included, under the id of the invocation', async () => {
    handler = async () => undefined;
    const response = await fetch(`${address}/2015-03-31/functions/iot-IoTAPI/invocations`, { method: 'POST' });
    expect(await response.json()).toBeNull();
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('without a payload has an empty event', async () => {
    await invoke();
    expect(events).toEqual([{}]);
  });

  test('of a handler that throws is answered with 200 and the error', async () => {
    handler = async () => {
      throw new RangeError('limit is 0');
    };
    expect(await invoke()).toMatchObject({
      StatusCode: 200,
      FunctionError: 'Unhandled',
      payload: {
        errorType: 'RangeError',
        errorMessage: 'limit is 0',
      },
    });
  });
});

describe('the name of the function', () => {
  test.each([
    'iot-IoTAPI',
    'iot-IoTAPI:$LATEST',
    'function:iot-IoTAPI',
    '000000000000:function:iot-IoTAPI',
    ARN,
    `${ARN}:$LATEST`,
  ])('may be %s', async (FunctionName) => {
    expect(await invoke({ FunctionName })).toMatchObject({ StatusCode: 200 });
  });

  test('may be given with a qualifier that says the same', async () => {
    expect(await invoke({ FunctionName: `${ARN}:$LATEST`, Qualifier: '$LATEST' })).toMatchObject({ StatusCode: 200 });
    await expect(invoke({ FunctionName: `${ARN}:v1`, Qualifier: 'v2' })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
  });

  test.each([
    ['iot-Other', 'arn:aws:lambda:eu-west-1:000000000000:function:iot-Other:$LATEST'],
    ['iot-IoTAPI:v1', `${ARN}:v1`],
    ['123456789012:function:iot-IoTAPI', 'arn:aws:lambda:eu-west-1:123456789012:function:iot-IoTAPI:$LATEST'],
    ['__proto__', 'arn:aws:lambda:eu-west-1:000000000000:function:__proto__:$LATEST'],
  ])('is refused where there is no such function: %s', async (FunctionName, arn) => {
    await expect(invoke({ FunctionName })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `Function not found: ${arn}`,
      Type: 'User',
      $metadata: { httpStatusCode: 404 },
    });
  });

  test.each(['iot API', 'a/b', 'a:b:c', 'a'.repeat(257)])('is refused where it is none: %s', async (FunctionName) => {
    await expect(invoke({ FunctionName })).rejects.toMatchObject({
      name: 'ValidationException',
      message: containing(`Value '${FunctionName}' at 'functionName' failed to satisfy constraint`),
    });
  });
});

/**
 * Recorded on AWS: localstack/localstack, tests/aws/services/lambda_/test_lambda_api.snapshot.json,
 * test_function_name_and_qualifier_validation and test_get_function_wrong_region.
 */
describe('names that were recorded on AWS', () => {
  const pattern = String.raw`(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`;
  const isNoName = (name: string) =>
    `Value '${name}' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: ${pattern}`;
  const isTooLong = `Value '${'a'.repeat(129)}' at 'qualifier' failed to satisfy constraint: Member must have length less than or equal to 128`;
  const arn = 'arn:aws:lambda:eu-west-1:000000000000:function';
  const elsewhere = 'arn:aws:lambda:invalid-region:000000000000:function';
  const mismatch = 'The derived qualifier from the function name does not match the specified qualifier.';

  test.each<[name: string, qualifier: string | undefined, violations: readonly string[]]>([
    ['my-function!', undefined, [isNoName('my-function!')]],
    ['*', undefined, [isNoName('*')]],
    [
      'my-function',
      'invalid!',
      [
        String.raw`Value 'invalid!' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+`,
      ],
    ],
    ['my-function', 'a'.repeat(129), [isTooLong]],
    ['invalid-account:function:my-function', undefined, [isNoName('invalid-account:function:my-function')]],
    [`${elsewhere}:my-function`, undefined, [isNoName(`${elsewhere}:my-function`)]],
    [
      'arn:aws:ec2:eu-west-1:000000000000:instance:i-1234567890abcdef0',
      undefined,
      [isNoName('arn:aws:ec2:eu-west-1:000000000000:instance:i-1234567890abcdef0')],
    ],
    [
      `${elsewhere}:my-function${'a'.repeat(170)}`,
      'a'.repeat(129),
      [isTooLong, isNoName(`${elsewhere}:my-function${'a'.repeat(170)}`)],
    ],
    [`${arn}:my-function:1:2`, undefined, [isNoName(`${arn}:my-function:1:2`)]],
    ['function:my-function:$LATEST:extra', undefined, [isNoName('function:my-function:$LATEST:extra')]],
    [`${arn}:my-function:$LATES`, undefined, [isNoName(`${arn}:my-function:$LATES`)]],
    ...['arn:aws:lambda::000000000000:function:my-function', 'arn:aws:lambda:eu-west-1::function:my-function'].map(
      (name): [string, undefined, string[]] => [name, undefined, [isNoName(name)]],
    ),
  ])('%s, qualifier %s, is refused in the words of AWS', async (FunctionName, Qualifier, violations) => {
    const error = {
      name: 'ValidationException',
      message: `${violations.length} validation error${violations.length > 1 ? 's' : ''} detected: ${violations.join('; ')}`,
    };
    await expect(invoke({ FunctionName, Qualifier })).rejects.toMatchObject(error);
    await expect(client.send(new GetFunctionCommand({ FunctionName, Qualifier }))).rejects.toMatchObject(error);
  });

  test.each<[name: string, qualifier: string | undefined, type: string, said: string, ofInvoke?: string]>([
    [
      'a'.repeat(65),
      undefined,
      'ResourceNotFoundException',
      `Function not found: ${arn}:${'a'.repeat(65)}`,
      ':$LATEST',
    ],
    [arn, undefined, 'ResourceNotFoundException', `Function not found: ${arn}:function`, ':$LATEST'],
    [
      'my-function',
      'a'.repeat(65),
      'ResourceNotFoundException',
      `Function not found: ${arn}:my-function:${'a'.repeat(65)}`,
    ],
    [`${arn}:my-function`, '$latest', 'ResourceNotFoundException', `Function not found: ${arn}:my-function:$latest`],
    [`${arn}:my-function:$LATEST`, '1', 'InvalidParameterValueException', mismatch],
    [
      'arn:aws:lambda:us-east-1:000000000000:function:iot-IoTAPI',
      undefined,
      'ResourceNotFoundException',
      "Functions from 'us-east-1' are not reachable in this region ('eu-west-1')",
    ],
  ])('%s, qualifier %s: %s', async (FunctionName, Qualifier, name, message, ofInvoke = '') => {
    await expect(client.send(new GetFunctionCommand({ FunctionName, Qualifier }))).rejects.toMatchObject({
      name,
      message,
    });
    await expect(invoke({ FunctionName, Qualifier })).rejects.toMatchObject({ name, message: message + ofInvoke });
  });
});

describe('the client context', () => {
  const inBase64 = (text: string) => Buffer.from(text).toString('base64');

  test('reaches the handler', async () => {
    handler = async (_event, { clientContext }) => clientContext;
    const given = { client: { installation_id: 'Küche' }, Custom: { a: '1' } };
    const ClientContext = inBase64(JSON.stringify(given));
    expect((await invoke({ ClientContext })).payload).toEqual(given);
    expect((await invoke()).payload).toBeNull();
  });

  test.each([
    ['no Base64', '{"a":1}'],
    ['no JSON', inBase64('{"a":')],
    ['no object', inBase64('[1]')],
    ['null', inBase64('null')],
  ])('that is %s is refused in the words of AWS', async (_title, ClientContext) => {
    for (const InvocationType of ['RequestResponse', 'Event'] as const) {
      await expect(invoke({ ClientContext, InvocationType })).rejects.toMatchObject({
        name: 'InvalidRequestContentException',
        message: 'Client context must be a valid Base64-encoded JSON object.',
        $metadata: { httpStatusCode: 400 },
      });
    }
    expect(events).toEqual([]);
  });

  test('may have 3,583 bytes of Base64', async () => {
    const contextOf = (bytes: number) => inBase64(JSON.stringify({ a: 'x'.repeat(bytes - 8) })).replace(/=+$/, '');
    expect(contextOf(2_687)).toHaveLength(3_583);
    expect(await invoke({ ClientContext: contextOf(2_687) })).toMatchObject({ StatusCode: 200 });
    await expect(invoke({ ClientContext: contextOf(2_688) })).rejects.toMatchObject({
      name: 'InvalidRequestContentException',
      message: containing('3583'),
    });
  });
});

describe('the log of an invocation', () => {
  async function logOf(input: Partial<InvokeCommandInput> = {}): Promise<string | undefined> {
    const { LogResult } = await invoke({ LogType: 'Tail', ...input });
    return LogResult === undefined ? undefined : Buffer.from(LogResult, 'base64').toString();
  }

  test('is told to a client that asks for it, and to no other', async () => {
    expect(await logOf()).toMatch(
      /^START RequestId: ([0-9a-f-]{36}) Version: \$LATEST\nEND RequestId: \1\nREPORT RequestId: \1\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB\t\n$/,
    );
    expect(await logOf({ LogType: 'None' })).toBeUndefined();
    expect((await invoke()).LogResult).toBeUndefined();
    expect(await logOf({ InvocationType: 'Event' })).toBeUndefined();
  });

  test('has the error of a handler that throws', async () => {
    handler = async () => {
      throw new RangeError('limit is 0');
    };
    expect(await logOf()).toMatch(
      /\n2026-01-01T00:00:00\.000Z\t[0-9a-f-]{36}\tERROR\tInvoke Error \t\{"errorType":"RangeError","errorMessage":"limit is 0","stack":\["RangeError: limit is 0",.*\nEND /,
    );
  });

  test('is cut to its last 4 KB', async () => {
    handler = async () => {
      throw new Error('x'.repeat(10_000));
    };
    const log = (await logOf()) ?? '';
    expect(Buffer.byteLength(log)).toBe(4_096);
    expect(log).toMatch(/MB\t\n$/);
  });

  test('of an unknown type is refused', async () => {
    await expect(logOf({ LogType: 'All' as 'Tail' })).rejects.toMatchObject({
      name: 'ValidationException',
      message:
        "1 validation error detected: Value 'All' at 'logType' failed to satisfy constraint: Member must satisfy enum value set: [None, Tail]",
    });
  });
});

describe('a payload', () => {
  test('that is no JSON is refused before the handler sees it', async () => {
    for (const Payload of ['{"operation":', Uint8Array.of(0x22, 0xff, 0x22)]) {
      await expect(invoke({ Payload })).rejects.toMatchObject({
        name: 'InvalidRequestContentException',
        message: containing('Could not parse request body into json: '),
        $metadata: { httpStatusCode: 400 },
      });
    }
    expect(events).toEqual([]);
  });

  test('may have 6 MB', async () => {
    const most = 6 * 1_024 * 1_024;
    handler = async () => null;
    expect(await invoke({ Payload: JSON.stringify('a'.repeat(most - 2)) })).toMatchObject({ StatusCode: 200 });
    await expect(invoke({ Payload: JSON.stringify('a'.repeat(most - 1)) })).rejects.toMatchObject({
      name: 'RequestEntityTooLargeException',
      message: 'Request must be smaller than 6291456 bytes for the InvokeFunction operation',
      $metadata: { httpStatusCode: 413 },
    });
  });

  test('may have 1 MB where the invocation is asynchronous', async () => {
    const Payload = JSON.stringify('a'.repeat(1_024 * 1_024 - 1));
    await expect(invoke({ InvocationType: 'Event', Payload })).rejects.toMatchObject({
      message: '1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)',
      $metadata: { httpStatusCode: 413 },
    });
  });
});

describe('an asynchronous invocation', () => {
  test('is answered before the handler is done, and closing the server waits for it', async () => {
    let finish: (answer: null) => void = () => undefined;
    let finished = false;
    handler = async () => {
      await new Promise((resolve) => {
        finish = resolve;
      });
      finished = true;
    };
    expect(await invoke({ InvocationType: 'Event', Payload: '{"a":1}' })).toMatchObject({ StatusCode: 202 });
    expect(events).toEqual([{ a: 1 }]);
    expect(finished).toBe(false);
    const closed = app.close();
    finish(null);
    await closed;
    expect(finished).toBe(true);
  });

  test('that fails is logged', async () => {
    handler = async () => {
      throw new Error('nobody reads this answer');
    };
    await invoke({ InvocationType: 'Event' });
    await invoke({ FunctionName: 'broken', InvocationType: 'Event' });
    await app.close();
    expect(logged).toEqual([containing('nobody reads this answer'), containing('secret detail')]);
  });
});

describe('other requests', () => {
  test('a dry run checks the request and invokes nothing', async () => {
    expect(await invoke({ InvocationType: 'DryRun' })).toMatchObject({ StatusCode: 204 });
    await expect(invoke({ InvocationType: 'DryRun', FunctionName: 'iot-Other' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    expect(events).toEqual([]);
  });

  test('an unknown invocation type is refused', async () => {
    await expect(invoke({ InvocationType: 'Later' as 'Event' })).rejects.toMatchObject({
      name: 'ValidationException',
      message: containing('enum value set: [Event, RequestResponse, DryRun]'),
    });
  });

  test('a fault of the server is told without its details, which are logged', async () => {
    await expect(invoke({ FunctionName: 'broken' })).rejects.toMatchObject({
      name: 'ServiceException',
      message: expect.not.stringContaining('secret'),
      Type: 'Service',
      $metadata: { httpStatusCode: 500 },
    });
    expect(logged).toEqual([containing('secret detail')]);
  });

  test('other operations are not offered', async () => {
    const response = await fetch(`${address}/2015-03-31/functions/iot-IoTAPI/versions`, { method: 'POST' });
    expect(await response.text()).toContain('Lambda has Invoke, ListFunctions, GetFunction, ');
    expect(response.status).toBe(404);
    expect(response.headers.get('x-amzn-errortype')).toBe('UnknownOperationException');
  });
});
