/**
 * ListEventSourceMappings, GetEventSourceMapping and UpdateEventSourceMapping: the mappings that run in this server, in Lambda's
 * words. Answers and errors of mappings that are not there were recorded on AWS (localstack/localstack,
 * tests/aws/services/lambda_/test_lambda_api.snapshot.json, test_event_source_mapping_*).
 */
import { InvalidRequest } from '../../../core/errors.ts';
import type { MappingChanges, MappingControl, MappingDescription } from '../../delivery/mapping-control.ts';
import { MappingInUse } from '../../delivery/mapping-control.ts';
import { AwsError } from '../aws-error.ts';
import { decodeJson } from '../codec.ts';
import { Members, serializationException } from '../members.ts';
import { invalidParameter, type LambdaContext, type Operation, queryMembers } from './context.ts';
import { functionNameRules, parseFunctionName } from './function-reference.ts';
import { pageOf, readPageRequest } from './paging.ts';

/** API reference of ListEventSourceMappings. */
const MOST_MAPPINGS = 100;

const arnRules = {
  pattern: String.raw`arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:([a-z]{2}(-gov)?-[a-z]+-\d{1})?:(\d{12})?:(.*)`,
};

/** Filters that match nothing are no error (test_event_source_mapping_exceptions). */
export const listEventSourceMappings: Operation = {
  name: 'ListEventSourceMappings',
  method: 'GET',
  path: /^\/2015-03-31\/event-source-mappings\/?$/,
  run: ({ query }, context) => {
    const members = new Members(queryMembers(query));
    const streamArn = members.string('EventSourceArn', arnRules);
    const functionName = members.string('FunctionName', functionNameRules);
    const request = readPageRequest(members, MOST_MAPPINGS);
    members.check();
    const mappings = context.mappings
      .map((mapping) => mapping.describe())
      .filter((mapping) => streamArn === undefined || mapping.streamArn === streamArn)
      .filter((mapping) => functionName === undefined || isOf(mapping, functionName, context));
    const { items, ...next } = pageOf(mappings, ({ uuid }) => uuid, request);
    return {
      statusCode: 200,
      payload: { EventSourceMappings: items.map((mapping) => configurationOf(mapping, context)), ...next },
    };
  },
};

const path = /^\/2015-03-31\/event-source-mappings\/([^/]+)$/;

export const getEventSourceMapping: Operation = {
  name: 'GetEventSourceMapping',
  method: 'GET',
  path,
  run: ({ subject }, context) => ({
    statusCode: 200,
    payload: configurationOf(find(subject, context).describe(), context),
  }),
};

export const updateEventSourceMapping: Operation = {
  name: 'UpdateEventSourceMapping',
  method: 'PUT',
  path,
  run: ({ subject, body }, context) => {
    const members = readMembers(body);
    const changes = readChanges(members);
    const functionName = members.string('FunctionName', functionNameRules);
    members.check();
    const mapping = find(subject, context);
    const description = mapping.describe();
    requireSame(members, functionName, description, context);
    return { statusCode: 202, payload: configurationOf(update(mapping, changes), context) };
  },
};

function update(mapping: MappingControl, changes: MappingChanges): MappingDescription {
  try {
    return mapping.update(changes);
  } catch (error) {
    if (error instanceof MappingInUse) {
      // AWS says the first sentence.
      const { state } = mapping.describe();
      throw new AwsError(
        'ResourceInUseException',
        `Cannot update the event source mapping because it is in use. It is ${state}; try again soon.`,
      );
    }
    if (!(error instanceof InvalidRequest)) throw error;
    const { field, message } = error;
    throw invalidParameter(
      field.startsWith('filterCriteria')
        ? `Invalid filter pattern definition. ${message}`
        : message.charAt(0).toUpperCase() + message.slice(1),
    );
  }
}

function readMembers(body: unknown): Members {
  try {
    return new Members(decodeJson(body) ?? {});
  } catch (error) {
    if (error instanceof AwsError) throw error;
    throw serializationException(`Could not parse request body into json: ${(error as Error).message}`);
  }
}

const responseTypes = { minLength: 0, maxLength: 1 };

/** Ranges of the model; what else Lambda asks for is looked at where the settings change. */
function readChanges(members: Members): MappingChanges {
  const enabled = members.boolean('Enabled');
  const batchSize = members.integer('BatchSize', { min: 1, max: 10_000 });
  const window = members.integer('MaximumBatchingWindowInSeconds', { min: 0, max: 300 });
  const parallelizationFactor = members.integer('ParallelizationFactor', { min: 1, max: 10 });
  const maximumRecordAgeInSeconds = members.integer('MaximumRecordAgeInSeconds', { min: -1, max: 604_800 });
  const maximumRetryAttempts = members.integer('MaximumRetryAttempts', { min: -1, max: 10_000 });
  const bisect = members.boolean('BisectBatchOnFunctionError');
  const tumblingWindowInSeconds = members.integer('TumblingWindowInSeconds', { min: 0, max: 900 });
  return {
    ...(enabled !== undefined && { enabled }),
    ...(batchSize !== undefined && { batchSize }),
    ...(window !== undefined && { maximumBatchingWindowInSeconds: window }),
    ...(parallelizationFactor !== undefined && { parallelizationFactor }),
    ...(maximumRecordAgeInSeconds !== undefined && { maximumRecordAgeInSeconds }),
    ...(maximumRetryAttempts !== undefined && { maximumRetryAttempts }),
    ...(bisect !== undefined && { bisectBatchOnFunctionError: bisect }),
    ...(tumblingWindowInSeconds !== undefined && { tumblingWindowInSeconds }),
    ...readResponseTypes(members),
    ...readFilters(members),
  };
}

