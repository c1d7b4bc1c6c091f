/** The tags of the stream. They are kept in this process and mean nothing here. */
import type { KinesisContext, Operation } from './context.ts';
import { invalidArgument, readStreamReference, requireControl, requireStream, requireStreamArn } from './context.ts';

/** API reference of AddTagsToStream and RemoveTagsFromStream. */
const MAX_TAGS = 50;
const keyRules = { minLength: 1, maxLength: 128 };
const tagRules = { keys: keyRules, values: { minLength: 0, maxLength: 256 } };
/** The pattern of tags of AWS, and `%`, which has a message of its own (recorded by kinesalite). Tabs and line breaks are none of them. */
const allowed = /^[\p{L}\p{N}\p{Z}_./=+\-@%:]*$/u;

export const addTagsToStream: Operation = (members, context) => {
  const tags = members.stringMap('Tags', { minLength: 1, maxLength: 200 }, tagRules);
  const reference = readStreamReference(members);
  members.check();
  requireStream(reference, context);
  requireControl('AddTagsToStream', context);
  checkCharacters([...tags].flat(), 'add tags to', context);
  const merged = new Map([...context.tags, ...tags]);
  if (merged.size > MAX_TAGS) {
    throw invalidArgument(
      `Failed to add tags to stream ${context.streamName} under account ${context.accountId} because a given stream cannot have more than ${MAX_TAGS} tags associated with it.`,
    );
  }
  for (const [key, value] of tags) context.tags.set(key, value);
  return undefined;
};

export const removeTagsFromStream: Operation = (members, context) => {
  const keys = members.strings('TagKeys', { minLength: 1, maxLength: 50 }, keyRules);
  const reference = readStreamReference(members);
  members.check();
  requireStream(reference, context);
  requireControl('RemoveTagsFromStream', context);
  checkCharacters(keys, 'remove tags from', context);
  for (const key of keys) context.tags.delete(key);
  return undefined;
};

export const listTagsForStream: Operation = (members, context) => {
  const limit = members.integer('Limit', { min: 1, max: 50 }) ?? MAX_TAGS;
  const after = members.string('ExclusiveStartTagKey', keyRules) ?? '';
  const reference = readStreamReference(members);
  members.check();
  requireStream(reference, context);
  requireControl('ListTagsForStream', context);
  const tags = listTags(context).filter(({ Key }) => Key > after);
  return { Tags: tags.slice(0, limit), HasMoreTags: tags.length > limit };
};

export const listTagsForResource: Operation = (members, context) => {
  const arn = members.string('ResourceARN', {
    required: true,
    minLength: 1,
    maxLength: 2_048,
    pattern: String.raw`arn:aws.*:kinesis:.*:\d{12}:.*stream/\S+`,
  });
  members.check();
  requireStreamArn(arn, context);
  requireControl('ListTagsForResource', context);
  return { Tags: listTags(context) };
};

function listTags({ tags }: KinesisContext) {
  return [...tags].sort(([a], [b]) => (a < b ? -1 : 1)).map(([Key, Value]) => ({ Key, Value }));
}

function checkCharacters(texts: readonly string[], doing: string, { streamName, accountId }: KinesisContext): void {
  if (!texts.every((text) => allowed.test(text))) {
    throw invalidArgument(
      'Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @.',
    );
  }
  if (texts.some((text) => text.includes('%'))) {
    throw invalidArgument(
      `Failed to ${doing} stream ${streamName} under account ${accountId} because some tags contained illegal characters. The allowed characters are Unicode letters, white-spaces, '_',',','/','=','+','-','@'.`,
    );
  }
}
