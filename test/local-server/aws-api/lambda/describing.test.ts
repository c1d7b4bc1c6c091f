/** What clients of Lambda are told of the functions and of their event source mappings, and how they change a mapping. */
import {
  GetEventSourceMappingCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  ListFunctionsCommand,
  paginateListEventSourceMappings,
  paginateListFunctions,
  UpdateEventSourceMappingCommand,
  type UpdateEventSourceMappingCommandInput,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../../../support/eventually.ts';
import { pipeline, type RunningServer, startServer } from '../../../support/running-server.ts';

const lambdaClient = (endpoint: string) =>
  new LambdaClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts: 1,
  });
const arnOf = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
const NAMES = ['iot-IoTS3EventProcessor', 'iot-IoTDDBEventProcessor', 'iot-IoTAPI'];
const STREAM = 'arn:aws:kinesis:us-east-1:000000000000:stream/iot-SensorStream';
const notThere = {
  name: 'ResourceNotFoundException',
  message: 'The resource you requested does not exist.',
  Type: 'User',
  $metadata: { httpStatusCode: 404 },
};

describe('functions', () => {
  let server: RunningServer;
  let client: LambdaClient;

  beforeAll(async () => {
    server = await startServer();
    client = lambdaClient(server.url);
  });
  afterAll(async () => {
    client.destroy();
    await server.close();
  });

  test('are listed, as Lambda describes them', async () => {
    const { Functions = [], NextMarker } = await client.send(new ListFunctionsCommand({}));
    expect(Functions.map(({ FunctionName }) => FunctionName)).toEqual(NAMES);
    expect(NextMarker).toBeUndefined();
    expect(Functions[2]).toMatchObject({
      FunctionArn: arnOf('iot-IoTAPI'),
      Role: 'arn:aws:iam::000000000000:role/iot-IoTAPI',
      Handler: 'index.handler',
      Timeout: pipeline.sensorHistory.timeoutInSeconds,
      MemorySize: pipeline.sensorHistory.memoryInMiB,
      LastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/),
      Version: '$LATEST',
    });
    // Recorded on AWS: only a function that is asked for by name has a state (test_list_functions).
    expect(Functions[2]?.State).toBeUndefined();
  });

  test('are listed with their versions', async () => {
    const { Functions = [] } = await client.send(new ListFunctionsCommand({ FunctionVersion: 'ALL' }));
    expect(Functions.map(({ FunctionArn }) => FunctionArn)).toEqual(NAMES.map((name) => `${arnOf(name)}:$LATEST`));
  });

  test('are listed in pages', async () => {
    const pages: (string | undefined)[][] = [];
    for await (const { Functions = [] } of paginateListFunctions({ client, pageSize: 2 }, {})) {
      pages.push(Functions.map(({ FunctionName }) => FunctionName));
    }
    expect(pages).toEqual([NAMES.slice(0, 2), NAMES.slice(2)]);
  });

  test.each([
    [{ FunctionVersion: 'invalid' as 'ALL' }, /'functionVersion' failed .* enum value set: \[ALL\]$/],
    [{ MaxItems: 0 }, /^1 validation error detected: Value '0' at 'maxItems' failed .* greater than or equal to 1$/],
    [{ MaxItems: 10_001 }, /less than or equal to 10000$/],
    [{ Marker: 'mine' }, /^The marker is not one that this list gave/],
  ])('are not listed for %j', async (input, message) => {
    await expect(client.send(new ListFunctionsCommand(input))).rejects.toMatchObject({
      message: expect.stringMatching(message),
      $metadata: { httpStatusCode: 400 },
    });
  });

  test.each(['iot-IoTAPI', 'iot-IoTS3EventProcessor', arnOf('iot-IoTAPI'), '000000000000:function:iot-IoTAPI'])(
    'are described by name: %s',
    async (FunctionName) => {
      const name = FunctionName.split(':').at(-1) ?? '';
      const { Configuration, Code } = await client.send(new GetFunctionCommand({ FunctionName }));
      const { $metadata: _, ...configuration } = await client.send(
        new GetFunctionConfigurationCommand({ FunctionName }),
      );
      expect(configuration).toEqual(Configuration);
      expect(configuration).toMatchObject({
        FunctionArn: arnOf(name),
        State: 'Active',
        LastUpdateStatus: 'Successful',
      });
      expect(Code).toEqual({});
    },
  );

  test('are described with the version that was asked for', async () => {
    const FunctionName = 'iot-IoTAPI:$LATEST';
    const { FunctionArn } = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
    expect(FunctionArn).toBe(`${arnOf('iot-IoTAPI')}:$LATEST`);
  });

  test('satisfy the waiters of the SDK', async () => {
    const settings = { client, maxWaitTime: 5 };
    expect((await waitUntilFunctionActiveV2(settings, { FunctionName: 'iot-IoTAPI' })).state).toBe('SUCCESS');
    expect((await waitUntilFunctionUpdatedV2(settings, { FunctionName: 'iot-IoTAPI' })).state).toBe('SUCCESS');
  });

  test('that are not there are not described', async () => {
    const unknown = new GetFunctionCommand({ FunctionName: 'iot-Other', Qualifier: '1221' });
    await expect(client.send(unknown)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `Function not found: ${arnOf('iot-Other')}:1221`,
      $metadata: { httpStatusCode: 404 },
    });
  });
});