function readResponseTypes(members: Members): MappingChanges {
  if (!members.has('FunctionResponseTypes')) return {};
  const types = members.enums('FunctionResponseTypes', responseTypes, ['ReportBatchItemFailures']);
  return { reportBatchItemFailures: types.length > 0 };
}

/** Filters that are empty, or not there, let everything through again. */
function readFilters(members: Members): MappingChanges {
  const criteria = members.structure('FilterCriteria');
  if (criteria === undefined) return {};
  const filters = criteria.has('Filters') ? criteria.structures('Filters', { minLength: 0, maxLength: Infinity }) : [];
  return {
    filterCriteria: {
      filters: filters.map((filter) => ({ pattern: filter.string('Pattern', { maxLength: 4_096 }) ?? '' })),
    },
  };
}

/** What Lambda can change, and this server cannot, or what is for other event sources. */
const fixedMembers = [
  'SourceAccessConfigurations',
  'ScalingConfig',
  'AmazonManagedKafkaEventSourceConfig',
  'SelfManagedKafkaEventSourceConfig',
  'DocumentDBEventSourceConfig',
  'KMSKeyArn',
  'MetricsConfig',
  'LoggingConfig',
  'ProvisionedPollerConfig',
];

/** @throws AwsError where the request asks for another function or destination, or for what the mapping does not have. */
function requireSame(
  members: Members,
  functionName: string | undefined,
  mapping: MappingDescription,
  context: LambdaContext,
): void {
  if (functionName !== undefined && !isOf(mapping, functionName, context)) {
    throw invalidParameter(`FunctionName cannot be changed here: this mapping invokes ${mapping.functionName}.`);
  }
  const destination = members.structure('DestinationConfig');
  const onFailure = destination?.structure('OnFailure')?.string('Destination', {});
  if (destination?.has('OnSuccess') === true) {
    throw invalidParameter('Unsupported DestinationConfig parameter for given event source mapping type.');
  }
  if (destination !== undefined && onFailure !== destinationArn(context)) {
    throw invalidParameter(`The failure destination cannot be changed here: it is ${destinationArn(context)}.`);
  }
  const fixed = fixedMembers.find((name) => members.has(name));
  if (fixed !== undefined) throw invalidParameter(`${fixed} cannot be set for this event source mapping here.`);
}

function find(uuid: string, { mappings }: LambdaContext): MappingControl {
  const found = mappings.find((mapping) => mapping.describe().uuid === uuid);
  if (found !== undefined) return found;
  throw new AwsError('ResourceNotFoundException', 'The resource you requested does not exist.', 404);
}

function isOf({ functionArn }: MappingDescription, functionName: string, context: LambdaContext): boolean {
  const { region, accountId, name, qualifier } = parseFunctionName(functionName, context);
  return qualifier === undefined && functionArn === `arn:aws:lambda:${region}:${accountId}:function:${name}`;
}

function destinationArn({ names }: LambdaContext): string {
  return `arn:aws:s3:::${names.undeliveredBucket}`;
}

/** EventSourceMappingConfiguration, with the members that AWS was recorded to answer for a Kinesis stream. */
function configurationOf(mapping: MappingDescription, context: LambdaContext): object {
  const { settings, uuid } = mapping;
  const { filterCriteria, startingPositionTimestamp } = settings;
  const hasFilters = filterCriteria !== undefined && filterCriteria.filters.length > 0;
  return {
    UUID: uuid,
    EventSourceMappingArn: `arn:aws:lambda:${context.region}:${context.accountId}:event-source-mapping:${uuid}`,
    EventSourceArn: mapping.streamArn,
    FunctionArn: mapping.functionArn,
    State: mapping.state,
    StateTransitionReason: mapping.stateTransitionReason,
    // In seconds, as JSON has times.
    LastModified: mapping.lastModified / 1_000,
    LastProcessingResult: mapping.lastProcessingResult,
    StartingPosition: settings.startingPosition,
    ...(startingPositionTimestamp !== undefined && { StartingPositionTimestamp: startingPositionTimestamp / 1_000 }),
    BatchSize: settings.batchSize,
    MaximumBatchingWindowInSeconds: settings.maximumBatchingWindowInSeconds,
    ParallelizationFactor: settings.parallelizationFactor,
    MaximumRecordAgeInSeconds: settings.maximumRecordAgeInSeconds,
    MaximumRetryAttempts: settings.maximumRetryAttempts,
    BisectBatchOnFunctionError: settings.bisectBatchOnFunctionError,
    TumblingWindowInSeconds: settings.tumblingWindowInSeconds ?? 0,
    FunctionResponseTypes: settings.reportBatchItemFailures ? ['ReportBatchItemFailures'] : [],
    DestinationConfig: { OnFailure: { Destination: destinationArn(context) } },
    ...(hasFilters && {
      FilterCriteria: { Filters: filterCriteria.filters.map(({ pattern }) => ({ Pattern: pattern })) },
    }),
  };
}
