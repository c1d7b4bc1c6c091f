/**
 * Several readings with fields in common: `{"sensorid":"a","readings":[{"value":1,"timestamp":…},{"value":2,"timestamp":…}]}`.
 * What stands beside the list holds for each of its elements, unless the element says otherwise. No specification has this
 * form; gateways send it under these names.
 */
import { Content, isObject, type JsonObject } from './content.ts';
import { type Decoder, joined } from './decoded.ts';

const FORMAT = 'batch';
const names = [
  'readings',
  'measurements',
  'records',
  'values',
  'data',
  'samples',
  'points',
  'metrics',
  'items',
] as const;

export const batch: Decoder = {
  format: FORMAT,

  recognises: ({ object }) => object !== undefined && !Object.hasOwn(object, 'value') && listOf(object) !== undefined,

  decode(content, envelope, { decode }) {
    const { object = {} } = content;
    const { name = '', elements = [] } = listOf(object) ?? {};
    const common = Object.fromEntries(Object.entries(object).filter(([field]) => field !== name));
    return joined(
      FORMAT,
      elements.map((element) =>
        decode(Content.ofJson(isObject(element) ? { ...common, ...element } : element, content), envelope),
      ),
    );
  },
};

function listOf(object: JsonObject): { readonly name: string; readonly elements: readonly unknown[] } | undefined {
  for (const name of names) {
    const elements = Object.hasOwn(object, name) ? object[name] : undefined;
    if (Array.isArray(elements) && elements.length > 0 && elements.some(isObject)) return { name, elements };
  }
  return undefined;
}