describe('event source mappings', () => {
  let server: RunningServer;
  let client: LambdaClient;
  let UUID: string;

  beforeEach(async () => {
    server = await startServer();
    client = lambdaClient(server.url);
    const FunctionName = 'iot-IoTS3EventProcessor';
    const { EventSourceMappings = [] } = await client.send(new ListEventSourceMappingsCommand({ FunctionName }));
    UUID = String(EventSourceMappings[0]?.UUID);
  });
  afterEach(async () => {
    client.destroy();
    await server.close();
  });

  const get = () => client.send(new GetEventSourceMappingCommand({ UUID }));
  const update = (changes: Partial<UpdateEventSourceMappingCommandInput>) =>
    client.send(new UpdateEventSourceMappingCommand({ UUID, ...changes }));
  const becomes = (state: string) => eventually(async () => (await get()).State === state);

  test('are described with the members that AWS was recorded to answer', async () => {
    const { $metadata, LastModified, ...mapping } = await get();
    expect($metadata.httpStatusCode).toBe(200);
    expect(Math.abs(Date.now() - Number(LastModified))).toBeLessThan(60_000);
    // localstack/localstack, test_lambda_integration_kinesis.snapshot.json, test_create_kinesis_event_source_mapping.
    expect(mapping).toEqual({
      UUID,
      EventSourceMappingArn: `arn:aws:lambda:us-east-1:000000000000:event-source-mapping:${UUID}`,
      EventSourceArn: STREAM,
      FunctionArn: arnOf('iot-IoTS3EventProcessor'),
      State: 'Enabled',
      StateTransitionReason: 'User action',
      LastProcessingResult: 'No records processed',
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 10_000,
      MaximumBatchingWindowInSeconds: 0,
      ParallelizationFactor: 1,
      MaximumRecordAgeInSeconds: 21_600,
      MaximumRetryAttempts: -1,
      BisectBatchOnFunctionError: true,
      TumblingWindowInSeconds: 0,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::iot-undelivered-000000000000' } },
    });
  });

  test('are listed by stream and by function, in pages', async () => {
    const list = async (input: object) => {
      const functions: string[] = [];
      for await (const page of paginateListEventSourceMappings({ client, pageSize: 1 }, input)) {
        functions.push(...(page.EventSourceMappings ?? []).map(({ FunctionArn }) => String(FunctionArn)));
      }
      return functions;
    };
    const both = NAMES.slice(0, 2).map(arnOf);
    expect(await list({})).toEqual(both);
    expect(await list({ EventSourceArn: STREAM })).toEqual(both);
    expect(await list({ FunctionName: 'iot-IoTDDBEventProcessor' })).toEqual(both.slice(1));
    expect(await list({ FunctionName: both[0], EventSourceArn: STREAM })).toEqual(both.slice(0, 1));
    // Recorded on AWS: a filter that nothing passes is no error (test_event_source_mapping_exceptions).
    expect(await list({ FunctionName: 'doesnotexist' })).toEqual([]);
    expect(await list({ EventSourceArn: 'arn:aws:sqs:us-east-1:111111111111:somequeue' })).toEqual([]);
    await expect(list({ EventSourceArn: 'stream' })).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('tell the result of the last invocation', async () => {
    await server.services.eventStream.put([{ partitionKey: 'k', data: Buffer.from('{"sensorid":"k","value":1}') }]);
    await server.caughtUp();
    expect((await get()).LastProcessingResult).toBe('OK');
  });

  test('that are disabled deliver nothing, and all of it when they are enabled again', async () => {
    const archived = async () => (await server.services.eventArchive.list({ limit: 10 })).objects.length;
    expect(await update({ Enabled: false })).toMatchObject({ State: 'Disabling', $metadata: { httpStatusCode: 202 } });
    await becomes('Disabled');
    await server.services.eventStream.put([{ partitionKey: 'k', data: Buffer.from('{"sensorid":"k","value":1}') }]);
    const history = `${server.url}/sensors/k/readings`;
    await eventually(async () => (await (await fetch(history)).text()).includes('"value":1'));
    expect(await archived()).toBe(0);

    expect(await update({ Enabled: true })).toMatchObject({ State: 'Enabling' });
    await becomes('Enabled');
    await eventually(async () => (await archived()) === 1);
  });

  test('are changed while they run', async () => {
    const Filters = [{ Pattern: '{"data":{"sensorid":["a"]}}' }];
    const changes = {
      BatchSize: 7,
      MaximumBatchingWindowInSeconds: 2,
      ParallelizationFactor: 3,
      MaximumRecordAgeInSeconds: -1,
      MaximumRetryAttempts: 4,
      BisectBatchOnFunctionError: false,
      FunctionResponseTypes: [],
      FilterCriteria: { Filters },
    };
    expect(await update(changes)).toMatchObject({ State: 'Updating', BatchSize: 10_000 });
    await becomes('Enabled');
    expect(await get()).toMatchObject(changes);

    await update({ FilterCriteria: { Filters: [] }, ParallelizationFactor: 1, TumblingWindowInSeconds: 30 });
    await becomes('Enabled');
    const changed = await get();
    expect(changed).toMatchObject({ BatchSize: 7, ParallelizationFactor: 1, TumblingWindowInSeconds: 30 });
    // Recorded on AWS: no filters are no criteria (test_create_event_filter_criteria_validation).
    expect(changed.FilterCriteria).toBeUndefined();
  });

  test('take what they have already', async () => {
    const { FunctionArn, DestinationConfig } = await get();
    for (const FunctionName of [FunctionArn, 'iot-IoTS3EventProcessor']) {
      expect(await update({ FunctionName, DestinationConfig })).toMatchObject({ FunctionArn, DestinationConfig });
      await becomes('Enabled');
    }
  });

  test('cannot be changed while a change waits for an invocation that is in flight', async () => {
    const { eventArchive, eventStream } = server.services;
    const put = eventArchive.put.bind(eventArchive);
    const invoked = new Promise<() => void>((resolve) => {
      eventArchive.put = async (...object) => {
        await new Promise<void>((finish) => resolve(finish));
        return put(...object);
      };
    });
    await eventStream.put([{ partitionKey: 'k', data: Buffer.from('{}') }]);
    const finish = await invoked;

    await update({ BatchSize: 5 });
    await expect(update({ BatchSize: 6 })).rejects.toMatchObject({
      name: 'ResourceInUseException',
      // The first sentence is that of AWS.
      message: 'Cannot update the event source mapping because it is in use. It is Updating; try again soon.',
      Type: 'User',
      $metadata: { httpStatusCode: 400 },
    });
    finish();
    await becomes('Enabled');
    expect((await get()).BatchSize).toBe(5);
  });

  test.each<[input: Partial<UpdateEventSourceMappingCommandInput>, type: string, says: RegExp]>([
    [{ BatchSize: 0 }, 'ValidationException', /Value '0' at 'batchSize' failed .* greater than or equal to 1$/],
    [{ BatchSize: 10_001 }, 'ValidationException', /'batchSize' failed .* less than or equal to 10000$/],
    [{ ParallelizationFactor: 11 }, 'ValidationException', /'parallelizationFactor'/],
    [{ MaximumRetryAttempts: -2 }, 'ValidationException', /'maximumRetryAttempts'/],
    [{ MaximumBatchingWindowInSeconds: 301 }, 'ValidationException', /'maximumBatchingWindowInSeconds'/],
    [{ TumblingWindowInSeconds: 901 }, 'ValidationException', /'tumblingWindowInSeconds'/],
    [{ FunctionName: 'no name' }, 'ValidationException', /'functionName'/],
    [
      { FunctionResponseTypes: ['All' as 'ReportBatchItemFailures'] },
      'ValidationException',
      /Value '\[All\]' at 'functionResponseTypes' .*enum value set: \[ReportBatchItemFailures\]/,
    ],
    [
      { MaximumRecordAgeInSeconds: 59 },
      'InvalidParameterValueException',
      /^MaximumRecordAgeInSeconds: is 59, but must/,
    ],
    [
      { ParallelizationFactor: 2, TumblingWindowInSeconds: 1 },
      'InvalidParameterValueException',
      /^TumblingWindowInSeconds: needs a parallelizationFactor of 1/,
    ],
    [
      { FilterCriteria: { Filters: [{ Pattern: '{' }] } },
      'InvalidParameterValueException',
      /^Invalid filter pattern definition\. .* is not JSON/,
    ],
    [{ FunctionName: 'iot-IoTAPI' }, 'InvalidParameterValueException', /^FunctionName cannot be changed here/],
    [
      { DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:000000000000:q' } } },
      'InvalidParameterValueException',
      /^The failure destination cannot be changed here: it is arn:aws:s3:::iot-undelivered-/,
    ],
    [
      { ScalingConfig: { MaximumConcurrency: 2 } },
      'InvalidParameterValueException',
      /^ScalingConfig cannot be set for this event source mapping here/,
    ],
  ])('are not changed by %j', async (input, name, says) => {
    const before = await get();
    await expect(update(input)).rejects.toMatchObject({
      name,
      message: expect.stringMatching(says),
      $metadata: { httpStatusCode: 400 },
    });
    const { $metadata: _, ...after } = await get();
    expect(before).toMatchObject(after);
  });

  test.each([
    ['[]', /can not be converted to Structure/],
    ['{"Enabled":"no"}', /Enabled: string can not be converted to Boolean/],
    ['{"Enabled":', /^Could not parse request body into json/],
  ])('are not changed by the body %s', async (body, says) => {
    const response = await fetch(`${server.url}/2015-03-31/event-source-mappings/${UUID}`, { method: 'PUT', body });
    expect([response.status, response.headers.get('x-amzn-errortype')]).toEqual([400, 'SerializationException']);
    expect(await response.json()).toMatchObject({ Message: expect.stringMatching(says) });
  });

  test('that are not there are told in the words of AWS', async () => {
    UUID = 'f3b7c1f2-5d0e-4c0f-9a5b-2f6a1f7d9c34';
    await expect(get()).rejects.toMatchObject(notThere);
    await expect(update({ Enabled: false })).rejects.toMatchObject(notThere);
  });
});
